/* gates_test.c -- runs that wait for others of their key. */
#include "gate_steps.h"

#include <string.h>

START_TEST(runs_of_a_key_queue_the_oldest_first)
{
    char runs[6][UUID_TEXT_BYTES];

    gate_concurrency("\"key\":\"input.k\",\"limit\":2");
    for (size_t i = 0; i < 5; i++)
        gate_start("1", runs[i]);
    gate_start("\"1\"", runs[5]);
    gate_check(runs, "rrwwwr");
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 3);
    gate_ok(runs[1]);
    gate_check(runs, "rdrwwr");
    gate_ok(runs[0]);
    gate_ok(runs[2]);
    gate_check(runs, "dddrrr");
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 0);
}
END_TEST

START_TEST(without_a_key_the_whole_dag_is_bounded)
{
    char runs[2][UUID_TEXT_BYTES];

    gate_concurrency("");
    gate_start("1", runs[0]);
    gate_start("2", runs[1]);
    gate_check(runs, "rw");
    gate_ok(runs[0]);
    gate_check(runs, "dr");
}
END_TEST

START_TEST(who_waits_for_its_key_keeps_nobody_else_waiting)
{
    char runs[2][UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 2});
    publish_chain();
    gate_concurrency("");
    gate_start("1", runs[0]);
    gate_start("1", runs[1]);
    gate_check(runs, "rw");
    ck_assert_int_eq(rig_status(&rig, run_of("chain")), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_run_that_is_skipped_is_none)
{
    struct rig_answer a;
    char runs[2][UUID_TEXT_BYTES];

    gate_concurrency("\"key\":\"input.k\",\"on_conflict\":\"skip\"");
    gate_start("1", runs[0]);
    a = rig_run(&rig, "g", "{\"k\":1}");
    ck_assert_int_eq(a.code, ERR_CONFLICT);
    ck_assert_str_eq(a.refusal, "CONCURRENCY_SKIPPED");
    ck_assert_ptr_nonnull(strstr(a.msg, runs[0]));
    gate_ok(runs[0]);
    gate_start("1", runs[1]);
    gate_check(runs, "dr");
}
END_TEST

START_TEST(of_two_that_start_at_once_one_is_skipped)
{
    auto_json inputs = json_object();
    struct rig_answer a[2] = {0};

    gate_concurrency("\"on_conflict\":\"skip\"");
    for (size_t i = 0; i < 2; i++)
        control_start(engine_control(rig.engine), &rig_actor,
                      &(struct api_run_start){.dag_id = "g", .inputs = inputs}, rig_answered,
                      &a[i]);
    rig_settle(&rig);
    ck_assert_int_eq(a[0].code, ERR_NONE);
    ck_assert_int_eq(a[1].code, ERR_CONFLICT);
    ck_assert_str_eq(a[1].refusal, "CONCURRENCY_SKIPPED");
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
}
END_TEST

START_TEST(a_new_run_replaces_the_oldest_of_its_key)
{
    char runs[4][UUID_TEXT_BYTES];

    gate_concurrency("\"key\":\"input.k\",\"limit\":2,\"on_conflict\":\"replace\"");
    gate_start("1", runs[0]);
    gate_start("1", runs[1]);
    gate_start("1", runs[2]);
    gate_check(runs, "rrw");
    ck_assert(gate_says(runs[0], "replaced: a newer run of its concurrency key is "));
    ck_assert(gate_says(runs[0], runs[2]));
    gate_start("1", runs[3]);
    gate_check(runs, "rrww");
    ck_assert(gate_says(runs[1], runs[2]) || gate_says(runs[1], runs[3]));
    gate_stopped(runs[0]);
    gate_check(runs, "crwr");
    gate_stopped(runs[1]);
    gate_check(runs, "ccrr");
}
END_TEST

START_TEST(of_those_that_replace_no_more_wait_than_may_go_on)
{
    char runs[3][UUID_TEXT_BYTES];

    gate_concurrency("\"on_conflict\":\"replace\"");
    for (size_t i = 0; i < 3; i++)
        gate_start("1", runs[i]);
    gate_check(runs, "rcw");
    ck_assert(gate_says(runs[1], "superseded"));
    gate_stopped(runs[0]);
    gate_check(runs, "ccr");
}
END_TEST

START_TEST(only_the_latest_waits)
{
    char runs[4][UUID_TEXT_BYTES];

    gate_concurrency("\"on_conflict\":\"keep_latest\"");
    for (size_t i = 0; i < 4; i++)
        gate_start("1", runs[i]);
    gate_check(runs, "rccw");
    ck_assert(gate_says(runs[1], runs[2]));
    ck_assert(gate_says(runs[2], runs[3]));
    gate_ok(runs[0]);
    gate_check(runs, "dccr");
}
END_TEST

START_TEST(many_at_once_leave_one_that_waits)
{
    auto_json inputs = json_object();
    struct rig_answer a[40] = {0};
    unsigned waiting = 0, running = 0, cancelled = 0;

    gate_concurrency("\"on_conflict\":\"keep_latest\"");
    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        control_start(engine_control(rig.engine), &rig_actor,
                      &(struct api_run_start){.dag_id = "g", .inputs = inputs}, rig_answered,
                      &a[i]);
    rig_settle(&rig);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        enum store_run_status status = rig_status(&rig, a[i].run_id);

        waiting += status == STORE_RUN_PENDING;
        running += status == STORE_RUN_RUNNING;
        cancelled += status == STORE_RUN_CANCELLED;
    }
    ck_assert_uint_eq(running, 1);
    ck_assert_uint_le(waiting, 1);
    ck_assert_uint_eq(waiting + running + cancelled, ARRAY_LEN(a));
}
END_TEST

START_TEST(a_repeated_start_takes_no_second_place)
{
    auto_json inputs = json_object();
    const struct api_run_start what = {.dag_id = "g", .inputs = inputs, .run_token = "t"};
    struct rig_answer a[2] = {0};

    gate_concurrency("");
    for (size_t i = 0; i < 2; i++) {
        control_start(engine_control(rig.engine), &rig_actor, &what, rig_answered, &a[i]);
        if (i == 1)
            rig_settle(&rig);
    }
    ck_assert_str_eq(a[0].run_id, a[1].run_id);
    ck_assert(!a[1].created);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 0);
    gate_ok(a[0].run_id);
    ck_assert_int_eq(rig_status(&rig, a[0].run_id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(an_input_without_a_key_is_refused)
{
    struct rig_answer a;

    gate_concurrency("\"key\":\"input.k\"");
    a = rig_run(&rig, "g", "{}");
    ck_assert_int_eq(a.code, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(a.msg, "concurrency.key, 'input.k', yields null for this input"));
    a = rig_run(&rig, "g", "{\"k\":[1]}");
    ck_assert_int_eq(a.code, ERR_INVALID);
}
END_TEST

START_TEST(as_many_wait_as_may)
{
    struct rig_answer a;
    char runs[3][UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_waiting_max = 2});
    gate_concurrency("");
    for (size_t i = 0; i < 3; i++)
        gate_start("1", runs[i]);
    a = rig_run(&rig, "g", "{\"k\":1}");
    ck_assert_int_eq(a.code, ERR_LIMIT);
}
END_TEST

START_TEST(places_and_who_waits_outlive_the_host)
{
    char runs[3][UUID_TEXT_BYTES];

    gate_concurrency("");
    for (size_t i = 0; i < 3; i++)
        gate_start("1", runs[i]);
    rig_crash(&rig);
    gate_check(runs, "rww");
    gate_ok(runs[0]);
    gate_check(runs, "drw");
    rig_crash(&rig);
    gate_ok(runs[1]);
    gate_check(runs, "ddr");
}
END_TEST

START_TEST(a_run_that_is_cancelled_while_it_waits_leaves_its_key)
{
    struct rig_answer a = {0};
    char runs[3][UUID_TEXT_BYTES];

    gate_concurrency("");
    for (size_t i = 0; i < 3; i++)
        gate_start("1", runs[i]);
    control_cancel(engine_control(rig.engine), &rig_actor, runs[1], rig_answered, &a);
    rig_settle(&rig);
    gate_check(runs, "rcw");
    gate_ok(runs[0]);
    gate_check(runs, "dcr");
}
END_TEST

START_TEST(a_run_is_resumed_when_a_place_is_free)
{
    struct rig_answer a = {0}, b = {0};
    char runs[2][UUID_TEXT_BYTES];

    gate_publish("\"default_retry_policy\":{\"max_retries\":0},\"concurrency\":{}");
    gate_start("1", runs[0]);
    rig_fails(&rig, "a", OUTCOME_PLUGIN_FATAL);
    gate_start("1", runs[1]);
    control_resume(engine_control(rig.engine), &rig_actor, runs[0], rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_CONFLICT);
    gate_ok(runs[1]);
    control_resume(engine_control(rig.engine), &rig_actor, runs[0], rig_answered, &b);
    rig_settle(&rig);
    ck_assert_int_eq(b.code, ERR_NONE);
    gate_start("1", runs[1]);
    gate_check(runs, "rw");
}
END_TEST

START_TEST(a_restarted_run_waits_as_a_new_one)
{
    struct rig_answer a = {0};
    char runs[2][UUID_TEXT_BYTES];

    gate_concurrency("");
    gate_start("1", runs[0]);
    gate_ok(runs[0]);
    gate_start("1", runs[1]);
    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = runs[0]}, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_PENDING);
    gate_ok(runs[1]);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(why_names_the_key_and_who_holds_it)
{
    auto_json why = NULL;
    const char *reason, *key, *holder;
    json_int_t ahead;
    char runs[3][UUID_TEXT_BYTES];

    gate_concurrency("\"key\":\"input.k\"");
    for (size_t i = 0; i < 3; i++)
        gate_start("\"x\"", runs[i]);
    why = engine_run_why_owned(rig.engine, RIG_TENANT, runs[2], 10);
    ck_assert_str_eq(json_string_value(json_object_get(why, "status")), "queued");
    ck_assert_int_eq(json_unpack(json_array_get(json_object_get(why, "reasons"), 0),
                                 "{s:s, s:s, s:I, s:[s]}", "reason", &reason, "key", &key, "ahead",
                                 &ahead, "runs", &holder),
                     0);
    ck_assert_str_eq(reason, "concurrency");
    ck_assert_str_eq(key, "\"x\"");
    ck_assert_int_eq(ahead, 1);
    ck_assert_str_eq(holder, runs[0]);
}
END_TEST

START_TEST(a_store_that_is_full_is_asked_again)
{
    char runs[2][UUID_TEXT_BYTES];

    gate_concurrency("");
    gate_start("1", runs[0]);
    gate_start("1", runs[1]);
    rig_refuse(&rig);
    engine_on_news(rig.engine, &(struct store_news){STORE_NEWS_KNOWN, NULL, STORE_KNOWN_GATES});
    rig_pass(RIG_S);
    engine_turn(rig.engine, rig_mono_ns);
    rig_take_again(&rig);
    gate_pass(2 * RIG_S);
    gate_check(runs, "rw");
    gate_ok(runs[0]);
    gate_check(runs, "dr");
}
END_TEST

TCase *gates_cases(void)
{
    TCase *c = tcase_create("gates");

    tcase_add_test(c, runs_of_a_key_queue_the_oldest_first);
    tcase_add_test(c, without_a_key_the_whole_dag_is_bounded);
    tcase_add_test(c, who_waits_for_its_key_keeps_nobody_else_waiting);
    tcase_add_test(c, a_run_that_is_skipped_is_none);
    tcase_add_test(c, of_two_that_start_at_once_one_is_skipped);
    tcase_add_test(c, a_new_run_replaces_the_oldest_of_its_key);
    tcase_add_test(c, of_those_that_replace_no_more_wait_than_may_go_on);
    tcase_add_test(c, only_the_latest_waits);
    tcase_add_test(c, many_at_once_leave_one_that_waits);
    tcase_add_test(c, a_repeated_start_takes_no_second_place);
    tcase_add_test(c, an_input_without_a_key_is_refused);
    tcase_add_test(c, as_many_wait_as_may);
    tcase_add_test(c, places_and_who_waits_outlive_the_host);
    tcase_add_test(c, a_run_that_is_cancelled_while_it_waits_leaves_its_key);
    tcase_add_test(c, a_run_is_resumed_when_a_place_is_free);
    tcase_add_test(c, a_restarted_run_waits_as_a_new_one);
    tcase_add_test(c, why_names_the_key_and_who_holds_it);
    tcase_add_test(c, a_store_that_is_full_is_asked_again);
    return c;
}
