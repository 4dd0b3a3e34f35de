/* preempt_test.c -- an attempt that makes room for another costs its node nothing. */
#include "suites.h"
#include "trial.h"

#define ONE(more) "'A': {'agent_id': 'a'" more "}"
#define RETRIES(n) ", 'retry_policy': {'max_retries': " #n ", 'jitter': false}"

static void is_refused(struct trial *t, struct attempt_ref ref, const char *why)
{
    struct err e = {0};

    ck_assert(!run_preempt(t->run, ref, t->now, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
    expect(t, "");
}

START_TEST(a_preempted_attempt_is_asked_then_killed_and_its_node_begins_again)
{
    auto_done(trial) t;

    trial_init(&t, ONE(RETRIES(0)), "");
    t_start(&t);
    t_started(&t, "A");
    forget(&t);
    t_preempt(&t, "A");
    expect(&t, "ask A#1\n");
    t_tick(&t, 5);
    expect(&t, "kill A#1\n");
    t_end(&t, "A", OUTCOME_CRASH);
    expect(&t, "attempt A#1 preempted retrying\n");
    t_tick(&t, 0);
    expect(&t, "start A#2\n");
    ck_assert_uint_eq(view(&t, "A").tally.counted, 1); /* the first does not count */
    t_ok(&t, "A");
    expect(&t, "attempt A#2 ok completed\nnode A completed 1\ndone completed\n");
}
END_TEST

START_TEST(the_retries_are_what_they_were)
{
    auto_done(trial) t;

    trial_init(&t, ONE(RETRIES(1)), "");
    t_start(&t);
    for (int i = 0; i < 5; i++) {
        t_preempt(&t, "A");
        t_end(&t, "A", OUTCOME_PLUGIN_FATAL);
        t_tick(&t, 0);
    }
    ck_assert_uint_eq(run_held_count(t.run), 0); /* it is no trouble of the host */
    t_fail(&t, "A");
    t_tick(&t, 100);
    forget(&t);
    t_preempt(&t, "A");
    t_end(&t, "A", OUTCOME_CANCELLED);
    t_tick(&t, 0);
    t_fail(&t, "A");
    expect(&t, "ask A#7\nattempt A#7 preempted retrying\nstart A#8\n"
               "attempt A#8 plugin-transient failed\nnode A failed 2\ndone failed\n");
}
END_TEST

START_TEST(what_ends_well_meanwhile_has_ended_well)
{
    auto_done(trial) t;

    trial_init(&t, ONE(""), "");
    t_start(&t);
    t_preempt(&t, "A");
    forget(&t);
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\ndone completed\n");
}
END_TEST

START_TEST(only_an_open_attempt_of_an_idempotent_node_is_preempted_and_once)
{
    auto_done(trial) t;
    auto_done(trial) once;

    trial_init(&t, ONE("") ", 'B': {'agent_id': 'b', 'depends_on': ['A']}", "");
    t_start(&t);
    forget(&t);
    is_refused(&t, (struct attempt_ref){.node = at(&t, "B"), .attempt = 1}, "not open");
    is_refused(&t, (struct attempt_ref){.node = at(&t, "A"), .attempt = 2}, "not open");
    is_refused(&t, (struct attempt_ref){.node = at(&t, "A"), .attempt = 1, .compensation = true},
               "no step");
    t_preempt(&t, "A");
    forget(&t);
    is_refused(&t, (struct attempt_ref){.node = at(&t, "A"), .attempt = 1}, "stopping refuses");
    trial_init(&once, ONE(", 'idempotent': false"), "");
    t_start(&once);
    forget(&once);
    is_refused(&once, (struct attempt_ref){.node = 0, .attempt = 1}, "begun again");
}
END_TEST

START_TEST(a_cancel_goes_over_it)
{
    auto_done(trial) t;

    trial_init(&t, ONE(""), "");
    t_start(&t);
    t_preempt(&t, "A");
    forget(&t);
    t_cancel(&t);
    expect(&t, "run stopping\n"); /* it was asked */
    t_tick(&t, 5);
    expect(&t, "kill A#1\n");
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "attempt A#1 cancelled cancelled\nnode A cancelled 1\ndone cancelled\n");
}
END_TEST

START_TEST(the_nodes_time_goes_on_and_goes_over_it)
{
    auto_done(trial) t;

    trial_init(&t, ONE(", 'timeout_policy': {'node_timeout_seconds': 7}"), "");
    t_start(&t);
    t_tick(&t, 4);
    t_preempt(&t, "A");
    forget(&t);
    t_tick(&t, 3); /* the node's */
    expect(&t, "");
    t_tick(&t, 2); /* the grace */
    expect(&t, "kill A#1\n");
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "attempt A#1 timeout failed\nnode A failed 1\ndone failed\n");
}
END_TEST

START_TEST(a_paused_run_begins_it_again_when_it_goes_on)
{
    auto_done(trial) t;

    trial_init(&t, ONE(""), "");
    t_start(&t);
    t_preempt(&t, "A");
    t_pause(&t);
    t_end(&t, "A", OUTCOME_CANCELLED);
    forget(&t);
    t_tick(&t, 1);
    expect(&t, "");
    t_unpause(&t);
    expect(&t, "run running\nstart A#2\n");
}
END_TEST

START_TEST(the_next_host_begins_it_again_at_once)
{
    auto_done(trial) t;
    struct err e = {0};

    trial_init(&t, ONE(RETRIES(0)), "");
    ck_assert(run_restore_node(t.run, 0,
                               &(struct node_past){.state = NODE_WAITING,
                                                   .tally = {.attempts = 1, .infra = 1},
                                                   .error = "stopped",
                                                   .class = OUTCOME_PREEMPTED},
                               &e));
    t_recover(&t);
    expect(&t, "run running\nstart A#2\n");
    ck_assert_uint_eq(view(&t, "A").tally.counted, 1);
}
END_TEST

TCase *preempt_cases(void)
{
    TCase *c = tcase_create("preempt");

    tcase_add_test(c, a_preempted_attempt_is_asked_then_killed_and_its_node_begins_again);
    tcase_add_test(c, the_retries_are_what_they_were);
    tcase_add_test(c, what_ends_well_meanwhile_has_ended_well);
    tcase_add_test(c, only_an_open_attempt_of_an_idempotent_node_is_preempted_and_once);
    tcase_add_test(c, a_cancel_goes_over_it);
    tcase_add_test(c, the_nodes_time_goes_on_and_goes_over_it);
    tcase_add_test(c, a_paused_run_begins_it_again_when_it_goes_on);
    tcase_add_test(c, the_next_host_begins_it_again_at_once);
    return c;
}
