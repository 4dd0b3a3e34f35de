/* json_scan_test.c -- the grammar without a tree: its limits, its places, and that nothing which it
 * refuses is ever built. */
#include "suites.h"

#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static const struct json_limits few = {64, 3, 5};

static enum err_code scan(const char *text, const struct json_limits *limits,
                          struct json_place *ret_place, struct err *e)
{
    *e = (struct err){0};
    return json_scan(text, strlen(text), limits, ret_place, e) ? ERR_NONE : e->code;
}

START_TEST(values_are_the_whole_its_elements_and_its_members)
{
    static const struct {
        const char *text;
        enum err_code code;
    } rows[] = {
        {"0", ERR_NONE},
        {"[[], {}, 0, \"[[[,,,]\"]", ERR_NONE},
        {"[[], {}, 0, 1, 2]", ERR_TOO_LARGE},
        {"{\"a\": {\"b\": 1}, \"c\": [0]}", ERR_NONE},
        {"{\"a\": {\"b\": 1}, \"c\": [0, 0]}", ERR_TOO_LARGE},
        {"[[[[]]]]", ERR_INVALID}, /* depth 4 */
        {"[[[]], [[]], [[]]]", ERR_TOO_LARGE},
    };
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(scan(rows[i].text, &few, NULL, &e) == rows[i].code, "%s: %s", rows[i].text,
                      e.msg);
}
END_TEST

START_TEST(a_limit_is_named_with_its_number_and_the_place)
{
    struct json_place place;
    struct err e;

    ck_assert_int_eq(scan("[0,1,2,3,\n 4]", &few, &place, &e), ERR_TOO_LARGE);
    ck_assert_str_eq(e.msg, "line 2 column 2: JSON text has more than 5 values, at most so many "
                            "are taken");
    ck_assert_int_eq(place.line, 2);
    ck_assert_int_eq(place.column, 2);
    ck_assert_int_eq(scan("[[[[", &few, &place, &e), ERR_INVALID);
    ck_assert_str_eq(e.msg, "line 1 column 4: nested deeper than 3 levels");
    ck_assert_int_eq(scan("\"0123456789012345678901234567890123456789012345678901234567890123\"",
                          &few, &place, &e),
                     ERR_TOO_LARGE);
    ck_assert_str_eq(e.msg, "JSON text has 66 bytes, at most 64 are taken");
    ck_assert_int_eq(place.line, 0);
}
END_TEST

START_TEST(columns_count_characters)
{
    struct json_place place;
    struct err e;

    ck_assert_int_eq(scan("[\"\xC3\xA9\xE2\x82\xAC\", x]", &few, &place, &e), ERR_INVALID);
    ck_assert_int_eq(place.column, 8);
    ck_assert_int_eq(scan("[\"\xC3\xA9\xFF\"]", &few, &place, &e), ERR_INVALID);
    ck_assert_int_eq(place.column, 4);
    ck_assert_ptr_nonnull(strstr(e.msg, "not UTF-8"));
}
END_TEST

START_TEST(each_mistake_has_its_words)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "ends before its value"},
        {" ", "ends before its value"},
        {"]", "a value is missing"},
        {"[,]", "a value is missing"},
        {"[0,]", "a value is missing"},
        {"[0", "ends inside of an array or object"},
        {"[0 0]", "',' or the end"},
        {"[0}", "',' or the end"},
        {"{0:1}", "the name of a member is missing"},
        {"{\"a\":0,}", "the name of a member is missing"},
        {"{\"a\" 1}", "':' is missing"},
        {"0 0", "goes on behind its value"},
        {"[]]", "goes on behind its value"},
        {"\"a", "a string without its end"},
        {"\"\n\"", "a control character"},
        {"\"\\x\"", "an escape that JSON does not have"},
        {"\"\\u12g4\"", "four hexadecimal digits"},
        {"\"\\u0000\"", "\\u0000 is not taken"},
        {"\"\\udc00\"", "a lone surrogate"},
        {"\"\\ud800\\n\"", "a lone surrogate"},
        {"\"\\ud800\\u0041\"", "a lone surrogate"},
        {"-", "a digit is missing"},
        {"1.", "a digit is missing"},
        {"1e+", "a digit is missing"},
        {"-01", "a leading zero"},
        {"+1", "a value is missing"},
        {"9007199254740993", "beyond +-(2^53-1)"},
        {"-9007199254740993", "beyond +-(2^53-1)"},
        {"100000000000000001", "beyond +-(2^53-1)"},
        {"1000000000000000000000", "beyond +-(2^53-1)"},
        {"nul", "is not true, false or null"},
        {"True", "a value is missing"},
    };
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_msg(scan(rows[i].text, &few, NULL, &e) == ERR_INVALID, "took %s", rows[i].text);
        ck_assert_msg(strstr(e.msg, rows[i].words) != NULL, "%s: '%s'", rows[i].text, e.msg);
    }
}
END_TEST

START_TEST(what_json_has_is_taken)
{
    static const char *const texts[] = {
        "\t\r\n true ",
        "-0",
        "-0.0e-0",
        "1E+5",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\\ud83d\\ude00\"",
        "{\"\":{}}",
        "[]",
        "[[[]]]",
        "null",
        "9007199254740991",
        "9007199254740992",
        "-100000000000000000000",
    };
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        ck_assert_msg(scan(texts[i], &few, NULL, &e) == ERR_NONE, "%s: %s", texts[i], e.msg);
}
END_TEST

static size_t allocations;

static void *count_alloc(size_t bytes)
{
    allocations++;
    return malloc(bytes);
}

/* 4 MiB of the smallest values, which would be a tree of 270 MB. */
START_TEST(nothing_is_built_of_a_text_of_too_many_values)
{
    const struct json_limits limits = {NODE_OUTPUT_BYTES_MAX, JSON_DEPTH_MAX,
                                       NODE_OUTPUT_VALUES_MAX};
    auto_done(buf) text = {0};
    json_t *value = NULL;
    json_malloc_t old_malloc;
    json_free_t old_free;
    struct err e;

    buf_adds(&text, "[0");
    while (text.len < NODE_OUTPUT_BYTES_MAX - 16)
        buf_adds(&text, ",{},{},0");
    buf_addc(&text, ']');
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(count_alloc, free);
    ck_assert(!json_parse(text.data, text.len, &limits, &value, NULL, &e));
    json_set_alloc_funcs(old_malloc, old_free);
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
    ck_assert_uint_eq(allocations, 0);
}
END_TEST

TCase *json_scan_cases(void)
{
    TCase *tc = tcase_create("json_scan");

    tcase_add_test(tc, values_are_the_whole_its_elements_and_its_members);
    tcase_add_test(tc, a_limit_is_named_with_its_number_and_the_place);
    tcase_add_test(tc, columns_count_characters);
    tcase_add_test(tc, each_mistake_has_its_words);
    tcase_add_test(tc, what_json_has_is_taken);
    tcase_add_test(tc, nothing_is_built_of_a_text_of_too_many_values);
    return tc;
}
