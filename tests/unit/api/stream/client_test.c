/* client_test.c -- what a client hears, in which form, and when its connection is asked for what.
 */
#include "stream/follower.h"
#include "suites.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct follower f;

static void setup(void)
{
    follower_open(&f);
}

static void teardown(void)
{
    follower_close(&f);
}

static void follows(enum stream_kind kind, const char *query)
{
    const char *code;

    ck_assert(follower_follow(&f, kind, query, &code));
    follower_hears(&f, "\"type\":\"hello\"");
}

static void tick_after(int64_t seconds)
{
    stream_server_tick(f.server, clock_mono_ns() + seconds * 1000000000LL);
}

START_TEST(hello_comes_first_and_names_the_place)
{
    const char *code;

    (void)follower_event(&f, "t");
    ck_assert(follower_follow(&f, STREAM_WS, NULL, &code));
    ck_assert_int_eq(f.conn.wakes, 1);
    follower_hears(&f, "\"tenant\":\"t\",\"cursor\":1,\"cursor_min\":1,\"cursor_max\":1");
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(an_event_wakes_its_tenants_client_once)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    (void)follower_event(&f, "other");
    ck_assert_int_eq(f.conn.wakes, 1);
    (void)follower_event(&f, "t");
    (void)follower_event(&f, "t");
    ck_assert_int_eq(f.conn.wakes, 2);
    follower_hears(&f, "\"seq\":2");
    follower_hears(&f, "\"seq\":3");
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    ck_assert_int_eq(f.conn.wakes, 3);
}
END_TEST

START_TEST(what_the_ring_lost_comes_from_the_store_without_a_gap)
{
    char wanted[32];

    for (int i = 0; i < 7; i++) /* the ring keeps four */
        (void)follower_event(&f, "t");
    follows(STREAM_WS, "after=2");
    for (int seq = 3; seq <= 7; seq++) {
        snprintf(wanted, sizeof wanted, "\"seq\":%d,", seq);
        follower_hears(&f, wanted);
    }
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    follower_hears(&f, "\"seq\":8,");
}
END_TEST

START_TEST(each_form_has_its_frame)
{
    static const struct {
        enum stream_kind kind;
        const char *begins, *ends;
    } forms[] = {
        {STREAM_WS, "{\"type\":\"run.updated\"", "}"},
        {STREAM_NDJSON, "{\"type\":\"run.updated\"", "}\n"},
        {STREAM_SSE, "id: 1\ndata: {\"type\":\"run.updated\"", "}\n\n"},
    };
    size_t len;

    follows(forms[_i].kind, NULL);
    (void)follower_event(&f, "t");
    len = strlen(follower_read(&f));
    ck_assert(strncmp(f.text, forms[_i].begins, strlen(forms[_i].begins)) == 0);
    ck_assert_str_eq(f.text + len - strlen(forms[_i].ends), forms[_i].ends);
    ck_assert(forms[_i].kind != STREAM_WS || f.text[len - 1] == '}');
}
END_TEST

START_TEST(a_quiet_client_hears_a_heartbeat)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    tick_after(9);
    follower_hears_nothing(&f);
    tick_after(10);
    follower_hears(&f, "\"type\":\"heartbeat\"");
    ck_assert_int_eq(f.conn.kills, 0);
}
END_TEST

START_TEST(a_client_hears_nothing_after_its_token_was_revoked)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    stream_server_revoke(f.server, "01900000-0000-7000-8000-000000000002");
    follower_hears(&f, "\"seq\":1");
    (void)follower_event(&f, "t"); /* committed, and not yet told */
    stream_server_revoke(f.server, READER_ID);
    follower_hears(&f, "\"code\":\"TOKEN_INVALID\",\"message\":\"the token was revoked\"");
    (void)follower_event(&f, "t");
    follower_hears_nothing(&f);
    ck_assert_int_eq(f.client->close_code, CLOSE_UNAUTHENTICATED);
    stream_server_revoke(f.server, READER_ID); /* it closes already */
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
}
END_TEST

/* A ticket, or a request that was let in a turn ago. */
START_TEST(a_revoked_token_lets_no_client_in)
{
    const char *code;

    tokens_revoke(f.rig.tokens, READER_ID);
    ck_assert(!follower_follow(&f, STREAM_NDJSON, NULL, &code));
    ck_assert_str_eq(code, "TOKEN_INVALID");
}
END_TEST

START_TEST(a_client_that_takes_nothing_is_ended)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    tick_after(19);
    ck_assert_int_eq(f.conn.kills, 0);
    tick_after(21);
    ck_assert_int_eq(f.conn.kills, 1);
}
END_TEST

START_TEST(a_client_that_falls_behind_hears_so_and_goes_on)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    for (int i = 0; i < 6; i++)
        (void)follower_event(&f, "t");
    follower_hears(&f, "\"type\":\"lagging\",\"cursor\":0,\"behind\":6");
    follower_hears(&f, "\"seq\":1,");
    ck_assert_int_eq(f.client->state, CLIENT_FOLLOWS);
}
END_TEST

START_TEST(a_client_that_nothing_concerned_is_not_late)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    for (int i = 0; i < 7; i++)
        (void)follower_event(&f, "other");
    (void)follower_event(&f, "t");
    follower_hears(&f, "\"type\":\"run.updated\",\"seq\":8,");
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(a_client_too_far_behind_is_closed)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    for (int i = 0; i < 7; i++)
        (void)follower_event(&f, "t");
    follower_hears(&f, "\"type\":\"lagging\"");
    follower_hears_nothing(&f);
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
    ck_assert_int_eq(f.client->close_code, CLOSE_TOO_SLOW);
}
END_TEST

START_TEST(a_client_does_not_outlive_its_token)
{
    follows(STREAM_NDJSON, NULL);
    follower_hears_nothing(&f);
    tick_after(0);
    follower_hears_nothing(&f);
    f.client->expires_unix = time(NULL);
    tick_after(0);
    follower_hears(&f, "\"code\":\"TOKEN_INVALID\"");
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
    ck_assert_int_eq(f.client->close_code, CLOSE_UNAUTHENTICATED);
}
END_TEST

START_TEST(a_cursor_in_the_future_is_refused_and_nothing_is_said)
{
    const char *code;

    (void)follower_event(&f, "t");
    ck_assert(!follower_follow(&f, STREAM_NDJSON, "after=2", &code));
    ck_assert_str_eq(code, "CURSOR_IN_FUTURE");
    ck_assert_int_eq(f.client->state, CLIENT_AWAITS_AUTH);
    ck_assert_int_eq(f.conn.wakes, 0);
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(a_client_that_left_is_not_woken)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    stream_client_free(f.client);
    f.client = NULL;
    (void)follower_event(&f, "t");
    tick_after(100);
    ck_assert_int_eq(f.conn.wakes, 1);
    ck_assert_int_eq(f.conn.kills, 0);
}
END_TEST

TCase *stream_client_cases(void)
{
    TCase *tc = tcase_create("stream client");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, hello_comes_first_and_names_the_place);
    tcase_add_test(tc, an_event_wakes_its_tenants_client_once);
    tcase_add_test(tc, what_the_ring_lost_comes_from_the_store_without_a_gap);
    tcase_add_loop_test(tc, each_form_has_its_frame, 0, 3);
    tcase_add_test(tc, a_quiet_client_hears_a_heartbeat);
    tcase_add_test(tc, a_client_hears_nothing_after_its_token_was_revoked);
    tcase_add_test(tc, a_revoked_token_lets_no_client_in);
    tcase_add_test(tc, a_client_that_takes_nothing_is_ended);
    tcase_add_test(tc, a_client_that_falls_behind_hears_so_and_goes_on);
    tcase_add_test(tc, a_client_that_nothing_concerned_is_not_late);
    tcase_add_test(tc, a_client_too_far_behind_is_closed);
    tcase_add_test(tc, a_client_does_not_outlive_its_token);
    tcase_add_test(tc, a_cursor_in_the_future_is_refused_and_nothing_is_said);
    tcase_add_test(tc, a_client_that_left_is_not_woken);
    return tc;
}
