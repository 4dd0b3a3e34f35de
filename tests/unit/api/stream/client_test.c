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
    follower_hears(&f, "\"seq\":1,");
    follower_hears(&f, "\"seq\":2,");
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    ck_assert_int_eq(f.conn.wakes, 3);
}
END_TEST

static void hears_seqs(int first, int last)
{
    char wanted[32];

    for (int seq = first; seq <= last; seq++) {
        snprintf(wanted, sizeof wanted, "\"seq\":%d,", seq);
        follower_hears(&f, wanted);
    }
}

/* With a page asked for, of events that the ring has lost. */
static void ask_for_page(void)
{
    const char *bytes;
    size_t len;

    for (int i = 0; i < 7; i++) /* the ring keeps four */
        (void)follower_event(&f, "t");
    follows(STREAM_WS, "after=0");
    ck_assert(!stream_client_next(f.client, &bytes, &len));
    ck_assert(f.client->busy);
}

START_TEST(a_page_comes_beside_the_loop_and_nothing_is_missed_meanwhile)
{
    int wakes;

    ask_for_page();
    wakes = f.conn.wakes;
    (void)follower_event(&f, "t");
    ck_assert_int_eq(f.conn.wakes, wakes); /* it is told when the page is there */
    follower_page_comes(&f);
    ck_assert_int_eq(f.conn.wakes, wakes + 1);
    hears_seqs(1, 8);
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(a_page_for_a_client_that_left_is_thrown_away)
{
    ask_for_page();
    stream_client_free(take(f.client));
    ck_assert(LIST_EMPTY(&f.server->clients));
    follower_page_comes(&f);
    ck_assert_uint_eq(beside_left(f.beside), 0);
}
END_TEST

START_TEST(a_page_that_is_read_at_the_end_is_thrown_away)
{
    ask_for_page();
    stream_client_free(take(f.client));
    beside_free(take(f.beside));
}
END_TEST

START_TEST(a_page_tells_nothing_to_a_client_whose_token_was_revoked)
{
    ask_for_page();
    stream_server_revoke(f.server, READER_ID);
    follower_page_comes(&f);
    follower_hears(&f, "TOKEN_INVALID");
    follower_hears_nothing(&f);
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
}
END_TEST

START_TEST(what_the_ring_lost_comes_from_the_store_without_a_gap)
{
    for (int i = 0; i < 7; i++) /* the ring keeps four */
        (void)follower_event(&f, "t");
    follows(STREAM_WS, "after=2");
    hears_seqs(3, 7);
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    follower_hears(&f, "\"seq\":8,");
}
END_TEST

/* Committed by another host: nobody publishes it here. */
static int64_t elsewhere(const char *tenant)
{
    return rig_event(&f.rig, tenant, "r");
}

START_TEST(another_hosts_events_come_in_their_place)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    (void)follower_event(&f, "t");
    (void)elsewhere("t");
    (void)elsewhere("t");
    (void)follower_event(&f, "t"); /* its own, behind those that it has not heard of */
    hears_seqs(1, 4);
    stream_server_heard(f.server, "t", elsewhere("t"));
    stream_server_heard(f.server, "nobody's", 7);
    hears_seqs(5, 5);
    follower_hears_nothing(&f);
    ck_assert_uint_eq(beside_left(f.beside), 0);
}
END_TEST

START_TEST(without_news_a_look_finds_them)
{
    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    (void)elsewhere("t");
    (void)elsewhere("other");
    follower_hears_nothing(&f);
    stream_server_look(f.server);
    hears_seqs(1, 1);
    stream_server_look(f.server);
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(more_than_the_ring_takes_comes_without_a_gap)
{
    int64_t last = 0;

    follows(STREAM_WS, NULL);
    follower_hears_nothing(&f);
    for (int i = 0; i < 6; i++) /* it keeps four */
        last = elsewhere("t");
    stream_server_heard(f.server, "t", last);
    follower_page_comes(&f);
    follower_hears(&f, "lagging");
    hears_seqs(1, 6);
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(a_look_for_a_client_that_left_ends_with_it)
{
    follows(STREAM_WS, NULL);
    stream_server_heard(f.server, "t", elsewhere("t"));
    stream_client_free(take(f.client));
    follower_page_comes(&f);
    ck_assert_uint_eq(beside_left(f.beside), 0);
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
    follower_hears(&f, "\"type\":\"run.updated\",\"seq\":1,");
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
    tcase_add_test(tc, another_hosts_events_come_in_their_place);
    tcase_add_test(tc, without_news_a_look_finds_them);
    tcase_add_test(tc, more_than_the_ring_takes_comes_without_a_gap);
    tcase_add_test(tc, a_look_for_a_client_that_left_ends_with_it);
    tcase_add_test(tc, a_page_comes_beside_the_loop_and_nothing_is_missed_meanwhile);
    tcase_add_test(tc, a_page_for_a_client_that_left_is_thrown_away);
    tcase_add_test(tc, a_page_that_is_read_at_the_end_is_thrown_away);
    tcase_add_test(tc, a_page_tells_nothing_to_a_client_whose_token_was_revoked);
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
