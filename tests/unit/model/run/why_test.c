/* why_test.c -- one machine reason for every node that is not done. */
#include "suites.h"
#include "trial.h"

#define NODES                                                                                      \
    "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 1, 'jitter': false}},"                 \
    "'B': {'agent_id': 'b', 'timeout_policy': {'queue_timeout_seconds': 9}},"                      \
    "'C': {'agent_id': 'c', 'depends_on': ['A']}, 'D': {'agent_id': 'd', 'depends_on': ['B']}"

static void expect_why(struct trial *t, const char *node, const char *reason, const char *other,
                       uint32_t number, int64_t until)
{
    struct run_why why = run_why(t->run, at(t, node));

    ck_assert_str_eq(run_why_text(why.kind), reason);
    ck_assert_uint_eq(why.node, other != NULL ? at(t, other) : RUN_WHY_NO_NODE);
    ck_assert_uint_eq(why.number, number);
    ck_assert_int_eq(why.until_ns, until);
}

START_TEST(every_wait_has_its_reason)
{
    auto_done(trial) t;

    trial_init(&t, NODES, "");
    expect_why(&t, "A", "not_started", NULL, 0, RUN_NO_TIMER);
    t_start(&t);
    expect_why(&t, "A", "in_queue", NULL, 1, RUN_NO_TIMER);
    expect_why(&t, "B", "in_queue", NULL, 1, t.now + S(9));
    expect_why(&t, "C", "waiting_for_dependency", "A", 0, RUN_NO_TIMER);
    t_started(&t, "A");
    expect_why(&t, "A", "running", NULL, 1, RUN_NO_TIMER);
    t_fail(&t, "A");
    expect_why(&t, "A", "retry_delay", NULL, 1, t.now + S(1));
    t_ok(&t, "B");
    expect_why(&t, "B", "ended", NULL, 0, RUN_NO_TIMER);
    expect_why(&t, "D", "waiting_for_level", "A", 0, RUN_NO_TIMER);
    t_cancel(&t);
    expect_why(&t, "D", "run_ended", NULL, 0, RUN_NO_TIMER);
}
END_TEST

START_TEST(a_limit_a_pause_and_a_stop_are_reasons)
{
    auto_done(trial) t;

    trial_init(&t, NODES, "'max_parallel_nodes': 1");
    t_start(&t);
    expect_why(&t, "B", "parallel_limit", NULL, 1, RUN_NO_TIMER);
    t_pause(&t);
    expect_why(&t, "B", "paused", NULL, 0, RUN_NO_TIMER);
    t_cancel(&t);
    expect_why(&t, "A", "stopping", NULL, 1, t.now + RUN_GRACE_NS);
    expect_why(&t, "B", "run_stopping", NULL, 0, RUN_NO_TIMER);
}
END_TEST

START_TEST(a_halt_and_a_rollback_are_reasons)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
               "'F': {'agent_id': 'f', 'retry_policy': {'max_retries': 0}},"
               "'Z': {'agent_id': 'z', 'depends_on': ['A']}",
               "'on_failure': 'compensate'");
    t_start(&t);
    t_fail(&t, "F");
    expect_why(&t, "Z", "halted_by_failure", "F", 0, RUN_NO_TIMER);
    t_ok(&t, "A");
    expect_why(&t, "Z", "rolling_back", NULL, 0, RUN_NO_TIMER);
}
END_TEST

START_TEST(a_node_that_the_host_cannot_run_is_held)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_INFRA);
    expect_why(&t, "A", "held", NULL, 1, t.retry_at);
}
END_TEST

TCase *why_cases(void)
{
    TCase *c = tcase_create("why");

    tcase_add_test(c, every_wait_has_its_reason);
    tcase_add_test(c, a_limit_a_pause_and_a_stop_are_reasons);
    tcase_add_test(c, a_halt_and_a_rollback_are_reasons);
    tcase_add_test(c, a_node_that_the_host_cannot_run_is_held);
    return c;
}
