/* attempt_test.c -- attempts on their way to the sandbox and back; timers; logs. */
#include "suites.h"

#include <string.h>

static void one_node(const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "{\"name\":\"one\",\"dag_id\":\"one\",\"version\":\"1.0.0\",\"nodes\":{"
             "\"n\":{\"agent_id\":\"a\"%s}}}",
             more);
    rig_publish(&rig, text);
}

START_TEST(an_attempt_gets_what_its_node_asks_for)
{
    const struct rig_attempt *a;
    const char *id;

    one_node(",\"profile\":\"files\",\"config\":{\"k\":1},\"timeout_policy\":"
             "{\"timeout_seconds\":7},\"limits\":{\"memory_bytes\":1048576}");
    id = run_of("one");
    a = rig_open_attempt(&rig, "n");
    ck_assert_ptr_nonnull(a);
    ck_assert_str_eq(a->run_id, id);
    ck_assert_str_eq(a->tenant, RIG_TENANT);
    ck_assert_str_eq(a->config, "{\"k\":1}");
    ck_assert_int_eq(a->profile, PROFILE_FILES);
    ck_assert_uint_eq(a->limits.memory_bytes, 1048576);
    ck_assert_int_eq(a->deadline_ns, rig_mono_ns + 7 * RIG_S);
    ck_assert_int_eq(a->min_level, 2);
    ck_assert_uint_eq(a->attempt, 1);
    ck_assert_ptr_nonnull(strstr(a->key, id));
}
END_TEST

START_TEST(at_most_attempts_max_are_in_the_sandbox)
{
    const char *id;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.attempts_max = 2});
    publish_wide(5, "");
    id = run_of("wide");
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_running, 2);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_waiting, 3);
    rig_ok(&rig, "n0001");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "n0002")); /* in the order they were decided */
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    rig_ok(&rig, "n0000");
    rig_ok(&rig, "n0002");
    rig_ok(&rig, "n0003");
    rig_ok(&rig, "n0004");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(an_attempt_waits_while_the_sandbox_is_full)
{
    publish_chain();
    publish_wide(1, "");
    run_of("wide");
    rig.sandbox.full = true;
    run_of("chain");
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_waiting, 1);
    rig.sandbox.full = false;
    rig_ok(&rig, "n0000"); /* room came: what waits is tried again */
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "first"));
}
END_TEST

START_TEST(a_stop_takes_a_waiting_attempt_from_the_queue)
{
    struct rig_answer a = {0};
    char id[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.attempts_max = 1});
    publish_wide(2, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_waiting, 0);
    ck_assert(rig.sandbox.attempts[0].cancelled);
    rig_fails(&rig, "n0000", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(rig.sandbox.count, 1);
}
END_TEST

static const struct {
    enum err_code refusal;
    const char *error_class;
} refusals[] = {
    {ERR_DENIED, "PolicyViolation"},
    {ERR_UNSUPPORTED, "PolicyViolation"},
    {ERR_TOO_LARGE, "ValueError"},
    {ERR_INVALID, "ValueError"},
};

START_TEST(what_the_sandbox_refuses_fails_the_node)
{
    auto_done(store_node_list) rows = {0};
    char id[UUID_TEXT_BYTES];
    struct err e;

    one_node("");
    rig.sandbox.refuse = refusals[_i].refusal;
    snprintf(id, sizeof id, "%s", run_of("one"));
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_str_eq(rows.rows[0].error_class, refusals[_i].error_class);
}
END_TEST

START_TEST(an_agent_that_nobody_has_fails_the_node)
{
    char id[UUID_TEXT_BYTES];

    rig_publish(&rig, "{\"name\":\"gone\",\"dag_id\":\"gone\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"n\":{\"agent_id\":\"missing.agent\"}}}");
    snprintf(id, sizeof id, "%s", run_of("gone"));
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_uint_eq(rig.sandbox.count, 0);
}
END_TEST

START_TEST(a_failed_attempt_comes_again_when_its_delay_is_over)
{
    int64_t due;
    char id[UUID_TEXT_BYTES];

    one_node(",\"retry_policy\":{\"max_retries\":1,\"base_delay\":2,\"jitter\":false}");
    snprintf(id, sizeof id, "%s", run_of("one"));
    rig_fails(&rig, "n", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(rig_node_status(&rig, id, "n"), STORE_NODE_RETRYING);
    due = engine_next_timer(rig.engine);
    ck_assert_int_gt(due, rig_mono_ns);
    ck_assert_int_le(due, rig_mono_ns + 2 * RIG_S);
    rig_pass(due - rig_mono_ns - 1);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    rig_pass(1);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_attempt(&rig, "n")->attempt, 2);
    rig_fails(&rig, "n", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    check_chain(id);
}
END_TEST

START_TEST(the_timeout_of_a_run_stops_and_then_kills)
{
    char id[UUID_TEXT_BYTES];

    publish_wide(1, ",\"run_timeout_seconds\":10");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig_begin(&rig, rig_open_attempt(&rig, "n0000"));
    rig_pass(10 * RIG_S);
    rig_settle(&rig);
    ck_assert(rig.sandbox.attempts[0].cancelled && !rig.sandbox.attempts[0].killed);
    rig_pass(5 * RIG_S);
    rig_settle(&rig);
    ck_assert(rig.sandbox.attempts[0].killed);
    rig_fails(&rig, "n0000", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
}
END_TEST

START_TEST(an_end_that_comes_twice_or_of_nobody_is_passed_over)
{
    struct rig_attempt *a;
    const char *id;

    publish_chain();
    id = run_of("chain");
    a = rig_open_attempt(&rig, "first");
    rig_end(&rig, a, OUTCOME_OK, "{}");
    rig_end(&rig, a, OUTCOME_CRASH, NULL);
    rig_begin(&rig, a);
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, "x", 1);
    rig_settle(&rig);
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_COMPLETED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_turn_keeps_its_log_lines_in_one_batch)
{
    auto_done(store_log_list) rows = {0};
    struct store_log_filter filter = {.tenant = RIG_TENANT};
    struct rig_attempt *a;
    struct store_stats before, after;
    struct err e;

    publish_chain();
    filter.run_id = run_of("chain");
    a = rig_open_attempt(&rig, "first");
    store_stats(rig.store, &before);
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 2, "watch out", 5);
    engine_on_attempt_log(rig.engine, a->id, STREAM_STDOUT, 1, "out", 3);
    engine_on_attempt_log(rig.engine, a->id, STREAM_STDERR, 1, "err", 3);
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 99, "odd", 3);
    rig_settle(&rig);
    store_stats(rig.store, &after);
    ck_assert_uint_eq(after.batches - before.batches, 1);
    ck_assert_msg(store_read_logs(rig.reader, &filter, 10, &rows, &e), "%s", e.msg);
    ck_assert_uint_eq(rows.count, 4);
    ck_assert_str_eq(rows.rows[0].text, "watch");
    ck_assert_str_eq(rows.rows[0].level, "warn");
    ck_assert_str_eq(rows.rows[1].level, "stdout");
    ck_assert_str_eq(rows.rows[2].level, "stderr");
    ck_assert_str_eq(rows.rows[3].level, "info");
}
END_TEST

/* The lines of an attempt are there when its end is: they are submitted before it. */
START_TEST(the_last_log_lines_come_before_the_end)
{
    auto_done(store_log_list) rows = {0};
    struct store_log_filter filter = {.tenant = RIG_TENANT};
    struct rig_attempt *a;
    struct err e;

    publish_chain();
    filter.run_id = run_of("chain");
    a = rig_open_attempt(&rig, "first");
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, "last", 4);
    rig_crash(&rig); /* not ended, and the line not flushed: stop hands it over */
    ck_assert_msg(store_read_logs(rig.reader, &filter, 10, &rows, &e), "%s", e.msg);
    ck_assert_uint_eq(rows.count, 1);
}
END_TEST

START_TEST(a_host_that_stops_starts_nothing_more)
{
    publish_chain();
    run_of("chain");
    engine_stop(rig.engine);
    rig_ok(&rig, "first");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_waiting, 1);
}
END_TEST

static const enum outcome killed_with_the_host[] = {
    OUTCOME_CRASH, OUTCOME_LOST, OUTCOME_INFRA, OUTCOME_PROTOCOL, OUTCOME_CANCELLED,
};

/* A service manager's signal to every process ends attempts too. */
START_TEST(a_host_that_is_told_to_end_judges_no_attempt_that_ends_with_it)
{
    const char *id;

    one_node(",\"retry_policy\":{\"max_retries\":0}");
    id = run_of("one");
    engine_drain(rig.engine);
    rig_fails(&rig, "n", killed_with_the_host[_i]);
    ck_assert_int_eq(rig_node_status(&rig, id, "n"), STORE_NODE_RUNNING);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    rig_crash(&rig);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_success_counts_even_when_the_host_is_told_to_end)
{
    const char *id;

    publish_chain();
    id = run_of("chain");
    engine_drain(rig.engine);
    rig_ok(&rig, "first");
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_COMPLETED);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

START_TEST(what_an_agent_says_counts_even_when_the_host_is_told_to_end)
{
    const char *id;

    one_node("");
    id = run_of("one");
    rig_begin(&rig, rig_open_attempt(&rig, "n"));
    engine_drain(rig.engine);
    ck_assert(!engine_idle(rig.engine));
    rig_fails(&rig, "n", OUTCOME_PLUGIN_FATAL);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(engine_idle(rig.engine));
}
END_TEST

/* One runs, one waits, one is only decided: no worker ever had the last two, so that even what
 * may not run twice goes on. */
START_TEST(what_had_no_worker_when_the_host_was_told_to_end_is_started_by_the_next)
{
    char id[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.attempts_max = 1});
    rig_publish(&rig, "{\"dag_id\":\"once\",\"nodes\":{"
                      "\"a\":{\"agent_id\":\"x\",\"idempotent\":false},"
                      "\"b\":{\"agent_id\":\"x\",\"idempotent\":false},"
                      "\"c\":{\"agent_id\":\"x\",\"idempotent\":false,\"depends_on\":[\"b\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("once"));
    rig_begin(&rig, rig_open_attempt(&rig, "a"));
    engine_drain(rig.engine);
    rig_settle(&rig);
    ck_assert(!engine_idle(rig.engine));
    rig_ok(&rig, "a");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    ck_assert(engine_idle(rig.engine));
    rig_crash(&rig);
    rig_ok(&rig, "b");
    rig_ok(&rig, "c");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(a_start_that_is_on_its_way_when_the_host_is_told_to_end_is_the_next_ones)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    one_node(",\"idempotent\":false");
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "one", .inputs = inputs}, rig_answered, &a);
    rig_beside(&rig); /* decided: before it has its definition nothing is */
    engine_drain(rig.engine);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert(engine_idle(rig.engine));
    rig_crash(&rig);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_draining_host_hears_a_cancel_and_resumes_nothing)
{
    struct rig_answer a = {0};
    const char *id;

    one_node("");
    id = run_of("one");
    rig_begin(&rig, rig_open_attempt(&rig, "n"));
    engine_drain(rig.engine);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    rig_fails(&rig, "n", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    a = (struct rig_answer){0};
    control_resume(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
}
END_TEST

static const struct {
    enum outcome outcome;
    const char *source;
} sources[] = {{OUTCOME_PLUGIN_FATAL, "agent"},
               {OUTCOME_CRASH, "host"},
               {OUTCOME_UNKNOWN_AGENT, "host"}};

START_TEST(an_error_is_kept_with_whose_words_it_is)
{
    auto_done(store_node_list) nodes = {0};
    auto_done(store_attempt_list) attempts = {0};
    const char *id;
    struct err e;

    one_node(",\"retry_policy\":{\"max_retries\":0}");
    id = run_of("one");
    rig_fails(&rig, "n", sources[_i].outcome);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &nodes, &e));
    ck_assert_str_eq(nodes.rows[0].error_source, sources[_i].source);
    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, id, "n", (struct store_page){.size = 10},
                                  &attempts, &e));
    ck_assert_str_eq(attempts.rows[0].error_source, sources[_i].source);
}
END_TEST

TCase *attempt_cases(void)
{
    TCase *tc = tcase_create("attempt");

    tcase_add_test(tc, an_attempt_gets_what_its_node_asks_for);
    tcase_add_test(tc, at_most_attempts_max_are_in_the_sandbox);
    tcase_add_test(tc, an_attempt_waits_while_the_sandbox_is_full);
    tcase_add_test(tc, a_stop_takes_a_waiting_attempt_from_the_queue);
    tcase_add_loop_test(tc, what_the_sandbox_refuses_fails_the_node, 0, (int)ARRAY_LEN(refusals));
    tcase_add_test(tc, an_agent_that_nobody_has_fails_the_node);
    tcase_add_test(tc, a_failed_attempt_comes_again_when_its_delay_is_over);
    tcase_add_test(tc, the_timeout_of_a_run_stops_and_then_kills);
    tcase_add_test(tc, an_end_that_comes_twice_or_of_nobody_is_passed_over);
    tcase_add_test(tc, a_turn_keeps_its_log_lines_in_one_batch);
    tcase_add_test(tc, the_last_log_lines_come_before_the_end);
    tcase_add_test(tc, a_host_that_stops_starts_nothing_more);
    tcase_add_loop_test(tc, a_host_that_is_told_to_end_judges_no_attempt_that_ends_with_it, 0,
                        (int)ARRAY_LEN(killed_with_the_host));
    tcase_add_test(tc, what_an_agent_says_counts_even_when_the_host_is_told_to_end);
    tcase_add_test(tc, what_had_no_worker_when_the_host_was_told_to_end_is_started_by_the_next);
    tcase_add_test(tc, a_start_that_is_on_its_way_when_the_host_is_told_to_end_is_the_next_ones);
    tcase_add_test(tc, a_draining_host_hears_a_cancel_and_resumes_nothing);
    tcase_add_loop_test(tc, an_error_is_kept_with_whose_words_it_is, 0, (int)ARRAY_LEN(sources));
    tcase_add_test(tc, a_success_counts_even_when_the_host_is_told_to_end);
    return tc;
}
