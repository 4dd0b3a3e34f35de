/* graph_text_test.c -- mermaid, dot, ascii and YAML, with ids that want to break out. */
#include "suites.h"

#include "model/dag/draw/graph_text.h"
#include "model/dag/source/parse.h"

#include <stdlib.h>
#include <string.h>

static void assert_graph(const char *text, const char *format, const char *expected)
{
    auto_done(parsed) p = parse(text);
    auto_done(buf) graph = {0};

    dag_graph(p.dag, dag_graph_format_of(format), &graph);
    ck_assert_str_eq(buf_text(&graph), expected);
}

static const char chain[] =
    "dag_id: d\nnodes: {A: {agent_id: x}, B: {agent_id: y, depends_on: [A]}}";
static const char odd[] = "dag_id: 'q\"'\n"
                          "nodes: {'a\"]; x': {agent_id: 'p\\'}, end: {agent_id: x, depends_on:"
                          " ['a\"]; x']}}";

START_TEST(mermaid_is_the_contract_s_text)
{
    assert_graph(chain, "mermaid", "graph TD\n    A[A\\nx]\n    B[B\\ny]\n    A --> B\n");
}
END_TEST

START_TEST(mermaid_ids_cannot_break_out)
{
    assert_graph(odd, "mermaid",
                 "graph TD\n"
                 "    node_0_[\"a#34;]#59; x\\np\\\"]\n"
                 "    node_1_[\"end\\nx\"]\n"
                 "    node_0_ --> node_1_\n");
    assert_graph("nodes: {A: {depends_on: ['x y']}}", "mermaid",
                 "graph TD\n    A[\"A\\n\"]\n    missing_ --> A\n");
}
END_TEST

START_TEST(dot_quotes_every_id)
{
    assert_graph(odd, "dot",
                 "digraph \"q\\\"\" {\n"
                 "    node [shape=box];\n"
                 "    \"a\\\"]; x\" [label=\"a\\\"]; x\\np\\\\\"];\n"
                 "    \"end\" [label=\"end\\nx\"];\n"
                 "    \"a\\\"]; x\" -> \"end\";\n"
                 "}\n");
}
END_TEST

START_TEST(ascii_shows_the_levels)
{
    assert_graph("nodes: {A: {}, B: {}, C: {depends_on: [B, A]}, D: {depends_on: [A]}}", "ascii",
                 "level 0    A\n"
                 "           B\n"
                 "level 1    C <- A, B\n"
                 "           D <- A\n");
}
END_TEST

START_TEST(an_unknown_format_is_none)
{
    ck_assert_int_eq(dag_graph_format_of("svg"), DAG_GRAPH_INVALID);
}
END_TEST

START_TEST(exported_yaml_reads_back_as_the_same_definition)
{
    auto_done(parsed) p = parse_valid(
        "{\"dag_id\": \"d\", \"name\": \"no\", \"nodes\": {\"A b\": {\"agent_id\": \"x\", "
        "\"config\":"
        " {\"list\": [[], {}, [1, [2]], {\"a\": 1, \"b\": [null]}, \"- x\", \"\"], \"n\": 1e30,"
        " \"y\": \"yes\", \"c\": \"a: b #\", \"t\": \"\\t\\u007f\\u0085\\u2028é\", \"1\": 1.0,"
        " \"z\": -0.5, \"tiny\": 1e-7, \"\": \"~\"}, \"metadata\": {\"true\": \"0x1f\"}}}}");
    auto_done(buf) yaml = {0};
    auto_done(parsed) again = {0};

    dag_yaml(p.dag, &yaml);
    again = parse_valid(buf_text(&yaml));
    ck_assert_str_eq(p.dag->hash.text, again.dag->hash.text);
}
END_TEST

START_TEST(yaml_is_block_style_and_quotes_what_a_reader_could_mistake)
{
    auto_json value = json_loads("{\"a\":{\"b\":[1,{\"c\":\"x\",\"d\":\"no\"},[]]},\"on\":1.0,"
                                 "\"e\":1e30,\"f\":\"2\"}",
                                 0, NULL);
    auto_json scalar = json_string("plain");
    auto_done(buf) text = {0};
    auto_done(buf) alone = {0};

    yaml_add(&text, value);
    yaml_add(&alone, scalar);
    ck_assert_str_eq(buf_text(&text), "a:\n"
                                      "  b:\n"
                                      "    - 1\n"
                                      "    - c: x\n"
                                      "      d: \"no\"\n"
                                      "    - []\n"
                                      "\"on\": 1.0\n"
                                      "e: 1.0e+30\n"
                                      "f: \"2\"\n");
    ck_assert_str_eq(buf_text(&alone), "plain\n");
}
END_TEST

START_TEST(keys_too_long_for_yaml_s_short_form_read_back)
{
    char key[2001];
    auto_json doc = NULL;
    auto_done(parsed) p = {0};
    auto_done(parsed) again = {0};
    auto_done(buf) yaml = {0};

    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    doc = json_pack("{s:{s:{s:{s:[i],s:i}}}}", "nodes", "A", "config", key, 1, "after", 2);
    ck_assert(dag_from_json(doc, &p.dag, &p.findings, &p.e));
    dag_yaml(p.dag, &yaml);
    again = parse_valid(buf_text(&yaml));
    ck_assert_str_eq(p.dag->hash.text, again.dag->hash.text);
}
END_TEST

TCase *graph_text_cases(void)
{
    TCase *tc = tcase_create("graph_text");

    tcase_add_test(tc, mermaid_is_the_contract_s_text);
    tcase_add_test(tc, mermaid_ids_cannot_break_out);
    tcase_add_test(tc, dot_quotes_every_id);
    tcase_add_test(tc, ascii_shows_the_levels);
    tcase_add_test(tc, an_unknown_format_is_none);
    tcase_add_test(tc, exported_yaml_reads_back_as_the_same_definition);
    tcase_add_test(tc, yaml_is_block_style_and_quotes_what_a_reader_could_mistake);
    tcase_add_test(tc, keys_too_long_for_yaml_s_short_form_read_back);
    return tc;
}
