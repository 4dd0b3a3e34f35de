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

static void push(struct ring *r, int64_t seq, const char *run_id)
{
    struct api_event e = event(seq, ring_tenant(r), run_id);

    ck_assert(ring_push(r, &e));
}

static bool pushed(struct ring *r, int64_t seq)
{
    struct api_event e = event(seq, ring_tenant(r), "r");

    return ring_push(r, &e);
}

START_TEST(every_event_comes_once_and_in_order)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 100);
    int64_t cursor = 100;

    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    push(r, 101, "r");
    ring_pass(r, 102, 102); /* an entry of the ledger */
    push(r, 103, "r");
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 101);
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 103);
    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    ck_assert_int_eq(cursor, 103);
    ring_release(r);
}
END_TEST

START_TEST(what_was_published_before_is_passed_over)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 100);
    int64_t after;

    ck_assert(!pushed(r, 100));
    push(r, 101, "r");
    ck_assert(!pushed(r, 101));
    ck_assert(!ring_wants(r, &after));
    ck_assert_int_eq(ring_head(r), 101);
    ring_release(r);
}
END_TEST

START_TEST(the_floor_rises_as_events_leave)
{
    auto_obj(rings) s = rings_new(4);
    struct ring *r = rings_hold(s, "t", 0);
    int64_t cursor;

    for (int64_t seq = 1; seq <= 10; seq++)
        push(r, seq, "r");
    ck_assert_int_eq(ring_floor(r), 6);
    cursor = 6;
    for (int64_t seq = 7; seq <= 10; seq++)
        ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, seq);
    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    ring_release(r);
}
END_TEST

START_TEST(a_filter_skips_and_the_cursor_moves_on)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 0);
    struct stream_filter run = {.tenant = "t", .run_id = "r2"};
    int64_t cursor = 0;

    push(r, 1, "r1");
    ring_pass(r, 2, 2);
    push(r, 3, "r2");
    push(r, 4, "r1");
    ck_assert_int_eq(ring_next(r, &run, &cursor)->seq, 3);
    ck_assert_ptr_null(ring_next(r, &run, &cursor));
    ck_assert_int_eq(cursor, 4);
    ring_release(r);
}
END_TEST

START_TEST(tenants_number_for_themselves_and_share_the_bound)
{
    auto_obj(rings) s = rings_new(4);
    struct ring *t = rings_hold(s, "t", 0), *u = rings_hold(s, "u", 0);
    int64_t cursor = 0;

    push(u, 1, "r");
    push(t, 1, "r");
    push(t, 2, "r");
    ck_assert_int_eq(ring_next(t, &all, &cursor)->seq, 1);
    for (int64_t seq = 3; seq <= 5; seq++)
        push(t, seq, "r");
    ck_assert_int_eq(ring_floor(t), 1);
    ck_assert_int_eq(ring_floor(u), 1);
    ck_assert_int_eq(ring_head(u), 1);
    ring_release(t);
    ring_release(u);
}
END_TEST

START_TEST(a_ring_goes_with_the_last_who_holds_it)
{
    auto_obj(rings) s = rings_new(4);
    struct ring *t = rings_hold(s, "t", 0), *u = rings_hold(s, "u", 0);
    static const struct stream_filter of_u = {.tenant = "u"};
    int64_t cursor = 0;

    ck_assert_ptr_eq(rings_hold(s, "t", 0), t);
    push(t, 1, "r");
    push(u, 1, "r");
    push(t, 2, "r");
    push(u, 2, "r");
    ring_release(t);
    ck_assert_ptr_eq(rings_find(s, "t"), t);
    ring_release(t);
    ck_assert_ptr_null(rings_find(s, "t"));
    push(u, 3, "r");
    push(u, 4, "r");
    ck_assert_int_eq(ring_floor(u), 0); /* the other's places are free */
    for (int64_t seq = 1; seq <= 4; seq++)
        ck_assert_int_eq(ring_next(u, &of_u, &cursor)->seq, seq);
    t = rings_hold(s, "t", 7);
    ck_assert_int_eq(ring_floor(t), 7);
    ring_release(t);
    ring_release(u);
}
END_TEST

START_TEST(a_cursor_ahead_of_the_ring_stays_there)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 3);
    int64_t cursor = 5; /* read from the store before it was published */

    push(r, 4, "r");
    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    ck_assert_int_eq(cursor, 5);
    push(r, 5, "r");
    push(r, 6, "r");
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 6);
    ring_release(r);
}
END_TEST

static bool filled(struct ring *r, int64_t seq)
{
    struct api_event e = event(seq, ring_tenant(r), "r");

    return ring_fill(r, &e);
}

START_TEST(an_event_behind_another_hosts_waits_until_that_was_read)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 10);
    int64_t cursor = 10, after;

    ck_assert(!pushed(r, 13)); /* 11 and 12 are another's */
    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    ck_assert_int_eq(cursor, 10);
    ck_assert(ring_wants(r, &after));
    ck_assert_int_eq(after, 10);
    ck_assert(!ring_wants(r, &after)); /* once */
    ck_assert(!pushed(r, 14));
    ck_assert(filled(r, 11)); /* 12 is an entry */
    ck_assert(filled(r, 13));
    ring_filled(r, 13);
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 11);
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 13);
    ck_assert_ptr_null(ring_next(r, &all, &cursor));
    ck_assert(ring_wants(r, &after)); /* 14 came meanwhile */
    ck_assert_int_eq(after, 13);
    ck_assert(filled(r, 14));
    ring_filled(r, 14);
    ck_assert(!ring_wants(r, &after));
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 14);
    for (int i = 0; i < 3; i++)
        ring_release(r);
}
END_TEST

START_TEST(what_was_published_while_it_was_read_is_there_once)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 10);
    int64_t cursor = 10, after;

    ring_heard(r, 11);
    ck_assert(ring_wants(r, &after));
    push(r, 11, "r"); /* it was this host's */
    push(r, 12, "r");
    ck_assert(!filled(r, 11));
    ring_filled(r, 11);
    ck_assert(!ring_wants(r, &after));
    ck_assert_int_eq(ring_head(r), 12);
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 11);
    ck_assert_int_eq(ring_next(r, &all, &cursor)->seq, 12);
    ring_release(r);
    ring_release(r);
}
END_TEST

START_TEST(a_number_that_is_not_there_is_looked_for_once)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 10);
    int64_t after;

    ring_heard(r, INT64_MAX);
    ck_assert(ring_wants(r, &after));
    ring_not_filled(r); /* the store is away */
    ck_assert(ring_wants(r, &after));
    ring_filled(r, 10);
    ck_assert(!ring_wants(r, &after));
    push(r, 11, "r");
    for (int i = 0; i < 3; i++)
        ring_release(r);
}
END_TEST

START_TEST(an_entry_behind_another_hosts_event_is_no_end_of_the_gap)
{
    auto_obj(rings) s = rings_new(8);
    struct ring *r = rings_hold(s, "t", 10);
    int64_t after;

    ring_pass(r, 12, 13);
    ck_assert_int_eq(ring_head(r), 10);
    ck_assert(ring_wants(r, &after));
    ring_release(r);
    ring_release(r);
}
END_TEST

START_TEST(a_message_is_one_flat_object)
{
    struct api_event e = event(7, "t", "r\"1");
    struct stream_message m;
    auto_json doc = NULL;
    struct err err;

    e.step_id = "A";
    e.attempt = 2;
    e.payload = "{\"x\":1}";
    stream_message_make(&e, &m);
    ck_assert_int_eq(m.text[m.len], '\n');
    ck_assert_msg(json_parse(m.text, m.len, &json_limits_default, &doc, NULL, &err), "%s", err.msg);
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
    tcase_add_test(tc, tenants_number_for_themselves_and_share_the_bound);
    tcase_add_test(tc, a_ring_goes_with_the_last_who_holds_it);
    tcase_add_test(tc, an_event_behind_another_hosts_waits_until_that_was_read);
    tcase_add_test(tc, what_was_published_while_it_was_read_is_there_once);
    tcase_add_test(tc, a_number_that_is_not_there_is_looked_for_once);
    tcase_add_test(tc, an_entry_behind_another_hosts_event_is_no_end_of_the_gap);
    tcase_add_test(tc, a_cursor_ahead_of_the_ring_stays_there);
    tcase_add_test(tc, a_message_is_one_flat_object);
    tcase_add_test(tc, a_query_gives_the_filter_and_the_cursor);
    tcase_add_test(tc, the_first_message_must_be_a_token);
    return tc;
}
