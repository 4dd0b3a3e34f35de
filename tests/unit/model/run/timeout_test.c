/* timeout_test.c -- attempt, node, queue and run, and what on_timeout does after the retries. */
#include "suites.h"
#include "trial.h"

#include "base/mem.h"

#define NO_RETRY "'retry_policy': {'max_retries': 0}"

START_TEST(an_attempts_timeout_is_told_in_the_numbers_words)
{
    static const char *const texts[][2] = {
        {"0.05", "Node 'A' timed out after 0.05s"},
        {"300", "Node 'A' timed out after 300s"},
        {"60.0", "Node 'A' timed out after 60.0s"},
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        auto_mem char *node = mem_printf("'A': {'agent_id': 'a', " NO_RETRY
                                         ", 'timeout_policy': {'timeout_seconds': %s}}",
                                         texts[i][0]);
        auto_done(trial) t;

        trial_init(&t, node, "");
        t_start(&t);
        t_end(&t, "A", OUTCOME_TIMEOUT);
        ck_assert_str_eq(view(&t, "A").error, texts[i][1]);
        ck_assert(t.last_done.done.timed_out);
        ck_assert_str_eq(t.last_done.done.error_class, "TimeoutError");
    }
}
END_TEST

static void timed_out_with(struct trial *t, const char *action)
{
    auto_mem char *nodes = mem_printf("'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
                                      "'T': {'agent_id': 't', 'depends_on': ['A'],"
                                      "'retry_policy': {'max_retries': 1, 'jitter': false},"
                                      "'timeout_policy': {'timeout_seconds': 5,"
                                      "'on_timeout': '%s'}},"
                                      "'Z': {'agent_id': 'z', 'depends_on': ['T']}",
                                      action);

    trial_init(t, nodes, "");
    t_start(t);
    t_ok(t, "A");
    t_end(t, "T", OUTCOME_TIMEOUT);
    t_tick(t, 1);
    forget(t);
    t_end(t, "T", OUTCOME_TIMEOUT);
}

START_TEST(on_timeout_fail_fails_the_node_after_its_retries)
{
    auto_done(trial) t;

    timed_out_with(&t, "fail");
    expect(&t, "attempt T#2 timeout failed\nnode T failed 2\ndone failed\n");
    expect_errors(&t, "Node 'T' failed: Node 'T' timed out after 5s");
}
END_TEST

START_TEST(on_timeout_skip_goes_on_without_a_result_and_without_an_error_of_the_run)
{
    auto_done(trial) t;

    timed_out_with(&t, "skip");
    expect(&t, "attempt T#2 timeout skipped\nnode T skipped 2\nstart Z#1\n");
    expect_input(&t, "{'_input': {}}");
    ck_assert_str_eq(view(&t, "T").error, "Node 'T' timed out after 5s");
    t_ok(&t, "Z");
    ck_assert_int_eq(run_state(t.run), RUN_COMPLETED);
    expect_errors(&t, "");
}
END_TEST

START_TEST(on_timeout_compensate_rolls_back_whatever_on_failure_says)
{
    auto_done(trial) t;

    timed_out_with(&t, "compensate");
    expect(&t, "attempt T#2 timeout failed\nnode T failed 2\nrun compensating\nstart ~A#1\n");
    t_ok(&t, "~A");
    expect(&t, "attempt ~A#1 ok completed\ncomp A completed 1\ndone failed\n");
}
END_TEST

START_TEST(a_failure_that_is_no_timeout_follows_on_failure)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 1, 'jitter': false},"
               "'timeout_policy': {'on_timeout': 'skip'}}",
               "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_TIMEOUT);
    t_tick(&t, 1);
    t_fail(&t, "A");
    ck_assert_int_eq(view(&t, "A").state, NODE_FAILED);
    ck_assert(!view(&t, "A").timed_out);
}
END_TEST

#define NODE_TIMEOUT                                                                               \
    "'A': {'agent_id': 'a', 'retry_policy': {'base_delay': 4, 'jitter': false},"                   \
    "'timeout_policy': {'node_timeout_seconds': 5}}"

START_TEST(a_nodes_timeout_stops_its_attempt_and_is_not_retried)
{
    auto_done(trial) t;

    trial_init(&t, NODE_TIMEOUT, "");
    t_start(&t);
    t_started(&t, "A");
    forget(&t);
    t_tick(&t, 5);
    expect(&t, "ask A#1\n");
    t_tick(&t, 4.999);
    expect(&t, "");
    t_tick(&t, 0.001);
    expect(&t, "kill A#1\n");
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "attempt A#1 timeout failed\nnode A failed 1\ndone failed\n");
    ck_assert_str_eq(view(&t, "A").error, "Node 'A' timed out after 5s over all attempts");
}
END_TEST

START_TEST(a_nodes_timeout_ends_a_delay_at_once)
{
    auto_done(trial) t;

    trial_init(&t, NODE_TIMEOUT, "");
    t_start(&t);
    t_tick(&t, 3);
    t_fail(&t, "A"); /* the next attempt would be at 7 s */
    forget(&t);
    t_tick(&t, 2);
    expect(&t, "node A failed 1\ndone failed\n");
}
END_TEST

START_TEST(a_result_that_comes_while_stopping_counts)
{
    auto_done(trial) t;

    trial_init(&t, NODE_TIMEOUT, "");
    t_start(&t);
    t_tick(&t, 5);
    forget(&t);
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\ndone completed\n");
}
END_TEST

#define QUEUE_TIMEOUT                                                                              \
    "'A': {'agent_id': 'a', 'timeout_policy': {'queue_timeout_seconds': 2, 'on_timeout': 'skip'}}"

START_TEST(a_queue_timeout_ends_the_wait_uncounted)
{
    auto_done(trial) t;

    trial_init(&t, QUEUE_TIMEOUT, "");
    t_start(&t);
    forget(&t);
    t_tick(&t, 2);
    expect(&t, "ask A#1\n");
    t_end(&t, "A", OUTCOME_CANCELLED);
    expect(&t, "attempt A#1 timeout skipped\nnode A skipped 0\ndone completed\n");
    ck_assert_str_eq(view(&t, "A").error, "Node 'A' timed out after 2s waiting to start");
}
END_TEST

START_TEST(an_attempt_that_has_started_has_no_queue_timeout)
{
    auto_done(trial) t;

    trial_init(&t, QUEUE_TIMEOUT, "");
    t_start(&t);
    t_started(&t, "A");
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
    forget(&t);
    t_tick(&t, 100);
    expect(&t, "");
}
END_TEST

#define RUN_TIMEOUT_NODES                                                                          \
    "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"                                      \
    "'B': {'agent_id': 'b', 'depends_on': ['A']},"                                                 \
    "'C': {'agent_id': 'c', 'depends_on': ['A']},"                                                 \
    "'D': {'agent_id': 'd', 'depends_on': ['C']}"

START_TEST(the_runs_timeout_stops_what_is_open_and_fails_the_run)
{
    auto_done(trial) t;

    trial_init(&t, RUN_TIMEOUT_NODES, "'run_timeout_seconds': 1.5");
    t_start(&t);
    t_ok(&t, "A");
    t_fail(&t, "C"); /* waits for its retry */
    forget(&t);
    ck_assert_int_lt(run_next_timer(t.run), t.now + S(1.5));
    t_tick(&t, 0);
    t_tick(&t, 1.5);
    /* C's delay was over as well, but a run that stops starts nothing */
    expect(&t, "run stopping\nask B#1\nnode C cancelled 1\n");
    t_end(&t, "B", OUTCOME_CANCELLED);
    expect(&t, "attempt B#1 cancelled cancelled\nnode B cancelled 1\ndone failed\n");
    expect_errors(&t, "Run timed out after 1.5s");
}
END_TEST

START_TEST(the_runs_timeout_in_a_compensating_dag_rolls_back_without_a_failed_node)
{
    auto_done(trial) t;

    trial_init(&t, RUN_TIMEOUT_NODES, "'run_timeout_seconds': 2, 'on_failure': 'compensate'");
    t_start(&t);
    t_ok(&t, "A");
    t_ok(&t, "C");
    t_tick(&t, 2);
    forget(&t);
    t_end(&t, "B", OUTCOME_CANCELLED);
    expect(&t, "attempt B#1 cancelled cancelled\nnode B cancelled 1\n"
               "run compensating\nstart ~A#1\n");
    expect_input(&t, "{'original_input': {'from': 'agent'}, 'failed_node': null}");
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
    t_ok(&t, "~A");
    ck_assert_int_eq(run_state(t.run), RUN_FAILED);
}
END_TEST

TCase *timeout_cases(void)
{
    TCase *c = tcase_create("timeout");

    tcase_add_test(c, an_attempts_timeout_is_told_in_the_numbers_words);
    tcase_add_test(c, on_timeout_fail_fails_the_node_after_its_retries);
    tcase_add_test(c, on_timeout_skip_goes_on_without_a_result_and_without_an_error_of_the_run);
    tcase_add_test(c, on_timeout_compensate_rolls_back_whatever_on_failure_says);
    tcase_add_test(c, a_failure_that_is_no_timeout_follows_on_failure);
    tcase_add_test(c, a_nodes_timeout_stops_its_attempt_and_is_not_retried);
    tcase_add_test(c, a_nodes_timeout_ends_a_delay_at_once);
    tcase_add_test(c, a_result_that_comes_while_stopping_counts);
    tcase_add_test(c, a_queue_timeout_ends_the_wait_uncounted);
    tcase_add_test(c, an_attempt_that_has_started_has_no_queue_timeout);
    tcase_add_test(c, the_runs_timeout_stops_what_is_open_and_fails_the_run);
    tcase_add_test(c, the_runs_timeout_in_a_compensating_dag_rolls_back_without_a_failed_node);
    return c;
}
