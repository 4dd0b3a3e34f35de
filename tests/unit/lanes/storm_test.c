/* storm_test.c -- what holds of lanes whatever happens in them, with seeds. Each decision is
 * compared with one that looks at everything. */
#include "suites.h"

#include <stdlib.h>

enum { MANY = 100000, STORM = 40, LANES = 4, TENANTS = 5, DEATHS = 1000000 };

static const char *const names[LANES] = {"default", "reasoning", "codegen", "gone"};
static const char *const tenants[TENANTS] = {"a", "b", "c", "d", "e"};
static const uint32_t slots[LANES] = {5, 2, 1, 0};

static uint64_t seed;

static uint32_t chance(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* Told to Check only when it does not hold: it is asked millions of times. */
static void holds(bool it, const char *what)
{
    if (!it)
        ck_abort_msg("seed %llu: %s", (unsigned long long)seed, what);
}

/* ---- one tenant with a heap of work ---- */

START_TEST(a_heap_of_one_tenants_work_delays_another_by_one_item_a_worker)
{
    const uint32_t workers = 1u + (uint32_t)_i * 3;
    struct lanes *lanes = lanes_new(UINT32_MAX, AGEING);
    struct lane_item *heap = calloc(MANY, sizeof *heap), other = {0}, *running[16];
    uint32_t ends = 0;
    bool began = false;

    lanes_set(lanes, "default", &(struct lane_spec){.slots = workers}, 0);
    for (int i = 0; i < MANY; i++)
        lanes_add(lanes, &heap[i], "default", "greedy", 5, 0);
    for (uint32_t i = 0; i < workers; i++)
        running[i] = lanes_take(lanes, 0);
    lanes_add(lanes, &other, "default", "small", 5, 1);
    ck_assert_uint_eq(lanes_place(lanes, &other, 1).position, MANY - workers + 1);
    while (!began) {
        lanes_ended(lanes, running[ends % workers], 1);
        running[ends % workers] = lanes_take(lanes, 1);
        began = running[ends++ % workers] == &other;
        ck_assert_uint_le(ends, workers + 1);
    }
    for (uint32_t i = 0; i < workers; i++)
        lanes_ended(lanes, running[i], 1);
    while (lanes_any(lanes) != NULL)
        lanes_remove(lanes, lanes_any(lanes), 1);
    lanes_free(lanes);
    free(heap);
}
END_TEST

START_TEST(the_lowest_priority_is_taken_though_higher_ones_never_end)
{
    struct lanes *lanes = lanes_new(UINT32_MAX, AGEING);
    struct lane_item low = {0}, high[2] = {{0}}, *taken = NULL;
    int64_t now_ns = 0;

    lanes_set(lanes, "default", &(struct lane_spec){.slots = 1}, 0);
    lanes_add(lanes, &low, "default", "small", 1, 0);
    for (int i = 0; taken != &low; i++) {
        lanes_add(lanes, &high[i % 2], "default", "greedy", 10, now_ns);
        taken = lanes_take(lanes, now_ns);
        holds(now_ns <= (300 + 10 * 60) * SECOND_NS, "it has waited too long");
        now_ns += SECOND_NS;
        lanes_ended(lanes, taken, now_ns);
    }
    ck_assert_int_ge(now_ns, 300 * SECOND_NS); /* and not before it has waited long */
    lanes_remove(lanes, lanes_any(lanes), now_ns);
    lanes_free(lanes);
}
END_TEST

/* ---- a storm ---- */

enum fate { AWAY, WAITS, RUNS };

struct storm {
    struct lanes *lanes;
    struct lane_item items[STORM];
    enum fate fate[STORM];
    int lane[STORM], tenant[STORM];
    struct lane_spec spec[LANES]; /* of the last there is none */
    struct lane_routing routing;
    struct lane_quota quota[LANES][TENANTS];
    uint32_t tenant_max;
    int64_t now_ns;
};

static uint32_t running(const struct storm *s, int lane, int tenant)
{
    uint32_t count = 0;

    for (int i = 0; i < STORM; i++)
        count += s->fate[i] == RUNS && (lane < 0 || s->lane[i] == lane) &&
                 (tenant < 0 || s->tenant[i] == tenant);
    return count;
}

static uint32_t on_worker(const struct storm *s, int lane, enum lane_half worker)
{
    uint32_t count = 0;

    for (int i = 0; i < STORM; i++)
        count += s->fate[i] == RUNS && s->lane[i] == lane && s->items[i].worker.half == worker;
    return count;
}

static int32_t class_of(const struct storm *s, int i)
{
    int64_t over = s->now_ns - s->items[i].since_ns - AGEING.after_ns;
    int32_t own = s->routing.no_priority ? LANE_PRIORITY_DEFAULT : s->items[i].priority;
    int64_t risen = own + (over < 0 ? 0 : over / AGEING.step_ns);

    if (own >= 11)
        return own;
    return risen > 11 ? 11 : (int32_t)risen;
}

static bool is_express(const struct storm *s, int i)
{
    const struct lane_spec *spec = &s->spec[s->lane[i]];

    return spec->has_express && !s->routing.no_express &&
           s->items[i].priority >= spec->express_priority;
}

static bool quota_lets(const struct storm *s, int lane, int tenant)
{
    const struct lane_quota *quota = &s->quota[lane][tenant];

    return !quota->paused &&
           (quota->max_active == 0 || running(s, lane, tenant) < quota->max_active);
}

static bool may_run(const struct storm *s, int i)
{
    int lane = s->lane[i];

    return s->fate[i] == WAITS && !s->spec[lane].paused && quota_lets(s, lane, s->tenant[i]) &&
           running(s, -1, s->tenant[i]) < s->tenant_max &&
           (on_worker(s, lane, LANE_REGULAR) < s->spec[lane].slots ||
            (is_express(s, i) && on_worker(s, lane, LANE_EXPRESS) < s->spec[lane].slots));
}

/* Before i counts as running. */
static void has_the_lowest_free_worker(const struct storm *s, int i)
{
    struct lane_worker worker = s->items[i].worker;
    uint32_t lower = 0;

    for (int o = 0; o < STORM; o++) {
        if (o == i || s->fate[o] != RUNS || s->lane[o] != s->lane[i] ||
            s->items[o].worker.half != worker.half)
            continue;
        holds(s->items[o].worker.number != worker.number, "a worker has two items");
        lower += s->items[o].worker.number < worker.number;
    }
    holds(lower + 1 == worker.number, "a lower worker is free");
}

static bool came_before(const struct lane_item *item, const struct lane_item *other)
{
    return item->came_us < other->came_us ||
           (item->came_us == other->came_us && item->number < other->number);
}

/* Before i counts as running: nobody else of its lane who might run is before it. */
static void was_the_right_one(struct storm *s, int i)
{
    holds(may_run(s, i), "it may not run");
    has_the_lowest_free_worker(s, i);
    holds(is_express(s, i) || s->items[i].worker.half == LANE_REGULAR,
          "its worker is an express one");
    for (int o = 0; o < STORM; o++) {
        if (o == i || s->lane[o] != s->lane[i] || !may_run(s, o) ||
            (s->items[i].worker.half == LANE_EXPRESS && !is_express(s, o)))
            continue;
        holds(class_of(s, o) <= class_of(s, i), "a higher priority waits");
        holds(class_of(s, o) < class_of(s, i) || s->tenant[o] != s->tenant[i] ||
                  is_express(s, o) != is_express(s, i) || came_before(&s->items[i], &s->items[o]),
              "an older one waits");
    }
}

static void take_all(struct storm *s)
{
    struct lane_item *item;

    while ((item = lanes_take(s->lanes, s->now_ns)) != NULL) {
        int i = (int)(item - s->items);

        was_the_right_one(s, i);
        if (chance(8) == 0) {
            lanes_put_back(s->lanes, item, s->now_ns);
            holds(lanes_take(s->lanes, s->now_ns) == item, "it was put back and is not next");
        }
        s->fate[i] = RUNS;
    }
    for (int i = 0; i < STORM; i++)
        holds(!may_run(s, i), "an item waits beside a worker that is free");
}

static void change_one(struct storm *s, int i)
{
    if (s->fate[i] == AWAY) {
        s->lane[i] = (int)chance(LANES);
        s->tenant[i] = (int)chance(TENANTS);
        s->items[i].age_ns = chance(3) == 0 ? chance(600) * SECOND_NS : 0;
        s->items[i].came_us = (s->now_ns - s->items[i].age_ns) / 1000;
        lanes_add(s->lanes, &s->items[i], names[s->lane[i]], tenants[s->tenant[i]],
                  (int32_t)chance(30), s->now_ns);
        s->fate[i] = WAITS;
        return;
    }
    if (s->fate[i] == RUNS) {
        lanes_ended(s->lanes, &s->items[i], s->now_ns);
    } else if (chance(4) == 0) {
        lanes_remove(s->lanes, &s->items[i], s->now_ns);
    } else {
        lanes_prioritize(s->lanes, &s->items[i], 1 + (int32_t)chance(30), s->now_ns);
        return;
    }
    s->fate[i] = AWAY;
}

static void positions_are_an_order(const struct storm *s, int lane)
{
    bool seen[STORM + 1] = {false};
    uint32_t count = 0;

    for (int i = 0; i < STORM; i++) {
        uint32_t at;

        if (s->fate[i] != WAITS || s->lane[i] != lane)
            continue;
        at = lanes_place(s->lanes, &s->items[i], s->now_ns).position;
        holds(at >= 1 && at <= STORM && !seen[at], "two have one position");
        seen[at] = true;
        count++;
    }
    for (uint32_t at = 1; at <= count; at++)
        holds(seen[at], "a position is nobody's");
}

static void set_lane(struct storm *s, int lane, uint32_t lane_slots, int32_t express, bool paused)
{
    s->spec[lane] = (struct lane_spec){.slots = lane_slots,
                                       .has_express = lane > 0,
                                       .express_priority = express,
                                       .paused = paused};
    lanes_set(s->lanes, names[lane], &s->spec[lane], s->now_ns);
}

/* weight 0: it goes. */
static void set_quota(struct storm *s, int lane, int tenant, struct lane_quota quota)
{
    s->quota[lane][tenant] = quota.weight > 0 ? quota : (struct lane_quota){0};
    lanes_bound(s->lanes, names[lane], tenants[tenant], quota.weight > 0 ? &quota : NULL,
                s->now_ns);
}

START_TEST(every_decision_of_a_storm_is_the_one_that_looks_at_everything)
{
    struct storm s = {.lanes = NULL};

    seed = (uint64_t)_i + 1;
    s.tenant_max = _i % 2 == 0 ? 3 : 100;
    s.lanes = lanes_new(s.tenant_max, AGEING);
    for (int lane = 0; lane < LANES - 1; lane++)
        set_lane(&s, lane, slots[lane], 12, false);
    for (int step = 0; step < 1500; step++) {
        s.now_ns += chance(20) * SECOND_NS;
        change_one(&s, (int)chance(STORM));
        if (chance(16) == 0) /* an operator does */
            set_lane(&s, (int)chance(LANES - 1), chance(6), 1 + (int32_t)chance(30),
                     chance(4) == 0);
        if (chance(16) == 0)
            set_quota(&s, (int)chance(LANES), (int)chance(TENANTS),
                      (struct lane_quota){.max_active = chance(3),
                                          .weight = chance(4),
                                          .paused = chance(8) == 0});
        if (chance(64) == 0) {
            s.routing = (struct lane_routing){chance(2) == 0, chance(2) == 0};
            lanes_route(s.lanes, s.routing, s.now_ns);
        }
        take_all(&s);
        if (step % 64 == 0)
            positions_are_an_order(&s, (int)chance(LANES));
    }
    for (int i = 0; i < STORM; i++) {
        while (s.fate[i] != AWAY)
            change_one(&s, i);
    }
    lanes_free(s.lanes); /* in which nobody is */
}
END_TEST

/* ---- workers die ---- */

START_TEST(no_worker_is_lost_though_a_million_die)
{
    enum { AT_ONCE = 8 };
    struct lanes *lanes = lanes_new(UINT32_MAX, AGEING);
    struct lane_item items[2 * AT_ONCE] = {{0}}, *item, *runs[2 * AT_ONCE];
    uint32_t count = 0;

    seed = 7;
    lanes_set(
        lanes, "ml",
        &(struct lane_spec){.slots = AT_ONCE / 2, .has_express = true, .express_priority = 12}, 0);
    for (int i = 0; i < 2 * AT_ONCE; i++)
        lanes_add(lanes, &items[i], "ml", tenants[i % TENANTS], i % 2 == 0 ? 5 : 15, 0);
    for (int deaths = 0; deaths < DEATHS; deaths++) {
        uint32_t dies;

        while ((item = lanes_take(lanes, deaths)) != NULL)
            runs[count++] = item;
        holds(count == AT_ONCE, "a worker was lost, or one too many is there");
        dies = chance(count);
        item = runs[dies];
        runs[dies] = runs[--count];
        lanes_ended(lanes, item, deaths); /* and its attempt is made again */
        lanes_add(lanes, item, "ml", tenants[chance(TENANTS)], item->priority, deaths);
    }
    while (count > 0)
        lanes_ended(lanes, runs[--count], DEATHS);
    while (lanes_any(lanes) != NULL)
        lanes_remove(lanes, lanes_any(lanes), DEATHS);
    lanes_free(lanes);
}
END_TEST

TCase *storm_case(void)
{
    TCase *tc = tcase_create("storm");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_heap_of_one_tenants_work_delays_another_by_one_item_a_worker, 0, 3);
    tcase_add_test(tc, the_lowest_priority_is_taken_though_higher_ones_never_end);
    tcase_add_loop_test(tc, every_decision_of_a_storm_is_the_one_that_looks_at_everything, 0, 6);
    tcase_add_test(tc, no_worker_is_lost_though_a_million_die);
    return tc;
}
