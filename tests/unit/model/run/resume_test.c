/* resume_test.c -- resume after an end, restart from a node. */
#include "suites.h"
#include "trial.h"

#define CHAIN                                                                                      \
    "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A']},"                         \
    "'C': {'agent_id': 'c', 'depends_on': ['B']}"
#define ONCE ((struct node_tally){1, 1, 1, 0})
#define NEVER ((struct node_tally){0})

START_TEST(a_resume_runs_what_was_not_completed_with_a_full_budget_and_going_on_numbers)
{
    auto_done(trial) t;

    trial_init(&t, CHAIN, "'default_retry_policy': {'max_retries': 1, 'jitter': false}");
    t_past(&t, "A", NODE_COMPLETED, ONCE);
    t_past(&t, "B", NODE_FAILED, (struct node_tally){2, 2, 2, 0});
    t_resume(&t);
    expect(&t, "again B\nrun running\nstart B#3\n");
    t_fail(&t, "B");
    t_tick(&t, 1);
    t_ok(&t, "B");
    t_ok(&t, "C");
    expect(&t, "attempt B#3 plugin-transient retrying\nstart B#4\n"
               "attempt B#4 ok completed\nnode B completed 4\nstart C#1\n"
               "attempt C#1 ok completed\nnode C completed 1\ndone completed\n");
    expect_errors(&t, "");
}
END_TEST

START_TEST(a_resume_asks_conditions_again_and_takes_up_cancelled_and_lost_nodes)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'condition': 'input.go'}, 'B': {'agent_id': 'b'},"
               "'C': {'agent_id': 'c', 'idempotent': false}, 'D': {'agent_id': 'd'}",
               "");
    t.opt.input = quoted_json("{'go': true}");
    trial_again(&t);
    json_decref(t.opt.input);
    t_past(&t, "A", NODE_SKIPPED, NEVER);
    t_past(&t, "B", NODE_CANCELLED, ONCE);
    t_past(&t, "C", NODE_RUNNING, ONCE); /* whoever resumes takes the second run upon them */
    t_resume(&t);
    expect(&t, "again A\nagain B\nagain C\nrun running\n"
               "start A#1\nstart B#2\nstart C#2\nstart D#1\n");
}
END_TEST

START_TEST(a_resume_of_a_completed_run_executes_nothing)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t_past(&t, "A", NODE_COMPLETED, ONCE);
    t_resume(&t);
    expect(&t, "run running\ndone completed\n");
}
END_TEST

START_TEST(a_rolled_back_run_is_not_resumed)
{
    auto_done(trial) t;
    struct err e = {0};

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
               "'F': {'agent_id': 'f', 'depends_on': ['A'], 'on_failure': 'compensate'}",
               "");
    t_past(&t, "A", NODE_COMPLETED, ONCE);
    t_past(&t, "F", NODE_FAILED, ONCE);
    t_past(&t, "~A", NODE_FAILED, ONCE);
    ck_assert(!run_resume(t.run, t.now, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert_str_eq(e.msg, "the run was rolled back: restart it");
}
END_TEST

START_TEST(a_restart_keeps_what_is_not_downstream)
{
    auto_done(trial) t;
    bool keep[5];

    trial_init(&t,
               "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A']},"
               "'C': {'agent_id': 'c', 'depends_on': ['B']}, 'D': {'agent_id': 'd'},"
               "'E': {'agent_id': 'e', 'depends_on': ['C', 'D']}",
               "");
    run_restart_keeps(t.dag, at(&t, "B"), keep);
    ck_assert(keep[at(&t, "A")] && keep[at(&t, "D")]);
    ck_assert(!keep[at(&t, "B")] && !keep[at(&t, "C")] && !keep[at(&t, "E")]);
}
END_TEST

TCase *resume_cases(void)
{
    TCase *c = tcase_create("resume");

    tcase_add_test(c, a_resume_runs_what_was_not_completed_with_a_full_budget_and_going_on_numbers);
    tcase_add_test(c, a_resume_asks_conditions_again_and_takes_up_cancelled_and_lost_nodes);
    tcase_add_test(c, a_resume_of_a_completed_run_executes_nothing);
    tcase_add_test(c, a_rolled_back_run_is_not_resumed);
    tcase_add_test(c, a_restart_keeps_what_is_not_downstream);
    return c;
}
