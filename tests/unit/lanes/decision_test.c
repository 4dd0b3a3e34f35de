/* decision_test.c -- one decision each: who is next, on which worker, and what the others wait for.
 */
#include "suites.h"

#include <string.h>

enum { ITEMS = 16 };

static struct lanes *lanes;
static struct lane_item items[ITEMS];
static int64_t now_ns;

static void open_with(uint32_t tenant_max)
{
    lanes = lanes_new(tenant_max, AGEING);
    memset(items, 0, sizeof items);
    now_ns = 0;
}

static void setup(void)
{
    open_with(100);
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 12}, now_ns);
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 2}, now_ns);
}

static void add(int i, const char *lane, const char *tenant, int32_t priority)
{
    lanes_add(lanes, &items[i], lane, tenant, priority, now_ns);
}

/* Everything goes, whatever of it runs or waits. */
static void teardown(void)
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

static void next_is(int i)
{
    struct lane_item *item = lanes_take(lanes, now_ns);

    ck_assert_msg(item == (i < 0 ? NULL : &items[i]), "item %td is next, not %d",
                  item != NULL ? item - items : -1, i);
}

static void ended(int i)
{
    lanes_ended(lanes, &items[i], now_ns);
    items[i].lane = NULL;
}

static void stands(int i, uint32_t position, const char *why)
{
    struct lane_place place = lanes_place(lanes, &items[i], now_ns);

    ck_assert_uint_eq(place.position, position);
    ck_assert_str_eq(lane_why_text(place.why), why);
}

START_TEST(the_higher_priority_is_first_and_in_one_priority_the_oldest)
{
    add(0, "typed", "acme", 5);
    add(1, "typed", "acme", 7);
    add(2, "typed", "acme", 7);
    add(3, "typed", "acme", 0); /* none is five */
    next_is(1);
    next_is(-1);
    stands(2, 1, "lane_full");
    stands(0, 2, "lane_full");
    stands(3, 3, "lane_full");
    ended(1);
    stands(2, 1, ""); /* as soon as somebody asks */
    next_is(2);
    ended(2);
    next_is(0);
    ended(0);
    next_is(3);
}
END_TEST

START_TEST(what_came_before_is_first_whenever_it_is_added)
{
    now_ns = 1000 * SECOND_NS;
    for (int i = 0; i < 3; i++)
        items[i] = (struct lane_item){.came_us = 9 - i};
    for (int i = 0; i < 3; i++)
        add(i, "typed", "acme", 5);
    stands(0, 3, "");
    stands(2, 1, "");
    next_is(2);
    items[3] = (struct lane_item){.came_us = 100, .age_ns = 400 * SECOND_NS};
    add(3, "typed", "acme", 5); /* it has waited long before it was added */
    ck_assert_int_eq(lanes_place(lanes, &items[3], now_ns).priority, 6);
}
END_TEST

START_TEST(tenants_of_one_priority_take_turns)
{
    for (int i = 0; i < 4; i++)
        add(i, "default", "acme", 5);
    add(4, "default", "globex", 5);
    add(5, "default", "globex", 5);
    next_is(0);
    next_is(4);
    ended(0);
    next_is(1);
    ended(4);
    next_is(5);
}
END_TEST

START_TEST(a_turn_of_one_priority_is_not_one_of_another)
{
    add(0, "typed", "acme", 9);
    add(1, "typed", "acme", 9);
    add(2, "typed", "globex", 5);
    add(3, "typed", "globex", 9);
    next_is(0);
    ended(0);
    next_is(3);
    ended(3);
    next_is(1);
    ended(1);
    next_is(2);
}
END_TEST

START_TEST(express_items_have_workers_of_their_own_and_may_take_regular_ones)
{
    add(0, "typed", "acme", 11);
    add(1, "typed", "acme", 12);
    add(2, "typed", "acme", 100);
    add(3, "typed", "acme", 12);
    next_is(2);
    ck_assert_int_eq(items[2].worker.half, LANE_EXPRESS);
    next_is(1);
    ck_assert_int_eq(items[1].worker.half, LANE_REGULAR);
    next_is(-1);
    stands(3, 1, "lane_full");
    ended(2); /* its worker is not for a regular one */
    next_is(3);
    ck_assert_int_eq(items[3].worker.half, LANE_EXPRESS);
    ended(3);
    next_is(-1);
    stands(0, 1, "lane_full");
    ended(1);
    next_is(0);
}
END_TEST

static void runs_on(int i, const char *lane, const char *name)
{
    auto_mem char *worker = lane_worker_name_owned(items[i].worker, lane);

    ck_assert_pstr_eq(worker, name);
}

START_TEST(a_worker_is_the_lowest_that_is_free_of_its_half_and_has_a_name)
{
    for (int i = 0; i < 3; i++)
        add(i, "default", "acme", 5);
    add(3, "typed", "acme", 12);
    add(4, "typed", "acme", 12);
    runs_on(0, NULL, NULL);
    while (lanes_take(lanes, now_ns) != NULL)
        ;
    runs_on(0, NULL, "pool_default_0");
    runs_on(1, "default", "pool_default_1");
    runs_on(3, "typed", "express_typed_0");
    runs_on(4, "typed", "pool_typed_0");
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 1}, now_ns);
    ended(0);
    next_is(-1);
    ended(1); /* beyond its slots, until now */
    next_is(2);
    runs_on(2, NULL, "pool_default_0");
}
END_TEST

/* More than one word of them. */
START_TEST(a_lane_may_have_many_workers)
{
    enum { MANY = 130 };
    struct lane_item many[MANY] = {{0}}, last = {0};

    lanes_set(lanes, "default", &(struct lane_spec){.slots = MANY}, now_ns);
    for (uint32_t i = 0; i < MANY; i++) {
        lanes_add(lanes, &many[i], "default", "globex", 100, now_ns);
        ck_assert_ptr_eq(lanes_take(lanes, now_ns), i < 100 ? &many[i] : NULL);
        ck_assert_uint_eq(many[i].worker.number, i < 100 ? i + 1 : 0);
    }
    lanes_add(lanes, &last, "default", "acme", 5, now_ns);
    lanes_ended(lanes, &many[65], now_ns);
    ck_assert_ptr_eq(lanes_take(lanes, now_ns), &many[100]);
    ck_assert_uint_eq(many[100].worker.number, 66);
    ck_assert_ptr_eq(lanes_take(lanes, now_ns), &last);
    ck_assert_uint_eq(last.worker.number, 101);
    lanes_ended(lanes, &last, now_ns);
    for (uint32_t i = 0; i < MANY; i++) {
        if (i > 100)
            lanes_remove(lanes, &many[i], now_ns);
        else if (i != 65)
            lanes_ended(lanes, &many[i], now_ns);
    }
}
END_TEST

START_TEST(a_lane_without_express_workers_has_no_express_items)
{
    for (int i = 0; i < 3; i++)
        add(i, "default", "acme", 50);
    next_is(0);
    next_is(1);
    next_is(-1);
}
END_TEST

START_TEST(who_waits_rises_by_one_a_minute_behind_five)
{
    add(0, "typed", "acme", 3);
    now_ns = 359 * SECOND_NS;
    add(1, "typed", "acme", 4);
    add(2, "typed", "acme", 5);
    stands(0, 3, "");
    now_ns = 360 * SECOND_NS;
    stands(0, 2, ""); /* of four, and older */
    now_ns = 420 * SECOND_NS;
    stands(0, 1, "");
    next_is(0);
    ended(0);
    next_is(2);
}
END_TEST

START_TEST(nobody_rises_above_eleven_and_so_into_the_express_half)
{
    add(0, "typed", "acme", 1);
    now_ns = 100000 * SECOND_NS;
    add(1, "typed", "acme", 12);
    add(2, "typed", "acme", 11);
    stands(0, 2, "");
    next_is(1);
    next_is(0);
    ck_assert_int_eq(items[0].worker.half, LANE_REGULAR);
    next_is(-1);
}
END_TEST

START_TEST(a_paused_lane_and_one_without_slots_take_nothing)
{
    add(0, "typed", "acme", 5);
    add(1, "default", "acme", 5);
    lanes_set(lanes, "typed",
              &(struct lane_spec){
                  .slots = 1, .has_express = true, .express_priority = 12, .paused = true},
              now_ns);
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 0}, now_ns);
    next_is(-1);
    stands(0, 1, "paused");
    stands(1, 1, "lane_full");
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 12}, now_ns);
    next_is(0);
}
END_TEST

START_TEST(fewer_slots_wait_for_what_runs)
{
    for (int i = 0; i < 4; i++)
        add(i, "default", "acme", 5);
    next_is(0);
    next_is(1);
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 1}, now_ns);
    ended(0);
    next_is(-1);
    ended(1);
    next_is(2);
    next_is(-1);
}
END_TEST

START_TEST(what_waits_stands_in_the_half_that_is_its_own_once_that_changes)
{
    add(0, "typed", "acme", 8);
    add(1, "typed", "globex", 8);
    add(2, "typed", "acme", 8);
    add(3, "typed", "acme", 20);
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 8}, now_ns);
    stands(2, 4, "");
    next_is(3);
    ck_assert_int_eq(items[3].worker.half, LANE_EXPRESS);
    next_is(1); /* the other tenant's turn */
    next_is(-1);
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 101},
              now_ns);
    ended(3); /* its worker is for nobody now */
    next_is(-1);
    ended(1);
    next_is(0);
    ck_assert_int_eq(items[0].worker.half, LANE_REGULAR);
}
END_TEST

START_TEST(what_is_switched_off_counts_in_no_lane_until_it_is_on_again)
{
    add(0, "typed", "acme", 5);
    add(1, "typed", "acme", 15);
    add(2, "typed", "acme", 7);
    lanes_route(lanes, (struct lane_routing){.no_express = true}, now_ns);
    next_is(1); /* by its priority, on the only regular worker */
    ck_assert_int_eq(items[1].worker.half, LANE_REGULAR);
    next_is(-1);
    add(3, "typed", "acme", 15);
    next_is(-1);
    stands(3, 1, "lane_full");
    ended(1);
    lanes_route(lanes, (struct lane_routing){.no_express = true, .no_priority = true}, now_ns);
    stands(0, 1, "");
    stands(2, 2, "");
    stands(3, 3, "");
    ck_assert_int_eq(lanes_place(lanes, &items[3], now_ns).priority, LANE_PRIORITY_DEFAULT);
    next_is(0);
    ended(0);
    lanes_route(lanes, (struct lane_routing){0}, now_ns);
    next_is(3);
    ck_assert_int_eq(items[3].worker.half, LANE_EXPRESS);
    next_is(2);
}
END_TEST

START_TEST(what_was_set_can_be_asked_for)
{
    struct lane_spec spec;

    ck_assert_uint_eq(lanes_count(lanes), 2);
    ck_assert(lanes_get(lanes, "default", &spec));
    ck_assert_uint_eq(spec.slots, 2);
    add(0, "gone", "acme", 5);
    ck_assert(!lanes_get(lanes, "gone", &spec));
    ck_assert(!lanes_get(lanes, "nowhere", &spec));
    ck_assert_uint_eq(lanes_count(lanes), 2);
}
END_TEST

START_TEST(a_lane_that_is_not_there_says_so_until_it_is)
{
    add(0, "gone", "acme", 5);
    add(1, "gone", "acme", 9);
    next_is(-1);
    stands(0, 2, "no_such_lane");
    lanes_set(lanes, "gone", &(struct lane_spec){.slots = 1}, now_ns);
    next_is(1);
    stands(0, 1, "lane_full");
}
END_TEST

START_TEST(a_tenant_has_its_share_of_all_lanes_together)
{
    teardown();
    open_with(2);
    lanes_set(lanes, "a", &(struct lane_spec){.slots = 4}, now_ns);
    lanes_set(lanes, "b", &(struct lane_spec){.slots = 4}, now_ns);
    add(0, "a", "acme", 9);
    add(1, "b", "acme", 9);
    add(2, "a", "acme", 9);
    add(3, "b", "globex", 1);
    next_is(0);
    next_is(1);
    next_is(3); /* whoever has its share is passed over */
    next_is(-1);
    stands(2, 1, "tenant_quota");
    ended(1); /* in the other lane */
    next_is(2);
}
END_TEST

START_TEST(what_is_put_back_is_next_and_as_old_as_it_was)
{
    add(0, "typed", "acme", 5);
    add(1, "typed", "globex", 5);
    add(2, "typed", "acme", 5);
    next_is(0);
    lanes_put_back(lanes, &items[0], now_ns);
    stands(0, 1, "");
    next_is(0);
    ended(0);
    next_is(1);
}
END_TEST

START_TEST(another_priority_is_anothers_place_and_its_age_stays)
{
    add(0, "typed", "acme", 5);
    now_ns = 1;
    add(1, "typed", "acme", 7);
    add(2, "typed", "acme", 5);
    add(3, "typed", "acme", 7);
    lanes_prioritize(lanes, &items[2], 7, now_ns);
    stands(2, 2, ""); /* between those that came before and after it */
    lanes_prioritize(lanes, &items[0], 7, now_ns);
    stands(0, 1, "");
    lanes_prioritize(lanes, &items[3], 12, now_ns);
    next_is(3);
    ck_assert_int_eq(items[3].worker.half, LANE_EXPRESS);
    lanes_prioritize(lanes, &items[0], 1, now_ns);
    next_is(1);
    ended(1);
    next_is(2);
    stands(0, 1, "lane_full");
}
END_TEST

START_TEST(what_is_taken_out_was_never_there)
{
    add(0, "typed", "acme", 5);
    add(1, "nowhere", "globex", 5);
    ck_assert_uint_eq(lanes_waiting(lanes), 2);
    while (lanes_any(lanes) != NULL) {
        struct lane_item *item = lanes_any(lanes);

        lanes_remove(lanes, item, now_ns);
        item->lane = NULL;
    }
    ck_assert_uint_eq(lanes_waiting(lanes), 0);
    next_is(-1);
}
END_TEST

static void count_view(void *arg, const struct lane_view *view)
{
    uint32_t *seen = arg;

    seen[0]++;
    if (strcmp(view->name, "typed") != 0)
        return;
    seen[1] = view->waiting[LANE_REGULAR];
    seen[2] = view->waiting[LANE_EXPRESS];
    seen[3] = view->running[LANE_REGULAR];
    seen[4] = view->running[LANE_EXPRESS];
}

START_TEST(each_lane_shows_what_waits_and_what_runs)
{
    uint32_t seen[5] = {0};

    for (int i = 0; i < 3; i++)
        add(i, "typed", "acme", 5);
    add(3, "typed", "acme", 20);
    add(4, "nowhere", "acme", 20); /* not a lane */
    next_is(3);
    next_is(0);
    lanes_each(lanes, count_view, seen);
    ck_assert_uint_eq(seen[0], 2);
    ck_assert_uint_eq(seen[1], 2);
    ck_assert_uint_eq(seen[2], 0);
    ck_assert_uint_eq(seen[3], 1);
    ck_assert_uint_eq(seen[4], 1);
}
END_TEST

TCase *decision_case(void)
{
    TCase *tc = tcase_create("decision");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_higher_priority_is_first_and_in_one_priority_the_oldest);
    tcase_add_test(tc, what_came_before_is_first_whenever_it_is_added);
    tcase_add_test(tc, tenants_of_one_priority_take_turns);
    tcase_add_test(tc, a_turn_of_one_priority_is_not_one_of_another);
    tcase_add_test(tc, express_items_have_workers_of_their_own_and_may_take_regular_ones);
    tcase_add_test(tc, a_worker_is_the_lowest_that_is_free_of_its_half_and_has_a_name);
    tcase_add_test(tc, a_lane_may_have_many_workers);
    tcase_add_test(tc, a_lane_without_express_workers_has_no_express_items);
    tcase_add_test(tc, who_waits_rises_by_one_a_minute_behind_five);
    tcase_add_test(tc, nobody_rises_above_eleven_and_so_into_the_express_half);
    tcase_add_test(tc, a_paused_lane_and_one_without_slots_take_nothing);
    tcase_add_test(tc, fewer_slots_wait_for_what_runs);
    tcase_add_test(tc, what_waits_stands_in_the_half_that_is_its_own_once_that_changes);
    tcase_add_test(tc, what_is_switched_off_counts_in_no_lane_until_it_is_on_again);
    tcase_add_test(tc, what_was_set_can_be_asked_for);
    tcase_add_test(tc, a_lane_that_is_not_there_says_so_until_it_is);
    tcase_add_test(tc, a_tenant_has_its_share_of_all_lanes_together);
    tcase_add_test(tc, what_is_put_back_is_next_and_as_old_as_it_was);
    tcase_add_test(tc, another_priority_is_anothers_place_and_its_age_stays);
    tcase_add_test(tc, what_is_taken_out_was_never_there);
    tcase_add_test(tc, each_lane_shows_what_waits_and_what_runs);
    return tc;
}
