/* steps_test.c -- StellaOps' steps[] + edges[]. */
#include "suites.h"

#include "model/dag/source/parse.h"

#include <string.h>

START_TEST(steps_and_edges_become_the_native_definition)
{
    auto_done(parsed) steps = parse_valid(
        "dagId: s\n"
        "version: '2'\n"
        "onFailure: continue\n"
        "steps:\n"
        "- {id: a, plugin: http-call, config: {url: x}}\n"
        "- {stepId: b, agentId: t, dependsOn: [a], enabled: false, retryPolicy: {max_retries: 1}}\n"
        "- {step_id: c, agent: t, secretRefs: {K: 'secret://k'}}\n"
        "edges: [[a, c], {from: b, to: c}]\n");
    auto_done(parsed) native = parse_valid(
        "dag_id: s\n"
        "version: '2'\n"
        "on_failure: continue\n"
        "nodes:\n"
        "  a: {agent_id: http-call, config: {url: x}}\n"
        "  b: {agent_id: t, depends_on: [a], enabled: false, retry_policy: {max_retries: 1}}\n"
        "  c: {agent_id: t, secret_refs: {K: 'secret://k'}, depends_on: [a, b]}\n");

    ck_assert_str_eq(steps.dag->hash.text, native.dag->hash.text);
    ck_assert_uint_eq(steps.dag->level_count, 3);
}
END_TEST

START_TEST(what_is_wrong_with_steps_keeps_its_place)
{
    assert_findings("dagId: s\n"
                    "dag_id: t\n"
                    "steps:\n"
                    "- {id: a, frobnicate: 1}\n"
                    "- {id: a}\n"
                    "- {agent: t}\n"
                    "- 7\n"
                    "- {id: b, dependsOn: ghost}\n"
                    "edges:\n"
                    "- {from: a, to: q}\n"
                    "- [a]\n"
                    "- [a, b, c]\n"
                    "- {from: x, to: a}\n",
                    "duplicate 5:3 Step 'a' is given twice\n"
                    "missing 10:3 Edge 'a' -> 'q' leads to a step that does not exist in the DAG\n"
                    "missing 13:10 Node 'a' depends on 'x' which does not exist in the DAG\n"
                    "unknown_field 4:11 Node 'a': unknown field 'frobnicate'\n"
                    "bad_field 2:1 'dag_id' is given under two names\n"
                    "bad_field 6:3 a step must have an id\n"
                    "bad_field 7:3 a step must be an object\n"
                    "bad_field 11:3 an edge must be {from, to} or [from, to]\n"
                    "bad_field 12:3 an edge must be {from, to} or [from, to]\n"
                    "bad_field 8:22 Node 'b': depends_on must be a list of texts, not 'ghost'\n");
}
END_TEST

START_TEST(steps_must_be_a_list_and_the_only_form)
{
    assert_findings("steps: {a: {}}\nnodes: {}\n",
                    "bad_field 1:8 steps and edges must be lists\n"
                    "bad_field 0:0 a definition has nodes or steps, not both\n"
                    "empty_dag 0:0 The DAG has no nodes\n");
}
END_TEST

START_TEST(the_caller_s_document_does_not_change)
{
    auto_json doc = json_pack("{s:[{s:s,s:[s]},{s:s}],s:[[s,s]]}", "steps", "id", "b", "dependsOn",
                              "a", "id", "a", "edges", "a", "b");
    auto_json before = json_deep_copy(doc);
    auto_done(parsed) p = {0};

    ck_assert(dag_from_json(doc, &p.dag, &p.findings, &p.e));
    ck_assert(p.dag->valid);
    ck_assert(json_same(doc, before));
    ck_assert_uint_eq(dag_find(p.dag, "b")->dep_count, 1);
}
END_TEST

TCase *steps_cases(void)
{
    TCase *tc = tcase_create("steps");

    tcase_add_test(tc, steps_and_edges_become_the_native_definition);
    tcase_add_test(tc, what_is_wrong_with_steps_keeps_its_place);
    tcase_add_test(tc, steps_must_be_a_list_and_the_only_form);
    tcase_add_test(tc, the_caller_s_document_does_not_change);
    return tc;
}
