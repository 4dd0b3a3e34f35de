/* control_test.c -- cancel, pause, suspend, what is refused, and draining. */
#include "suites.h"
#include "trial.h"

#include <signal.h>

#define CHAIN "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A']}"

START_TEST(a_cancel_asks_then_kills_and_nothing_later_starts)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    t_started(&t, "A");
    forget(&t);
    t_cancel(&t);
    expect(&t, "run stopping\nask A#1\n");
    t_tick(&t, 5);
    expect(&t, "kill A#1\n");
    t_end(&t, "A", OUTCOME_CRASH);
    expect(&t, "attempt A#1 crash cancelled\nnode A cancelled 1\ndone cancelled\n");
    ck_assert_int_eq(view(&t, "B").state, NODE_PENDING);
    expect_errors(&t, "");
}
END_TEST

START_TEST(a_node_that_completes_while_being_cancelled_is_completed)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    t_cancel(&t);
    forget(&t);
    t_started(&t, "A"); /* it crossed the stop */
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\ndone cancelled\n");
}
END_TEST

START_TEST(the_grace_is_the_callers)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t.opt.grace_ns = S(0.25);
    trial_again(&t);
    t_start(&t);
    t_cancel(&t);
    ck_assert_int_eq(run_next_timer(t.run), t.now + S(0.25));
}
END_TEST

START_TEST(a_cancel_ends_delays_at_once)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    t_fail(&t, "A");
    forget(&t);
    t_cancel(&t);
    expect(&t, "run stopping\nnode A cancelled 1\ndone cancelled\n");
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
}
END_TEST

START_TEST(a_second_cancel_changes_nothing)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    t_cancel(&t);
    forget(&t);
    t_cancel(&t);
    expect(&t, "");
}
END_TEST

START_TEST(a_cancel_leaves_a_rollback_that_is_owed)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
               "'F': {'agent_id': 'f', 'retry_policy': {'max_retries': 0}},"
               "'S': {'agent_id': 's'}",
               "'on_failure': 'compensate'");
    t_start(&t);
    t_ok(&t, "A");
    t_fail(&t, "F");
    t_cancel(&t);
    forget(&t);
    t_end(&t, "S", OUTCOME_CANCELLED);
    expect(&t, "attempt S#1 cancelled cancelled\nnode S cancelled 1\n"
               "run compensating\nstart ~A#1\n");
    t_ok(&t, "~A");
    ck_assert_int_eq(run_state(t.run), RUN_CANCELLED);
    ck_assert(t.rolled_back);
}
END_TEST

START_TEST(a_node_out_of_time_stays_failed_when_the_run_is_cancelled_then)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'timeout_policy': {'node_timeout_seconds': 1}}", "");
    t_start(&t);
    t_tick(&t, 1);
    t_cancel(&t);
    forget(&t);
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "attempt A#1 timeout failed\nnode A failed 1\ndone cancelled\n");
}
END_TEST

START_TEST(a_paused_run_ends_what_is_open_and_starts_nothing)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    forget(&t);
    t_pause(&t);
    t_ok(&t, "A");
    expect(&t, "run paused\nattempt A#1 ok completed\nnode A completed 1\n");
    t_tick(&t, 1000);
    expect(&t, "");
    t_unpause(&t);
    expect(&t, "run running\nstart B#1\n");
}
END_TEST

START_TEST(a_retry_that_came_due_while_paused_starts_when_it_goes_on)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'timeout_policy': {'node_timeout_seconds': 60}},"
               "'B': {'agent_id': 'b'}",
               "");
    t_start(&t);
    t_fail(&t, "A");
    t_pause(&t);
    forget(&t);
    t_tick(&t, 2);
    expect(&t, "");
    t_fail(&t, "B"); /* its delay is not over at the unpause */
    forget(&t);
    t_unpause(&t);
    expect(&t, "run running\nstart A#2\n");
    t_tick(&t, 2);
    expect(&t, "start B#2\n");
}
END_TEST

START_TEST(a_nodes_timeout_acts_while_paused)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'timeout_policy': {'node_timeout_seconds': 60}}", "");
    t_start(&t);
    t_fail(&t, "A");
    t_pause(&t);
    t_tick(&t, 2);
    forget(&t);
    t_tick(&t, 58);
    expect(&t, "node A failed 1\n");
    t_unpause(&t);
    expect(&t, "run running\ndone failed\n");
}
END_TEST

START_TEST(a_paused_run_can_be_cancelled)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    t_pause(&t);
    t_ok(&t, "A");
    forget(&t);
    t_cancel(&t);
    expect(&t, "run stopping\ndone cancelled\n");
}
END_TEST

static bool ends(struct trial *t, struct attempt_ref ref)
{
    struct attempt_outcome ok = {.class = OUTCOME_OK};
    struct err e = {0};
    bool accepted = run_attempt_ended(t->run, ref, &ok, t->now, &e);

    ck_assert_int_eq(e.code, accepted ? ERR_NONE : ERR_CONFLICT);
    return accepted;
}

START_TEST(a_suspended_run_ends_what_is_open_and_starts_nothing)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    forget(&t);
    run_suspend(t.run);
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\n");
    t_tick(&t, 1000);
    expect(&t, "");
    ck_assert(!run_state_final(run_state(t.run)));
}
END_TEST

START_TEST(a_suspended_run_with_nothing_left_to_start_ends)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A'],"
               " 'enabled': false}",
               "");
    t_start(&t);
    forget(&t);
    run_suspend(t.run);
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\nnode B skipped 0\ndone completed\n");
}
END_TEST

START_TEST(a_suspended_run_makes_no_attempt_again_whatever_is_due)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'timeout_policy': {'node_timeout_seconds': 60}}", "");
    t_start(&t);
    run_suspend(t.run);
    t_fail(&t, "A");
    forget(&t);
    t_tick(&t, 10);
    expect(&t, "");
    t_pause(&t);
    t_unpause(&t);
    expect(&t, "run paused\nrun running\n");
    t_tick(&t, 60);
    expect(&t, "node A failed 1\ndone failed\n");
}
END_TEST

START_TEST(a_suspended_run_is_cancelled_as_ever)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    forget(&t);
    run_suspend(t.run);
    t_cancel(&t);
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "run stopping\nask A#1\nattempt A#1 cancelled cancelled\nnode A cancelled 1\n"
               "done cancelled\n");
}
END_TEST

START_TEST(a_suspended_run_leaves_its_handlers_to_the_next_host)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
               "'B': {'agent_id': 'b', 'depends_on': ['A'], 'retry_policy': {'max_retries': 0}}",
               "'on_failure': 'compensate'");
    t_start(&t);
    t_ok(&t, "A");
    forget(&t);
    run_suspend(t.run);
    t_fail(&t, "B");
    expect(&t, "attempt B#1 plugin-transient failed\nnode B failed 1\nrun compensating\n");
}
END_TEST

START_TEST(a_run_that_waits_to_begin_can_be_cancelled)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_cancel(&t);
    expect(&t, "run stopping\ndone cancelled\n");
    ck_assert_int_eq(view(&t, "A").state, NODE_PENDING);
}
END_TEST

START_TEST(an_end_of_an_attempt_that_is_not_open_is_refused)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    t_start(&t);
    ck_assert(!ends(&t, (struct attempt_ref){at(&t, "B"), 1, false}));
    ck_assert(!ends(&t, (struct attempt_ref){at(&t, "A"), 2, false}));
    ck_assert(!ends(&t, (struct attempt_ref){at(&t, "A"), 1, true}));
    ck_assert(!ends(&t, (struct attempt_ref){2, 1, false}));
    t_fail(&t, "A");
    ck_assert(!ends(&t, (struct attempt_ref){at(&t, "A"), 1, false}));
    t_tick(&t, 2);
    t_ok(&t, "A");
    ck_assert(!ends(&t, (struct attempt_ref){at(&t, "A"), 2, false}));
}
END_TEST

START_TEST(an_attempt_starts_once)
{
    auto_done(trial) t;
    struct attempt_ref ref = {0, 1, false};
    struct err e = {0};

    trial_init(&t, CHAIN, "");
    t_start(&t);
    ck_assert(run_attempt_started(t.run, ref, &e));
    ck_assert(!run_attempt_started(t.run, ref, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
}
END_TEST

START_TEST(what_the_state_refuses_changes_nothing)
{
    auto_done(trial) t;
    struct err e = {0};

    trial_init(&t, CHAIN, "");
    ck_assert(!run_pause(t.run, t.now, &e));
    ck_assert(!run_unpause(t.run, t.now, &e));
    ck_assert_int_eq(run_state(t.run), RUN_NEW);
    t_start(&t);
    forget(&t);
    ck_assert(!run_start(t.run, t.now, &e));
    ck_assert(!run_recover(t.run, t.now, &e));
    ck_assert(!run_resume(t.run, t.now, &e));
    ck_assert(!run_unpause(t.run, t.now, &e));
    expect(&t, "");
    t_ok(&t, "A");
    t_ok(&t, "B");
    ck_assert(!run_cancel(t.run, t.now, &e));
    ck_assert_str_eq(e.msg, "a run that is completed refuses STOP");
}
END_TEST

START_TEST(an_early_tick_is_harmless)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "");
    run_tick(t.run, t.now);
    t_start(&t);
    forget(&t);
    t_tick(&t, 0);
    expect(&t, "");
}
END_TEST

START_TEST(decisions_that_nobody_took_are_our_bug)
{
    auto_done(trial) t;
    struct err e = {0};

    trial_init(&t, CHAIN, "");
    ck_assert(run_start(t.run, t.now, &e));
    run_tick(t.run, t.now); /* aborts */
}
END_TEST

TCase *control_cases(void)
{
    TCase *c = tcase_create("control");

    tcase_add_test(c, a_cancel_asks_then_kills_and_nothing_later_starts);
    tcase_add_test(c, a_node_that_completes_while_being_cancelled_is_completed);
    tcase_add_test(c, the_grace_is_the_callers);
    tcase_add_test(c, a_cancel_ends_delays_at_once);
    tcase_add_test(c, a_second_cancel_changes_nothing);
    tcase_add_test(c, a_cancel_leaves_a_rollback_that_is_owed);
    tcase_add_test(c, a_node_out_of_time_stays_failed_when_the_run_is_cancelled_then);
    tcase_add_test(c, a_paused_run_ends_what_is_open_and_starts_nothing);
    tcase_add_test(c, a_retry_that_came_due_while_paused_starts_when_it_goes_on);
    tcase_add_test(c, a_nodes_timeout_acts_while_paused);
    tcase_add_test(c, a_paused_run_can_be_cancelled);
    tcase_add_test(c, a_suspended_run_ends_what_is_open_and_starts_nothing);
    tcase_add_test(c, a_suspended_run_with_nothing_left_to_start_ends);
    tcase_add_test(c, a_suspended_run_makes_no_attempt_again_whatever_is_due);
    tcase_add_test(c, a_suspended_run_is_cancelled_as_ever);
    tcase_add_test(c, a_suspended_run_leaves_its_handlers_to_the_next_host);
    tcase_add_test(c, a_run_that_waits_to_begin_can_be_cancelled);
    tcase_add_test(c, an_end_of_an_attempt_that_is_not_open_is_refused);
    tcase_add_test(c, an_attempt_starts_once);
    tcase_add_test(c, what_the_state_refuses_changes_nothing);
    tcase_add_test(c, an_early_tick_is_harmless);
    tcase_add_test_raise_signal(c, decisions_that_nobody_took_are_our_bug, SIGABRT);
    return c;
}
