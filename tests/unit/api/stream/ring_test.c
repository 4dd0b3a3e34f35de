/* ring_test.c -- the ring, its messages and filters, and a client's first message. */
#include "suites.h"

#include "api/stream/client.h"
#include "api/stream/ring.h"
#include "base/json.h"

#include <string.h>

static const struct stream_filter all = {.tenant = "t"};

static struct api_event event(int64_t seq, const char *tenant, const char *run_id)
{
    return (struct api_event){.seq = seq,
                              .tenant = tenant,
                              .dag_id = "d",
                              .run_id = run_id,
                              .type = "run.updated",
                              .status = "running",
                              .wall_us = 1};
}

static void push(struct ring *s, int64_t seq, const char *tenant, const char *run_id)
{
    struct api_event e = event(seq, tenant, run_id);

    ck_assert(ring_push(s, &e));
}

START_TEST(every_event_comes_once_and_in_order)
{
    auto_obj(ring) s = ring_new(8, 100);
    int64_t cursor = 100;

    ck_assert_ptr_null(ring_next(s, &all, &cursor));
    push(s, 101, "t", "r");
    push(s, 103, "t", "r"); /* seqs may have gaps */
    ck_assert_int_eq(ring_next(s, &all, &cursor)->seq, 101);
    ck_assert_int_eq(ring_next(s, &all, &cursor)->seq, 103);
    ck_assert_ptr_null(ring_next(s, &all, &cursor));
    ck_assert_int_eq(cursor, 103);
}
END_TEST

START_TEST(what_was_published_before_is_passed_over)
{
    auto_obj(ring) s = ring_new(8, 100);
    struct api_event old = event(100, "t", "r");

    ck_assert(!ring_push(s, &old));
    push(s, 101, "t", "r");
    old.seq = 101;
    ck_assert(!ring_push(s, &old));
    ck_assert_int_eq(ring_head(s), 101);
}
END_TEST

START_TEST(the_floor_rises_as_events_leave)
{
    auto_obj(ring) s = ring_new(4, 0);
    int64_t cursor;

    for (int64_t seq = 1; seq <= 10; seq++)
        push(s, seq, "t", "r");
    ck_assert_int_eq(ring_floor(s), 6);
    cursor = 6;
    for (int64_t seq = 7; seq <= 10; seq++)
        ck_assert_int_eq(ring_next(s, &all, &cursor)->seq, seq);
    ck_assert_ptr_null(ring_next(s, &all, &cursor));
}
END_TEST

START_TEST(a_filter_skips_and_the_cursor_moves_on)
{
    auto_obj(ring) s = ring_new(8, 0);
    struct stream_filter run = {.tenant = "t", .run_id = "r2"};
    int64_t cursor = 0;

    push(s, 1, "t", "r1");
    push(s, 2, "other", "r2");
    push(s, 3, "t", "r2");
    push(s, 4, "t", "r1");
    ck_assert_int_eq(ring_next(s, &run, &cursor)->seq, 3);
    ck_assert_ptr_null(ring_next(s, &run, &cursor));
    ck_assert_int_eq(cursor, 4);
}
END_TEST

START_TEST(a_cursor_ahead_of_the_ring_stays_there)
{
    auto_obj(ring) s = ring_new(8, 0);
    int64_t cursor = 5; /* read from the store before it was published */

    push(s, 4, "t", "r");
    ck_assert_ptr_null(ring_next(s, &all, &cursor));
    ck_assert_int_eq(cursor, 5);
    push(s, 5, "t", "r");
    push(s, 6, "t", "r");
    ck_assert_int_eq(ring_next(s, &all, &cursor)->seq, 6);
}
END_TEST

START_TEST(a_message_is_one_flat_object_behind_its_headroom)
{
    struct api_event e = event(7, "t", "r\"1");
    struct stream_message m;
    auto_json doc = NULL;
    struct err err;

    e.step_id = "A";
    e.attempt = 2;
    e.payload = "{\"x\":1}";
    stream_message_make(&e, &m);
    ck_assert_int_eq(stream_message_text(&m)[m.len], '\n');
    ck_assert_msg(json_parse(stream_message_text(&m), m.len, &json_limits_default, &doc, NULL,
                             &err),
                  "%s", err.msg);
    ck_assert_str_eq(json_string_value(json_object_get(doc, "runId")), "r\"1");
    ck_assert_str_eq(json_string_value(json_object_get(doc, "stepId")), "A");
    ck_assert_int_eq(json_integer_value(json_object_get(doc, "attempt")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(doc, "cursor")), 7);
    ck_assert_ptr_null(json_object_get(doc, "traceId"));
    ck_assert(json_is_object(json_object_get(doc, "data")));
    stream_message_done(&m);
}
END_TEST

START_TEST(a_query_gives_the_filter_and_the_cursor)
{
    auto_done(http_head) head = {0};
    struct stream_filter filter;
    int64_t after;
    struct err e;

    ck_assert(stream_query(&head, &filter, &after, &e));
    ck_assert_int_eq(after, -1);
    ck_assert(http_query_add(&head.query, "runId=r", 7, &e));
    ck_assert(http_query_add(&head.query, "after=12", 8, &e));
    ck_assert(stream_query(&head, &filter, &after, &e));
    ck_assert_int_eq(after, 12);
    ck_assert_str_eq(filter.run_id, "r");
    ck_assert(http_query_add(&head.query, "x=1", 3, &e));
    ck_assert(!stream_query(&head, &filter, &after, &e));
}
END_TEST

START_TEST(the_first_message_must_be_a_token)
{
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"type\":\"auth\"}",
        "{\"type\":\"auth\",\"token\":\"\"}",
        "{\"type\":\"auth\",\"token\":1}",
        "{\"type\":\"hello\",\"token\":\"x\"}",
        "{\"type\":\"auth\",\"token\":\"x\",\"tenant\":\"../y\"}",
        "{\"type\":\"auth\",\"token\":\"x\"} more",
    };
    static const char good[] = "{\"type\":\"auth\",\"token\":\"x\",\"tenant\":\"t\"}";
    struct auth_message m = {0};
    struct err e;

    ck_assert(auth_message_parse(good, strlen(good), &m, &e));
    ck_assert_str_eq(m.token, "x");
    ck_assert_str_eq(m.tenant, "t");
    auth_message_done(&m);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!auth_message_parse(bad[i], strlen(bad[i]), &m, &e), "%s", bad[i]);
}
END_TEST

TCase *ring_cases(void)
{
    TCase *tc = tcase_create("stream");

    tcase_add_test(tc, every_event_comes_once_and_in_order);
    tcase_add_test(tc, what_was_published_before_is_passed_over);
    tcase_add_test(tc, the_floor_rises_as_events_leave);
    tcase_add_test(tc, a_filter_skips_and_the_cursor_moves_on);
    tcase_add_test(tc, a_cursor_ahead_of_the_ring_stays_there);
    tcase_add_test(tc, a_message_is_one_flat_object_behind_its_headroom);
    tcase_add_test(tc, a_query_gives_the_filter_and_the_cursor);
    tcase_add_test(tc, the_first_message_must_be_a_token);
    return tc;
}
