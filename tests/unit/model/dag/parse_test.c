/* parse_test.c -- bytes in: YAML, JSON, places, and what is refused. */
#include "suites.h"

#include "base/limits.h"
#include "base/mem.h"
#include "model/dag/source/parse.h"

#include <stdlib.h>
#include <string.h>

static const json_t *config_of(const struct parsed *p, const char *key)
{
    return json_object_get(dag_find(p->dag, "A")->config, key);
}

START_TEST(yaml_and_json_give_the_same_definition)
{
    auto_done(parsed) yaml = parse_valid("dag_id: d\n"
                                         "name: two\n"
                                         "nodes:\n"
                                         "  B: {agent_id: b, depends_on: [A], priority: 3}\n"
                                         "  A:\n"
                                         "    agent_id: a\n"
                                         "    condition: |\n"
                                         "      input.x == 1\n");
    auto_done(parsed) json = parse_valid(
        " {\"dag_id\": \"d\", \"name\": \"two\", \"nodes\": {\"A\": {\"agent_id\": \"a\","
        " \"condition\": \"input.x == 1\\n\"}, \"B\": {\"agent_id\": \"b\","
        " \"depends_on\": [\"A\"], \"priority\": 3}}}");

    ck_assert_str_eq(yaml.dag->hash.text, json.dag->hash.text);
    ck_assert_uint_eq(yaml.dag->node_count, 2);
    ck_assert_str_eq(yaml.dag->nodes[0].node_id, "A");
    ck_assert_uint_eq(yaml.dag->nodes[0].position, 1);
    ck_assert_int_eq(yaml.dag->nodes[1].priority, 3);
}
END_TEST

START_TEST(yaml_scalars_follow_the_core_schema)
{
    static const struct {
        const char *key;
        const char *json;
    } expected[] = {
        {"a", "\"no\""},
        {"b", "\"on\""},
        {"c", "true"},
        {"d", "false"},
        {"e", "null"},
        {"f", "null"},
        {"g", "\"1\""},
        {"h", "1"},
        {"i", "1.0"},
        {"j", "-12"},
        {"k", "31"},
        {"l", "8"},
        {"m", "\"1_000\""},
        {"n", "0.5"},
        {"o", "1000.0"},
        {"p", "\"true\""},
        {"q", "\"~\""},
        {"r", "\"1.2.3\""},
        {"s", "\"2024-01-01\""},
        {"t", "null"},
        {"u", "\"1e\""},
        {"v", "5"},
        {"w", "\".\""},
        {"x", "10000000000000000.0"},
        {"y", "1e+21"},
    };
    auto_done(parsed) p = parse_valid(
        "nodes:\n  A:\n    config: {a: no, b: on, c: True, d: false, e: ~, f: null, g: \"1\","
        " h: 1, i: 1.0, j: -12, k: 0x1f, l: 0o10, m: 1_000, n: .5, o: 1e3, p: 'true', q: '~',"
        " r: 1.2.3, s: 2024-01-01, t: , u: 1e, v: +5, w: .,"
        " x: 10000000000000000, y: 1e21}\n");

    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        auto_done(buf) text = {0};

        json_add_compact(&text, config_of(&p, expected[i].key));
        ck_assert_msg(strcmp(buf_text(&text), expected[i].json) == 0, "%s: %s, not %s",
                      expected[i].key, buf_text(&text), expected[i].json);
    }
}
END_TEST

/* Each stands behind "      k: " in a mapping whose keys are at column 7. */
static const struct {
    const char *yaml;
    const char *text;
} scalars[] = {
    {"'it''s'", "it's"},
    {"''", ""},
    {"''''", "'"},
    {"''''''''''''''''''''''''", "'''''''''''"},
    {"'a \n\n        b\n        c '", "a\nb c "},
    {"' a\r\n\r\n\r\n         b'", " a\n\nb"},
    {"'  \n        x'", " x"},
    {"'a\\nb'", "a\\nb"},
    {"\"a\\n\\\\\\x41\\\n        b\"", "a\n\\Ab"},
    {"\"a\n        b\"", "a b"},
    {"\"\n\n        \\\\\\\n        b \\\\\"", "\n\\b \\"},
    {"\"x\r\n        \"\r", "x "},
    {"\"a\\ \n        \\u00e9\\_\\U0001F600\"", "a  \u00e9\u00a0\U0001F600"},
    {"\"a \t\\\n\n\n        b\"", "a \t\n\nb"},
    {"a b # c", "a b"},
    {"a: b", NULL},
    {"a:b#c\n        - d\n\n       e   # f", "a:b#c - d\ne"},
    {"|\n        a\n\n        b\n\n", "a\n\nb\n"},
    {"|-\n        a\n          b", "a\n  b"},
    {"|+ # | c\n        a\n\n  \n", "a\n\n\n\n"},
    {"|2-\n          a\n        b", "  a\nb"},
    {">\n        a\n\n        \tb", "a\n\n\tb\n"},
    {">\n        a\n        b\n\n        c\n          d\n        e\n", "a b\nc\n  d\ne\n"},
    {">-\n\n        a\n", "\na"},
    {"|", ""},
    {"|+\n\n\n", "\n\n\n"},
    {"|x\n        a\n", NULL},
    {"\"\\q\"", NULL},
    {"\"\\ud83d\"", NULL},
};

START_TEST(a_scalar_says_what_its_source_says)
{
    auto_mem char *yaml = mem_printf("nodes:\n  A:\n    config:\n      k: %s\n", scalars[_i].yaml);
    auto_done(parsed) p = parse(yaml);

    if (scalars[_i].text == NULL)
        ck_assert(!p.read);
    else
        ck_assert_str_eq(json_string_value(config_of(&p, "k")), scalars[_i].text);
}
END_TEST

/* libfyaml 0.7.12 takes what follows for the scalar's text: keys of its own level were gone, and
 * the node ran before its gate. */
START_TEST(an_empty_block_scalar_is_empty_text_and_swallows_nothing)
{
    static const struct {
        const char *head, *text;
    } empty[] = {
        {"|", ""},      {">-", ""},     {"|+ # c", ""},
        {"|2", ""},     {"|\n\n", ""},  {"|+\n\n\n", "\n\n\n"},
        {">\n   ", ""}, {"|\n# c", ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        auto_mem char *yaml = mem_printf("nodes:\n"
                                         "  A: {}\n"
                                         "  B:\n"
                                         "    output_key: |\n"
                                         "    depends_on: [A]\n"
                                         "    config:\n"
                                         "      list:\n"
                                         "      - |\n"
                                         "      - k: %s\n"
                                         "        \u00e9: >\n"
                                         "        l: 1\n"
                                         "      note: |-\n"
                                         "      last: |\n",
                                         empty[i].head);
        auto_done(parsed) p = parse(yaml);
        const json_t *config, *list, *map;

        ck_assert_msg(p.read && p.dag != NULL && p.dag->node_count == 2, "%s", empty[i].head);
        config = p.dag->nodes[1].config;
        list = json_object_get(config, "list");
        map = json_array_get(list, 1);
        ck_assert_uint_eq(p.dag->nodes[1].dep_count, 1);
        ck_assert_str_eq(json_string_value(json_array_get(list, 0)), "");
        ck_assert_str_eq(json_string_value(json_object_get(map, "k")), empty[i].text);
        ck_assert_str_eq(json_string_value(json_object_get(map, "\u00e9")), "");
        ck_assert_int_eq((int)json_integer_value(json_object_get(map, "l")), 1);
        ck_assert_str_eq(json_string_value(json_object_get(config, "note")), "");
        ck_assert_str_eq(json_string_value(json_object_get(config, "last")), "");
    }
}
END_TEST

/* What only looks like one changes nothing, and is refused where it cannot stand. */
START_TEST(a_bar_that_is_no_empty_block_scalar_is_what_it_is)
{
    auto_done(parsed) p = parse_valid("nodes:\n  A:\n    config:\n      # c: |\n      a: x |\n"
                                      "      b: \"y: |\n\n        z\"\n      c: |\n        d: |\n"
                                      "        e\n      f: 'g: >'\n");
    auto_done(parsed) flow = parse("nodes:\n  A:\n    config: {a: |\n    }\n");

    ck_assert_str_eq(json_string_value(config_of(&p, "a")), "x |");
    ck_assert_str_eq(json_string_value(config_of(&p, "b")), "y: |\nz");
    ck_assert_str_eq(json_string_value(config_of(&p, "c")), "d: |\ne\n");
    ck_assert_str_eq(json_string_value(config_of(&p, "f")), "g: >");
    ck_assert(!flow.read);
}
END_TEST

START_TEST(json_keeps_what_json_means)
{
    auto_done(parsed) p = parse_valid("{\"nodes\": {\"A\": {\"config\": {\"g\": \"1\", \"i\": 1.0, "
                                      "\"x\": \"\\ud83d\\ude00\"}}}}");

    ck_assert(json_is_string(config_of(&p, "g")));
    ck_assert(json_is_real(config_of(&p, "i")));
    ck_assert_str_eq(json_string_value(config_of(&p, "x")), "\xF0\x9F\x98\x80");
}
END_TEST

START_TEST(a_text_that_cannot_be_read_gives_one_finding_with_its_place)
{
    static const struct {
        const char *text;
        const char *lines;
    } refused[] = {
        {"", "bad_syntax 1:1 the text holds no definition\n"},
        {"# only a comment\n", "bad_syntax 2:1 the text holds no definition\n"},
        {"a: [1, 2\n", "bad_syntax 2:1 flow sequence without a closing bracket\n"},
        {"nodes:\n  A: {}\n  A: {}\n", "bad_syntax 3:3 the key 'A' is given twice\n"},
        {"nodes: &n {}\n",
         "bad_syntax 1:11 anchors and aliases are not taken; write the value out\n"},
        {"nodes: *n\n", "bad_syntax 1:8 anchors and aliases are not taken; write the value out\n"},
        {"name: !!str 5\n", "bad_syntax 1:13 tags are not taken; quote what is text\n"},
        {"name: a\n---\nname: b\n", "bad_syntax 2:1 only one document is taken\n"},
        {"? [a]\n: b\n", "bad_syntax 1:3 a key must be plain text\n"},
        {"x: \"\\0\"\n", "bad_syntax 1:4 text with U+0000 or half a surrogate pair\n"},
        {"x: .nan\n", "bad_syntax 1:4 .nan has no JSON value; quote it\n"},
        {"x: 1e999\n", "bad_syntax 1:4 the number 1e999 is out of range\n"},
        {"x: 9007199254740993\n",
         "bad_syntax 1:4 the integer 9007199254740993 is beyond +-(2^53-1), which JSON readers do "
         "not agree on (RFC 7493 2.2); quote it\n"},
        {"- a\n", "bad_syntax 0:0 a definition is an object, not array\n"},
        {"{\"a\": 1,\n \"a\": 2}", "bad_syntax 2:4 duplicate object key near '\"a\"'\n"},
        {"{\"a\": 1", "bad_syntax 1:8 the text ends inside of an array or object\n"},
        {"a: \xC3\x28\n", "bad_syntax 0:0 the text is not valid UTF-8\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        auto_done(parsed) p = parse(refused[i].text);
        auto_mem char *lines = finding_lines_owned(&p.findings);

        ck_assert_msg(!p.read && p.dag == NULL, "took %s", refused[i].text);
        ck_assert_str_eq(lines, refused[i].lines);
        ck_assert_int_eq(p.e.code, ERR_INVALID);
    }
}
END_TEST

START_TEST(an_error_names_its_place_in_the_message)
{
    auto_done(parsed) p = parse("a: 1\nb: .inf\n");

    ck_assert_str_eq(p.e.msg, "line 2 column 4: .inf has no JSON value; quote it");
}
END_TEST

START_TEST(an_alias_bomb_is_refused_at_its_first_anchor)
{
    assert_findings("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nnodes: *c\n",
                    "bad_syntax 1:7 anchors and aliases are not taken; write the value out\n");
}
END_TEST

static char *repeated_owned(const char *head, const char *part, size_t times)
{
    struct buf b = {0};

    buf_adds(&b, head);
    for (size_t i = 0; i < times; i++)
        buf_adds(&b, part);
    return buf_take(&b);
}

START_TEST(deep_nesting_is_refused_in_both_languages)
{
    auto_mem char *yaml = repeated_owned("nodes: ", "[", 100000);
    auto_mem char *block = repeated_owned("", "- ", 100000);
    auto_mem char *json = repeated_owned("{\"nodes\":", "[", 100000);

    assert_findings(yaml, "bad_syntax 1:71 nested deeper than 64 levels\n");
    assert_findings(block, "bad_syntax 1:129 nested deeper than 64 levels\n");
    assert_findings(json, "bad_syntax 1:73 nested deeper than 64 levels\n");
}
END_TEST

START_TEST(a_text_over_the_limit_or_with_a_nul_is_refused_unread)
{
    auto_mem char *large = repeated_owned("name: ", "xxxxxxxxxxxxxxxx", DEFINITION_BYTES_MAX / 16);
    auto_done(parsed) p = parse(large);
    auto_done(dag_findings) findings = {0};
    struct dag *dag = NULL;

    ck_assert_int_eq(p.e.code, ERR_TOO_LARGE);
    ck_assert(!dag_parse("a\0b", 3, &dag, &findings, NULL));
    ck_assert_str_eq(findings.items[0].message, "the text holds a NUL byte");
}
END_TEST

START_TEST(columns_count_characters_in_both_languages)
{
    assert_findings("nodes:\n  é: {agent_id: x, ö: 1}\n",
                    "unknown_field 2:20 Node 'é': unknown field 'ö'\n");
    assert_findings("{\"nodes\":\n  {\"é\": {\"agent_id\": \"\\\"x\", \"ö\": [1, {}]}}}",
                    "unknown_field 2:29 Node 'é': unknown field 'ö'\n");
}
END_TEST

START_TEST(yaml_flow_style_may_begin_with_a_brace)
{
    auto_done(parsed) p = parse_valid("{nodes: {A: {agent_id: a}}}");

    ck_assert_uint_eq(p.dag->node_count, 1);
}
END_TEST

START_TEST(an_invalid_stored_definition_is_an_error_with_all_messages)
{
    auto_json doc = json_pack("{s:{s:{s:[s]}}}", "nodes", "A", "depends_on", "x");
    auto_json list = json_array();
    struct dag *dag = NULL;
    struct err e;

    ck_assert(!dag_from_json_valid(doc, &dag, &e));
    ck_assert_int_eq(e.code, ERR_UNPROCESSABLE);
    ck_assert_str_eq(e.msg, "DAG validation failed: Node 'A' depends on 'x' which does not exist "
                            "in the DAG");
    ck_assert(!dag_from_json_valid(list, &dag, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert_ptr_null(dag);
}
END_TEST

START_TEST(a_value_that_has_no_canonical_form_makes_the_definition_invalid)
{
    auto_json doc = json_pack("{s:{s:{s:{s:I}}}}", "nodes", "A", "config", "n",
                              (json_int_t)JSON_SAFE_INT_MAX + 1);
    auto_done(parsed) p = {0};

    ck_assert(dag_from_json(doc, &p.dag, &p.findings, &p.e));
    ck_assert(!p.dag->valid);
    ck_assert_uint_eq(p.findings.count, 1);
    ck_assert_int_eq(p.findings.items[0].type, FINDING_BAD_FIELD);
}
END_TEST

TCase *parse_cases(void)
{
    TCase *tc = tcase_create("parse");

    tcase_add_test(tc, yaml_and_json_give_the_same_definition);
    tcase_add_test(tc, yaml_scalars_follow_the_core_schema);
    tcase_add_loop_test(tc, a_scalar_says_what_its_source_says, 0, (int)ARRAY_LEN(scalars));
    tcase_add_test(tc, an_empty_block_scalar_is_empty_text_and_swallows_nothing);
    tcase_add_test(tc, a_bar_that_is_no_empty_block_scalar_is_what_it_is);
    tcase_add_test(tc, json_keeps_what_json_means);
    tcase_add_test(tc, a_text_that_cannot_be_read_gives_one_finding_with_its_place);
    tcase_add_test(tc, an_error_names_its_place_in_the_message);
    tcase_add_test(tc, an_alias_bomb_is_refused_at_its_first_anchor);
    tcase_add_test(tc, deep_nesting_is_refused_in_both_languages);
    tcase_add_test(tc, a_text_over_the_limit_or_with_a_nul_is_refused_unread);
    tcase_add_test(tc, columns_count_characters_in_both_languages);
    tcase_add_test(tc, yaml_flow_style_may_begin_with_a_brace);
    tcase_add_test(tc, an_invalid_stored_definition_is_an_error_with_all_messages);
    tcase_add_test(tc, a_value_that_has_no_canonical_form_makes_the_definition_invalid);
    return tc;
}
