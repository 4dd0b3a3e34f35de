/* level_test.c -- which node starts when, and what it gets. */
#include "suites.h"
#include "trial.h"

#include <string.h>

#define TWO_BY_TWO                                                                                 \
    "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b'},"                                              \
    "'C': {'agent_id': 'c', 'depends_on': ['A']}, 'D': {'agent_id': 'd', 'depends_on': ['B']}"

START_TEST(a_level_ends_before_the_next_begins)
{
    auto_done(trial) t;

    trial_init(&t, TWO_BY_TWO, "");
    t_start(&t);
    expect(&t, "run running\nstart A#1\nstart B#1\n");
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\n");
    t_ok(&t, "B");
    expect(&t, "attempt B#1 ok completed\nnode B completed 1\nstart C#1\nstart D#1\n");
    t_ok(&t, "D");
    t_ok(&t, "C");
    expect(&t, "attempt D#1 ok completed\nnode D completed 1\n"
               "attempt C#1 ok completed\nnode C completed 1\ndone completed\n");
    expect_errors(&t, "");
}
END_TEST

START_TEST(without_levels_a_node_starts_when_its_dependencies_have_ended)
{
    auto_done(trial) t;

    trial_init(&t, TWO_BY_TWO, "");
    t.opt.deterministic_mode = false;
    trial_again(&t);
    t_start(&t);
    forget(&t);
    t_ok(&t, "A");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\nstart C#1\n");
    t_ok(&t, "C");
    forget(&t);
    t_ok(&t, "B");
    t_ok(&t, "D");
    ck_assert_int_eq(run_state(t.run), RUN_COMPLETED);
}
END_TEST

START_TEST(no_more_than_max_parallel_nodes_are_open_and_a_place_is_refilled_at_once)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'a'}, 'C': {'agent_id': 'a'}",
               "'max_parallel_nodes': 2");
    t_start(&t);
    expect(&t, "run running\nstart A#1\nstart B#1\n");
    t_ok(&t, "B");
    expect(&t, "attempt B#1 ok completed\nnode B completed 1\nstart C#1\n");
    ck_assert_uint_eq(run_node_count(t.run, NODE_QUEUED), 2);
}
END_TEST

START_TEST(a_node_between_two_attempts_keeps_its_place)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'a'}", "'max_parallel_nodes': 1");
    t_start(&t);
    forget(&t);
    t_fail(&t, "A");
    expect(&t, "attempt A#1 plugin-transient retrying\n");
    t_tick(&t, 2);
    expect(&t, "start A#2\n");
}
END_TEST

START_TEST(the_callers_limit_counts_before_the_dags)
{
    auto_done(trial) t;

    trial_init(&t, TWO_BY_TWO, "");
    t.opt.max_parallel = 1;
    trial_again(&t);
    t_start(&t);
    expect(&t, "run running\nstart A#1\n");
}
END_TEST

START_TEST(a_node_without_mapping_gets_the_input_and_its_dependencies)
{
    auto_done(trial) t;

    trial_init(&t, TWO_BY_TWO, "");
    t.opt.input = quoted_json("{'x': 1}");
    trial_again(&t);
    json_decref(t.opt.input);
    t_start(&t);
    expect_input(&t, "{'_input': {'x': 1}}");
    t_output(&t, "A", "{'n': 1}");
    t_output(&t, "B", "{'n': 2}");
    expect_input(&t, "{'_input': {'x': 1}, 'B': {'n': 2}}");
}
END_TEST

START_TEST(a_node_of_a_run_whose_input_is_as_it_is_gets_nothing_else)
{
    auto_done(trial) t;

    trial_init(&t, TWO_BY_TWO, "");
    t.opt.input = quoted_json("{'x': 1}");
    t.opt.input_as_is = true;
    trial_again(&t);
    json_decref(t.opt.input);
    t_start(&t);
    expect_input(&t, "{'x': 1}");
}
END_TEST

START_TEST(a_mapping_gives_exactly_its_targets_and_null_for_what_is_not_there)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'b', 'depends_on': ['A'],"
               "'input_mapping': {'n': 'results.A.n', 'no': 'results.A.q', 'none': 'results.Z'}}",
               "");
    t_start(&t);
    t_output(&t, "A", "{'n': [1]}");
    expect_input(&t, "{'n': [1], 'no': null, 'none': {}}");
}
END_TEST

START_TEST(a_mapping_does_not_see_its_own_level_whatever_has_ended)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'},"
               "'B': {'agent_id': 'b', 'input_mapping': {'n': 'results.A.n'}}",
               "'max_parallel_nodes': 1");
    t_start(&t);
    t_output(&t, "A", "{'n': 1}");
    expect_input(&t, "{'n': null}");
}
END_TEST

START_TEST(what_is_not_an_object_becomes_its_result)
{
    static const char *const outputs[][2] = {
        {"{'k': 1}", "{'k': 1}"},
        {"[1]", "{'result': [1]}"},
        {"null", "{'result': null}"},
        {"true", "{'result': true}"},
    };

    for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
        auto_done(trial) t;

        trial_init(&t, "'A': {'agent_id': 'a'}", "");
        t_start(&t);
        t_output(&t, "A", outputs[i][0]);
        expect_json(view(&t, "A").outputs, outputs[i][1]);
        expect_json(t.last_done.done.outputs, outputs[i][1]);
    }
}
END_TEST

START_TEST(no_output_at_all_is_null)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_OK);
    expect_json(view(&t, "A").outputs, "{'result': null}");
}
END_TEST

START_TEST(a_false_condition_or_a_disabled_node_is_skipped_and_dependents_run_without_it)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a'},"
               "'B': {'agent_id': 'b', 'depends_on': ['A'], 'condition': 'results.A.n == 2'},"
               "'C': {'agent_id': 'c', 'depends_on': ['A'], 'enabled': false},"
               "'D': {'agent_id': 'd', 'depends_on': ['A'], 'condition': 'results.A.n == 1'},"
               "'E': {'agent_id': 'e', 'depends_on': ['B', 'C', 'D']}",
               "");
    t_start(&t);
    forget(&t);
    t_output(&t, "A", "{'n': 1}");
    expect(&t, "attempt A#1 ok completed\nnode A completed 1\n"
               "node B skipped 0\nnode C skipped 0\nstart D#1\n");
    t_output(&t, "D", "{'d': 1}");
    expect_input(&t, "{'_input': {}, 'D': {'d': 1}}");
    t_ok(&t, "E");
    ck_assert_int_eq(run_state(t.run), RUN_COMPLETED);
}
END_TEST

START_TEST(a_chain_of_skipped_nodes_ends_in_one_event)
{
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'enabled': false},"
               "'B': {'agent_id': 'b', 'depends_on': ['A'], 'enabled': false},"
               "'C': {'agent_id': 'c', 'depends_on': ['B'], 'enabled': false}",
               "");
    t_start(&t);
    expect(&t, "run running\nnode A skipped 0\nnode B skipped 0\nnode C skipped 0\n"
               "done completed\n");
}
END_TEST

START_TEST(a_condition_over_its_cost_fails_the_node_and_says_so)
{
    auto_done(trial) t;
    auto_done(buf) list = {0};
    auto_done(buf) nodes = {0};

    /* Each operator walks the whole list: the cost bound is met. */
    buf_adds(&list, "{'l': [0");
    for (unsigned i = 0; i < 2000; i++)
        buf_adds(&list, ",0");
    buf_adds(&list, "]}");
    buf_adds(&nodes, "'A': {'agent_id': 'a', 'condition': '1 in input.l");
    for (unsigned i = 0; i < 100; i++)
        buf_adds(&nodes, " || 1 in input.l");
    buf_adds(&nodes, "'}");
    trial_init(&t, buf_text(&nodes), "");
    t.opt.input = quoted_json(buf_text(&list));
    trial_again(&t);
    json_decref(t.opt.input);
    t_start(&t);
    expect(&t, "run running\nnode A failed 0\ndone failed\n");
    ck_assert_int_eq(strncmp(view(&t, "A").error, "condition: ", 11), 0);
}
END_TEST

START_TEST(a_start_carries_what_the_worker_needs)
{
    auto_done(trial) t;
    struct run_decision first;

    trial_init(&t,
               "'A': {'agent_id': 'agent.a', 'config': {'k': 1},"
               "'timeout_policy': {'timeout_seconds': 2.5},"
               "'retry_policy': {'max_retries': 1, 'jitter': false}}",
               "");
    t_start(&t);
    first = t.last_start;
    ck_assert_str_eq(first.start.node_id, "A");
    ck_assert_str_eq(first.start.agent_id, "agent.a");
    expect_json(first.start.config, "{'k': 1}");
    ck_assert_int_eq(first.start.timeout_ns, S(2.5));
    t_fail(&t, "A");
    t_tick(&t, 1);
    ck_assert_uint_eq(t.last_start.ref.attempt, 2);
    ck_assert_uint_eq(t.last_start.start.seed, first.start.seed);
    t.opt.seed++;
    trial_again(&t);
    t_start(&t);
    ck_assert_uint_ne(t.last_start.start.seed, first.start.seed);
}
END_TEST

TCase *level_cases(void)
{
    TCase *c = tcase_create("level");

    tcase_add_test(c, a_level_ends_before_the_next_begins);
    tcase_add_test(c, without_levels_a_node_starts_when_its_dependencies_have_ended);
    tcase_add_test(c, no_more_than_max_parallel_nodes_are_open_and_a_place_is_refilled_at_once);
    tcase_add_test(c, a_node_between_two_attempts_keeps_its_place);
    tcase_add_test(c, the_callers_limit_counts_before_the_dags);
    tcase_add_test(c, a_node_of_a_run_whose_input_is_as_it_is_gets_nothing_else);
    tcase_add_test(c, a_node_without_mapping_gets_the_input_and_its_dependencies);
    tcase_add_test(c, a_mapping_gives_exactly_its_targets_and_null_for_what_is_not_there);
    tcase_add_test(c, a_mapping_does_not_see_its_own_level_whatever_has_ended);
    tcase_add_test(c, what_is_not_an_object_becomes_its_result);
    tcase_add_test(c, no_output_at_all_is_null);
    tcase_add_test(c,
                   a_false_condition_or_a_disabled_node_is_skipped_and_dependents_run_without_it);
    tcase_add_test(c, a_chain_of_skipped_nodes_ends_in_one_event);
    tcase_add_test(c, a_condition_over_its_cost_fails_the_node_and_says_so);
    tcase_add_test(c, a_start_carries_what_the_worker_needs);
    return c;
}
