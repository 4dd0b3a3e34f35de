/* recover_test.c -- what a start finds of the runs that a crash left. */
#include "suites.h"

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

START_TEST(a_run_whose_rows_are_damaged_stays_as_it_is)
{
    start_chain();
    rig_ok(&rig, "first");
    rig_die(&rig);
    outside_sql(damages[_i]);
    rig_forget(&rig);
    rig_start(&rig);
    ck_assert_uint_eq(rig.recovered, 0);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
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
    tcase_add_test(tc, what_was_durable_but_not_acted_on_is_acted_on_after_the_start);
    tcase_add_test(tc, a_run_that_waited_waits_again_behind_those_that_went_on);
    tcase_add_test(tc, the_time_that_a_run_has_used_is_used_after_the_crash_too);
    tcase_add_test(tc, a_cancel_that_was_acknowledged_holds_after_the_crash);
    tcase_add_test(tc, a_cancel_that_was_acknowledged_holds_after_a_crash_in_its_rollback);
    tcase_add_loop_test(tc, a_run_whose_rows_are_damaged_stays_as_it_is, 0,
                        (int)ARRAY_LEN(damages));
    tcase_add_test(tc, a_run_of_more_nodes_than_a_page_holds_is_built_anew);
    tcase_add_test(tc, an_agent_that_calls_its_error_a_timeout_rolls_nothing_back_after_a_crash);
    return tc;
}
