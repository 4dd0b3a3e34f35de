/* recover_test.c -- what a start finds of the runs that a crash left. */
#include "suites.h"

#include "engine/control/leftovers.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static void start_chain(void)
{
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
}

START_TEST(a_completed_node_is_never_executed_again)
{
    start_chain();
    rig_ok(&rig, "first");
    rig_forget(&rig);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    ck_assert_ptr_null(rig_open_attempt(&rig, "first"));
    ck_assert_uint_eq(rig_open_attempt(&rig, "second")->attempt, 2); /* the first one is lost */
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

/* It published once and ran nothing. */
START_TEST(a_tenant_without_runs_has_its_series_after_a_start)
{
    auto_done(buf) text = {0};

    publish_chain();
    rig_crash(&rig);
    metrics_text(rig.metrics, &text);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "orchestrator_queue_depth{tenant=\"" RIG_TENANT "\"} 0\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "orchestrator_dlq_depth{tenant=\"" RIG_TENANT "\"} 0\n"));
}
END_TEST

/* A rule that looks for an increase sees the first failure after a start. */
START_TEST(the_series_of_a_tenant_are_there_after_a_start)
{
    auto_done(buf) text = {0};

    start_chain();
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 0);
    metrics_text(rig.metrics, &text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "orchestrator_runs_total{status=\"failed\","
                                                  "tenant=\"" RIG_TENANT "\"} 0\n"));
}
END_TEST

START_TEST(an_attempt_that_was_lost_with_its_host_is_listed_as_ended)
{
    auto_done(store_attempt_list) rows = {0};
    struct err e = {0};

    start_chain();
    rig_ok(&rig, "first");
    rig_crash(&rig);
    rig_ok(&rig, "second");
    ck_assert_msg(store_read_attempts(rig.reader, RIG_TENANT, id, "second", (struct store_page){0},
                                      &rows, &e),
                  "%s", e.msg);
    ck_assert_uint_eq(rows.count, 2);
    ck_assert_str_eq(rows.rows[0].outcome, "infra");
    ck_assert_str_eq(rows.rows[0].error, "attempt 1 was lost with its host");
    ck_assert_str_eq(rows.rows[0].error_source, "host");
    ck_assert_int_gt(rows.rows[0].started_us, 0);
    ck_assert_int_gt(rows.rows[0].completed_us, 0);
    ck_assert_str_eq(rows.rows[1].outcome, "ok");
    ck_assert_uint_eq(count_events(id, "step.updated", "retrying"), 1);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(a_delay_between_attempts_goes_on_after_the_crash)
{
    rig_publish(&rig, "{\"name\":\"again\",\"dag_id\":\"again\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":2,"
                      "\"strategy\":\"constant\",\"base_delay\":10,\"jitter\":false}}}}");
    snprintf(id, sizeof id, "%s", run_of("again"));
    rig_fails(&rig, "one", OUTCOME_CRASH);
    rig_pass(4 * RIG_S);
    rig_crash(&rig);
    rig_pass(5 * RIG_S);
    rig_settle(&rig);
    ck_assert_ptr_null(rig_open_attempt(&rig, "one"));
    rig_pass(2 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_attempt(&rig, "one")->attempt, 2);
}
END_TEST

/* Durable, and the engine died before it acted: nothing was started, streamed or answered. */
START_TEST(what_was_durable_but_not_acted_on_is_acted_on_after_the_start)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    publish_chain();
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain",
                                          .inputs = inputs,
                                          .checkpoint_enabled = true},
                  rig_answered, &a);
    rig_beside(&rig);
    rig_drain(&rig);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_uint_eq(a.told, 0);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "first"));
}
END_TEST

START_TEST(a_run_that_waited_waits_again_behind_those_that_went_on)
{
    char waiting[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    start_chain();
    snprintf(waiting, sizeof waiting, "%s", run_of("chain"));
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 2);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 1);
    ck_assert_int_eq(rig_status(&rig, waiting), STORE_RUN_PENDING);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, waiting), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(the_time_that_a_run_has_used_is_used_after_the_crash_too)
{
    publish_wide(1, ",\"run_timeout_seconds\":10");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig_pass(8 * RIG_S);
    rig_crash(&rig);
    rig_begin(&rig, rig_open_attempt(&rig, "n0000"));
    rig_pass(2 * RIG_S);
    rig_settle(&rig);
    ck_assert(rig.sandbox.attempts[rig.sandbox.count - 1].cancelled);
}
END_TEST

/* Its own events say how much it has used, whatever the wall clock says. */
START_TEST(a_wall_clock_that_went_back_gives_no_timeout_back)
{
    publish_wide(2, ",\"run_timeout_seconds\":10");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig_pass(8 * RIG_S);
    rig_ok(&rig, "n0000");
    rig_wall_us -= 3600000000;
    rig_crash(&rig);
    rig_begin(&rig, rig_open_attempt(&rig, "n0001"));
    rig_pass(2 * RIG_S);
    rig_settle(&rig);
    ck_assert(rig.sandbox.attempts[rig.sandbox.count - 1].cancelled);
}
END_TEST

/* Also by so much that nanoseconds would not hold it. */
START_TEST(a_wall_clock_that_went_forward_uses_up_no_more_than_the_timeout)
{
    static const int64_t steps_us[] = {11000000, 7900LL * 365 * 24 * 3600 * 1000000};
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    publish_wide(2, ",\"run_timeout_seconds\":10");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig_wall_us += steps_us[_i];
    rig_crash(&rig);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_RUN_FAILED);
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, "Run timed out after 10s"));
}
END_TEST

START_TEST(a_suspended_machine_times_nothing_out_and_knows_the_time_again)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    publish_wide(2, ",\"run_timeout_seconds\":10");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig_pass(2 * RIG_S);
    rig_suspend(8 * 3600 * RIG_S);
    rig_settle(&rig);
    rig_ok(&rig, "n0000");
    rig_ok(&rig, "n0001");
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_RUN_COMPLETED);
    ck_assert_int_eq(rows.rows[0].completed_us, rig_wall_us);
}
END_TEST

START_TEST(a_cancel_that_was_acknowledged_holds_after_the_crash)
{
    struct rig_answer a = {0};

    start_chain();
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    rig_crash(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

/* The rollback's row says nothing of the cancel that it follows. */
START_TEST(a_cancel_that_was_acknowledged_holds_after_a_crash_in_its_rollback)
{
    struct rig_answer a = {0};

    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"run_timeout_seconds\":100,\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"two\":{\"agent_id\":\"a\"},"
                      "\"three\":{\"agent_id\":\"a\"}}}");
    snprintf(id, sizeof id, "%s", run_of("undo"));
    rig_ok(&rig, "one");
    rig_fails(&rig, "two", OUTCOME_PLUGIN_FATAL); /* a rollback is owed when the level is over */
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    rig_fails(&rig, "three", OUTCOME_CANCELLED);
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "compensate_one"));
    rig_crash(&rig);
    rig_ok(&rig, "compensate_one");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
}
END_TEST

static const char *const damages[] = {
    "UPDATE dag_checkpoints SET outputs = '{\"done\":false}'",
    "UPDATE dag_checkpoints SET outputs = '{'",
    "UPDATE dag_executions SET input_data = 'x'",
    "UPDATE execution_provenance SET record = 'x'",
    "UPDATE dag_workflows SET definition = '{}'",
    "UPDATE dag_workflows SET hash = 'x'",
};

/* The run's row as the store has it; valid until the next call. */
static const struct store_run *row_of(const char *run_id)
{
    static struct store_run_list rows;
    struct err e;

    store_run_list_done(&rows);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, run_id, &rows, &e));
    return &rows.rows[0];
}

START_TEST(a_run_whose_rows_are_damaged_ends_with_the_reason)
{
    struct rig_answer a = {0};

    start_chain();
    rig_ok(&rig, "first");
    rig_die(&rig);
    outside_unguarded(damages[_i]);
    rig_forget(&rig);
    rig_start(&rig);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_ptr_nonnull(strstr(row_of(id)->error, "RunNotRecoverable: "));
    ck_assert_int_eq(rig_node_status(&rig, id, "second"), STORE_NODE_CANCELLED);
    ck_assert_uint_eq(count_events(id, "run.failed", "failed"), 1);
    check_chain(id);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_CONFLICT);
    rig_crash(&rig);
    ck_assert_uint_eq(count_events(id, "run.failed", "failed"), 1); /* not once more */
}
END_TEST

/* Its last commit said so, and nobody carries it: as after a host that gave it up. */
static void only_stored(void)
{
    start_chain();
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    outside_sql("UPDATE dag_executions SET status = 'running', completed_at = NULL");
    rig_forget(&rig);
}

START_TEST(a_run_that_is_only_stored_can_be_cancelled)
{
    struct rig_answer a = {0}, again = {0};

    only_stored();
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &again);
    ck_assert_uint_eq(a.told, 0); /* not durable yet */
    ck_assert_int_eq(again.code, ERR_CONFLICT);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(count_events(id, "run.cancelled", "cancelled"), 1);
    check_chain(id);
}
END_TEST

START_TEST(a_cancel_of_a_stored_run_that_is_refused_is_answered_and_did_not_happen)
{
    struct rig_answer a = {0};

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.queue_batches_max = 4});
    only_stored();
    rig_refuse(&rig);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_beside(&rig); /* it is read first */
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_LIMIT);
    rig_take_again(&rig);
    rig_pass(10 * RIG_S);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(what_no_batch_takes_ends_its_run_at_once)
{
    struct err why;

    only_stored();
    rig_pass(1000); /* no two ends of a run are of one microsecond */
    err_set(&why, ERR_TOO_LARGE, "a batch of 70000000 bytes");
    leftovers_add(engine_control(rig.engine),
                  (struct leftover_of){.tenant = RIG_TENANT, .run_id = id}, &why);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_ptr_nonnull(strstr(row_of(id)->error, "RunTooLarge: a batch of 70000000 bytes"));
    ck_assert_ptr_nonnull(row_of(id)->chain_hash); /* it could be built: its statement is due */
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_uint_eq(rig.authority.count, 2); /* the first is of the end that was undone */
    rig_authority_answers(&rig, ERR_NONE);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
}
END_TEST

START_TEST(an_end_that_a_full_queue_refuses_is_tried_again)
{
    struct err why;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.queue_batches_max = 4});
    only_stored();
    err_set(&why, ERR_TOO_LARGE, "a batch of 70000000 bytes");
    rig_refuse(&rig);
    leftovers_add(engine_control(rig.engine),
                  (struct leftover_of){.tenant = RIG_TENANT, .run_id = id}, &why);
    engine_turn(rig.engine, rig_mono_ns);
    rig_take_again(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    rig_pass(60 * RIG_S);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
}
END_TEST

START_TEST(a_host_that_stops_or_has_failed_builds_nothing_anew)
{
    static void (*const ends[])(struct engine *) = {engine_stop, engine_fail};
    struct err why;

    only_stored();
    err_set(&why, ERR_CONFLICT, "refused");
    leftovers_add(engine_control(rig.engine),
                  (struct leftover_of){.tenant = RIG_TENANT, .run_id = id}, &why);
    ends[_i](rig.engine);
    rig_pass(60 * RIG_S);
    engine_turn(rig.engine, rig_mono_ns);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING); /* the next start's */
}
END_TEST

/* 499 rows before the handler's first attempt: the page ends between that and its second. */
START_TEST(a_page_that_ends_inside_a_rollback_is_read_on)
{
    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"two\":{\"agent_id\":\"a\",\"depends_on\":[\"one\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("undo"));
    rig_ok(&rig, "one");
    rig_fails(&rig, "two", OUTCOME_PLUGIN_FATAL);
    rig_fails(&rig, "compensate_one", OUTCOME_PLUGIN_TRANSIENT);
    rig_pass(100 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_attempt(&rig, "compensate_one")->attempt, 2);
    rig_die(&rig);
    outside_sql("INSERT INTO nodes (run_no, node_id, records_no)"
                " SELECT run_no, 'a', 1 << 30 FROM dag_executions;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499)"
                " INSERT INTO node_records (record_no, compensation, attempt, outcome, retryable)"
                " SELECT (1 << 54) + i, 0, i, 'crash', 0 FROM n");
    rig_start(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    rig_ok(&rig, "compensate_one");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_ptr_nonnull(strstr(row_of(id)->compensations, "\"status\":\"completed\""));
}
END_TEST

START_TEST(a_run_of_more_nodes_than_a_page_holds_is_built_anew)
{
    enum { NODES = STORE_PAGE_ROWS_MAX + 7 };

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.attempts_max = 1000});
    publish_wide(NODES, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (unsigned done = 0; done < NODES - 1; rig_settle(&rig)) {
        for (; done < rig.sandbox.count && done < NODES - 1; done++)
            rig_tell_end(&rig, &rig.sandbox.attempts[done], OUTCOME_OK, "{}");
    }
    rig_crash(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_end(&rig, &rig.sandbox.attempts[rig.sandbox.count - 1], OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

/* The failed node's row is all that the next host has: its class is the agent's word. */
START_TEST(an_agent_that_calls_its_error_a_timeout_rolls_nothing_back_after_a_crash)
{
    struct rig_attempt *a;

    rig_publish(&rig, "{\"name\":\"t\",\"dag_id\":\"t\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"liar\":{\"agent_id\":\"a\",\"depends_on\":[\"one\"],"
                      "\"timeout_policy\":{\"on_timeout\":\"compensate\"}},"
                      "\"slow\":{\"agent_id\":\"a\",\"depends_on\":[\"one\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("t"));
    rig_ok(&rig, "one");
    a = rig_open_attempt(&rig, "liar");
    a->open = false;
    engine_on_attempt_done(rig.engine, a->id,
                           &(struct attempt_result){.outcome = OUTCOME_PLUGIN_FATAL,
                                                    .error_class = "TimeoutError",
                                                    .error_message = "I took too long",
                                                    .plugins_words = true});
    rig_settle(&rig);
    rig_crash(&rig);
    rig_ok(&rig, "slow");
    ck_assert_ptr_null(rig_open_attempt(&rig, "compensate_one"));
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
}
END_TEST

TCase *recover_cases(void)
{
    TCase *tc = tcase_create("recover");

    tcase_add_test(tc, a_completed_node_is_never_executed_again);
    tcase_add_test(tc, the_series_of_a_tenant_are_there_after_a_start);
    tcase_add_test(tc, a_tenant_without_runs_has_its_series_after_a_start);
    tcase_add_test(tc, an_attempt_that_was_lost_with_its_host_is_listed_as_ended);
    tcase_add_test(tc, a_delay_between_attempts_goes_on_after_the_crash);
    tcase_add_test(tc, what_was_durable_but_not_acted_on_is_acted_on_after_the_start);
    tcase_add_test(tc, a_run_that_waited_waits_again_behind_those_that_went_on);
    tcase_add_test(tc, the_time_that_a_run_has_used_is_used_after_the_crash_too);
    tcase_add_test(tc, a_wall_clock_that_went_back_gives_no_timeout_back);
    tcase_add_loop_test(tc, a_wall_clock_that_went_forward_uses_up_no_more_than_the_timeout, 0, 2);
    tcase_add_test(tc, a_suspended_machine_times_nothing_out_and_knows_the_time_again);
    tcase_add_test(tc, a_cancel_that_was_acknowledged_holds_after_the_crash);
    tcase_add_test(tc, a_cancel_that_was_acknowledged_holds_after_a_crash_in_its_rollback);
    tcase_add_loop_test(tc, a_run_whose_rows_are_damaged_ends_with_the_reason, 0,
                        (int)ARRAY_LEN(damages));
    tcase_add_test(tc, a_run_of_more_nodes_than_a_page_holds_is_built_anew);
    tcase_add_test(tc, an_agent_that_calls_its_error_a_timeout_rolls_nothing_back_after_a_crash);
    tcase_add_test(tc, a_run_that_is_only_stored_can_be_cancelled);
    tcase_add_test(tc, a_cancel_of_a_stored_run_that_is_refused_is_answered_and_did_not_happen);
    tcase_add_test(tc, what_no_batch_takes_ends_its_run_at_once);
    tcase_add_test(tc, an_end_that_a_full_queue_refuses_is_tried_again);
    tcase_add_loop_test(tc, a_host_that_stops_or_has_failed_builds_nothing_anew, 0, 2);
    tcase_add_test(tc, a_page_that_ends_inside_a_rollback_is_read_on);
    return tc;
}
