/* names_test.c -- ids that a request can name, and mappings that name a node. */
#include "suites.h"

#include "base/mem.h"
#include "model/dag/names.h"

#include <string.h>

static struct parsed parse_named(const char *dag_id, const char *version, const char *node_id)
{
    auto_mem char *text =
        mem_printf("{\"dag_id\":\"%s\",\"name\":\"x\",\"version\":\"%s\",\"nodes\":{\"%s\":"
                   "{\"agent_id\":\"a\"}}}",
                   dag_id, version, node_id);

    return parse_valid(text);
}

static const struct {
    const char *dag_id, *version, *node_id;
    const char *words; /* NULL: fine */
} table[] = {
    {"d", "1.0.0", "n", NULL},
    {"a b:c%2f?#", "1.0.0-rc.1+x:y", "import", NULL},
    {"...", "..1", ".n", NULL},
    {"a/b", "1", "n", "dag_id 'a/b' has a slash"},
    {"../x", "1", "n", "dag_id '../x' has a slash"},
    {".", "1", "n", "dag_id '.' is a step in a path"},
    {"..", "1", "n", "dag_id '..' is a step in a path"},
    {"import", "1", "n", "dag_id 'import' is a word"},
    {"d", "", "n", "version '' is empty"},
    {"d", "1/2", "n", "version '1/2' has a slash"},
    {"d", "..", "n", "version '..' is a step in a path"},
    {"d", "1\\n2", "n", "has a control character"},
    {"d", "export", "n", "version 'export' is a word"},
    {"d", "execute", "n", "version 'execute' is a word"},
    {"d", "1:disable", "n", "ends like a verb"},
    {"d", "1", "a/b", "node id 'a/b' has a slash"},
    {"d", "1", "..", "node id '..' is a step in a path"},
};

START_TEST(an_id_that_no_request_could_name_is_a_finding)
{
    auto_done(parsed) p = parse_named(table[_i].dag_id, table[_i].version, table[_i].node_id);

    dag_check_names(p.dag, &p.findings);
    ck_assert_uint_eq(p.findings.count, table[_i].words != NULL ? 1 : 0);
    if (table[_i].words == NULL)
        return;
    ck_assert_msg(strstr(p.findings.items[0].message, table[_i].words) != NULL, "%s",
                  p.findings.items[0].message);
    ck_assert_int_eq(p.findings.items[0].type, FINDING_BAD_FIELD);
}
END_TEST

static size_t kept_findings(const char *dag_id)
{
    auto_done(parsed) p = parse_named(dag_id, "1", "n");

    dag_check_kept(p.dag, &p.findings);
    return p.findings.count;
}

START_TEST(the_ids_of_lanes_are_kept)
{
    ck_assert_uint_eq(kept_findings("lane.ml"), 1);
    ck_assert_uint_eq(kept_findings("lane."), 1);
    ck_assert_uint_eq(kept_findings("lane"), 0);
    ck_assert_uint_eq(kept_findings("a.lane.b"), 0);
}
END_TEST

START_TEST(a_mapping_that_names_no_node_is_legal_and_told)
{
    auto_done(parsed) p = parse_valid(
        "{\"dag_id\":\"d\",\"name\":\"x\",\"nodes\":{\"a\":{\"agent_id\":\"g\"},\"b\":{\"agent_"
        "id\":"
        "\"g\",\"depends_on\":[\"a\"],\"input_mapping\":{\"ok\":\"results.a.k\",\"all\":\"input\","
        "\"in\":\"input.x\",\"typo\":\"results.A.k\",\"root\":\"inputs.x\",\"bare\":\"results\"}}}"
        "}");
    auto_json warnings = dag_warnings_owned(p.dag);
    static const char *const targets[] = {"typo", "root", "bare"};

    ck_assert_uint_eq(json_array_size(warnings), ARRAY_LEN(targets));
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        const json_t *warning = json_array_get(warnings, i);

        ck_assert_str_eq(json_string_value(json_object_get(warning, "target")), targets[i]);
        ck_assert_str_eq(json_string_value(json_object_get(warning, "node_id")), "b");
    }
}
END_TEST

TCase *names_cases(void)
{
    TCase *tc = tcase_create("names");

    tcase_add_loop_test(tc, an_id_that_no_request_could_name_is_a_finding, 0, ARRAY_LEN(table));
    tcase_add_test(tc, the_ids_of_lanes_are_kept);
    tcase_add_test(tc, a_mapping_that_names_no_node_is_legal_and_told);
    return tc;
}
