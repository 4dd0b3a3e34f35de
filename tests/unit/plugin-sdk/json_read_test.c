/* json_read_test.c -- the SDK's reader: what it takes, what it refuses, what it gives. */
#include "suites.h"

#include "fake_host.h"

#include <orch/sdk.h>

#include <string.h>

static bool parses(const char *text)
{
    orch_json value;

    return orch_json_parse(orch_text(text), &value);
}

static orch_json parsed(const char *text)
{
    orch_json value = {NULL, 0};

    ck_assert_msg(orch_json_parse(orch_text(text), &value), "%s", text);
    return value;
}

START_TEST(rfc_8259_values_are_read)
{
    static const char *const good[] = {
        "null",
        " true ",
        "false\n",
        "0",
        "-0.5e+10",
        "1E9",
        "\"\"",
        "\"\\u00e9\\n\\/\"",
        "[]",
        "[1, [2], {\"a\": []}]",
        "{}",
        "{\"a\":1,\"b\":{\"c\":null}}",
        "\"\\ud83d\\ude00\"",
        "\"\xf0\x9f\x98\x80\"",
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ck_assert_msg(parses(good[i]), "%s", good[i]);
}
END_TEST

START_TEST(everything_else_is_refused)
{
    static const char *const bad[] = {
        "",
        " ",
        "nul",
        "truex",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "\"",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "[",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "]",
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!parses(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(nesting_ends_at_the_limit)
{
    char text[2 * ORCH_JSON_DEPTH_MAX + 4];

    memset(text, 0, sizeof text);
    memset(text, '[', ORCH_JSON_DEPTH_MAX);
    memset(text + ORCH_JSON_DEPTH_MAX, ']', ORCH_JSON_DEPTH_MAX);
    ck_assert(parses(text));
    memset(text, '[', ORCH_JSON_DEPTH_MAX + 1);
    memset(text + ORCH_JSON_DEPTH_MAX + 1, ']', ORCH_JSON_DEPTH_MAX + 1);
    ck_assert(!parses(text));
}
END_TEST

START_TEST(members_are_found_by_their_decoded_name)
{
    orch_json v = parsed("{\"a\\u0062\":[10,20],\"x\":{\"y\":true},\"ab\":3}");
    bool yes = false;
    int64_t n;

    ck_assert_int_eq(orch_json_kind(orch_json_get(v, "ab")), '[');
    ck_assert(orch_json_bool(orch_json_get(orch_json_get(v, "x"), "y"), &yes));
    ck_assert(yes);
    ck_assert_int_eq(orch_json_kind(orch_json_get(v, "a")), 0);
    ck_assert_int_eq(orch_json_kind(orch_json_get(orch_json_get(v, "nope"), "y")), 0);
    ck_assert(!orch_json_int(orch_json_get(v, "nope"), &n));
}
END_TEST

START_TEST(containers_are_walked_in_order)
{
    int64_t sum = 0, n;
    int count = 0;

    for (orch_json_iter it = orch_json_each(parsed("[ 1 , 2,3 ]")); orch_json_next(&it); count++) {
        ck_assert(orch_json_int(it.value, &n));
        sum = sum * 10 + n;
    }
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(sum, 123);
    count = 0;
    for (orch_json_iter it = orch_json_each(parsed("{\"k\" : {\"l\":[]} , \"m\":1}"));
         orch_json_next(&it); count++)
        ck_assert(orch_json_is(it.key, count == 0 ? "k" : "m"));
    ck_assert_int_eq(count, 2);
    for (orch_json_iter it = orch_json_each(parsed("\"text\"")); orch_json_next(&it);)
        ck_abort_msg("a text has no elements");
}
END_TEST

START_TEST(numbers_keep_their_range)
{
    double d;
    int64_t n;

    ck_assert(orch_json_number(parsed("-12.5e1"), &d));
    ck_assert_double_eq(d, -125);
    ck_assert(!orch_json_number(parsed("1e999"), &d));
    ck_assert(!orch_json_number(parsed("\"1\""), &d));
    ck_assert(orch_json_int(parsed("-9223372036854775808"), &n));
    ck_assert(n == INT64_MIN);
    ck_assert(!orch_json_int(parsed("9223372036854775808"), &n));
    ck_assert(!orch_json_int(parsed("1.0"), &n));
    ck_assert(!orch_json_number(
        parsed("1000000000000000000000000000000000000000000000000000000000000000"), &d));
}
END_TEST

START_TEST(texts_are_decoded_into_the_arena)
{
    auto_done(fake_host) host;
    orch_bytes text;

    fake_host_init(&host);
    ck_assert(orch_json_text(&host.table, fake_run(&host),
                             parsed("\"a\\\"\\\\\\n\\u00e9\\ud83d\\ude00\""), &text));
    ck_assert_str_eq(text.ptr, "a\"\\\n\xc3\xa9\xf0\x9f\x98\x80");
    ck_assert_uint_eq(text.len, strlen(text.ptr));
    ck_assert(orch_json_is(parsed("\"\\u00e9\""), "\xc3\xa9"));
    ck_assert(!orch_json_is(parsed("\"ab\""), "a"));
    ck_assert(!orch_json_is(parsed("\"a\""), "ab"));
    ck_assert(!orch_json_text(&host.table, fake_run(&host), parsed("12"), &text));
    host.arena_bytes_max = host.arena_bytes;
    ck_assert(!orch_json_text(&host.table, fake_run(&host), parsed("\"x\""), &text));
}
END_TEST

Suite *json_read_suite(void)
{
    Suite *suite = suite_create("json_read");
    TCase *tc = tcase_create("reader");

    tcase_add_test(tc, rfc_8259_values_are_read);
    tcase_add_test(tc, everything_else_is_refused);
    tcase_add_test(tc, nesting_ends_at_the_limit);
    tcase_add_test(tc, members_are_found_by_their_decoded_name);
    tcase_add_test(tc, containers_are_walked_in_order);
    tcase_add_test(tc, numbers_keep_their_range);
    tcase_add_test(tc, texts_are_decoded_into_the_arena);
    suite_add_tcase(suite, tc);
    return suite;
}
