/* change_test.c -- cancel, pause, resume, checkpoints. */
#include "suites.h"

#include <string.h>

typedef void change_fn(struct control *ctl, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg);

static struct rig_answer ask(change_fn *call, const char *id)
{
    struct rig_answer a = {0};

    call(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

static struct rig_answer pause_run(const char *id, bool pause)
{
    struct rig_answer a = {0};

    control_pause(engine_control(rig.engine), &rig_actor, id, pause, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

static char id[UUID_TEXT_BYTES];

static void start_chain(void)
{
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
}

START_TEST(a_cancel_asks_then_kills_and_the_run_is_cancelled)
{
    start_chain();
    ck_assert_int_eq(ask(control_cancel, id).code, ERR_NONE);
    ck_assert(rig.sandbox.attempts[0].cancelled);
    ck_assert_int_eq(ask(control_cancel, id).code, ERR_NONE); /* once more changes nothing */
    rig_pass(5 * RIG_S);
    rig_settle(&rig);
    ck_assert(rig.sandbox.attempts[0].killed);
    rig_fails(&rig, "first", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_int_eq(ask(control_cancel, id).code, ERR_CONFLICT);
}
END_TEST

/* The statuses of the events of the run itself, in order. */
static void assert_told_of_run(const char *wanted)
{
    auto_done(buf) told = {0};

    for (size_t i = 0; i < rig.event_count; i++) {
        if (strcmp(rig.events[i].run_id, id) == 0 && strncmp(rig.events[i].type, "run.", 4) == 0)
            buf_addf(&told, "%s:%s ", rig.events[i].type, rig.events[i].status);
    }
    ck_assert_str_eq(buf_text(&told), wanted);
}

START_TEST(a_cancelled_run_is_streamed_as_cancelled_once_and_at_its_end)
{
    start_chain();
    ck_assert_int_eq(ask(control_cancel, id).code, ERR_NONE);
    assert_told_of_run("run.started:running run.updated:cancelling run.updated:stopping ");
    rig_fails(&rig, "first", OUTCOME_CANCELLED);
    assert_told_of_run("run.started:running run.updated:cancelling run.updated:stopping "
                       "run.cancelled:cancelled ");
}
END_TEST

START_TEST(a_paused_run_is_streamed_as_paused_once)
{
    start_chain();
    ck_assert_int_eq(pause_run(id, true).code, ERR_NONE);
    assert_told_of_run("run.started:running run.updated:pausing run.updated:paused ");
}
END_TEST

START_TEST(a_change_of_a_run_that_is_not_there_or_anothers_is_refused)
{
    struct api_actor other = rig_actor;
    struct rig_answer a = {0};

    start_chain();
    ck_assert_int_eq(ask(control_cancel, "01890000-0000-7000-8000-000000000000").code,
                     ERR_NOT_FOUND);
    other.tenant = "other";
    control_cancel(engine_control(rig.engine), &other, id, rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_NOT_FOUND);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_paused_run_starts_nothing_until_it_goes_on)
{
    start_chain();
    ck_assert_int_eq(pause_run(id, true).code, ERR_NONE);
    ck_assert_int_eq(pause_run(id, true).code, ERR_CONFLICT);
    rig_ok(&rig, "first");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    rig_crash(&rig); /* paused it stays */
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    ck_assert_int_eq(pause_run(id, false).code, ERR_NONE);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(a_failed_run_goes_on_behind_what_is_completed)
{
    struct rig_answer a;

    start_chain();
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    a = ask(control_resume, id);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_uint_eq(a.skipped, 1);
    ck_assert_uint_eq(a.remaining, 1);
    ck_assert_uint_eq(rig_open_attempt(&rig, "second")->attempt, 2);
    ck_assert_int_eq(ask(control_resume, id).code, ERR_CONFLICT); /* it goes on already */
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(count_events(id, "step.updated", "completed"), 2);
    check_chain(id);
}
END_TEST

START_TEST(a_completed_run_that_is_resumed_keeps_its_end)
{
    struct rig_answer a;

    start_chain();
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    a = ask(control_resume, id);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_uint_eq(a.skipped, 2);
    ck_assert_uint_eq(a.remaining, 0);
    ck_assert_int_eq(ask(control_checkpoints_delete, id).code, ERR_NONE);
    ck_assert_int_eq(ask(control_resume, id).code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(count_events(id, "run.updated", "resumed"), 0);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    check_chain(id);
}
END_TEST

typedef void run_call(struct control *ctl, const struct api_actor *who, const char *run_id,
                      api_done_fn done, void *done_arg);

static void pause_call(struct control *ctl, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg)
{
    control_pause(ctl, who, run_id, true, done, done_arg);
}

static void restart_call(struct control *ctl, const struct api_actor *who, const char *run_id,
                         api_done_fn done, void *done_arg)
{
    control_restart(ctl, who, &(struct api_run_restart){.run_id = run_id, .from_node = "second"},
                    done, done_arg);
}

static run_call *const calls[] = {control_cancel, control_resume, control_checkpoints_delete,
                                  pause_call, restart_call};

/* It has ended here, its rows say that it runs. */
START_TEST(a_run_whose_end_is_on_its_way_is_left_alone)
{
    struct rig_answer a = {0};

    start_chain();
    rig_ok(&rig, "first");
    store_testing_hold(rig.store, true);
    rig_tell_end(&rig, rig_open_attempt(&rig, "second"), OUTCOME_PLUGIN_FATAL, NULL);
    calls[_i](engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(a.msg, "ask again in a moment"));
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert_int_eq(ask(control_resume, id).code, ERR_NONE);
    rig_ok(&rig, "second");
    check_chain(id);
}
END_TEST

START_TEST(a_run_whose_checkpoints_are_being_deleted_is_not_resumed)
{
    struct rig_answer deleted = {0}, resumed = {0};

    start_chain();
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    store_testing_hold(rig.store, true);
    control_checkpoints_delete(engine_control(rig.engine), &rig_actor, id, rig_answered, &deleted);
    control_resume(engine_control(rig.engine), &rig_actor, id, rig_answered, &resumed);
    ck_assert_int_eq(resumed.code, ERR_CONFLICT);
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert_uint_eq(deleted.told, 1);
    ck_assert_uint_eq(ask(control_resume, id).skipped, 0);
}
END_TEST

START_TEST(a_run_that_was_rolled_back_is_not_resumed)
{
    char run[UUID_TEXT_BYTES];
    auto_done(store_run_list) rows = {0};
    struct err e;

    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"two\":{\"agent_id\":\"a\",\"depends_on\":[\"one\"]}}}");
    snprintf(run, sizeof run, "%s", run_of("undo"));
    rig_ok(&rig, "one");
    rig_fails(&rig, "two", OUTCOME_PLUGIN_FATAL);
    ck_assert_str_eq(rig_open_attempt(&rig, "compensate_one")->agent_id, "undo.one");
    rig_crash(&rig); /* in the middle: the handler is called again */
    ck_assert_uint_eq(rig_open_attempt(&rig, "compensate_one")->attempt, 2);
    rig_ok(&rig, "compensate_one");
    ck_assert_int_eq(rig_status(&rig, run), STORE_RUN_FAILED);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, run, &rows, &e));
    ck_assert_ptr_nonnull(strstr(rows.rows[0].compensations, "\"handler\":\"undo.one\""));
    ck_assert_int_eq(ask(control_resume, run).code, ERR_CONFLICT);
    check_chain(run);
}
END_TEST

START_TEST(a_rollback_that_was_half_done_goes_on_where_it_was)
{
    char run[UUID_TEXT_BYTES];
    auto_done(store_run_list) rows = {0};
    auto_json done = NULL;
    struct err e;

    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"two\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.two\","
                      "\"depends_on\":[\"one\"]},"
                      "\"three\":{\"agent_id\":\"a\",\"depends_on\":[\"two\"]}}}");
    snprintf(run, sizeof run, "%s", run_of("undo"));
    rig_ok(&rig, "one");
    rig_ok(&rig, "two");
    rig_fails(&rig, "three", OUTCOME_PLUGIN_FATAL);
    rig_ok(&rig, "compensate_two");
    rig_crash(&rig);
    ck_assert_ptr_null(rig_open_attempt(&rig, "compensate_two"));
    rig_ok(&rig, "compensate_one");
    ck_assert(store_read_run(rig.reader, RIG_TENANT, run, &rows, &e));
    done = json_loads(rows.rows[0].compensations, 0, NULL);
    ck_assert_uint_eq(json_array_size(done), 2);
}
END_TEST

START_TEST(deleted_checkpoints_make_their_nodes_run_again)
{
    struct rig_answer a;

    start_chain();
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    a = ask(control_checkpoints_delete, id);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(a.count, 1);
    a = ask(control_resume, id);
    ck_assert_uint_eq(a.skipped, 0);
    ck_assert_uint_eq(a.remaining, 2);
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "first"));
}
END_TEST

TCase *change_cases(void)
{
    TCase *tc = tcase_create("change");

    tcase_add_test(tc, a_cancel_asks_then_kills_and_the_run_is_cancelled);
    tcase_add_test(tc, a_cancelled_run_is_streamed_as_cancelled_once_and_at_its_end);
    tcase_add_test(tc, a_paused_run_is_streamed_as_paused_once);
    tcase_add_test(tc, a_change_of_a_run_that_is_not_there_or_anothers_is_refused);
    tcase_add_test(tc, a_paused_run_starts_nothing_until_it_goes_on);
    tcase_add_test(tc, a_failed_run_goes_on_behind_what_is_completed);
    tcase_add_test(tc, a_completed_run_that_is_resumed_keeps_its_end);
    tcase_add_loop_test(tc, a_run_whose_end_is_on_its_way_is_left_alone, 0, (int)ARRAY_LEN(calls));
    tcase_add_test(tc, a_run_whose_checkpoints_are_being_deleted_is_not_resumed);
    tcase_add_test(tc, a_run_that_was_rolled_back_is_not_resumed);
    tcase_add_test(tc, a_rollback_that_was_half_done_goes_on_where_it_was);
    tcase_add_test(tc, deleted_checkpoints_make_their_nodes_run_again);
    return tc;
}
