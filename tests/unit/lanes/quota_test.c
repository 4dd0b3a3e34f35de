/* quota_test.c -- what one tenant may have of one lane: its quota, and the lane's rate for each. */
#include "suites.h"

#include "base/mem.h"

#include <string.h>

enum { ITEMS = 12 };

static struct lanes *lanes;
static struct lane_item items[ITEMS]; /* the first half is a's, the second b's */

static const char *tenant_of(int i)
{
    return i < ITEMS / 2 ? "a" : "b";
}

static void open_lane(struct lane_spec spec)
{
    lanes = lanes_new(UINT32_MAX, AGEING);
    memset(items, 0, sizeof items);
    lanes_set(lanes, "ml", &spec, 0);
    for (int i = 0; i < ITEMS; i++) {
        items[i].is_task = i % 2 == 0;
        lanes_add(lanes, &items[i], "ml", tenant_of(i), 5, 0);
    }
}

static void open_slots(uint32_t slots)
{
    open_lane((struct lane_spec){.slots = slots});
}

static void close_lane(int64_t now_ns)
{
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].line != NULL)
            lanes_remove(lanes, &items[i], now_ns);
        else if (items[i].worker.number > 0)
            lanes_ended(lanes, &items[i], now_ns);
    }
    lanes_free(lanes);
}

static void bound(struct lane_quota quota, int64_t now_ns)
{
    quota.weight = quota.weight > 0 ? quota.weight : 1;
    lanes_bound(lanes, "ml", "a", &quota, now_ns);
}

/* Those that are taken now, as letters of their tenants. */
static void takes(const char *want, int64_t now_ns)
{
    char got[ITEMS + 1] = "";
    const struct lane_item *item;

    for (size_t n = 0; n < strlen(want); n++) {
        item = lanes_take(lanes, now_ns);
        if (item == NULL)
            break;
        got[n] = *tenant_of((int)(item - items));
    }
    ck_assert_str_eq(got, want);
}

static void takes_all(const char *want, int64_t now_ns)
{
    takes(want, now_ns);
    ck_assert_ptr_null(lanes_take(lanes, now_ns));
}

static void held(int i, const char *why, int64_t until_ns, int64_t now_ns)
{
    struct lane_place place = lanes_place(lanes, &items[i], now_ns);

    ck_assert_str_eq(lane_why_text(place.why), why);
    ck_assert_int_eq(place.until_ns, until_ns);
}

static void ended(int i, int64_t now_ns)
{
    ck_assert_ptr_null(items[i].line);
    lanes_ended(lanes, &items[i], now_ns);
    items[i].worker.number = 0;
}

START_TEST(no_more_of_the_tenant_run_than_may)
{
    struct lane_share_view view;

    open_slots(ITEMS);
    bound((struct lane_quota){.max_active = 2}, 0);
    takes_all("ababbbbb", 0);
    held(2, "tenant_quota", INT64_MAX, 0);
    ck_assert(lanes_see_share(lanes, "ml", "a", 0, &view));
    ck_assert_uint_eq(view.running, 2);
    ck_assert_uint_eq(view.tasks, 1);
    ck_assert_uint_eq(view.waiting, 4);
    ck_assert(view.held);
    ended(0, 1);
    takes_all("a", 1);
    bound((struct lane_quota){.max_active = 3}, 1);
    takes_all("a", 1);
    lanes_bound(lanes, "ml", "a", NULL, 1);
    takes_all("aa", 1);
    close_lane(2);
}
END_TEST

START_TEST(what_is_paused_waits_and_goes_on)
{
    open_slots(7);
    bound((struct lane_quota){.paused = true}, 0);
    takes_all("bbbbbb", 0);
    held(0, "tenant_quota", INT64_MAX, 0);
    bound((struct lane_quota){.paused = false}, 0);
    takes_all("a", 0);
    held(1, "lane_full", INT64_MAX, 0);
    close_lane(2);
}
END_TEST

START_TEST(an_hour_has_so_many_and_a_burst)
{
    const int64_t step_ns = 72 * SECOND_NS; /* of 50 an hour */

    open_slots(ITEMS);
    bound((struct lane_quota){.rate = lane_hourly(50, 2)}, 0);
    takes_all("ababbbbb", SECOND_NS);
    held(2, "tenant_quota", SECOND_NS + step_ns, SECOND_NS);
    ck_assert_int_eq(lanes_next_ns(lanes, SECOND_NS), SECOND_NS + step_ns);
    takes("a", SECOND_NS + step_ns);
    lanes_put_back(lanes, &items[2], SECOND_NS + step_ns); /* it did not start */
    takes("a", SECOND_NS + step_ns);
    held(3, "tenant_quota", SECOND_NS + 2 * step_ns, SECOND_NS + step_ns);
    ck_assert_uint_eq(lane_hourly(7, 0).burst, 7);
    close_lane(SECOND_NS + 2 * step_ns);
}
END_TEST

START_TEST(a_turn_is_as_long_as_the_weight)
{
    open_slots(ITEMS);
    bound((struct lane_quota){.weight = 3}, 0);
    takes("aaabaaabbbbb", 0);
    close_lane(1);
}
END_TEST

START_TEST(what_was_put_back_makes_no_turn_longer)
{
    open_slots(ITEMS);
    bound((struct lane_quota){.weight = 2}, 0);
    takes("aa", 0);
    lanes_put_back(lanes, &items[1], 0);
    takes("aba", 0);
    lanes_put_back(lanes, &items[2], 0);
    takes("aab", 0);
    close_lane(1);
}
END_TEST

START_TEST(each_tenant_has_a_rate_of_its_own)
{
    const int64_t at_ns = SECOND_NS;

    open_lane((struct lane_spec){.slots = ITEMS, .tenant_rate = {.per_second = 2, .burst = 2}});
    takes_all("abab", at_ns);
    held(2, "rate", at_ns + SECOND_NS / 2, at_ns);
    ck_assert_int_eq(lanes_next_ns(lanes, at_ns), at_ns + SECOND_NS / 2);
    takes_all("ab", at_ns + SECOND_NS / 2);
    lanes_set(lanes, "ml", &(struct lane_spec){.slots = ITEMS}, at_ns + SECOND_NS / 2);
    takes("ababab", at_ns + SECOND_NS / 2);
    close_lane(2 * SECOND_NS);
}
END_TEST

START_TEST(an_express_one_that_left_wakes_the_regular_ones_still)
{
    struct lane_item express = {0};

    open_lane((struct lane_spec){.slots = ITEMS,
                                 .has_express = true,
                                 .express_priority = 12,
                                 .tenant_rate = {.per_second = 1, .burst = 1}});
    takes_all("ab", SECOND_NS);
    lanes_add(lanes, &express, "ml", "a", 20, SECOND_NS);
    ck_assert_int_eq(lanes_next_ns(lanes, SECOND_NS), 2 * SECOND_NS);
    lanes_remove(lanes, &express, SECOND_NS);
    ck_assert_int_eq(lanes_next_ns(lanes, SECOND_NS), 2 * SECOND_NS);
    takes("ab", 2 * SECOND_NS);
    close_lane(3 * SECOND_NS);
}
END_TEST

START_TEST(who_goes_and_comes_back_has_no_fuller_bucket)
{
    struct lane_item one = {0};
    struct lane_share_view view;

    lanes = lanes_new(UINT32_MAX, AGEING);
    lanes_set(lanes, "ml",
              &(struct lane_spec){.slots = 1, .tenant_rate = {.per_second = 1, .burst = 1}}, 0);
    for (int64_t at_ns = SECOND_NS; at_ns < 4 * SECOND_NS; at_ns += SECOND_NS) {
        lanes_add(lanes, &one, "ml", "a", 5, at_ns);
        ck_assert_ptr_eq(lanes_take(lanes, at_ns), &one);
        lanes_ended(lanes, &one, at_ns);
        lanes_add(lanes, &one, "ml", "a", 5, at_ns);
        ck_assert_ptr_null(lanes_take(lanes, at_ns));
        lanes_remove(lanes, &one, at_ns);
    }
    ck_assert(lanes_see_share(lanes, "ml", "a", 4 * SECOND_NS, &view));
    ck_assert_ptr_null(lanes_take(lanes, 4 * SECOND_NS));
    ck_assert(!lanes_see_share(lanes, "ml", "a", 4 * SECOND_NS, &view)); /* it was full again */
    lanes_free(lanes);
}
END_TEST

START_TEST(of_tenants_that_went_ten_thousand_are_remembered)
{
    enum { MANY = 10050 };
    struct lane_item one = {0};
    struct lane_share_view view;
    uint32_t remembered = 0;
    char name[16];

    lanes = lanes_new(UINT32_MAX, AGEING);
    lanes_set(lanes, "ml",
              &(struct lane_spec){.slots = 1, .tenant_rate = {.per_second = 0.001, .burst = 1}}, 0);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "t%d", i);
        lanes_add(lanes, &one, "ml", name, 5, SECOND_NS + i);
        ck_assert_ptr_eq(lanes_take(lanes, SECOND_NS + i), &one);
        lanes_ended(lanes, &one, SECOND_NS + i);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "t%d", i);
        remembered += lanes_see_share(lanes, "ml", name, 2 * SECOND_NS, &view);
    }
    ck_assert_uint_eq(remembered, 10000);
    ck_assert(!lanes_see_share(lanes, "ml", "t49", 2 * SECOND_NS, &view)); /* soonest full */
    ck_assert(lanes_see_share(lanes, "ml", "t50", 2 * SECOND_NS, &view));
    lanes_free(lanes);
}
END_TEST

START_TEST(a_quota_may_be_there_before_its_lane_and_go_before_it)
{
    struct lane_share_view view;

    open_slots(1);
    lanes_bound(lanes, "none", "a", &(struct lane_quota){.weight = 1, .paused = true}, 0);
    ck_assert(lanes_see_share(lanes, "none", "a", 0, &view) && view.held);
    ck_assert_uint_eq(lanes_count(lanes), 1);
    lanes_bound(lanes, "none", "a", NULL, 0);
    ck_assert(!lanes_see_share(lanes, "none", "a", 0, &view));
    lanes_bound(lanes, "none", "a", &(struct lane_quota){.weight = 1, .paused = true}, 0);
    ck_assert(!lanes_see_share(lanes, "none", "b", 0, &view));
    ck_assert(!lanes_see_share(lanes, "nowhere", "a", 0, &view));
    close_lane(0);
}
END_TEST

TCase *quota_case(void)
{
    TCase *c = tcase_create("quota");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, no_more_of_the_tenant_run_than_may);
    tcase_add_test(c, what_is_paused_waits_and_goes_on);
    tcase_add_test(c, an_hour_has_so_many_and_a_burst);
    tcase_add_test(c, a_turn_is_as_long_as_the_weight);
    tcase_add_test(c, what_was_put_back_makes_no_turn_longer);
    tcase_add_test(c, each_tenant_has_a_rate_of_its_own);
    tcase_add_test(c, an_express_one_that_left_wakes_the_regular_ones_still);
    tcase_add_test(c, who_goes_and_comes_back_has_no_fuller_bucket);
    tcase_add_test(c, of_tenants_that_went_ten_thousand_are_remembered);
    tcase_add_test(c, a_quota_may_be_there_before_its_lane_and_go_before_it);
    return c;
}
