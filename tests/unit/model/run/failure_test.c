/* failure_test.c -- every cell of the failure matrix, and the rollback. */
#include "suites.h"
#include "trial.h"

#include "base/mem.h"

/* F fails beside S; P is done before them, Z comes after. P and S can be undone. */
static void failed_in(struct trial *t, const char *node_failure, const char *dag_failure,
                      bool deterministic)
{
    auto_mem char *nodes =
        mem_printf("'P': {'agent_id': 'p', 'compensation_handler': 'undo.p'},"
                   "'F': {'agent_id': 'f', 'depends_on': ['P'], 'on_failure': '%s'},"
                   "'S': {'agent_id': 's', 'depends_on': ['P'], 'compensation_handler': 'undo.s'},"
                   "'Z': {'agent_id': 'z', 'depends_on': ['F', 'S']}",
                   node_failure);
    auto_mem char *rest =
        mem_printf("'on_failure': '%s', 'default_retry_policy': {'max_retries': 0}", dag_failure);

    trial_init(t, nodes, rest);
    t->opt.deterministic_mode = deterministic;
    trial_again(t);
    t_start(t);
    t_output(t, "P", "{'p': 1}");
    forget(t);
    t_fail(t, "F");
    expect(t, "attempt F#1 plugin-transient failed\nnode F failed 1\n");
    t_output(t, "S", "{'s': 1}");
}

#define S_DONE "attempt S#1 ok completed\nnode S completed 1\n"

enum follows { GOES_ON, HALTS, ROLLS_BACK };

static const struct {
    const char *node;
    const char *dag;
    enum follows follows;
} matrix[] = {
    {"stop", "fail_fast", HALTS},
    {"stop", "continue", GOES_ON},
    {"stop", "compensate", ROLLS_BACK},
    {"skip", "fail_fast", GOES_ON},
    {"skip", "continue", GOES_ON},
    {"skip", "compensate", GOES_ON},
    {"compensate", "fail_fast", ROLLS_BACK},
    {"compensate", "continue", ROLLS_BACK},
    {"compensate", "compensate", ROLLS_BACK},
};

static void expect_goes_on(struct trial *t)
{
    expect(t, S_DONE "start Z#1\n");
    expect_input(t, "{'_input': {}, 'S': {'s': 1}}");
    t_ok(t, "Z");
    expect(t, "attempt Z#1 ok completed\nnode Z completed 1\ndone failed\n");
}

static void expect_rolls_back(struct trial *t)
{
    expect(t, S_DONE "run compensating\nstart ~S#1\n");
    expect_input(t, "{'original_input': {'s': 1}, 'failed_node': 'F'}");
    t_ok(t, "~S");
    expect(t, "attempt ~S#1 ok completed\ncomp S completed 1\nstart ~P#1\n");
    expect_input(t, "{'original_input': {'p': 1}, 'failed_node': 'F'}");
    t_ok(t, "~P");
    expect(t, "attempt ~P#1 ok completed\ncomp P completed 1\ndone failed\n");
}

static void check_cell(size_t cell, bool deterministic)
{
    auto_done(trial) t;

    failed_in(&t, matrix[cell].node, matrix[cell].dag, deterministic);
    if (matrix[cell].follows == GOES_ON)
        expect_goes_on(&t);
    else if (matrix[cell].follows == ROLLS_BACK)
        expect_rolls_back(&t);
    else
        expect(&t, S_DONE "done failed\n");
    expect_errors(&t, "Node 'F' failed: boom");
    ck_assert(t.rolled_back == (matrix[cell].follows == ROLLS_BACK));
    bool z_ran = view(&t, "Z").state == NODE_COMPLETED;
    ck_assert(z_ran == (matrix[cell].follows == GOES_ON));
}

START_TEST(every_cell_of_the_matrix_holds_with_levels)
{
    check_cell((size_t)_i, true);
}
END_TEST

START_TEST(every_cell_of_the_matrix_holds_without_levels)
{
    check_cell((size_t)_i, false);
}
END_TEST

START_TEST(a_halted_level_still_starts_and_retries_its_own_nodes)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 0}},"
               "'B': {'agent_id': 'b', 'retry_policy': {'max_retries': 1, 'jitter': false}},"
               "'Z': {'agent_id': 'z', 'depends_on': ['A', 'B']}",
               "'max_parallel_nodes': 1");
    t_start(&t);
    forget(&t);
    t_fail(&t, "A");
    expect(&t, "attempt A#1 plugin-transient failed\nnode A failed 1\nstart B#1\n");
    t_fail(&t, "B");
    t_tick(&t, 1);
    forget(&t);
    t_fail(&t, "B");
    expect(&t, "attempt B#2 plugin-transient failed\nnode B failed 2\ndone failed\n");
    expect_errors(&t, "Node 'A' failed: boom; Node 'B' failed: boom");
}
END_TEST

START_TEST(without_levels_nothing_of_a_later_level_starts_after_a_halt)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 0}},"
               "'B': {'agent_id': 'b'}, 'C': {'agent_id': 'c', 'depends_on': ['B']},"
               "'D': {'agent_id': 'd', 'depends_on': ['C']}",
               "");
    t.opt.deterministic_mode = false;
    trial_again(&t);
    t_start(&t);
    t_ok(&t, "B");
    t_fail(&t, "A"); /* C is running by now and ends */
    forget(&t);
    t_ok(&t, "C");
    expect(&t, "attempt C#1 ok completed\nnode C completed 1\ndone failed\n");
    ck_assert_int_eq(view(&t, "D").state, NODE_READY);
}
END_TEST

START_TEST(a_rollback_with_nothing_to_undo_just_ends)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'on_failure': 'compensate', 'compensation_handler': 'undo',"
               "'retry_policy': {'max_retries': 0}}",
               "");
    t_start(&t);
    forget(&t);
    t_fail(&t, "A");
    expect(&t, "attempt A#1 plugin-transient failed\nnode A failed 1\ndone failed\n");
    ck_assert(!t.rolled_back);
}
END_TEST

#define CHAIN                                                                                      \
    "'A': {'agent_id': 'a', 'compensation_handler': 'undo.a'},"                                    \
    "'B': {'agent_id': 'b', 'depends_on': ['A'], 'compensation_handler':"                          \
    "{'agent_id': 'undo.b', 'config': {'k': 1}}},"                                                 \
    "'C': {'agent_id': 'c', 'depends_on': ['B'], 'compensation_handler': 'no.such'},"              \
    "'F': {'agent_id': 'f', 'depends_on': ['C'], 'compensation_handler': 'undo.f'}"

static void rolled_back_chain(struct trial *t)
{
    trial_init(t, CHAIN, "'on_failure': 'compensate', 'default_retry_policy': {'max_retries': 0}");
    t_start(t);
    t_ok(t, "A");
    t_ok(t, "B");
    t_ok(t, "C");
    forget(t);
    t_fail(t, "F");
    expect(t, "attempt F#1 plugin-transient failed\nnode F failed 1\n"
              "run compensating\nstart ~C#1\n");
}

START_TEST(an_unknown_handler_is_skipped_and_a_failing_one_recorded_and_the_rest_go_on)
{
    auto_done(trial) t;

    rolled_back_chain(&t);
    t_end(&t, "~C", OUTCOME_UNKNOWN_AGENT);
    expect(&t, "attempt ~C#1 unknown-agent skipped\ncomp C skipped 1\nstart ~B#1\n");
    expect_json(t.last_start.start.config, "{'k': 1}");
    ck_assert_str_eq(t.last_start.start.node_id, "compensate_B");
    t_end(&t, "~B", OUTCOME_PLUGIN_FATAL);
    expect(&t, "attempt ~B#1 plugin-fatal failed\ncomp B failed 1\nstart ~A#1\n");
    ck_assert_str_eq(t.last_done.done.handler, "undo.b");
    t_ok(&t, "~A");
    expect(&t, "attempt ~A#1 ok completed\ncomp A completed 1\ndone failed\n");
    expect_errors(&t, "Node 'F' failed: boom");
}
END_TEST

START_TEST(a_handler_runs_under_the_built_in_policies_not_the_dags)
{
    auto_done(trial) t;

    rolled_back_chain(&t);
    ck_assert_int_eq(t.last_start.start.timeout_ns, S(60));
    for (unsigned i = 0; i < 3; i++) { /* the dag allows none, the built-in policy three */
        t_fail(&t, "~C");
        t_tick(&t, 5);
    }
    forget(&t);
    t_end(&t, "~C", OUTCOME_TIMEOUT);
    expect(&t, "attempt ~C#4 timeout failed\ncomp C failed 4\nstart ~B#1\n");
    ck_assert_str_eq(t.last_done.done.error, "Node 'compensate_C' timed out after 60.0s");
}
END_TEST

START_TEST(a_handler_may_have_policies_of_its_own)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': {'agent_id': 'undo',"
               "'retry_policy': {'max_retries': 0},"
               "'timeout_policy': {'timeout_seconds': 9, 'node_timeout_seconds': 20}}},"
               "'F': {'agent_id': 'f', 'depends_on': ['A'], 'on_failure': 'compensate',"
               "'retry_policy': {'max_retries': 0}}",
               "");
    t_start(&t);
    t_ok(&t, "A");
    t_fail(&t, "F");
    forget(&t);
    ck_assert_int_eq(t.last_start.start.timeout_ns, S(9));
    t_tick(&t, 20);
    expect(&t, "ask ~A#1\n");
    t_tick(&t, 5);
    expect(&t, "kill ~A#1\n");
    t_end(&t, "~A", OUTCOME_CANCELLED);
    expect(&t, "attempt ~A#1 timeout failed\ncomp A failed 1\ndone failed\n");
}
END_TEST

START_TEST(a_rollback_refuses_cancel_pause_and_resume)
{
    auto_done(trial) t;
    struct err e = {0};

    rolled_back_chain(&t);
    ck_assert(!run_cancel(t.run, t.now, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert(!run_pause(t.run, t.now, &e));
    ck_assert(!run_resume(t.run, t.now, &e));
    ck_assert_int_eq(run_state(t.run), RUN_ROLLING_BACK);
}
END_TEST

START_TEST(the_failed_node_that_handlers_see_is_the_first_by_level_and_id)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'compensation_handler': 'undo'},"
               "'X': {'agent_id': 'x'}, 'Y': {'agent_id': 'y'}",
               "'on_failure': 'compensate', 'default_retry_policy': {'max_retries': 0}");
    t_start(&t);
    t_fail(&t, "Y");
    t_fail(&t, "X");
    t_ok(&t, "A");
    expect_input(&t, "{'original_input': {'from': 'agent'}, 'failed_node': 'X'}");
}
END_TEST

TCase *failure_cases(void)
{
    TCase *c = tcase_create("failure");

    tcase_add_loop_test(c, every_cell_of_the_matrix_holds_with_levels, 0, ARRAY_LEN(matrix));
    tcase_add_loop_test(c, every_cell_of_the_matrix_holds_without_levels, 0, ARRAY_LEN(matrix));
    tcase_add_test(c, a_halted_level_still_starts_and_retries_its_own_nodes);
    tcase_add_test(c, without_levels_nothing_of_a_later_level_starts_after_a_halt);
    tcase_add_test(c, a_rollback_with_nothing_to_undo_just_ends);
    tcase_add_test(c, an_unknown_handler_is_skipped_and_a_failing_one_recorded_and_the_rest_go_on);
    tcase_add_test(c, a_handler_runs_under_the_built_in_policies_not_the_dags);
    tcase_add_test(c, a_handler_may_have_policies_of_its_own);
    tcase_add_test(c, a_rollback_refuses_cancel_pause_and_resume);
    tcase_add_test(c, the_failed_node_that_handlers_see_is_the_first_by_level_and_id);
    return c;
}
