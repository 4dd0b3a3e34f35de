/* fields_test.c -- every field of the definition, its default, its bounds. */
#include "suites.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

START_TEST(defaults_are_the_contract_s)
{
    auto_done(parsed) p = parse_valid("name: d\nnodes: {A: }\n");
    const struct dag *dag = p.dag;
    const struct dag_node *node = &dag->nodes[0];

    ck_assert_str_eq(dag->version, "1.0.0");
    ck_assert_str_eq(dag->description, "");
    ck_assert_int_eq(dag->on_failure, DAG_FAILURE_FAIL_FAST);
    ck_assert_uint_eq(dag->max_parallel_nodes, 10);
    ck_assert_double_eq(dag->run_timeout_s, 0);
    ck_assert_uint_eq(dag->default_retry_policy.max_retries, 3);
    ck_assert_double_eq(dag->default_timeout_policy.attempt_s, 60.0);
    ck_assert_str_eq(node->agent_id, "");
    ck_assert_ptr_null(node->condition);
    ck_assert_int_eq(node->on_failure, NODE_FAILURE_STOP);
    ck_assert_ptr_null(node->compensation.agent_id);
    ck_assert(node->enabled);
    ck_assert(node->idempotent);
    ck_assert_ptr_null(node->lane);
    ck_assert_ptr_null(isolation_name(node->isolation));
    ck_assert_ptr_null(profile_name(node->profile));
    ck_assert_ptr_eq(dag_retry_policy(dag, node), &dag->default_retry_policy);
    ck_assert_ptr_eq(dag_timeout_policy(dag, node), &dag->default_timeout_policy);
}
END_TEST

START_TEST(a_missing_id_is_generated_as_greenlang_does)
{
    auto_done(parsed) p = parse_valid("name: test-dag\nnodes: {B: {}, A: {}}\n");
    auto_done(parsed) quoted = parse_valid("name: q\ndag_id: ''\nnodes: {it's: {}, 'b\\': {}}\n");
    struct sha256_hex hash = sha256_hex("q:['b\\\\', \"it's\"]", 17);

    ck_assert_str_eq(p.dag->dag_id, "dag_903fd78b8801");
    ck_assert_int_eq(strncmp(quoted.dag->dag_id, "dag_", 4), 0);
    ck_assert_int_eq(strncmp(quoted.dag->dag_id + 4, hash.text, 12), 0);
}
END_TEST

static const char every_field[] =
    "dag_id: full\n"
    "name: Full\n"
    "description: all of it\n"
    "version: '2'\n"
    "on_failure: continue\n"
    "max_parallel_nodes: 4\n"
    "run_timeout_seconds: 3600\n"
    "created_at: '2026-11-22T00:00:00Z'\n"
    "hash: whatever\n"
    "metadata: {owner: me}\n"
    "signature: {payloadType: x}\n"
    "default_retry_policy: {max_retries: 7, strategy: linear}\n"
    "default_timeout_policy: {timeout_seconds: 5}\n"
    "nodes:\n"
    "  A:\n"
    "    node_id: A\n"
    "    agent_id: a\n"
    "  B:\n"
    "    agent_id: b\n"
    "    depends_on: [A, A]\n"
    "    input_mapping: {x: results.A.n, whole: input}\n"
    "    output_key: out\n"
    "    condition: results.A.n > 1\n"
    "    retry_policy: {max_retries: 1, strategy: fibonacci, base_delay: 0.5, max_delay: 2,\n"
    "      jitter: false, jitter_range: 0.2, retryable_exceptions: [OSError, TimeoutError]}\n"
    "    timeout_policy: {timeout_seconds: 0.5, on_timeout: skip, node_timeout_seconds: 9,\n"
    "      queue_timeout_seconds: 8}\n"
    "    on_failure: compensate\n"
    "    compensation_handler: {agent_id: undo, config: {k: 1}, retry_policy: {max_retries: 0},\n"
    "      timeout_policy: {timeout_seconds: 3}}\n"
    "    priority: -5\n"
    "    metadata: {m: 1}\n"
    "    config: {c: 2}\n"
    "    secret_refs: {TOKEN: 'secret://billing/token@3', KEY: 'secret://key'}\n"
    "    enabled: false\n"
    "    lane: ml\n"
    "    isolation: exec\n"
    "    profile: net\n"
    "    limits: {cpu_ms: 100, memory_bytes: 2097152, output_bytes: 10, log_bytes: 20}\n"
    "    network: ['example.org:443', '[::1]:80']\n"
    "    idempotent: false\n"
    "  C: {agent_id: c, compensation_handler: undo}\n";

START_TEST(every_field_of_a_dag_is_read)
{
    auto_done(parsed) p = parse_valid(every_field);
    const struct dag *dag = p.dag;

    ck_assert_str_eq(dag->dag_id, "full");
    ck_assert_str_eq(dag->name, "Full");
    ck_assert_str_eq(dag->description, "all of it");
    ck_assert_str_eq(dag->version, "2");
    ck_assert_int_eq(dag->on_failure, DAG_FAILURE_CONTINUE);
    ck_assert_uint_eq(dag->max_parallel_nodes, 4);
    ck_assert_double_eq(dag->run_timeout_s, 3600);
    ck_assert_str_eq(dag->created_at, "2026-11-22T00:00:00Z");
    ck_assert_str_eq(json_string_value(json_object_get(dag->metadata, "owner")), "me");
    ck_assert(json_is_object(dag->signature));
    ck_assert_uint_eq(dag->default_retry_policy.max_retries, 7);
    ck_assert_int_eq(dag->default_retry_policy.strategy, RETRY_LINEAR);
    ck_assert(dag->default_timeout_policy.attempt_is_integer);
}
END_TEST

START_TEST(every_field_of_a_node_is_read)
{
    auto_done(parsed) p = parse_valid(every_field);
    const struct dag_node *b = dag_find(p.dag, "B");

    ck_assert_uint_eq(b->dep_count, 1);
    ck_assert_uint_eq(json_array_size(b->depends_on), 2);
    ck_assert_uint_eq(b->mapping_count, 2);
    ck_assert_str_eq(b->mappings[0].target, "x");
    ck_assert_str_eq(path_text(b->mappings[0].path), "results.A.n");
    ck_assert_str_eq(b->output_key, "out");
    ck_assert_ptr_nonnull(b->condition);
    ck_assert_int_eq(b->on_failure, NODE_FAILURE_COMPENSATE);
    ck_assert_int_eq(b->priority, -5);
    ck_assert_int_eq((int)json_integer_value(json_object_get(b->config, "c")), 2);
    ck_assert(!b->enabled);
    ck_assert_str_eq(b->lane, "ml");
    ck_assert_str_eq(isolation_name(b->isolation), "exec");
    ck_assert_str_eq(profile_name(b->profile), "net");
    ck_assert_int_eq(b->limits.memory_bytes, 2097152);
    ck_assert_int_eq(b->limits.log_bytes, 20);
    ck_assert_uint_eq(json_array_size(b->network), 2);
    ck_assert(!b->idempotent);
}
END_TEST

START_TEST(policies_handlers_and_secrets_of_a_node_are_read)
{
    auto_done(parsed) p = parse_valid(every_field);
    const struct dag_node *b = dag_find(p.dag, "B");
    const struct retry_policy *retry = dag_retry_policy(p.dag, b);
    const struct timeout_policy *timeout = dag_timeout_policy(p.dag, b);

    ck_assert_uint_eq(retry->max_retries, 1);
    ck_assert_uint_eq(retry->retryable_count, 2);
    ck_assert_str_eq(retry->retryable[1], "TimeoutError");
    ck_assert_double_eq(timeout->node_s, 9);
    ck_assert_double_eq(timeout->queue_s, 8);
    ck_assert_int_eq(timeout->on_timeout, TIMEOUT_ACTION_SKIP);
    ck_assert_str_eq(b->compensation.agent_id, "undo");
    ck_assert_uint_eq(b->compensation.retry_policy->max_retries, 0);
    ck_assert_double_eq(b->compensation.timeout_policy->attempt_s, 3);
    ck_assert_str_eq(dag_find(p.dag, "C")->compensation.agent_id, "undo");
    ck_assert_uint_eq(b->secret_ref_count, 2);
    ck_assert_str_eq(b->secret_refs[0].name, "TOKEN");
    ck_assert_str_eq(b->secret_refs[0].secret, "billing/token");
    ck_assert_str_eq(b->secret_refs[0].version, "3");
    ck_assert_str_eq(b->secret_refs[1].version, "");
}
END_TEST

START_TEST(an_empty_policy_or_null_inherits_and_a_given_one_replaces_as_a_whole)
{
    auto_done(parsed) p = parse_valid("default_retry_policy: {max_retries: 7}\n"
                                      "nodes:\n"
                                      "  A: {retry_policy: {base_delay: 0.5}}\n"
                                      "  B: {retry_policy: {}, timeout_policy: {}}\n"
                                      "  C: {retry_policy: ~}\n");

    ck_assert_uint_eq(dag_retry_policy(p.dag, dag_find(p.dag, "A"))->max_retries, 3);
    ck_assert_uint_eq(dag_retry_policy(p.dag, dag_find(p.dag, "B"))->max_retries, 7);
    ck_assert_uint_eq(dag_retry_policy(p.dag, dag_find(p.dag, "C"))->max_retries, 7);
}
END_TEST

START_TEST(zero_parallel_nodes_means_the_default)
{
    auto_done(parsed) p = parse_valid("max_parallel_nodes: 0\nnodes: {A: {}}\n");

    ck_assert_uint_eq(p.dag->max_parallel_nodes, DAG_PARALLEL_NODES_DEFAULT);
}
END_TEST

/* A node's fields, and what is wrong with them. */
static const struct {
    const char *fields;
    const char *line;
} wrong_fields[] = {
    {"agent_id: 5", "bad_field 1:24 Node 'A': agent_id must be text of at most 128 bytes without "
                    "control characters, not 5"},
    {"depends_on: B", "bad_field 1:26 Node 'A': depends_on must be a list of texts, not 'B'"},
    {"depends_on: [1]", "bad_field 1:27 Node 'A': depends_on must be a list of texts, not 1"},
    {"enabled: 'no'", "bad_field 1:23 Node 'A': enabled must be true or false, not 'no'"},
    {"enabled: 1", "bad_field 1:23 Node 'A': enabled must be true or false, not 1"},
    {"priority: 1.5", "bad_field 1:24 Node 'A': priority must be an integer from -2147483648 to "
                      "2147483647, not 1.5"},
    {"config: []", "bad_field 1:22 Node 'A': config must be an object, not an array"},
    {"metadata: true", "bad_field 1:14 Node 'A': metadata must be an object, not true"},
    {"isolation: hot",
     "bad_field 1:25 Node 'A': isolation must be one of warm, cold, exec, not 'hot'"},
    {"limits: {cpu_ms: 0}",
     "bad_field 1:31 Node 'A': limits.cpu_ms must be an integer from 1 to 86400000, not 0"},
    {"limits: 5", "bad_field 1:22 Node 'A': limits must be an object, not 5"},
    {"limits: {cpu: 5}", "unknown_field 1:23 Node 'A': limits: unknown field 'cpu'"},
    {"network: [x]", "bad_field 1:24 Node 'A': network must be a list of host:port, not 'x'"},
    {"network: ['x:0']", "bad_field 1:24 Node 'A': network must be a list of host:port, not 'x:0'"},
    {"network: ['x:65536']",
     "bad_field 1:24 Node 'A': network must be a list of host:port, not 'x:65536'"},
    {"network: ['x:+1']",
     "bad_field 1:24 Node 'A': network must be a list of host:port, not 'x:+1'"},
    {"secret_refs: 5",
     "bad_field 1:27 Node 'A': secret_refs must be an object of secret://NAME[@VERSION], not 5"},
    {"compensation_handler: {config: {}}",
     "bad_field 1:36 Node 'A': compensation_handler has no agent_id"},
    {"compensation_handler: 5", "bad_field 1:36 Node 'A': compensation_handler must be an agent id "
                                "or an object with agent_id, not 5"},
    {"condition: 5", "bad_condition 1:25 Node 'A': condition must be text, not 5"},
    {"condition: 'input.x >'", "bad_condition 1:25 Node 'A': condition, column 10: a value is "
                               "missing at the end"},
    {"input_mapping: []",
     "bad_mapping 1:29 Node 'A': input_mapping must be an object of paths, not an array"},
    {"input_mapping: {x: }", "bad_mapping 1:30 Node 'A': input_mapping.x must be a path such as "
                             "results.NODE.KEY or input.KEY, not null"},
    {"retry_policy: 5", "bad_policy 1:28 Node 'A': retry_policy must be an object, not 5"},
    {"retry_policy: {strategy: bogus}",
     "bad_policy 1:39 Node 'A': retry_policy.strategy must be one of exponential, linear, "
     "constant, fibonacci, not 'bogus'"},
    {"retry_policy: {max_retries: 101}",
     "bad_policy 1:42 Node 'A': retry_policy.max_retries must be an integer from 0 to 100, not "
     "101"},
    {"retry_policy: {base_delay: -1}",
     "bad_policy 1:41 Node 'A': retry_policy.base_delay must be a number from 0 to 86400, not -1"},
    {"retry_policy: {retryable_exceptions: [1]}",
     "bad_policy 1:52 Node 'A': retry_policy.retryable_exceptions must be a list of texts, not 1"},
    {"retry_policy: {max_retry: 1}", "unknown_field 1:29 Node 'A': retry_policy: unknown field "
                                     "'max_retry', did you mean 'max_retries'?"},
    {"timeout_policy: {timeout_seconds: 0}",
     "bad_policy 1:48 Node 'A': timeout_policy.timeout_seconds must be a number from 0.001 to "
     "2592000, not 0"},
    {"timeout_policy: []", "bad_policy 1:30 Node 'A': timeout_policy must be an object, not an "
                           "array"},
    {"depends_onn: []",
     "unknown_field 1:14 Node 'A': unknown field 'depends_onn', did you mean 'depends_on'?"},
    {"zzz: []", "unknown_field 1:14 Node 'A': unknown field 'zzz'"},
};

START_TEST(a_wrong_field_is_named_with_its_place_and_what_is_wanted)
{
    auto_mem char *text = mem_printf("nodes: {A: { %s}}\n", wrong_fields[_i].fields);
    auto_mem char *line = mem_printf("%s\n", wrong_fields[_i].line);

    assert_findings(text, line);
}
END_TEST

/* A definition's own fields. */
static const struct {
    const char *fields;
    const char *line;
} wrong_dags[] = {
    {"version: 1.0", "bad_field 1:10 version must be text of at most 32 characters, not 1.0"},
    {"name: [a]", "bad_field 1:7 name must be text of at most 256 characters, not an array"},
    {"nodez: {}", "unknown_field 1:1 unknown field 'nodez', did you mean 'nodes'?"},
    {"on_failure: stop",
     "bad_field 1:13 on_failure must be one of fail_fast, continue, compensate, not 'stop'"},
    {"max_parallel_nodes: 501",
     "bad_field 1:21 max_parallel_nodes must be an integer from 0 to 500, not 501"},
    {"dag_id: \"a\\tb\"", "bad_field 1:9 dag_id must be text of at most 128 bytes without control "
                          "characters, not 'a\\x09b'"},
    {"default_timeout_policy: {on_timeout: 5}",
     "bad_policy 1:38 default_timeout_policy.on_timeout must be one of fail, skip, compensate, "
     "not 5"},
    {"run_timeout_seconds: -1",
     "bad_field 1:22 run_timeout_seconds must be a number from 0.001 to 2592000, not -1"},
};

START_TEST(a_wrong_field_of_the_dag_is_named)
{
    auto_mem char *text = mem_printf("%s\nnodes: {A: {}}\n", wrong_dags[_i].fields);
    auto_mem char *line = mem_printf("%s\n", wrong_dags[_i].line);

    assert_findings(text, line);
}
END_TEST

START_TEST(a_secret_s_value_is_refused_and_never_repeated)
{
    static const char *const values[] = {
        "hunter2", "secret://", "secret://a b", "secret://a@", "secret://a@1@2", "secret://@1",
    };

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        auto_mem char *text = mem_printf("nodes: {A: {secret_refs: {T: '%s'}}}", values[i]);

        assert_findings(text, "bad_field 1:30 Node 'A': secret_refs.T must be "
                              "secret://NAME[@VERSION]; a secret's value never stands in a "
                              "definition\n");
    }
}
END_TEST

START_TEST(a_node_must_be_an_object_with_a_sane_id)
{
    auto_mem char *long_id = mem_printf("nodes: {%0129d: {}}\n", 7);
    auto_done(parsed) p = parse(long_id);

    assert_findings("nodes: {A: 5}\n", "bad_field 1:12 Node 'A' must be an object, not 5\n");
    assert_findings("nodes: {'': {}}\n", "bad_field 1:9 A node id must be text of 1 to 128 bytes "
                                         "without control characters\n");
    assert_findings("nodes: {\"\\x85\": {}}\n", "bad_field 1:9 A node id must be text of 1 to 128 "
                                                "bytes without control characters\n");
    ck_assert_uint_eq(p.findings.count, 1);
    ck_assert_int_eq(p.findings.items[0].type, FINDING_BAD_FIELD);
}
END_TEST

START_TEST(nodes_must_be_an_object_and_not_too_many)
{
    struct buf text = {0};
    auto_mem char *owned = NULL;

    buf_adds(&text, "nodes:\n");
    for (int i = 0; i <= 10000; i++)
        buf_addf(&text, "  n%d: {}\n", i);
    owned = buf_take(&text);
    assert_findings(owned, "too_large 2:3 The DAG has 10001 nodes, at most 10000 are taken\n");
    assert_findings("nodes: []\n",
                    "bad_field 1:8 nodes must be an object of node id to node, not an array\n"
                    "empty_dag 0:0 The DAG has no nodes\n");
}
END_TEST

START_TEST(long_values_are_described_and_not_repeated)
{
    auto_mem char *text = mem_printf("on_failure: %0100d x\nnodes: {A: {}}\n", 1);

    assert_findings(text, "bad_field 1:13 on_failure must be one of fail_fast, continue, "
                          "compensate, not a long string\n");
}
END_TEST

TCase *fields_cases(void)
{
    TCase *tc = tcase_create("fields");

    tcase_add_test(tc, defaults_are_the_contract_s);
    tcase_add_test(tc, a_missing_id_is_generated_as_greenlang_does);
    tcase_add_test(tc, every_field_of_a_dag_is_read);
    tcase_add_test(tc, every_field_of_a_node_is_read);
    tcase_add_test(tc, policies_handlers_and_secrets_of_a_node_are_read);
    tcase_add_test(tc, an_empty_policy_or_null_inherits_and_a_given_one_replaces_as_a_whole);
    tcase_add_test(tc, zero_parallel_nodes_means_the_default);
    tcase_add_loop_test(tc, a_wrong_field_is_named_with_its_place_and_what_is_wanted, 0,
                        (int)ARRAY_LEN(wrong_fields));
    tcase_add_loop_test(tc, a_wrong_field_of_the_dag_is_named, 0, (int)ARRAY_LEN(wrong_dags));
    tcase_add_test(tc, a_secret_s_value_is_refused_and_never_repeated);
    tcase_add_test(tc, a_node_must_be_an_object_with_a_sane_id);
    tcase_add_test(tc, nodes_must_be_an_object_and_not_too_many);
    tcase_add_test(tc, long_values_are_described_and_not_repeated);
    return tc;
}
