/* auth_test.c -- how a WebSocket client shows who it is, and what comes of it in which order. */
#include "stream/follower.h"
#include "suites.h"

#include "base/clock.h"

#include <string.h>

static struct follower f;

static void setup(void)
{
    follower_open(&f);
}

static void teardown(void)
{
    follower_close(&f);
}

static void begin(const char *bearer, const char *subprotocols)
{
    struct http_head head = rig_head(HTTP_GET, "/runs/stream", NULL, bearer);

    if (subprotocols != NULL)
        rig_header(&head, HTTP_HEADER_WS_PROTOCOL, subprotocols);
    follower_begin(&f, STREAM_WS, head);
    stream_client_start(f.client);
}

static void end(void)
{
    stream_client_free(f.client);
    f.client = NULL;
}

static void say(const char *message)
{
    stream_client_message(f.client, message, strlen(message));
}

static const struct {
    const char *token;
    int status, close_code;
    const char *code;
} refusals[] = {
    {"forged", 401, CLOSE_UNAUTHENTICATED, "TOKEN_INVALID"},
    {"nobody", 403, CLOSE_DENIED, "ERR_SCOPE_MISMATCH"},
    {"down", 503, CLOSE_RESTART, "UNAVAILABLE"},
};

START_TEST(a_refusal_is_a_status_and_a_close_code)
{
    begin(refusals[_i].token, NULL);
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
    ck_assert_int_eq(f.client->refused_status, refusals[_i].status);
    ck_assert_int_eq(f.client->close_code, refusals[_i].close_code);
    ck_assert_str_eq(f.client->refused_code, refusals[_i].code);
    follower_hears(&f, "\"type\":\"error\"");
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(a_bearer_lets_in_at_once)
{
    begin("reader", NULL);
    ck_assert_int_eq(f.client->state, CLIENT_FOLLOWS);
    follower_hears(&f, "\"type\":\"hello\"");
}
END_TEST

START_TEST(a_ticket_is_good_once_and_for_its_tenant)
{
    const struct verdict verdict = {.tenant = "acme", .until_ns = clock_mono_ns() + 30000000000LL};

    verdicts_put(f.rig.tickets, "abc", &verdict);
    begin("forged", "orch.runs.v1+json, orch.ticket.abc"); /* the ticket comes before the bearer */
    follower_hears(&f, "\"tenant\":\"acme\"");
    ck_assert_int_eq(f.rig.asked, 0);
    end();
    begin(NULL, "orch.runs.v1+json, orch.ticket.abc");
    ck_assert_int_eq(f.client->close_code, CLOSE_UNAUTHENTICATED);
    ck_assert_str_eq(f.client->refused_code, "TICKET_INVALID");
}
END_TEST

START_TEST(the_first_message_may_bring_the_token)
{
    begin(NULL, NULL);
    ck_assert_int_eq(f.client->state, CLIENT_AWAITS_AUTH);
    follower_hears_nothing(&f);
    say("{\"type\":\"auth\",\"token\":\"reader\"}");
    follower_hears(&f, "\"type\":\"hello\"");
    say("{\"type\":\"auth\",\"token\":\"forged\"}"); /* read and dropped */
    ck_assert_int_eq(f.client->state, CLIENT_FOLLOWS);
    ck_assert_int_eq(f.rig.asked, 1);
}
END_TEST

START_TEST(a_first_message_that_is_not_a_token_closes)
{
    begin(NULL, NULL);
    say("{\"type\":\"hello\"}");
    ck_assert_int_eq(f.client->close_code, CLOSE_BAD_REQUEST);
    ck_assert_str_eq(f.client->refused_code, "MESSAGE_INVALID");
}
END_TEST

START_TEST(no_token_in_time_closes)
{
    begin(NULL, NULL);
    stream_server_tick(f.server, clock_mono_ns() + 4000000000LL);
    ck_assert_int_eq(f.client->state, CLIENT_AWAITS_AUTH);
    stream_server_tick(f.server, clock_mono_ns() + 6000000000LL);
    ck_assert_int_eq(f.client->close_code, CLOSE_UNAUTHENTICATED);
    follower_hears(&f, "TOKEN_REQUIRED");
}
END_TEST

START_TEST(a_verdict_after_the_connection_ended_is_nobodys)
{
    f.rig.late = true;
    begin("reader", NULL);
    ck_assert_int_eq(f.client->state, CLIENT_VERIFIES);
    end();
    ck_assert(LIST_EMPTY(&f.server->clients));
    rig_verdict(&f.rig);
    ck_assert_int_eq(f.conn.wakes, 0);
}
END_TEST

START_TEST(a_verdict_does_not_reopen_what_closes)
{
    f.rig.late = true;
    begin("reader", NULL);
    stream_client_overflow(f.client);
    rig_verdict(&f.rig);
    ck_assert_int_eq(f.client->state, CLIENT_CLOSING);
    ck_assert_int_eq(f.client->close_code, CLOSE_MESSAGE_TOO_LARGE);
    follower_hears_nothing(&f);
}
END_TEST

START_TEST(the_deadline_does_not_meet_a_token_that_is_being_verified)
{
    f.rig.late = true;
    begin("reader", NULL);
    stream_server_tick(f.server, clock_mono_ns() + 60000000000LL);
    ck_assert_int_eq(f.client->state, CLIENT_VERIFIES);
    rig_verdict(&f.rig);
    follower_hears(&f, "\"type\":\"hello\"");
}
END_TEST

TCase *stream_auth_cases(void)
{
    TCase *tc = tcase_create("stream auth");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_refusal_is_a_status_and_a_close_code, 0, (int)ARRAY_LEN(refusals));
    tcase_add_test(tc, a_bearer_lets_in_at_once);
    tcase_add_test(tc, a_ticket_is_good_once_and_for_its_tenant);
    tcase_add_test(tc, the_first_message_may_bring_the_token);
    tcase_add_test(tc, a_first_message_that_is_not_a_token_closes);
    tcase_add_test(tc, no_token_in_time_closes);
    tcase_add_test(tc, a_verdict_after_the_connection_ended_is_nobodys);
    tcase_add_test(tc, a_verdict_does_not_reopen_what_closes);
    tcase_add_test(tc, the_deadline_does_not_meet_a_token_that_is_being_verified);
    return tc;
}
