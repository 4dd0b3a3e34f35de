/* http_head_test.c -- queries, header lists, trace contexts and body fields. */
#include "suites.h"

#include "api/http/fields.h"
#include "api/http/http.h"
#include "base/json.h"
#include "observe/trace.h"

#include <string.h>

static bool add(struct http_query *q, const char *piece)
{
    return http_query_add(q, piece, strlen(piece), NULL);
}

START_TEST(a_query_is_split_at_its_first_equals_sign)
{
    auto_done(http_head) head = {0};

    ck_assert(add(&head.query, "a=b=c") && add(&head.query, "flag") && add(&head.query, ""));
    ck_assert_str_eq(http_query_get(&head.query, "a"), "b=c");
    ck_assert_str_eq(http_query_get(&head.query, "flag"), "");
    ck_assert_ptr_null(http_query_get(&head.query, "b"));
}
END_TEST

START_TEST(queries_have_limits)
{
    auto_done(http_head) head = {0};
    char piece[HTTP_QUERY_ITEM_BYTES_MAX + 2] = "long=";

    memset(piece + 5, 'x', sizeof piece - 6);
    ck_assert(!add(&head.query, piece));
    ck_assert(!add(&head.query, "a=\xff"));
    ck_assert(!add(&head.query, "a=\x01"));
    for (int i = 0; i < HTTP_QUERY_ITEMS_MAX; i++) {
        char name[8] = {(char)('a' + i), '=', 'x'};

        ck_assert(add(&head.query, name));
        ck_assert(!add(&head.query, name));
    }
    ck_assert(!add(&head.query, "more=1"));
}
END_TEST

START_TEST(numbers_and_names_are_checked)
{
    auto_done(http_head) head = {0};
    struct http_query *q = &head.query;
    int64_t n;

    ck_assert(add(q, "n=42") && add(q, "bad=4x") && add(q, "big=99999999999999999999") &&
              add(q, "empty=") && add(q, "plus=+1"));
    ck_assert(http_query_int(q, "n", 0, 1, 42, &n, NULL));
    ck_assert_int_eq(n, 42);
    ck_assert(http_query_int(q, "absent", 7, 1, 42, &n, NULL));
    ck_assert_int_eq(n, 7);
    ck_assert(!http_query_int(q, "n", 0, 1, 41, &n, NULL));
    ck_assert(!http_query_int(q, "bad", 0, 1, 41, &n, NULL));
    ck_assert(!http_query_int(q, "big", 0, 1, INT64_MAX, &n, NULL));
    ck_assert(!http_query_int(q, "empty", 0, 0, 41, &n, NULL));
    ck_assert(!http_query_int(q, "plus", 0, 0, 41, &n, NULL));
    ck_assert(http_query_known(q, "n bad big empty plus", NULL));
    ck_assert(!http_query_known(q, "n bad big empty", NULL));
    ck_assert(!http_query_known(q, "N bad big empty plus", NULL));
}
END_TEST

START_TEST(lists_are_searched_by_whole_words)
{
    ck_assert(http_list_has("keep-alive, Close", "close"));
    ck_assert(http_list_has("text/html;q=0.9,text/event-stream;q=1", "text/event-stream"));
    ck_assert(!http_list_has("closed", "close"));
    ck_assert(!http_list_has("", "close"));
    ck_assert(!http_list_has("a;close", "close"));
    ck_assert(!http_list_has(";;;,", "close"));
}
END_TEST

START_TEST(a_valid_traceparent_is_joined_and_any_other_starts_a_trace)
{
    static const char good[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const char *const bad[] = {
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
    };
    struct trace t = trace_of(good);

    ck_assert_str_eq(t.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    ck_assert_str_ne(t.traceparent, good);
    ck_assert_uint_eq(strlen(t.traceparent), 55);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        t = trace_of(bad[i]);
        ck_assert_str_ne(t.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        ck_assert_uint_eq(strlen(t.trace_id), 32);
    }
}
END_TEST

START_TEST(unknown_and_missing_members_are_listed)
{
    auto_json body = json_pack("{s:i, s:i}", "a", 1, "x/y", 2);
    auto_json all = fields_check_owned(body, "*");
    auto_json errors = fields_check_owned(body, "a! b! c");

    ck_assert_uint_eq(json_array_size(all), 0);
    ck_assert_uint_eq(json_array_size(errors), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(errors, 0), "pointer")),
                     "/x~1y");
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(errors, 1), "type")),
                     "missing");
}
END_TEST

TCase *http_cases(void)
{
    TCase *tc = tcase_create("http");

    tcase_add_test(tc, a_query_is_split_at_its_first_equals_sign);
    tcase_add_test(tc, queries_have_limits);
    tcase_add_test(tc, numbers_and_names_are_checked);
    tcase_add_test(tc, lists_are_searched_by_whole_words);
    tcase_add_test(tc, a_valid_traceparent_is_joined_and_any_other_starts_a_trace);
    tcase_add_test(tc, unknown_and_missing_members_are_listed);
    return tc;
}
