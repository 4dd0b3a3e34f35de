/* why_test.c -- why a run does not go on: one reason for each thing that is waited for. */
#include "suites.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static void publish(const char *nodes, const char *more)
{
    auto_done(buf) text = {0};

    buf_addf(&text, "{\"name\":\"w\",\"dag_id\":\"w\",\"version\":\"1.0.0\",\"nodes\":{%s}%s}",
             nodes, more);
    rig_publish(&rig, buf_text(&text));
    snprintf(id, sizeof id, "%s", run_of("w"));
}

#define NODE(id, more) "\"" id "\":{\"agent_id\":\"a\"" more "}"

/* "reason step>behind +ahead @until; ..." of each, and behind it how many more there are. */
static void check_why(const char *run_id, const char *status, uint32_t max, const char *wanted)
{
    auto_json why = engine_run_why_owned(rig.engine, RIG_TENANT, run_id, max);
    auto_done(buf) text = {0};
    const json_t *one;
    size_t i;

    ck_assert_ptr_nonnull(why);
    ck_assert_str_eq(json_string_value(json_object_get(why, "status")), status);
    json_array_foreach(json_object_get(why, "reasons"), i, one)
    {
        const char *reason = NULL, *detail = NULL, *step = NULL, *behind = NULL, *until = NULL;
        json_int_t ahead;

        ck_assert_int_eq(json_unpack((json_t *)one, "{s:s, s:s, s:I, s?s, s?s, s?s !}", "reason",
                                     &reason, "detail", &detail, "ahead", &ahead, "step", &step,
                                     "behind", &behind, "until", &until),
                         0);
        ck_assert_uint_gt(strlen(detail), 0);
        buf_addf(&text, "%s%s", i > 0 ? "; " : "", reason);
        if (step != NULL)
            buf_addf(&text, " %s", step);
        if (behind != NULL)
            buf_addf(&text, ">%s", behind);
        if (ahead > 0)
            buf_addf(&text, " +%lld", (long long)ahead);
        buf_adds(&text, until != NULL ? " @" : "");
    }
    buf_addf(&text, " (%lld)", (long long)json_integer_value(json_object_get(why, "more")));
    ck_assert_str_eq(buf_text(&text), wanted);
}

START_TEST(what_waits_for_a_worker_stands_before_what_waits_for_a_step)
{
    publish(NODE("a", ",\"lane\":\"ml\"") "," NODE("b", ",\"lane\":\"ml\"") "," NODE(
                "c", ",\"depends_on\":[\"b\"]") "," NODE("d", ",\"depends_on\":[\"c\"]"),
            "");
    check_why(id, "running", 20,
              "lane_full b; waiting_for_dependency c>b; waiting_for_dependency d>c (0)");
    check_why(id, "running", 1, "lane_full b (2)");
    rig_ok(&rig, "a");
    check_why(id, "running", 20, "waiting_for_dependency c>b; waiting_for_dependency d>c (0)");
    check_why(run_of("w"), "running", 1, "lane_full a (3)");
}
END_TEST

START_TEST(an_attempt_that_is_tried_again_says_when)
{
    auto_json why = NULL;
    const char *detail;

    publish(NODE("a", ",\"retry_policy\":{\"max_retries\":2,\"jitter\":false}"), "");
    rig_fails(&rig, "a", OUTCOME_PLUGIN_TRANSIENT);
    check_why(id, "running", 20, "retry_delay a @ (0)");
    why = engine_run_why_owned(rig.engine, RIG_TENANT, id, 1);
    detail = json_string_value(
        json_object_get(json_array_get(json_object_get(why, "reasons"), 0), "detail"));
    ck_assert_ptr_nonnull(strstr(detail, "step 'a' is tried again at "));
    ck_assert_ptr_nonnull(strstr(detail, "it went wrong"));
    rig_pass(120 * RIG_S);
    rig_settle(&rig);
    rig_ok(&rig, "a");
    ck_assert_ptr_null(engine_run_why_owned(rig.engine, RIG_TENANT, id, 20)); /* it is over */
}
END_TEST

START_TEST(what_its_host_cannot_run_is_held_with_its_error)
{
    publish(NODE("a", ""), "");
    rig.sandbox.refuse = ERR_SYSTEM;
    snprintf(id, sizeof id, "%s", run_of("w"));
    check_why(id, "running", 20, "held a @ (0)");
    rig.sandbox.refuse = ERR_NONE;
}
END_TEST

START_TEST(a_run_that_is_paused_or_cancelled_says_so_once)
{
    struct rig_answer a = {0};

    publish(NODE("a", "") "," NODE("b",
                                   ",\"depends_on\":[\"a\"]") "," NODE("c",
                                                                       ",\"depends_on\":[\"a\"]"),
            "");
    control_pause(engine_control(rig.engine), &rig_actor, id, true, rig_answered, &a);
    rig_settle(&rig);
    check_why(id, "paused", 20, "paused (0)");
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    check_why(id, "cancelling", 20, "run_stopping; stopping a @ (0)");
}
END_TEST

START_TEST(a_run_waits_behind_those_that_came_before)
{
    char first[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    publish(NODE("a", ""), "");
    snprintf(first, sizeof first, "%s", id);
    snprintf(id, sizeof id, "%s", run_of("w"));
    check_why(id, "queued", 20, "host_full (0)");
    check_why(run_of("w"), "queued", 20, "host_full +1 (0)");
    check_why(first, "running", 20, " (0)");
    engine_drain(rig.engine);
    check_why(id, "queued", 20, "host_draining; host_full (0)");
}
END_TEST

START_TEST(a_limit_of_the_run_is_a_reason_and_only_what_is_here_has_any)
{
    publish(NODE("a", "") "," NODE("b", "") "," NODE("c", ""), ",\"max_parallel_nodes\":1");
    check_why(id, "running", 20, "parallel_limit b; parallel_limit c (0)");
    ck_assert_ptr_null(engine_run_why_owned(rig.engine, "globex", id, 20)); /* another's */
}
END_TEST

START_TEST(what_runs_is_not_waited_for_and_what_is_undone_is_said)
{
    publish("\"a\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo\"}," NODE(
                "f", ",\"retry_policy\":{\"max_retries\":0}") "," NODE("z",
                                                                       ",\"depends_on\":[\"a\"]"),
            ",\"on_failure\":\"compensate\"");
    rig_fails(&rig, "f", OUTCOME_PLUGIN_FATAL);
    check_why(id, "running", 20, "halted_by_failure z>f (0)");
    rig_ok(&rig, "a");
    check_why(id, "running", 20, "rolling_back (0)");
}
END_TEST

TCase *why_cases(void)
{
    TCase *tc = tcase_create("why");

    tcase_add_test(tc, what_waits_for_a_worker_stands_before_what_waits_for_a_step);
    tcase_add_test(tc, an_attempt_that_is_tried_again_says_when);
    tcase_add_test(tc, what_its_host_cannot_run_is_held_with_its_error);
    tcase_add_test(tc, a_run_that_is_paused_or_cancelled_says_so_once);
    tcase_add_test(tc, a_run_waits_behind_those_that_came_before);
    tcase_add_test(tc, a_limit_of_the_run_is_a_reason_and_only_what_is_here_has_any);
    tcase_add_test(tc, what_runs_is_not_waited_for_and_what_is_undone_is_said);
    return tc;
}
