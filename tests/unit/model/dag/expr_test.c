/* expr_test.c -- conditions and paths over one small world. */
#include "suites.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char world_json[] =
    "{\"A\": {\"ok\": true, \"status\": \"PASS\", \"n\": 1, \"x\": 2.5, \"none\": null,"
    " \"list\": [1, \"two\", true], \"o\": {\"k\": {\"deep\": \"é\"}}, \"empty\": \"\","
    " \"zero\": 0, \"nolist\": [], \"noobject\": {}, \"quoted\": \"a\\\\b\", \"no\": false},"
    " \"my-node\": {\"v\": 7}, \"10\": {\"v\": 8}}";

static json_t *world_results(void *ctx, const char *node_id)
{
    return json_object_get(ctx, node_id);
}

static bool holds(const char *condition)
{
    auto_json world = json_loads(world_json, 0, NULL);
    auto_json input = json_loads("{\"x\": 1, \"a\": {\"b\": [1, 2]}}", 0, NULL);
    struct dag_scope scope = {world_results, world, input};
    auto_obj(expr) expr = NULL;
    struct err e = {0};
    bool result = false;

    ck_assert_msg(expr_compile(condition, strlen(condition), &expr, NULL, &e), "%s: %s", condition,
                  e.msg);
    ck_assert_msg(expr_eval(expr, &scope, &result, &e), "%s: %s", condition, e.msg);
    return result;
}

static const char *const true_conditions[] = {
    /* GreenLang's forms */
    "results.A.status == 'PASS'",
    "results.A.status == PASS",
    "results.A.status == \"PASS\"",
    "  results.A.status==PASS  ",
    "results.A.status != FAIL",
    "'PASS' == results.A.status",
    "results.A.ok == 1",
    "results.A.ok == TRUE",
    "results.A.no == False",
    "results.A.n == 1",
    "results.A.n == 1.0",
    "results.A.missing == None",
    "results.A.missing == null",
    "results.A.none == NONE",
    "unknown.path == none",
    "results.A.missing != 'None'",
    "results.A.status != none",
    "input.x",
    "input",
    "results.A",
    "results.my-node.v == 7",
    "results.10.v == 8",
    "results.A.n == +1",
    "results.A.x == 25e-1",
    /* operators */
    "results.A.n < 2 && results.A.n <= 1",
    "results.A.n > 0 && results.A.n >= 1",
    "results.A.status < 'Q' && results.A.status > 'PAS'",
    "results.A.ok > false",
    "!results.A.missing",
    "!!results.A.ok",
    "results.A.missing || input.x == 1 && true",
    "(results.A.missing || input.x == 1) && true",
    "false ? false : true",
    "results.A.ok ? results.A.n == 1 : false",
    "false ? true : false ? false : true",
    "results.A.n == input.x",
    "input.x == results.A.n",
    "results.A.status in ['PASS', 'WARN']",
    "1 in results.A.list && 'two' in results.A.list",
    "'status' in results.A",
    "!('x' in results.A.status)",
    "results.A.list == [1, 'two', true]",
    "results.A.list == [1.0, 'two', 1]",
    "results.A.o == results.A.o",
    "[] == results.A.nolist",
    "results.A.noobject == results.missing",
    /* functions */
    "size(results.A.status) == 4",
    "results.A.status.size() == 4",
    "size(results.A.o.k.deep) == 1",
    "size(results.A.list) == 3 && size(results.A.o) == 1",
    "size(results.A.n) == none",
    "has(results.A.none) && has(input.a.b) && has(results.A)",
    "!has(results.A.missing) && !has(results.Z) && !has(results.A.status.x)",
    "results.A.status.startsWith('PA') && results.A.status.endsWith('SS')",
    "results.A.status.contains('AS') && !results.A.status.contains('XX')",
    "'abc'.contains('b')",
    "('abc').startsWith('')",
    "!results.A.n.startsWith('1')",
    "!'a'.startsWith('abc')",
    "results.A.quoted == 'a\\b'",
    "results.A.status == 'PASS' ? true : has(results.A.x)",
};

START_TEST(a_true_condition_holds)
{
    ck_assert_msg(holds(true_conditions[_i]), "%s is false", true_conditions[_i]);
}
END_TEST

static const char *const false_conditions[] = {
    "   ",
    "results.A.status == FAIL",
    "results.A.status != PASS",
    "results.A.n == '1'",
    "results.A.n != 1",
    "results.A.missing",
    "results.A.missing != none",
    "results.A.empty",
    "results.A.zero",
    "results.A.nolist",
    "results.A.noobject",
    "results.A.none",
    "results.missing",
    "results",
    "foo",
    "foo.bar",
    "results.A.n > 1",
    "results.A.missing > 0",
    "results.A.missing < 0",
    "0 > results.A.missing",
    "results.A.status > 0",
    "results.A.list > 0",
    "results.A.none <= none",
    "results.A.o == results.A",
    "results.A.list == [1, 'two']",
    "results.A.list == [1, 'two', false]",
    "results.A.status in 'PASS'",
    "1 in results.A",
    "3 in results.A.list",
    "true && false",
    "false || none",
    "results.A.status.contains(1)",
    "size(results.A.nolist)",
};

START_TEST(a_false_condition_does_not)
{
    ck_assert_msg(!holds(false_conditions[_i]), "%s is true", false_conditions[_i]);
}
END_TEST

static const struct {
    const char *text;
    int column;
    const char *message;
} refused[] = {
    {"results.A.n > (", 16, "a value is missing at the end"},
    {"é == 'x", 6, "text without its closing quote"},
    {"a = b", 3, "a single '=' is no operator, write '=='"},
    {"a & b", 3, "a single '&' is no operator, write '&&'"},
    {"a == b == c", 8, "comparisons do not chain; join them with && or use parentheses"},
    {"a == b c", 8, "an operator expected before 'c'"},
    {"(a", 3, "')' is missing at the end"},
    {"[1, 2", 6, "',' or ']' is missing at the end"},
    {"[1 2]", 4, "',' or ']' expected before '2'"},
    {"a ? b", 6, "':' is missing at the end"},
    {"a ? : b", 5, "a value expected before ':'"},
    {"&& a", 1, "a value expected before '&&'"},
    {"nope(a)", 1, "no such function (size, has)"},
    {"input.x.nope(1)", 9, "no such method (size, startsWith, endsWith, contains)"},
    {"input.x.has(1)", 9, "no such method (size, startsWith, endsWith, contains)"},
    {"has('a')", 8, "has() takes a path"},
    {"size(input.x, 1)", 13, "')' expected before ','"},
    {"size()", 6, "a value expected before ')'"},
    {"'a'.size", 9, "'(' is missing at the end"},
    {"'a'.b.c()", 5, "no such method (size, startsWith, endsWith, contains)"},
    {"input.x in [PASS]", 13,
     "this word is no path (results.NODE..., input...); quote it if it is text"},
    {"input.x < y", 11, "this word is no path (results.NODE..., input...); quote it if it is text"},
    {"input.x == 9007199254740993", 12, "no double holds this number; quote it if it is text"},
    {"1e999 < input.x", 1, "no double holds this number; quote it if it is text"},
    {"size(x)", 6, "this word is no path (results.NODE..., input...); quote it if it is text"},
    {"a\xC3", 1, "the condition is not valid UTF-8 or holds U+0000"},
};

START_TEST(a_wrong_condition_is_refused_at_its_column)
{
    struct err e = {0};
    struct expr *expr = NULL;
    int column = 0;

    ck_assert_msg(!expr_compile(refused[_i].text, strlen(refused[_i].text), &expr, &column, &e),
                  "took %s", refused[_i].text);
    ck_assert_str_eq(e.msg, refused[_i].message);
    ck_assert_msg(column == refused[_i].column, "%s: column %d", refused[_i].text, column);
    ck_assert_ptr_null(expr);
}
END_TEST

static const struct {
    const char *text;
    const char *printed;
} printed[] = {
    {"a || b && !c == d", "(a || (b && (!c == \"d\")))"},
    {"input.x ? 1 : 2 ? 'x' : [1,none]", "(input.x ? 1 : (2 ? \"x\" : [1, null]))"},
    {"input.x.startsWith('a') && size(input) > 1.5",
     "(startsWith(input.x, \"a\") && (size(input) > 1.5))"},
    {"a && b && c", "(a && b && c)"},
    {"a != 2024-01-01", "(a != \"2024-01-01\")"},
    {"a in []", "(a in [])"},
    {"has(input.x) >= true", "(has(input.x) >= true)"},
    {" ", "false"},
};

START_TEST(precedence_shows_in_the_printed_form)
{
    auto_obj(expr) expr = NULL;
    auto_done(buf) text = {0};
    struct err e;

    ck_assert(expr_compile(printed[_i].text, strlen(printed[_i].text), &expr, NULL, &e));
    expr_print(expr, &text);
    ck_assert_str_eq(buf_text(&text), printed[_i].printed);
}
END_TEST

static char *nested_owned(const char *open, const char *middle, const char *close, unsigned times)
{
    struct buf b = {0};

    for (unsigned i = 0; i < times; i++)
        buf_adds(&b, open);
    buf_adds(&b, middle);
    for (unsigned i = 0; i < times; i++)
        buf_adds(&b, close);
    return buf_take(&b);
}

START_TEST(nesting_is_bounded_and_long_conditions_are_not_deep)
{
    static const char *const openings[] = {"(", "!", "[", "size(", "a ? b : "};
    static const char *const closings[] = {")", "", "]", ")", ""};
    auto_mem char *flat = nested_owned("a && ", "b", "", 800);
    auto_mem char *large = nested_owned("a && ", "b", "", 1000);
    auto_obj(expr) expr = NULL;
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
        auto_mem char *deep = nested_owned(openings[i], "1", closings[i], 200);
        auto_mem char *deepest = nested_owned(openings[i], "1", closings[i], EXPR_DEPTH_MAX - 1);
        auto_mem char *one_more = nested_owned(openings[i], "1", closings[i], EXPR_DEPTH_MAX);

        ck_assert(!expr_compile(deep, strlen(deep), &expr, NULL, &e));
        ck_assert_str_eq(e.msg, "nested too deeply");
        ck_assert_msg(expr_compile(deepest, strlen(deepest), &expr, NULL, &e), "%s: %s", deepest,
                      e.msg);
        expr_free(take(expr));
        ck_assert_msg(!expr_compile(one_more, strlen(one_more), &expr, NULL, &e), "took %s",
                      one_more);
        ck_assert_str_eq(e.msg, "nested too deeply");
    }
    ck_assert(expr_compile(flat, strlen(flat), &expr, NULL, &e));
    expr_free(take(expr));
    ck_assert(!expr_compile(large, strlen(large), &expr, NULL, &e));
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
}
END_TEST

START_TEST(a_costly_condition_ends_with_an_error)
{
    static const char text[] = "input.l == input.m || input.l == input.m || 'x' in input.l";
    auto_json list = json_array();
    auto_json input = NULL;
    auto_obj(expr) expr = NULL;
    struct err e;
    bool result;

    for (int i = 0; i < 60000; i++)
        json_array_append_new(list, json_integer(i));
    input = json_pack("{s:O,s:o}", "l", list, "m", json_deep_copy(list));
    json_array_append_new(json_object_get(input, "l"), json_integer(1));
    json_array_append_new(json_object_get(input, "m"), json_integer(2));
    ck_assert(expr_compile(text, strlen(text), &expr, NULL, &e));
    ck_assert(!expr_eval(expr, &(struct dag_scope){world_results, NULL, input}, &result, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
}
END_TEST

START_TEST(searching_long_texts_costs_by_their_length)
{
    static const char text[] = "input.t.contains('b')";
    auto_mem char *long_text = nested_owned("aaaaaaaaaaaaaaaa", "", "", 500000);
    auto_json input = json_pack("{s:s}", "t", long_text);
    auto_obj(expr) expr = NULL;
    struct err e;
    bool result;

    ck_assert(expr_compile(text, strlen(text), &expr, NULL, &e));
    ck_assert(!expr_eval(expr, &(struct dag_scope){world_results, NULL, input}, &result, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
}
END_TEST

/* ---- paths ----------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *json;
} paths[] = {
    {"results.A.status", "\"PASS\""},
    {"input.x", "1"},
    {"results.10", "{\"v\":8}"},
    {"results.Z.q", "null"},
    {"foo.bar", "null"},
    {"input", "{\"x\":1,\"a\":{\"b\":[1,2]}}"},
    {"input.a.b", "[1,2]"},
    {"input.a.b.0", "null"},
    {"results.A.status.q", "null"},
    {"results.Z", "{}"},
    {"results", "null"},
    {"results.", "{}"},
    {".", "null"},
    {"results..x", "null"},
    {" input", "null"},
};

START_TEST(a_path_leads_where_greenlang_s_does)
{
    auto_json world = json_loads(world_json, 0, NULL);
    auto_json input = json_loads("{\"x\": 1, \"a\": {\"b\": [1, 2]}}", 0, NULL);
    struct dag_scope scope = {world_results, world, input};
    auto_obj(path) path = path_new(paths[_i].path, strlen(paths[_i].path));
    auto_json value = path_resolve_owned(path, &scope);
    auto_done(buf) text = {0};

    json_add_compact(&text, value);
    ck_assert_str_eq(buf_text(&text), paths[_i].json);
    ck_assert_str_eq(path_text(path), paths[_i].path);
}
END_TEST

START_TEST(a_path_reads_nothing_without_an_input)
{
    struct dag_scope scope = {world_results, NULL, NULL};
    auto_obj(path) path = path_new("input.x", 7);
    auto_json value = path_resolve_owned(path, &scope);

    ck_assert(json_is_null(value));
    ck_assert(!path_exists(path, &scope));
}
END_TEST

TCase *expr_cases(void)
{
    TCase *tc = tcase_create("expr");

    tcase_add_loop_test(tc, a_true_condition_holds, 0, (int)ARRAY_LEN(true_conditions));
    tcase_add_loop_test(tc, a_false_condition_does_not, 0, (int)ARRAY_LEN(false_conditions));
    tcase_add_loop_test(tc, a_wrong_condition_is_refused_at_its_column, 0, (int)ARRAY_LEN(refused));
    tcase_add_loop_test(tc, precedence_shows_in_the_printed_form, 0, (int)ARRAY_LEN(printed));
    tcase_add_test(tc, nesting_is_bounded_and_long_conditions_are_not_deep);
    tcase_add_test(tc, a_costly_condition_ends_with_an_error);
    tcase_add_test(tc, searching_long_texts_costs_by_their_length);
    tcase_add_loop_test(tc, a_path_leads_where_greenlang_s_does, 0, (int)ARRAY_LEN(paths));
    tcase_add_test(tc, a_path_reads_nothing_without_an_input);
    return tc;
}
