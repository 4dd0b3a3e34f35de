/* preempt_test.c -- which item makes room for an express one, and that nobody starves by it. */
#include "suites.h"

#include "base/rng.h"

#include <string.h>

enum { ITEMS = 8 };

static struct lanes *lanes;
static struct lane_item items[ITEMS];
static int64_t now_ns;

static void open_lane(struct lane_spec spec, uint32_t tenant_max)
{
    lanes = lanes_new(tenant_max, AGEING);
    lanes_set(lanes, "l", &spec, 0);
    memset(items, 0, sizeof items);
    now_ns = SECOND_NS;
}

static void add_of(int i, int32_t priority, const char *tenant)
{
    items[i].came_us = ++now_ns / 1000 + i;
    lanes_add(lanes, &items[i], "l", tenant, priority, now_ns);
}

static void add(int i, int32_t priority)
{
    add_of(i, priority, "t");
}

static void take_all(void)
{
    struct lane_item *item;

    while ((item = lanes_take(lanes, now_ns)) != NULL)
        item->yields = true;
}

/* Two express ones on the express workers, the two others on the regular ones. */
static void fill(int32_t first, int32_t second)
{
    open_lane(lane_spec_typed(2), 100);
    add(0, 12);
    add(1, 12);
    take_all();
    add(2, first);
    add(3, second);
    take_all();
    ck_assert_uint_eq(lanes_waiting(lanes), 0);
}

static void close_lane(void)
{
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].lane == NULL)
            continue;
        if (items[i].line != NULL)
            lanes_remove(lanes, &items[i], now_ns);
        else
            lanes_ended(lanes, &items[i], now_ns);
    }
    lanes_free(lanes);
}

static void yields(int i)
{
    struct lane_item *item = lanes_yield(lanes, now_ns);

    ck_assert_msg(item == (i >= 0 ? &items[i] : NULL), "%ld",
                  item != NULL ? (long)(item - items) : -1L);
}

START_TEST(the_least_important_makes_room_and_as_many_as_wait)
{
    fill(1, 4);
    yields(-1); /* nobody waits */
    add(4, 15);
    take_all();
    yields(2);
    yields(-1); /* one is being made room for */
    add(5, 15);
    yields(3);
    add(6, 15);
    yields(-1); /* nobody is left */
    lanes_ended(lanes, &items[2], now_ns);
    ck_assert_ptr_eq(lanes_take(lanes, now_ns), &items[4]);
    yields(-1);
    items[2].lane = NULL;
    close_lane();
}
END_TEST

START_TEST(of_the_same_priority_the_youngest)
{
    fill(3, 3);
    add(4, 15);
    yields(3);
    close_lane();
}
END_TEST

START_TEST(what_is_not_below_five_stays)
{
    fill(5, 11);
    add(4, 100);
    yields(-1);
    ck_assert_ptr_null(lanes_yield_of(lanes, "l", now_ns));
    close_lane();
}
END_TEST

START_TEST(what_may_not_be_begun_again_stays)
{
    fill(1, 2);
    add(4, 15);
    items[2].yields = false;
    yields(3);
    add(5, 15);
    yields(-1);
    close_lane();
}
END_TEST

START_TEST(what_made_room_three_times_stays)
{
    fill(1, 2);
    add(4, 15);
    items[2].times = LANE_YIELDS_MAX;
    items[3].times = LANE_YIELDS_MAX - 1;
    yields(3);
    add(5, 15);
    yields(-1);
    ck_assert_ptr_eq(lanes_yield_of(lanes, "l", now_ns), &items[2]); /* but by hand */
    ck_assert_ptr_null(lanes_yield_of(lanes, "l", now_ns));
    close_lane();
}
END_TEST

START_TEST(what_is_being_stopped_makes_room_already)
{
    fill(1, 2);
    lanes_stops(&items[2]);
    lanes_stops(&items[2]);
    lanes_stops(&items[0]); /* an express worker is another thing */
    add(4, 15);
    yields(-1);
    add(5, 15);
    yields(3);
    close_lane();
}
END_TEST

START_TEST(a_lane_that_could_not_start_it_stops_nobody)
{
    struct lane_spec spec = lane_spec_typed(2);

    fill(1, 2);
    add(4, 15);
    spec.paused = true;
    lanes_set(lanes, "l", &spec, now_ns);
    yields(-1);
    spec.paused = false;
    spec.no_preempt = true;
    lanes_set(lanes, "l", &spec, now_ns);
    yields(-1);
    spec.no_preempt = false;
    spec.slots = 0; /* whoever stops leaves no worker */
    lanes_set(lanes, "l", &spec, now_ns);
    yields(-1);
    spec.slots = 3; /* one is free */
    lanes_set(lanes, "l", &spec, now_ns);
    yields(-1);
    spec.slots = 2;
    spec.rate = (struct lane_rate){.per_second = 0.01, .burst = 1};
    lanes_set(lanes, "l", &spec, now_ns);
    yields(2); /* the bucket is full */
    close_lane();
}
END_TEST

START_TEST(what_is_switched_off_stops_nobody)
{
    fill(1, 2);
    add(4, 15);
    lanes_route(lanes, (struct lane_routing){.no_express = true}, now_ns);
    yields(-1);
    lanes_route(lanes, (struct lane_routing){.no_priority = true}, now_ns);
    yields(-1);
    lanes_route(lanes, (struct lane_routing){0}, now_ns);
    yields(2);
    close_lane();
}
END_TEST

START_TEST(a_tenant_that_runs_its_share_has_nobody_stopped)
{
    open_lane(lane_spec_typed(1), 2);
    add(0, 12);
    add(1, 1);
    take_all();
    add(2, 15);
    yields(-1);
    add_of(3, 15, "other");
    yields(1);
    add_of(4, 15, "other");
    yields(-1);
    close_lane();
}
END_TEST

START_TEST(who_would_take_the_worker_again_does_not_give_it)
{
    struct lane_spec spec = lane_spec_typed(1);

    spec.express_priority = 6;
    open_lane(spec, 100);
    add(0, 6);
    add(1, 1);
    take_all();
    now_ns += 1000 * SECOND_NS; /* as it has aged it is before what waits */
    add(2, 6);
    yields(-1);
    add(3, 1);
    items[3].since_ns = 0;
    add(4, 12);
    yields(1);
    close_lane();
}
END_TEST

START_TEST(a_lane_without_express_workers_is_left_alone_but_by_hand)
{
    open_lane((struct lane_spec){.slots = 1}, 100);
    add(0, 1);
    take_all();
    add(1, 100);
    yields(-1);
    ck_assert_ptr_null(lanes_yield_of(lanes, "nowhere", now_ns));
    ck_assert_ptr_eq(lanes_yield_of(lanes, "l", now_ns), &items[0]);
    close_lane();
}
END_TEST

/* ---- a storm of express items over low ones ---- */

enum { LOW = 20, HIGH = 12, WORK = 8, GRACE = 2, ROUNDS = 100000 };

struct piece {
    struct lane_item item;
    bool in, runs;
    int left, stops; /* rounds of work; of grace, 0: it is not stopped */
};

static struct piece low[LOW], high[HIGH];

static void put(struct piece *p, int32_t priority, const char *tenant)
{
    p->in = true;
    p->runs = false;
    p->stops = 0;
    p->left = WORK;
    p->item.owner = p;
    lanes_add(lanes, &p->item, "l", tenant, priority, now_ns);
}

/* True: it is done. */
static bool works(struct piece *p, int32_t priority)
{
    if (!p->in || !p->runs)
        return false;
    if (p->stops > 0 && --p->stops == 0) {
        lanes_ended(lanes, &p->item, now_ns);
        p->item.times++;
        ck_assert_uint_le(p->item.times, LANE_YIELDS_MAX);
        put(p, priority, "low");
        return false;
    }
    if (--p->left > 0)
        return false;
    lanes_ended(lanes, &p->item, now_ns);
    p->in = false;
    return true;
}

static void within_limits(uint32_t slots)
{
    uint32_t running[LANE_HALVES] = {0}, stopping = 0, waiting = 0;

    for (int i = 0; i < LOW; i++) {
        running[low[i].item.worker.half] += low[i].in && low[i].runs;
        stopping += low[i].in && low[i].stops > 0;
    }
    for (int i = 0; i < HIGH; i++) {
        running[high[i].item.worker.half] += high[i].in && high[i].runs;
        waiting += high[i].in && !high[i].runs;
    }
    if (running[LANE_REGULAR] > slots || running[LANE_EXPRESS] > slots || stopping > HIGH ||
        (waiting == 0 && stopping > slots))
        ck_abort_msg("%u %u %u", running[LANE_REGULAR], running[LANE_EXPRESS], stopping);
}

static void give(void)
{
    struct lane_item *item;

    while ((item = lanes_take(lanes, now_ns)) != NULL) {
        ((struct piece *)item->owner)->runs = true;
        item->yields = true;
    }
    while ((item = lanes_yield(lanes, now_ns)) != NULL) {
        ck_assert(item->priority < LANE_YIELD_BELOW);
        ((struct piece *)item->owner)->stops = GRACE;
    }
}

START_TEST(whoever_makes_room_is_done_in_the_end)
{
    struct rng rng = rng_of((uint64_t)_i);
    const uint32_t slots = 1 + (uint32_t)(rng_u64(&rng) % 3);
    int done = 0, round = 0;

    lanes = lanes_new(100, AGEING);
    now_ns = SECOND_NS;
    lanes_set(lanes, "l",
              &(struct lane_spec){.slots = slots, .has_express = true, .express_priority = 12},
              now_ns);
    memset(low, 0, sizeof low);
    memset(high, 0, sizeof high);
    for (int i = 0; i < LOW; i++)
        put(&low[i], 1 + i % 4, "low");
    for (; done < LOW && round < ROUNDS; round++) {
        now_ns += SECOND_NS;
        for (int i = 0; i < HIGH; i++) { /* as much as leaves the workers a rest now and then */
            if (!high[i].in && rng_u64(&rng) % (WORK * HIGH / slots) == 0)
                put(&high[i], 12 + i, "high");
            (void)works(&high[i], 12 + i);
        }
        for (int i = 0; i < LOW; i++)
            done += works(&low[i], 1 + i % 4);
        give();
        within_limits(slots);
    }
    ck_assert_int_eq(done, LOW);
    for (int i = 0; i < HIGH; i++) {
        if (high[i].in && high[i].runs)
            lanes_ended(lanes, &high[i].item, now_ns);
        else if (high[i].in)
            lanes_remove(lanes, &high[i].item, now_ns);
    }
    lanes_free(lanes);
}
END_TEST

TCase *preempt_case(void)
{
    TCase *tc = tcase_create("preempt");

    tcase_add_test(tc, the_least_important_makes_room_and_as_many_as_wait);
    tcase_add_test(tc, of_the_same_priority_the_youngest);
    tcase_add_test(tc, what_is_not_below_five_stays);
    tcase_add_test(tc, what_may_not_be_begun_again_stays);
    tcase_add_test(tc, what_made_room_three_times_stays);
    tcase_add_test(tc, what_is_being_stopped_makes_room_already);
    tcase_add_test(tc, a_lane_that_could_not_start_it_stops_nobody);
    tcase_add_test(tc, what_is_switched_off_stops_nobody);
    tcase_add_test(tc, a_tenant_that_runs_its_share_has_nobody_stopped);
    tcase_add_test(tc, who_would_take_the_worker_again_does_not_give_it);
    tcase_add_test(tc, a_lane_without_express_workers_is_left_alone_but_by_hand);
    tcase_add_loop_test(tc, whoever_makes_room_is_done_in_the_end, 0, 50);
    return tc;
}
