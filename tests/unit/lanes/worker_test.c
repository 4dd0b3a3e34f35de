/* worker_test.c -- the workers of lanes, each with its record, and what their processes are called.
 */
#include "suites.h"

#include "base/buf.h"
#include "base/mem.h"

static struct lanes *lanes;

static void setup(void)
{
    lanes = lanes_new(100, AGEING);
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 12}, 0);
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 2}, 0);
}

static void teardown(void)
{
    lanes_free(lanes);
}

static void tell_hand(void *arg, const struct lane_hand *hand)
{
    auto_mem char *name = lane_worker_name_owned(hand->worker, hand->lane);

    buf_addf(arg, "%s%s %d/%d/%d since %d\n", name, hand->busy ? " busy" : "",
             (int)hand->deeds.well, (int)hand->deeds.badly, (int)hand->deeds.crashes,
             (int)hand->since_ns);
}

static void hands_are(const char *want)
{
    auto_done(buf) text = {0};

    lanes_each_hand(lanes, tell_hand, &text);
    ck_assert_str_eq(buf_text(&text), want);
}

static void title_is(struct lane_worker worker, const char *lane, const char *want)
{
    auto_mem char *title = lane_worker_title_owned(worker, lane);

    ck_assert_pstr_eq(title, want);
}

START_TEST(a_process_is_titled_by_its_worker_but_for_the_default_lanes)
{
    title_is((struct lane_worker){LANE_EXPRESS, 1}, "ml", "express_pool: ml 0");
    title_is((struct lane_worker){LANE_REGULAR, 10000}, "ml", "pool: ml 9999");
    title_is((struct lane_worker){LANE_REGULAR, 1}, LANE_DEFAULT, NULL);
    title_is((struct lane_worker){LANE_REGULAR, 1}, NULL, NULL);
    title_is((struct lane_worker){LANE_REGULAR, 0}, "ml", NULL);
}
END_TEST

START_TEST(each_worker_is_there_from_the_start_and_has_a_record_of_its_own)
{
    struct lane_item item = {0};

    hands_are("express_typed_0 0/0/0 since 0\npool_typed_0 0/0/0 since 0\n"
              "pool_default_0 0/0/0 since 0\npool_default_1 0/0/0 since 0\n");
    lanes_add(lanes, &item, "typed", "acme", 12, 0);
    ck_assert_ptr_eq(lanes_take(lanes, 0), &item);
    lanes_note(&item, LANE_WELL, 5);
    lanes_note(&item, LANE_BADLY, 6);
    lanes_note(&item, LANE_CRASHED, 7);
    hands_are("express_typed_0 busy 1/2/1 since 7\npool_typed_0 0/0/0 since 0\n"
              "pool_default_0 0/0/0 since 0\npool_default_1 0/0/0 since 0\n");
    lanes_set(lanes, "typed", &(struct lane_spec){.has_express = true, .express_priority = 12}, 8);
    lanes_set(lanes, "default", &(struct lane_spec){.slots = 1}, 8);
    hands_are("express_typed_0 busy 1/2/1 since 7\npool_default_0 0/0/0 since 0\n");
    lanes_ended(lanes, &item, 8);
    hands_are("pool_default_0 0/0/0 since 0\n");
}
END_TEST

TCase *worker_case(void)
{
    TCase *tc = tcase_create("worker");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_process_is_titled_by_its_worker_but_for_the_default_lanes);
    tcase_add_test(tc, each_worker_is_there_from_the_start_and_has_a_record_of_its_own);
    return tc;
}
