/* follow_test.c -- a lane with autoscale gets the slots that its load wants, and the ledger says
 * that the host did it. */
#include "suites.h"
#include "task_steps.h"

#include "base/json.h"

#include <string.h>

enum { TASKS = 102 };

static int slots_of(const char *name, const char *member)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_text_of(lane, "name"), name) == 0)
            return (int)json_integer_value(json_object_get(lane, member));
    }
    return -1;
}

static void looks(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        rig_pass(1000 * RIG_MS);
        rig_settle(&rig);
    }
}

static size_t ledger_entries(const char *type)
{
    auto_done(store_event_list) events = {0};
    struct err e = {0};
    size_t found = 0;

    ck_assert(store_read_events_after(rig.reader, "default", 0, 100, &events, &e));
    for (size_t i = 0; i < events.count; i++)
        found += strcmp(events.rows[i].type, type) == 0 &&
                 strstr(events.rows[i].payload, "\"actor\":\"host\"") != NULL;
    return found;
}

START_TEST(a_lane_follows_its_depth_and_the_host_says_so)
{
    char id[16];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_waiting_max = 1000});
    task_lane_put("l", "{\"agent_id\":\"a\",\"slots\":2,\"autoscale\":{\"min\":1,\"max\":3}}");
    for (int i = 0; i < TASKS; i++) {
        snprintf(id, sizeof id, "t%d", i);
        task_add("l", id, "{}");
    }
    ck_assert_int_eq(slots_of("l", "desired_slots"), 2); /* 100 wait */
    task_add("l", "more", "{}");
    ck_assert_int_eq(slots_of("l", "desired_slots"), 3);
    ck_assert_int_eq(slots_of("l", "slots"), 2);
    looks(31);
    ck_assert_int_eq(slots_of("l", "slots"), 3);
    ck_assert_int_eq(slots_of("l", "base_slots"), 2);
    ck_assert_uint_eq(rig_open_count(&rig), 3); /* the new worker has something at once */
    ck_assert_uint_eq(ledger_entries("audit.lane_scaled"), 1);
    looks(31);
    ck_assert_int_eq(slots_of("l", "slots"), 3); /* its most */
    rig_crash(&rig);
    ck_assert_int_eq(slots_of("l", "slots"), 2); /* what was set is where it begins */
}
END_TEST

START_TEST(what_took_long_asks_for_one_more)
{
    task_lane_put("l", "{\"agent_id\":\"a\",\"slots\":2}");
    task_add("l", "slow", "{}");
    ck_assert_int_eq(slots_of("l", "desired_slots"), 2);
    rig_pass(1500 * RIG_MS);
    rig_ok(&rig, "task");
    ck_assert_int_eq(slots_of("l", "desired_slots"), 3);
    rig_pass(301 * 1000 * RIG_MS);
    ck_assert_int_eq(slots_of("l", "desired_slots"), 2);
}
END_TEST

START_TEST(a_host_that_ends_changes_nothing_more)
{
    task_lane_put("l", "{\"agent_id\":\"a\",\"slots\":3,\"autoscale\":{\"min\":1,\"max\":3}}");
    engine_drain(rig.engine);
    looks(100);
    ck_assert_int_eq(slots_of("l", "slots"), 3);
}
END_TEST

TCase *follow_cases(void)
{
    TCase *tc = tcase_create("follow");

    tcase_add_test(tc, a_lane_follows_its_depth_and_the_host_says_so);
    tcase_add_test(tc, what_took_long_asks_for_one_more);
    tcase_add_test(tc, a_host_that_ends_changes_nothing_more);
    return tc;
}
