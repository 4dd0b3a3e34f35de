/* refused_test.c -- a commit that the store does not take: the run is dropped and built anew. */
#include "suites.h"

#include <string.h>

enum { QUEUE = 4 };

static void small_queue(void)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.queue_batches_max = QUEUE});
    publish_chain();
}

/* The attempt ends while the store takes nothing; then the store takes again. */
static void end_refused(struct rig_attempt *a)
{
    const struct attempt_result ok = {.outcome = OUTCOME_OK, .output = "{}"};
    struct attempt_result result = ok;
    auto_json output = json_object();
    struct json_read read = rig_read_of(output);

    result.output_json = output;
    result.output_read = &read;
    a->open = false;
    rig_refuse(&rig);
    engine_on_attempt_done(rig.engine, a->id, &result);
    json_read_done(&read);
    rig_take_again(&rig);
    rig_settle(&rig);
}

START_TEST(a_refused_end_is_forgotten_and_the_attempt_made_again)
{
    char id[UUID_TEXT_BYTES];

    small_queue();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    end_refused(rig_open_attempt(&rig, "first"));
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_RUNNING);
    ck_assert_uint_eq(rig_open_attempt(&rig, "first")->attempt, 2);
    ck_assert_uint_eq(count_events(id, "run.updated", "recovered"), 1);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

/* What does not fit is counted, and the count stands where it is missing. */
START_TEST(log_entries_that_the_store_does_not_take_wait_or_are_counted_in_their_place)
{
    static char entry[16 * 1024];
    enum { ENTRIES = 300 }; /* more than 4 MiB */
    auto_done(store_log_list) rows = {0};
    struct store_log_filter filter = {.tenant = RIG_TENANT};
    char id[UUID_TEXT_BYTES], mark[128];
    struct rig_attempt *a;
    struct err e;

    small_queue();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    filter.run_id = id;
    a = rig_open_attempt(&rig, "first");
    memset(entry, 'x', sizeof entry);
    rig_refuse(&rig);
    for (int i = 0; i < ENTRIES; i++)
        engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, entry, sizeof entry);
    rig_take_again(&rig);
    rig_settle(&rig);
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, "after", 5);
    rig_settle(&rig);
    ck_assert_msg(store_read_logs(rig.reader, &filter, ENTRIES + 2, &rows, &e), "%s", e.msg);
    ck_assert_uint_gt(rows.count, 200);
    ck_assert_uint_lt(rows.count, ENTRIES);
    snprintf(mark, sizeof mark, "[%zu entries of %zu bytes lost here: the store did not keep up]",
             ENTRIES - (rows.count - 2), (ENTRIES - (rows.count - 2)) * sizeof entry);
    ck_assert_str_eq(rows.rows[rows.count - 2].text, mark);
    ck_assert_str_eq(rows.rows[rows.count - 2].level, "warn");
    ck_assert_str_eq(rows.rows[rows.count - 1].text, "after");
}
END_TEST

START_TEST(the_other_attempts_of_a_dropped_run_are_killed)
{
    char id[UUID_TEXT_BYTES];

    small_queue();
    publish_wide(3, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    end_refused(rig_open_attempt(&rig, "n0000"));
    ck_assert(rig.sandbox.attempts[1].killed && rig.sandbox.attempts[2].killed);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_running, 3);
    /* their ends are not the run's any more */
    rig_end(&rig, &rig.sandbox.attempts[1], OUTCOME_CANCELLED, NULL);
    rig_end(&rig, &rig.sandbox.attempts[2], OUTCOME_CANCELLED, NULL);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_running, 3);
    for (int i = 0; i < 3; i++) {
        char node[8];

        snprintf(node, sizeof node, "n%04d", i);
        rig_ok(&rig, node);
    }
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

/* Half a queue is left to what is under way: nothing of that is refused, nothing runs twice. */
START_TEST(a_queue_that_fills_stops_new_work_before_it_refuses_any)
{
    struct rig_answer a;
    char id[UUID_TEXT_BYTES];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.queue_batches_max = 8, .attempts_max = 2});
    publish_wide(4, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    store_testing_hold(rig.store, true);
    while (!store_pressed(rig.store)) {
        struct store_batch *batch = store_batch_new();
        struct err e;

        ck_assert(store_submit_take(rig.store, &batch, NULL, NULL, &e));
    }
    rig_tell_end(&rig, rig_open_attempt(&rig, "n0000"), OUTCOME_OK, "{}");
    rig_tell_end(&rig, rig_open_attempt(&rig, "n0001"), OUTCOME_OK, "{}");
    engine_turn(rig.engine, rig_mono_ns);
    ck_assert_uint_eq(rig_open_count(&rig), 0); /* the other two wait */
    a = (struct rig_answer){0};
    control_restart(engine_control(rig.engine), &rig_actor, &(struct api_run_restart){.run_id = id},
                    rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_LIMIT);
    rig_take_again(&rig);
    rig_settle(&rig);
    rig_ok(&rig, "n0002");
    rig_ok(&rig, "n0003");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(rig.sandbox.count, 4); /* each node once */
    ck_assert_uint_eq(count_events(id, "run.updated", "recovered"), 0);
    check_chain(id);
}
END_TEST

START_TEST(a_refused_start_is_answered_with_the_reason_and_leaves_no_run)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    small_queue();
    rig_refuse(&rig);
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered, &a);
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_LIMIT);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    ck_assert_uint_eq(rig.sandbox.count, 0);
}
END_TEST

START_TEST(a_run_whose_commits_are_refused_again_and_again_goes_on_when_they_are_taken)
{
    char id[UUID_TEXT_BYTES];
    struct rig_attempt *a;

    small_queue();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    a = rig_open_attempt(&rig, "first");
    a->open = false;
    rig_refuse(&rig);
    engine_on_attempt_done(rig.engine, a->id, &(struct attempt_result){.outcome = OUTCOME_CRASH});
    while (engine_next_timer(rig.engine) <= rig_mono_ns)
        engine_turn(rig.engine, rig_mono_ns); /* refused, built anew, refused: no busy loop */
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    rig_take_again(&rig);
    rig_pass(10 * RIG_S);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(a_refused_change_is_answered_and_did_not_happen)
{
    struct rig_answer a = {0};
    char id[UUID_TEXT_BYTES];

    small_queue();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_refuse(&rig);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_LIMIT);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

/* What the store has of the node's first attempt. */
static const char *first_outcome(const char *id, const char *node_id)
{
    static char outcome[24];
    auto_done(store_attempt_list) rows = {0};
    struct err e;

    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, id, node_id, (struct store_page){0},
                                  &rows, &e));
    snprintf(outcome, sizeof outcome, "%s", rows.count > 0 ? rows.rows[0].outcome : "none");
    return outcome;
}

/* Both batches are under way when the first is refused by the full queue. */
START_TEST(what_was_on_its_way_when_a_run_is_dropped_is_waited_for)
{
    const struct attempt_result crash = {.outcome = OUTCOME_CRASH};
    char id[UUID_TEXT_BYTES];
    uint64_t first, second;

    small_queue();
    publish_wide(2, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    first = rig_open_attempt(&rig, "n0000")->id;
    second = rig_open_attempt(&rig, "n0001")->id;
    store_testing_hold(rig.store, true);
    engine_on_attempt_done(rig.engine, first, &crash); /* in the queue */
    rig_refuse(&rig);
    engine_on_attempt_done(rig.engine, second, &crash); /* refused */
    engine_turn(rig.engine, rig_mono_ns);
    ck_assert_uint_eq(rig.sandbox.count, 2); /* not built anew yet */
    store_testing_hold(rig.store, false);
    rig_settle(&rig);
    ck_assert_str_eq(first_outcome(id, "n0000"), "crash");
    ck_assert_str_eq(first_outcome(id, "n0001"), "infra"); /* how it ended is lost */
    rig_pass(2 * RIG_S);                                   /* the delay behind the crash */
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_attempt(&rig, "n0000")->attempt, 2);
    ck_assert_uint_eq(rig_open_attempt(&rig, "n0001")->attempt, 2);
}
END_TEST

/* The database itself refuses the batch: it was taken, and comes back with the error. */
START_TEST(a_commit_that_the_database_refuses_is_built_anew_and_the_run_goes_on)
{
    char id[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];

    publish_chain();
    publish_wide(1, "");
    snprintf(id, sizeof id, "%s", run_of("chain"));
    snprintf(other, sizeof other, "%s", run_of("wide"));
    outside_sql("CREATE TRIGGER refuses BEFORE INSERT ON run_events WHEN NEW.node_id = 'first'"
                " AND NEW.status = 'completed' BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    rig_tell_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_OK, "{}");
    rig_tell_end(&rig, rig_open_attempt(&rig, "n0000"), OUTCOME_OK, "{}"); /* of the same group */
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, other), STORE_RUN_COMPLETED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    ck_assert_uint_eq(count_events(id, "run.updated", "recovered"), 1);
    ck_assert_uint_eq(count_events(id, "step.updated", "completed"), 0); /* nothing was told */
    ck_assert_uint_eq(rig_open_attempt(&rig, "first")->attempt, 2);
    outside_sql("DELETE FROM kept WHERE name = 'refuses'");
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_int_eq(rig.fatal.code, ERR_NONE);
    check_chain(id);
}
END_TEST

START_TEST(a_store_that_fails_ends_the_host)
{
    char id[UUID_TEXT_BYTES];

    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    store_testing_fail_commit(rig.store, 1);
    rig_ok(&rig, "first");
    ck_assert_int_ne(rig.fatal.code, ERR_NONE);
    ck_assert_uint_eq(rig_open_count(&rig), 0); /* nothing is built anew on a failed store */
    ck_assert(!engine_accepting(rig.engine));
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

TCase *refused_cases(void)
{
    TCase *tc = tcase_create("refused");

    tcase_add_test(tc, a_refused_end_is_forgotten_and_the_attempt_made_again);
    tcase_add_test(tc, log_entries_that_the_store_does_not_take_wait_or_are_counted_in_their_place);
    tcase_add_test(tc, the_other_attempts_of_a_dropped_run_are_killed);
    tcase_add_test(tc, a_queue_that_fills_stops_new_work_before_it_refuses_any);
    tcase_add_test(tc, a_refused_start_is_answered_with_the_reason_and_leaves_no_run);
    tcase_add_test(tc, a_run_whose_commits_are_refused_again_and_again_goes_on_when_they_are_taken);
    tcase_add_test(tc, a_refused_change_is_answered_and_did_not_happen);
    tcase_add_test(tc, what_was_on_its_way_when_a_run_is_dropped_is_waited_for);
    tcase_add_test(tc, a_commit_that_the_database_refuses_is_built_anew_and_the_run_goes_on);
    tcase_add_test(tc, a_store_that_fails_ends_the_host);
    return tc;
}
