/* plan_test.c -- the normalised definition, its hash, the plan. */
#include "suites.h"

#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <string.h>

static const char diamond[] = "dag_id: d\n"
                              "name: diamond\n"
                              "nodes:\n"
                              "  D: {agent_id: a, depends_on: [B, C]}\n"
                              "  B: {agent_id: a, depends_on: [A]}\n"
                              "  C: {agent_id: a, depends_on: [A], retry_policy: {max_retries: 2,"
                              " strategy: constant}}\n"
                              "  A: {agent_id: a, secret_refs: {K: secret://k@2},"
                              " compensation_handler: {agent_id: u, config: {a: 1}},"
                              " input_mapping: {x: input.y}, limits: {cpu_ms: 5},"
                              " timeout_policy: {timeout_seconds: 5}}\n";

static void assert_member(const json_t *object, const char *key, const char *json)
{
    auto_done(buf) text = {0};

    json_add_compact(&text, json_object_get(object, key));
    ck_assert_str_eq(buf_text(&text), json);
}

START_TEST(the_plan_of_a_valid_dag_is_complete)
{
    auto_done(parsed) p = parse_valid(diamond);
    auto_json plan = dag_plan_json_owned(p.dag, &p.findings);
    const json_t *c = json_object_get(json_object_get(plan, "nodes"), "C");

    assert_member(plan, "valid", "true");
    assert_member(plan, "errors", "[]");
    assert_member(plan, "levels", "[[\"A\"],[\"B\",\"C\"],[\"D\"]]");
    assert_member(plan, "order", "[\"A\",\"B\",\"C\",\"D\"]");
    assert_member(plan, "roots", "[\"A\"]");
    assert_member(plan, "sinks", "[\"D\"]");
    assert_member(c, "retry_delays_s", "[1.0,1.0]");
    assert_member(c, "timeout_policy",
                  "{\"timeout_seconds\":60.0,\"on_timeout\":\"fail\",\"node_timeout_seconds\":null,"
                  "\"queue_timeout_seconds\":null}");
    ck_assert_str_eq(json_string_value(json_object_get(plan, "hash")), p.dag->hash.text);
    ck_assert_uint_eq(strlen(p.dag->hash.text), 64);
}
END_TEST

START_TEST(the_plan_of_an_invalid_dag_has_errors_and_nothing_else)
{
    auto_done(parsed) p = parse("nodes: {A: {depends_on: [A]}}");
    auto_done(parsed) unread = parse("[");
    auto_json plan = dag_plan_json_owned(p.dag, &p.findings);
    auto_json none = dag_plan_json_owned(unread.dag, &unread.findings);

    assert_member(plan, "valid", "false");
    assert_member(plan, "levels", "[]");
    assert_member(plan, "nodes", "{}");
    assert_member(plan, "hash", "\"\"");
    ck_assert_uint_eq(json_array_size(json_object_get(plan, "errors")), 3);
    assert_member(none, "valid", "false");
    ck_assert_uint_eq(json_array_size(json_object_get(none, "errors")), 1);
}
END_TEST

START_TEST(the_normalised_definition_reads_back_as_itself)
{
    auto_done(parsed) p = parse_valid(diamond);
    auto_json json = dag_to_json_owned(p.dag);
    auto_obj(dag) again = NULL;
    auto_json json_again = NULL;
    struct err e = {0};

    ck_assert_msg(dag_from_json_valid(json, &again, &e), "%s", e.msg);
    json_again = dag_to_json_owned(again);
    ck_assert(json_same(json, json_again));
    ck_assert_str_eq(p.dag->hash.text, again->hash.text);
    assert_member(json_object_get(json_object_get(json, "nodes"), "A"), "compensation_handler",
                  "{\"agent_id\":\"u\",\"config\":{\"a\":1},\"retry_policy\":null,"
                  "\"timeout_policy\":null}");
}
END_TEST

START_TEST(a_normalised_definition_has_the_contract_s_fields_in_its_order)
{
    static const char *const fields[] = {
        "dag_id",
        "name",
        "description",
        "version",
        "nodes",
        "default_retry_policy",
        "default_timeout_policy",
        "on_failure",
        "max_parallel_nodes",
        "metadata",
        "created_at",
        "hash",
    };
    auto_done(parsed) p = parse_valid(diamond);
    auto_json json = dag_to_json_owned(p.dag);
    void *at = json_object_iter(json);

    for (size_t i = 0; i < ARRAY_LEN(fields); i++, at = json_object_iter_next(json, at))
        ck_assert_str_eq(json_object_iter_key(at), fields[i]);
}
END_TEST

static const struct {
    const char *text;
    bool same;
} hashed[] = {
    {"dag_id: d\nnodes: {A: {agent_id: a}}", true},
    {"dag_id: d\nnodes: {A: {agent_id: a}}\ndescription: x\nmetadata: {a: 1}\n"
     "created_at: '2026'\nhash: x\nsignature: s\n",
     true},
    {"dag_id: d\nversion: 1.0.0\nnodes: {A: {agent_id: a, depends_on: [], priority: 0}}", true},
    {"dag_id: d\ndefault_retry_policy: {max_retries: 3}\nnodes: {A: {agent_id: a}}", true},
    {"dag_id: e\nnodes: {A: {agent_id: a}}", false},
    {"dag_id: d\nname: n\nnodes: {A: {agent_id: a}}", false},
    {"dag_id: d\nversion: 1.0.1\nnodes: {A: {agent_id: a}}", false},
    {"dag_id: d\nnodes: {A: {agent_id: b}}", false},
    {"dag_id: d\nnodes: {A: {agent_id: a, config: {x: 1}}}", false},
    {"dag_id: d\nnodes: {A: {agent_id: a, metadata: {x: 1}}}", false},
    {"dag_id: d\ndefault_retry_policy: {max_retries: 4}\nnodes: {A: {agent_id: a}}", false},
};

START_TEST(the_hash_covers_what_a_run_depends_on)
{
    auto_done(parsed) base = parse_valid(hashed[0].text);
    auto_done(parsed) other = {0};
    auto_mem char *quoted = NULL;

    other = parse(hashed[_i].text);
    quoted = finding_lines_owned(&other.findings);
    ck_assert_msg(other.dag->valid, "%s", quoted);
    ck_assert_int_eq(strcmp(base.dag->hash.text, other.dag->hash.text) == 0, hashed[_i].same);
}
END_TEST

/* What dag_hash writes by itself, as values. */
static struct sha256_hex hash_by_values(const struct dag *dag)
{
    static const char *const outside[] = {"description", "metadata", "created_at", "hash",
                                          "signature"};
    auto_json json = dag_to_json_owned(dag);
    struct sha256_hex hash;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        json_object_del(json, outside[i]);
    ck_assert_msg(jcs_sha256(json, &hash, &e), "%s", e.msg);
    return hash;
}

static const char *const written[] = {
    "dag_id: d\nnodes: {A: {agent_id: a}}",
    "{\"dag_id\": \"d\", \"nodes\": {}}",
    "dag_id: d\nname: 'a \"b\"'\nrun_timeout_seconds: 1.5\nmax_parallel_nodes: 3\n"
    "default_timeout_policy: {timeout_seconds: 2.5}\n"
    "nodes: {b: {agent_id: a, depends_on: [a]}, a: {agent_id: 'x/\u00e9', metadata: {z: 1, a: 2}}}",
    /* Code points and UTF-16 order these two differently. */
    "{\"dag_id\": \"d\", \"nodes\": {\"\xEF\xBD\x81\": {\"agent_id\": \"a\"},"
    " \"\xF0\x9F\x98\x80\": {\"agent_id\": \"a\"}}}",
    "dag_id: d\nnodes:\n  A:\n    agent_id: a\n    condition: 'context.x > 1'\n"
    "    config: {b: [1, 2.5, null], a: {}}\n    priority: -4\n    enabled: false\n"
    "    idempotent: true\n    lane: l\n    output_key: o\n    isolation: warm\n"
    "    on_failure: compensate\n    limits: {cpu_ms: 5, log_bytes: 70000}\n"
    "    input_mapping: {y: inputs.y, x: inputs.x}\n    secret_refs: {S: 'secret://s@v1'}\n"
    "    retry_policy: {max_retries: 1}\n    timeout_policy: {timeout_seconds: 7}\n"
    "    compensation_handler: {agent_id: u, config: {a: 1}}\n",
};

START_TEST(the_hash_is_that_of_the_canonical_definition)
{
    auto_done(parsed) p = parse(written[_i]);
    auto_mem char *quoted = finding_lines_owned(&p.findings);

    ck_assert_msg(p.dag != NULL && (p.dag->valid || p.dag->node_count == 0), "%s", quoted);
    if (p.dag->valid)
        ck_assert_str_eq(p.dag->hash.text, hash_by_values(p.dag).text);
}
END_TEST

START_TEST(a_definition_is_written_as_its_values_are)
{
    auto_done(parsed) p = parse(written[_i]);
    auto_json json = dag_to_json_owned(p.dag);
    auto_done(buf) by_values = {0}, by_node = {0};

    json_add_compact(&by_values, json);
    buf_adds(&by_node, "before ");
    dag_add_compact(&by_node, p.dag);
    ck_assert_str_eq(by_node.data + strlen("before "), by_values.data);
    ck_assert_uint_eq(by_node.len, by_values.len + strlen("before "));
}
END_TEST

TCase *plan_cases(void)
{
    TCase *tc = tcase_create("plan");

    tcase_add_test(tc, the_plan_of_a_valid_dag_is_complete);
    tcase_add_test(tc, the_plan_of_an_invalid_dag_has_errors_and_nothing_else);
    tcase_add_test(tc, the_normalised_definition_reads_back_as_itself);
    tcase_add_test(tc, a_normalised_definition_has_the_contract_s_fields_in_its_order);
    tcase_add_loop_test(tc, the_hash_covers_what_a_run_depends_on, 0, (int)ARRAY_LEN(hashed));
    tcase_add_loop_test(tc, a_definition_is_written_as_its_values_are, 0, (int)ARRAY_LEN(written));
    tcase_add_loop_test(tc, the_hash_is_that_of_the_canonical_definition, 0,
                        (int)ARRAY_LEN(written));
    return tc;
}
