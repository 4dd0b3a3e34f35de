/* lane_limits_test.c -- what a lane does not take, and what it holds back. */
#include "task_steps.h"

#include "base/json.h"

#include <string.h>

static bool lane_shows(const char *name, const char *want)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    auto_json wanted = json_loads(want, 0, NULL);
    json_t *lane, *found = NULL;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        if (strcmp(json_text_of(lane, "name"), name) == 0)
            found = lane;
    }
    return json_equal(json_object_get(found, "depth"), json_object_get(wanted, "depth")) &&
           json_equal(json_object_get(found, "drained"), json_object_get(wanted, "drained"));
}

#define DEPTH(express, regular, delayed, total)                                                    \
    "\"depth\":{\"express\":" express ",\"regular\":" regular ",\"delayed\":" delayed              \
    ",\"total\":" total "}"

START_TEST(as_many_as_a_lane_may_have_wait_in_it_those_that_are_tried_again_among_them)
{
    enum { AT_ONCE = 4 };
    struct rig_answer at_once[AT_ONCE] = {{0}}, one;
    size_t accepted = 0;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1,\"max_depth\":3}");
    (void)task_add("ml", "runs", "{}");
    (void)task_add_with("express", 12);
    rig_ok(&rig, "task"); /* the express one */
    rig_fails(&rig, "task", OUTCOME_CRASH);
    ck_assert(lane_shows("ml", "{\"drained\":false," DEPTH("0", "0", "1", "1") "}"));
    task_lane_put("ml", "{\"paused\":true}");
    task_give(&(struct api_task){.lane = "ml", .task_id = "t0"}, "{}", &at_once[0]);
    task_give(&(struct api_task){.lane = "ml", .task_id = "t1"}, "{}", &at_once[1]);
    task_give(&(struct api_task){.lane = "ml", .task_id = "t2"}, "{}", &at_once[2]);
    task_give(&(struct api_task){.lane = "ml", .task_id = "runs"}, "{}", &at_once[3]);
    rig_settle(&rig);
    for (size_t i = 0; i < AT_ONCE - 1; i++)
        accepted += at_once[i].code == ERR_NONE;
    ck_assert_uint_eq(accepted, 2);
    task_refused(&at_once[2], ERR_LIMIT, "LANE_FULL");
    ck_assert(at_once[3].code == ERR_NONE && !at_once[3].created);
    ck_assert(lane_shows("ml", "{\"drained\":false," DEPTH("0", "2", "1", "3") "}"));
    one = task_add("ml", "t1", "{}");
    ck_assert(one.code == ERR_NONE && !one.created);
    one = task_add("ml", "t1", "{\"other\":1}");
    task_refused(&one, ERR_CONFLICT, "TASK_CONFLICT");
    one = (struct rig_answer){0};
    task_give(&(struct api_task){.lane = "ml", .task_id = "forced", .force = true}, "{}", &one);
    rig_settle(&rig);
    ck_assert(one.code == ERR_NONE && one.created);
    ck_assert(lane_shows("ml", "{\"drained\":false," DEPTH("0", "3", "1", "4") "}"));
    one = task_add("ml", "t1b", "{}");
    task_refused(&one, ERR_LIMIT, "LANE_FULL");
    task_lane_put("codegen", "{\"agent_id\":\"a\"}"); /* of its own */
    ck_assert_int_eq(task_add("codegen", "t3", "{}").code, ERR_NONE);
    task_lane_put("ml", "{\"max_depth\":5}");
    ck_assert_int_eq(task_add("ml", "t4", "{}").code, ERR_NONE);
}
END_TEST

START_TEST(a_lane_that_is_drained_takes_no_task_and_works_off_those_it_has)
{
    struct rig_answer a;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1}");
    (void)task_add("ml", "first", "{}");
    (void)task_add("ml", "second", "{}");
    task_lane_put("ml", "{\"draining\":true}");
    a = task_add("ml", "third", "{}");
    task_refused(&a, ERR_UNAVAILABLE, "LANE_DRAINING");
    a = (struct rig_answer){0};
    task_give(&(struct api_task){.lane = "ml", .task_id = "third", .force = true}, "{}", &a);
    rig_settle(&rig);
    task_refused(&a, ERR_UNAVAILABLE, "LANE_DRAINING");
    a = task_add("ml", "second", "{}");
    ck_assert(a.code == ERR_NONE && !a.created);
    rig_crash(&rig);
    a = task_add("ml", "third", "{}");
    task_refused(&a, ERR_UNAVAILABLE, "LANE_DRAINING");
    rig_ok(&rig, "task");
    ck_assert(lane_shows("ml", "{\"drained\":false," DEPTH("0", "0", "0", "0") "}"));
    rig_ok(&rig, "task");
    ck_assert(lane_shows("ml", "{\"drained\":true," DEPTH("0", "0", "0", "0") "}"));
    task_lane_put("ml", "{\"draining\":false}");
    ck_assert(lane_shows("ml", "{\"drained\":false," DEPTH("0", "0", "0", "0") "}"));
    ck_assert_int_eq(task_add("ml", "third", "{}").code, ERR_NONE);
}
END_TEST

static void waits_for(const char *run_id, const char *reason, bool until)
{
    auto_json why = engine_run_why_owned(rig.engine, RIG_TENANT, run_id, 1);
    const json_t *first = json_array_get(json_object_get(why, "reasons"), 0);

    ck_assert_str_eq(json_text_of(first, "reason"), reason);
    ck_assert(until == (json_text_of(first, "until")[0] != '\0'));
}

START_TEST(what_a_rate_holds_back_starts_when_its_time_has_come)
{
    struct rig_answer second;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":9,\"rate\":{\"per_second\":2,\"burst\":1}}");
    (void)task_add("ml", "first", "{}");
    second = task_add("ml", "second", "{}");
    waits_for(second.run_id, "rate", true);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    ck_assert_int_le(engine_next_timer(rig.engine), rig_mono_ns + RIG_S / 2);
    rig_pass(RIG_S / 2);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    task_lane_put("ml", "{\"rate\":null}");
    (void)task_add("ml", "third", "{}");
    ck_assert_uint_eq(rig_open_count(&rig), 3);
}
END_TEST

static void breaker_is(const char *state, const char *error_class)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        const json_t *shown = json_object_get(lane, "breaker_state");

        if (strcmp(json_text_of(lane, "name"), "ml") != 0)
            continue;
        ck_assert_str_eq(json_text_of(shown, "state"), state);
        ck_assert_str_eq(json_text_of(shown, "error_class"), error_class);
        ck_assert((error_class[0] != '\0') == (json_text_of(shown, "retry_at")[0] != '\0'));
    }
}

START_TEST(a_breaker_holds_tasks_and_says_so_until_one_went_well)
{
    struct rig_answer waits;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":0},"
                        "\"breaker\":{\"failures\":2,\"open_s\":5,\"successes\":1}}");
    for (int i = 0; i < 2; i++) {
        (void)task_add("ml", i == 0 ? "one" : "two", "{}");
        breaker_is("closed", "");
        rig_fails(&rig, "task", OUTCOME_CRASH);
    }
    breaker_is("open", "Crash");
    waits = task_add("ml", "waits", "{}");
    waits_for(waits.run_id, "breaker_open", true);
    (void)task_add("ml", "behind", "{}");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    rig_pass(5 * RIG_S);
    rig_settle(&rig);
    breaker_is("half_open", "Crash");
    ck_assert_uint_eq(rig_open_count(&rig), 1); /* one at a time */
    rig_ok(&rig, "task");
    breaker_is("closed", "");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
}
END_TEST

TCase *lane_limits_cases(void)
{
    TCase *c = tcase_create("lane_limits");

    tcase_add_test(c, as_many_as_a_lane_may_have_wait_in_it_those_that_are_tried_again_among_them);
    tcase_add_test(c, a_lane_that_is_drained_takes_no_task_and_works_off_those_it_has);
    tcase_add_test(c, what_a_rate_holds_back_starts_when_its_time_has_come);
    tcase_add_test(c, a_breaker_holds_tasks_and_says_so_until_one_went_well);
    return c;
}
