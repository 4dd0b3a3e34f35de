/* validate_test.c -- the contract's five checks, their order and words; levels; linearity. */
#include "suites.h"

#include "base/mem.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

/* JSON without places is what the contract's texts are about. */
static void assert_messages(const char *text, const char *lines)
{
    auto_done(parsed) p = parse(text);
    auto_done(buf) got = {0};

    for (size_t i = 0; i < p.findings.count; i++)
        buf_addf(&got, "%s: %s\n", finding_type_text(p.findings.items[i].type),
                 p.findings.items[i].message);
    ck_assert_str_eq(buf_text(&got), lines);
}

START_TEST(two_nodes_in_a_cycle_are_a_cycle_and_unreachable)
{
    assert_messages("nodes: {A: {depends_on: [B]}, B: {depends_on: [A]}}",
                    "cycle: Cycle detected: A -> B -> A\n"
                    "unreachable: Node 'A' is unreachable from any root node\n"
                    "unreachable: Node 'B' is unreachable from any root node\n");
}
END_TEST

START_TEST(a_cycle_s_nodes_are_the_closed_path_in_edge_direction)
{
    auto_done(parsed) p =
        parse("nodes: {A: {depends_on: [C]}, B: {depends_on: [A]}, C: {depends_on: [B]}}");
    const struct dag_finding *cycle = &p.findings.items[0];

    ck_assert_int_eq(cycle->type, FINDING_CYCLE);
    ck_assert_uint_eq(cycle->node_count, 4);
    ck_assert_str_eq(cycle->nodes[0], "A");
    ck_assert_str_eq(cycle->nodes[1], "B");
    ck_assert_str_eq(cycle->nodes[2], "C");
    ck_assert_str_eq(cycle->nodes[3], "A");
    ck_assert_uint_eq(p.dag->level_count, 0);
    ck_assert_str_eq(p.dag->hash.text, "");
}
END_TEST

START_TEST(a_cycle_behind_a_root_is_only_a_cycle)
{
    assert_messages(
        "nodes: {A: {}, B: {depends_on: [A, D]}, C: {depends_on: [B]}, D: {depends_on: [C]}}",
        "cycle: Cycle detected: B -> C -> D -> B\n");
}
END_TEST

START_TEST(every_back_edge_of_the_sorted_search_is_a_finding)
{
    assert_messages("nodes: {R: {}, A: {depends_on: [R, B, C]}, B: {depends_on: [A]},"
                    " C: {depends_on: [B, A]}}",
                    "cycle: Cycle detected: A -> B -> A\n"
                    "cycle: Cycle detected: A -> B -> C -> A\n");
}
END_TEST

START_TEST(a_self_dependency_is_also_a_cycle)
{
    assert_messages("nodes: {R: {}, A: {depends_on: [R, A, A]}}",
                    "self_dep: Node 'A' depends on itself\n"
                    "cycle: Cycle detected: A -> A\n");
}
END_TEST

START_TEST(findings_come_by_check_then_by_the_contract_s_order)
{
    assert_messages("nodes: {Z: {node_id: z, depends_on: [g2, g1]}, B: {node_id: b, depends_on:"
                    " [g3, B], condition: '(', x: 1}, A: {condition: '('}}",
                    "self_dep: Node 'B' depends on itself\n"
                    "duplicate: Node key 'Z' does not match node_id 'z'\n"
                    "duplicate: Node key 'B' does not match node_id 'b'\n"
                    "missing: Node 'B' depends on 'g3' which does not exist in the DAG\n"
                    "missing: Node 'Z' depends on 'g2' which does not exist in the DAG\n"
                    "missing: Node 'Z' depends on 'g1' which does not exist in the DAG\n"
                    "cycle: Cycle detected: B -> B\n"
                    "unreachable: Node 'B' is unreachable from any root node\n"
                    "unknown_field: Node 'B': unknown field 'x'\n"
                    "bad_condition: Node 'A': condition, column 2: a value is missing at the end\n"
                    "bad_condition: Node 'B': condition, column 2: a value is missing at the "
                    "end\n");
}
END_TEST

START_TEST(findings_about_edges_point_at_the_dependencies)
{
    assert_findings("nodes:\n  A:\n    depends_on:\n    - A\n    - x\n",
                    "self_dep 4:5 Node 'A' depends on itself\n"
                    "missing 5:7 Node 'A' depends on 'x' which does not exist in the DAG\n"
                    "cycle 4:5 Cycle detected: A -> A\n"
                    "unreachable 2:3 Node 'A' is unreachable from any root node\n");
}
END_TEST

START_TEST(a_dag_without_nodes_is_refused)
{
    assert_messages("name: x", "empty_dag: The DAG has no nodes\n");
    assert_messages("{\"nodes\": {}}", "empty_dag: The DAG has no nodes\n");
}
END_TEST

START_TEST(a_node_whose_only_dependency_is_missing_counts_as_a_root)
{
    assert_messages("nodes: {A: {depends_on: [x]}, B: {depends_on: [A]}}",
                    "missing: Node 'A' depends on 'x' which does not exist in the DAG\n");
}
END_TEST

START_TEST(levels_are_kahn_layers_in_code_point_order)
{
    auto_done(parsed) p = parse_valid(
        "nodes: {é: {}, a: {}, _x: {}, B: {}, '2': {}, '10': {}, q: {depends_on: [a, a]},"
        " p: {depends_on: [q, B]}}");
    static const char *const order[] = {"10", "2", "B", "_x", "a", "é", "q", "p"};

    ck_assert_uint_eq(p.dag->level_count, 3);
    ck_assert_uint_eq(p.dag->levels[0].count, 6);
    for (uint32_t i = 0; i < ARRAY_LEN(order); i++)
        ck_assert_str_eq(p.dag->nodes[p.dag->order[i]].node_id, order[i]);
    ck_assert_uint_eq(dag_find(p.dag, "p")->level, 2);
    ck_assert_uint_eq(dag_find(p.dag, "B")->dependent_count, 1);
    ck_assert_ptr_null(dag_find(p.dag, "zz"));
}
END_TEST

/* ---- size ------------------------------------------------------------------------------------ */

enum shape { CHAIN, WIDE, RANDOM, RING };

static void add_deps(struct buf *b, enum shape shape, unsigned i, unsigned count, struct rng *rng)
{
    switch (shape) {
    case CHAIN:
        if (i > 0)
            buf_addf(b, "n%05u", i - 1);
        return;
    case WIDE:
        for (unsigned k = 1; i + 1 == count && k < i; k++)
            buf_addf(b, "n%05u, ", k);
        if (i > 0)
            buf_adds(b, "n00000");
        return;
    case RANDOM:
        for (unsigned k = 0; i > 0 && k < 4; k++)
            buf_addf(b, "n%05u, ", (unsigned)rng_below(rng, i));
        return;
    case RING:
        buf_addf(b, "n%05u, n00000", i > 0 ? i - 1 : count - 1);
    }
}

static struct parsed parse_shape(enum shape shape, unsigned count)
{
    auto_done(buf) text = {0};
    struct rng rng = rng_of(1);

    buf_adds(&text, "nodes:\n");
    for (unsigned i = 0; i < count; i++) {
        buf_addf(&text, "  n%05u: {agent_id: a, depends_on: [", i);
        add_deps(&text, shape, i, count, &rng);
        buf_adds(&text, "]}\n");
    }
    return parse(buf_text(&text));
}

START_TEST(ten_times_the_nodes_cost_ten_times_the_visits)
{
    auto_done(parsed) small = parse_shape((enum shape)_i, 1000);
    auto_done(parsed) large = parse_shape((enum shape)_i, 10000);

    ck_assert(small.read && large.read);
    ck_assert_int_eq(large.dag->valid, _i != RING);
    ck_assert_uint_gt(large.dag->visits, 5 * small.dag->visits);
    ck_assert_uint_lt(large.dag->visits, 11 * small.dag->visits);
}
END_TEST

START_TEST(a_chain_of_10000_has_10000_levels)
{
    auto_done(parsed) p = parse_shape(CHAIN, 10000);

    ck_assert_uint_eq(p.dag->level_count, 10000);
    ck_assert_uint_eq(dag_find(p.dag, "n09999")->level, 9999);
}
END_TEST

START_TEST(a_wide_dag_has_three_levels)
{
    auto_done(parsed) p = parse_shape(WIDE, 10000);

    ck_assert_uint_eq(p.dag->level_count, 3);
    ck_assert_uint_eq(p.dag->levels[1].count, 9998);
}
END_TEST

/* Each node of a chain points back to the first: paths of every length, 100 million ids in all. */
START_TEST(findings_without_end_are_cut_and_counted)
{
    auto_done(parsed) p = {0};
    auto_done(buf) text = {0};

    buf_adds(&text, "nodes:\n  n00000: {depends_on: [");
    for (unsigned i = 1; i < 10000; i++)
        buf_addf(&text, "n%05u, ", i);
    buf_adds(&text, "]}\n");
    for (unsigned i = 1; i < 10000; i++)
        buf_addf(&text, "  n%05u: {depends_on: [n%05u]}\n", i, i - 1);
    p = parse(buf_text(&text));
    ck_assert_uint_lt(p.findings.count, 1000);
    ck_assert_int_eq(p.findings.items[p.findings.count - 1].type, FINDING_TOO_LARGE);
    ck_assert_uint_eq(p.findings.left_out + p.findings.count - 1, 9999 + 10000);
}
END_TEST

START_TEST(findings_are_joined_and_written_as_json)
{
    auto_done(parsed) p = parse("nodes: {A: {depends_on: [x, y]}}");
    auto_json list = findings_json_owned(&p.findings);
    auto_done(buf) joined = {0};
    auto_done(buf) json = {0};

    findings_text(&p.findings, &joined);
    json_add_compact(&json, json_array_get(list, 0));
    ck_assert_str_eq(buf_text(&joined), "Node 'A' depends on 'x' which does not exist in the DAG; "
                                        "Node 'A' depends on 'y' which does not exist in the DAG");
    ck_assert_str_eq(buf_text(&json),
                     "{\"error_type\":\"missing\",\"message\":\"Node 'A' depends on 'x' which does "
                     "not exist in the DAG\",\"nodes\":[\"A\",\"x\"],\"line\":1,\"column\":26}");
}
END_TEST

TCase *validate_cases(void)
{
    TCase *tc = tcase_create("validate");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, two_nodes_in_a_cycle_are_a_cycle_and_unreachable);
    tcase_add_test(tc, a_cycle_s_nodes_are_the_closed_path_in_edge_direction);
    tcase_add_test(tc, a_cycle_behind_a_root_is_only_a_cycle);
    tcase_add_test(tc, every_back_edge_of_the_sorted_search_is_a_finding);
    tcase_add_test(tc, a_self_dependency_is_also_a_cycle);
    tcase_add_test(tc, findings_come_by_check_then_by_the_contract_s_order);
    tcase_add_test(tc, findings_about_edges_point_at_the_dependencies);
    tcase_add_test(tc, a_dag_without_nodes_is_refused);
    tcase_add_test(tc, a_node_whose_only_dependency_is_missing_counts_as_a_root);
    tcase_add_test(tc, levels_are_kahn_layers_in_code_point_order);
    tcase_add_loop_test(tc, ten_times_the_nodes_cost_ten_times_the_visits, CHAIN, RING + 1);
    tcase_add_test(tc, a_chain_of_10000_has_10000_levels);
    tcase_add_test(tc, a_wide_dag_has_three_levels);
    tcase_add_test(tc, findings_without_end_are_cut_and_counted);
    tcase_add_test(tc, findings_are_joined_and_written_as_json);
    return tc;
}
