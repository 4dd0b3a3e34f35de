/* restore_test.c -- the run after a crash, built anew from its facts. */
#include "suites.h"
#include "trial.h"

#define CHAIN                                                                                      \
    "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A']},"                         \
    "'C': {'agent_id': 'c', 'depends_on': ['B']}"
#define ONCE ((struct node_tally){1, 1, 1, 0})
#define NEVER ((struct node_tally){0})

START_TEST(after_a_crash_completed_nodes_stay_and_the_open_one_starts_again_with_the_next_number)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_past(&t, "A", NODE_COMPLETED, ONCE);
    t_past(&t, "B", NODE_RUNNING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt B#1 infra retrying\nstart B#2\n");
    expect_input(&t, "{'_input': {}, 'A': {'kept': true}}");
    t_ok(&t, "B"); /* the lost attempt is not counted */
    expect(&t, "attempt B#2 ok completed\nnode B completed 1\nstart C#1\n");
}
END_TEST

START_TEST(after_a_crash_a_retry_keeps_its_budget)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 2, 'jitter': false}}",
               "");
    t_past(&t, "A", NODE_WAITING, (struct node_tally){2, 2, 2, 0});
    t_recover(&t);
    expect(&t, "run running\nstart A#3\n");
    t_fail(&t, "A");
    expect(&t, "attempt A#3 plugin-transient failed\nnode A failed 3\ndone failed\n");
}
END_TEST

static void waits(struct trial *t, enum outcome class, double seconds)
{
    struct node_past past = {.state = NODE_WAITING,
                             .tally = {2, 2, 2, 0},
                             .class = class,
                             .waited_ns = S(seconds)};
    struct err e = {0};

    ck_assert_msg(run_restore_node(t->run, at(t, "A"), &past, &e), "%s", e.msg);
}

/* The second delay is 2 s. */
START_TEST(after_a_crash_what_is_left_of_a_delay_is_waited_for)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 2, 'jitter': false}},"
               "'B': {'agent_id': 'b'}",
               "'max_parallel_nodes': 1");
    waits(&t, OUTCOME_PLUGIN_TRANSIENT, 0.5);
    t_recover(&t);
    expect(&t, "run running\n"); /* it has its place */
    t_tick(&t, 1.4);
    expect(&t, "");
    t_tick(&t, 0.2);
    expect(&t, "start A#3\n");
    trial_again(&t);
    waits(&t, OUTCOME_PLUGIN_TRANSIENT, 3);
    t_recover(&t);
    expect(&t, "run running\nstart A#3\n");
    trial_again(&t);
    waits(&t, OUTCOME_INFRA, 0); /* the host's trouble: this is another host */
    t_recover(&t);
    expect(&t, "run running\nstart A#3\n");
}
END_TEST

START_TEST(a_delay_that_was_restored_ends_with_the_run_and_stands_still_in_a_pause)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 2, 'jitter': false}}",
               "");
    waits(&t, OUTCOME_PLUGIN_TRANSIENT, 0.5);
    t_recover(&t);
    t_pause(&t);
    t_tick(&t, 5);
    expect(&t, "run running\nrun paused\n");
    t_unpause(&t);
    expect(&t, "run running\nstart A#3\n");
    trial_again(&t);
    waits(&t, OUTCOME_PLUGIN_TRANSIENT, 0.5);
    t_recover(&t);
    t_cancel(&t);
    expect(&t, "run running\nrun stopping\nnode A cancelled 2\ndone cancelled\n");
}
END_TEST

START_TEST(after_a_crash_failed_and_skipped_nodes_stand_as_they_are)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b'}, 'D': {'agent_id': 'd'},"
               "'C': {'agent_id': 'c', 'depends_on': ['A']}",
               "");
    t_past(&t, "A", NODE_FAILED, ONCE);
    t_past(&t, "B", NODE_SKIPPED, NEVER);
    t_recover(&t);
    expect(&t, "run running\nstart D#1\n");
    t_ok(&t, "D");
    expect(&t, "attempt D#1 ok completed\nnode D completed 1\ndone failed\n");
}
END_TEST

START_TEST(a_condition_that_held_before_the_crash_is_not_asked_again)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'condition': 'input.no'}", "");
    t_past(&t, "A", NODE_RUNNING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt A#1 infra retrying\nstart A#2\n");
}
END_TEST

START_TEST(after_a_crash_what_had_begun_goes_on_behind_a_halt_and_before_the_others)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b'},"
               "'C': {'agent_id': 'c', 'depends_on': ['B']}, 'D': {'agent_id': 'd'}",
               "'max_parallel_nodes': 1");
    t.opt.deterministic_mode = false;
    trial_again(&t);
    t_past(&t, "A", NODE_FAILED, ONCE);
    t_past(&t, "B", NODE_COMPLETED, ONCE);
    t_past(&t, "C", NODE_WAITING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nstart C#2\n");
}
END_TEST

START_TEST(a_node_that_is_not_idempotent_fails_when_its_attempt_was_lost)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'idempotent': false}", "");
    t_past(&t, "A", NODE_RUNNING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt A#1 infra failed\nnode A failed 0\ndone failed\n");
    expect_errors(&t, "Node 'A' failed: attempt 1 was lost with its host, and the node is not "
                      "idempotent");
}
END_TEST

START_TEST(restarts_of_the_host_are_not_counted_against_a_node)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 0}}", "");
    t_past(&t, "A", NODE_RUNNING, (struct node_tally){1001, 1, 1, 1000});
    t_recover(&t);
    expect(&t, "run running\nattempt A#1001 infra retrying\nstart A#1002\n");
    ck_assert_uint_eq(run_held_count(t.run), 0);
    t_ok(&t, "A");
    expect(&t, "attempt A#1002 ok completed\nnode A completed 1\ndone completed\n");
}
END_TEST

START_TEST(after_a_crash_the_run_is_still_paused)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t.opt.paused = true;
    trial_again(&t);
    t_past(&t, "A", NODE_RUNNING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt A#1 infra retrying\nrun paused\n");
    t_unpause(&t);
    expect(&t, "run running\nstart A#2\n");
}
END_TEST

START_TEST(after_a_crash_the_run_is_still_cancelled)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t.opt.cancelled = true;
    trial_again(&t);
    t_past(&t, "A", NODE_STOPPING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt A#1 infra cancelled\nrun stopping\nnode A cancelled 0\ndone "
               "cancelled\n");
}
END_TEST

START_TEST(after_a_crash_the_runs_timeout_goes_on)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "'run_timeout_seconds': 10");
    t.opt.elapsed_ns = S(4);
    trial_again(&t);
    t_past(&t, "A", NODE_RUNNING, ONCE);
    t_recover(&t);
    ck_assert_int_eq(run_next_timer(t.run), t.now + S(6));
    t.opt.elapsed_ns = S(11);
    trial_again(&t);
    t_past(&t, "A", NODE_RUNNING, ONCE);
    t_recover(&t);
    expect(&t, "run running\nattempt A#1 infra cancelled\nrun stopping\nnode A cancelled 0\ndone "
               "failed\n");
}
END_TEST

START_TEST(a_cancelled_node_says_that_the_run_had_stopped_whatever_the_clock_says)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "'run_timeout_seconds': 10");
    t_past(&t, "A", NODE_CANCELLED, ONCE);
    t_recover(&t);
    expect(&t, "run running\nrun stopping\ndone failed\n");
    expect_errors(&t, "Run timed out after 10s");
}
END_TEST

START_TEST(without_a_run_timeout_a_cancelled_node_was_cancelled)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_past(&t, "A", NODE_CANCELLED, ONCE);
    t_recover(&t);
    expect(&t, "run running\nrun stopping\ndone cancelled\n");
}
END_TEST

#define UNDO                                                                                       \
    "'A': {'agent_id': 'a', 'compensation_handler': 'undo.a'},"                                    \
    "'B': {'agent_id': 'b', 'depends_on': ['A'], 'compensation_handler': 'undo.b'},"               \
    "'F': {'agent_id': 'f', 'depends_on': ['B'], 'on_failure': 'compensate'}"

static void half_rolled_back(struct trial *t, enum node_state f, enum node_state handler_a,
                             uint32_t lost_before)
{
    t_past(t, "A", NODE_COMPLETED, ONCE);
    t_past(t, "B", NODE_COMPLETED, ONCE);
    t_past(t, "F", f, ONCE);
    t_past(t, "~B", NODE_COMPLETED, ONCE);
    if (handler_a != NODE_READY)
        t_past(t, "~A", handler_a, (struct node_tally){lost_before + 1, 1, 1, lost_before});
}

START_TEST(after_a_crash_a_rollback_goes_on_where_it_was)
{
    auto_done(trial) t;

    trial_init(&t, UNDO, "");
    half_rolled_back(&t, NODE_FAILED, NODE_RUNNING, 0);
    t_recover(&t);
    expect(&t, "run running\nattempt ~A#1 infra retrying\nrun compensating\nstart ~A#2\n");
    expect_input(&t, "{'original_input': {'kept': true}, 'failed_node': 'F'}");
    t_ok(&t, "~A");
    expect(&t, "attempt ~A#2 ok completed\ncomp A completed 1\ndone failed\n");
    ck_assert(t.rolled_back);
}
END_TEST

START_TEST(after_a_crash_behind_the_last_handler_the_run_just_ends)
{
    auto_done(trial) t;

    trial_init(&t, UNDO, "");
    half_rolled_back(&t, NODE_FAILED, NODE_FAILED, 0);
    t_recover(&t);
    expect(&t, "run running\nrun compensating\ndone failed\n");
    ck_assert(t.rolled_back);
}
END_TEST

START_TEST(restarts_of_the_host_are_not_counted_against_a_handler)
{
    auto_done(trial) t;

    trial_init(&t, UNDO, "");
    half_rolled_back(&t, NODE_FAILED, NODE_RUNNING, 1000);
    t_recover(&t);
    expect(&t, "run running\nattempt ~A#1001 infra retrying\nrun compensating\nstart ~A#1002\n");
}
END_TEST

START_TEST(after_a_crash_a_rollback_by_the_runs_timeout_is_one_still)
{
    auto_done(trial) t;

    trial_init(&t, UNDO, "'run_timeout_seconds': 10, 'on_failure': 'compensate'");
    half_rolled_back(&t, NODE_CANCELLED, NODE_READY, 0);
    t_recover(&t);
    expect(&t, "run running\nrun stopping\nrun compensating\nstart ~A#1\n");
    t_ok(&t, "~A");
    expect_errors(&t, "Run timed out after 10s");
}
END_TEST

START_TEST(a_rollback_that_outlasts_the_runs_timeout_is_not_called_one)
{
    auto_done(trial) t;

    trial_init(&t, UNDO, "'run_timeout_seconds': 10");
    t.opt.elapsed_ns = S(60);
    trial_again(&t);
    half_rolled_back(&t, NODE_FAILED, NODE_READY, 0);
    t_recover(&t);
    expect(&t, "run running\nrun compensating\nstart ~A#1\n");
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
}
END_TEST

static void refused(struct trial *t, uint32_t node, struct node_past past, const char *message)
{
    struct err e = {0};

    ck_assert(!run_restore_node(t->run, node, &past, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    ck_assert_str_eq(e.msg, message);
}

START_TEST(facts_that_do_not_add_up_are_refused)
{
    auto_done(trial) t;
    struct err e = {0};
    struct node_past past = {.state = NODE_FAILED, .tally = {1, 1, 1, 0}};

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    refused(&t, 1, past, "no node 1");
    refused(&t, 0, (struct node_past){0}, "'A' has no state");
    refused(&t, 0, (struct node_past){.state = NODE_COMPLETED}, "'A' is completed without outputs");
    refused(&t, 0, (struct node_past){.state = NODE_FAILED, .tally = {1, 2, 2, 0}},
            "'A' has attempts that do not add up");
    ck_assert(!run_restore_compensation(t.run, 0, &past, &e));
    ck_assert_str_eq(e.msg, "node 0 has no handler");
    ck_assert(run_restore_node(t.run, 0, &past, &e));
    refused(&t, 0, past, "'A' is stored twice");
}
END_TEST

START_TEST(facts_of_a_handler_are_checked_too)
{
    auto_done(trial) t;
    struct err e = {0};
    struct node_past past = {.state = NODE_COMPLETED};

    trial_init(&t, UNDO, "");
    ck_assert(!run_restore_compensation(t.run, at(&t, "A"), &past, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
}
END_TEST

START_TEST(what_was_restored_can_be_read)
{
    auto_done(trial) t;
    struct err e = {0};
    struct node_past past = {.state = NODE_FAILED,
                             .tally = {1, 1, 1, 0},
                             .error = "boom",
                             .timed_out = true};

    trial_init(&t, CHAIN, "");
    ck_assert(run_restore_node(t.run, 0, &past, &e));
    ck_assert_str_eq(view(&t, "A").error, "boom");
    ck_assert(view(&t, "A").timed_out);
    ck_assert_uint_eq(run_node_count(t.run, NODE_FAILED), 1);
    ck_assert_uint_eq(run_node_count(t.run, NODE_PENDING), 2);
}
END_TEST

TCase *restore_cases(void)
{
    TCase *c = tcase_create("restore");

    tcase_add_test(
        c, after_a_crash_completed_nodes_stay_and_the_open_one_starts_again_with_the_next_number);
    tcase_add_test(c, after_a_crash_a_retry_keeps_its_budget);
    tcase_add_test(c, after_a_crash_what_is_left_of_a_delay_is_waited_for);
    tcase_add_test(c, a_delay_that_was_restored_ends_with_the_run_and_stands_still_in_a_pause);
    tcase_add_test(c, after_a_crash_failed_and_skipped_nodes_stand_as_they_are);
    tcase_add_test(c, a_condition_that_held_before_the_crash_is_not_asked_again);
    tcase_add_test(c, after_a_crash_what_had_begun_goes_on_behind_a_halt_and_before_the_others);
    tcase_add_test(c, a_node_that_is_not_idempotent_fails_when_its_attempt_was_lost);
    tcase_add_test(c, restarts_of_the_host_are_not_counted_against_a_node);
    tcase_add_test(c, after_a_crash_the_run_is_still_paused);
    tcase_add_test(c, after_a_crash_the_run_is_still_cancelled);
    tcase_add_test(c, after_a_crash_the_runs_timeout_goes_on);
    tcase_add_test(c, a_cancelled_node_says_that_the_run_had_stopped_whatever_the_clock_says);
    tcase_add_test(c, without_a_run_timeout_a_cancelled_node_was_cancelled);
    tcase_add_test(c, after_a_crash_a_rollback_goes_on_where_it_was);
    tcase_add_test(c, after_a_crash_behind_the_last_handler_the_run_just_ends);
    tcase_add_test(c, restarts_of_the_host_are_not_counted_against_a_handler);
    tcase_add_test(c, after_a_crash_a_rollback_by_the_runs_timeout_is_one_still);
    tcase_add_test(c, a_rollback_that_outlasts_the_runs_timeout_is_not_called_one);
    tcase_add_test(c, facts_that_do_not_add_up_are_refused);
    tcase_add_test(c, facts_of_a_handler_are_checked_too);
    tcase_add_test(c, what_was_restored_can_be_read);
    return c;
}
