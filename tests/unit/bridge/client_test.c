/* client_test.c -- orchd's end: what it says to each bridge, and what it makes of what it hears. */
#include "suites.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/client/client.h"
#include "bridge/wire/outbox.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct bridge_client *client;
static int peer;
static struct frame_in *in;

static void attach(void)
{
    int ends[2];
    struct err e = {0};

    ck_good(frame_pair(ends, &e), &e);
    peer = ends[1];
    bridge_client_attach(client, &ends[0]);
    ck_assert_int_eq(ends[0], -1);
}

static void begin(void)
{
    static const struct bridge_setup setup = {.redis_url = "redis://r", .redis = {7, 8}};

    in = mem_new(struct frame_in);
    client = bridge_client_new(&setup);
    ck_assert_int_eq(bridge_client_fd(client), -1);
    attach();
}

static void end(void)
{
    bridge_client_free(client);
    close(peer);
    free(in);
}

/* What the client says next is of this type. */
static struct message hears(enum bridge_message type)
{
    struct message m = {.fd = -1};
    struct err e = {0};

    ck_assert_msg(bridge_request_recv(peer, in, &m, &e) == FRAME_GOT, "%s", e.msg);
    ck_assert_uint_eq(m.type, type);
    return m;
}

static void hears_setup(void)
{
    struct bridge_setup got;
    struct message m = hears(BRIDGE_SETUP);
    struct err e = {0};

    ck_good(bridge_setup_unpack(&m, &got, &e), &e);
    ck_assert_str_eq(got.redis_url, "redis://r");
    ck_assert_uint_eq(got.redis.timeout_ms, 7);
    ck_assert_uint_eq(got.redis.backoff_max_ms, 8);
}

static void says_state(bool up, const char *why)
{
    struct bridge_state state = {.backend = BRIDGE_REDIS, .up = up};
    struct buf body = {0};

    snprintf(state.why, sizeof state.why, "%s", why);
    bridge_state_pack(&body, &state);
    talk_say(peer, BRIDGE_STATE, &body);
    bridge_client_turn(client);
}

START_TEST(each_bridge_is_set_up_first)
{
    struct bridge_keep kept;
    char key[BRIDGE_KEY_BYTES_MAX];
    struct message m;
    struct err e = {0};

    bridge_client_keep(client, "k", "v", 1, 9);
    bridge_client_forget(client, "k");
    ck_assert_int_eq(bridge_client_events(client), POLLIN | POLLOUT);
    bridge_client_turn(client);
    ck_assert_int_eq(bridge_client_events(client), POLLIN);
    hears_setup();
    m = hears(BRIDGE_KEEP);
    ck_good(bridge_keep_unpack(&m, &kept, &e), &e);
    ck_assert_str_eq(kept.key, "k");
    ck_assert_uint_eq(kept.ttl_ms, 9);
    m = hears(BRIDGE_FORGET);
    ck_good(bridge_forget_unpack(&m, key, &e), &e);
    ck_assert_str_eq(key, "k");
    close(peer);
    attach(); /* what was said to the old one is not said again */
    bridge_client_turn(client);
    hears_setup();
}
END_TEST

static int closed;

static void closing(void *arg)
{
    ck_assert_int_eq(bridge_client_fd(arg), bridge_client_fd(client));
    closed++;
}

START_TEST(the_state_is_the_last_that_was_told)
{
    ck_assert(!bridge_client_state(client, BRIDGE_REDIS)->up);
    bridge_client_watch(client, closing, client);
    says_state(true, "");
    ck_assert(bridge_client_state(client, BRIDGE_REDIS)->up);
    says_state(false, "gone");
    ck_assert_str_eq(bridge_client_state(client, BRIDGE_REDIS)->why, "gone");
    says_state(true, "");
    close(peer);
    peer = -1;
    bridge_client_turn(client);
    ck_assert_int_eq(closed, 1);
    ck_assert_int_eq(bridge_client_fd(client), -1);
    ck_assert(!bridge_client_state(client, BRIDGE_REDIS)->up);
    ck_assert_str_eq(bridge_client_state(client, BRIDGE_REDIS)->why, "the bridge is gone");
    bridge_client_keep(client, "k", "v", 1, 9); /* to nobody */
    ck_assert_uint_eq(bridge_client_beat(client), 0);
    bridge_client_turn(client);
}
END_TEST

START_TEST(who_does_not_answer_is_counted)
{
    struct buf body = {0};

    ck_assert_uint_eq(bridge_client_beat(client), 0);
    ck_assert_uint_eq(bridge_client_beat(client), 1);
    ck_assert_uint_eq(bridge_client_beat(client), 2);
    bridge_client_turn(client);
    hears_setup();
    (void)hears(BRIDGE_PING); /* one, however often it was due */
    talk_say(peer, BRIDGE_PONG, &body);
    bridge_client_turn(client);
    ck_assert_uint_eq(bridge_client_beat(client), 0);
}
END_TEST

static void unlisted(void)
{
    struct buf body = {0};

    talk_say(peer, BRIDGE_PING, &body);
}

static void malformed(void)
{
    struct buf body = {0};

    pack_u32(&body, 1);
    talk_say(peer, BRIDGE_STATE, &body);
}

static void (*const breaches[])(void) = {unlisted, malformed};

START_TEST(a_bridge_that_says_what_it_may_not_is_left)
{
    breaches[_i]();
    bridge_client_turn(client);
    ck_assert_str_eq(bridge_client_state(client, BRIDGE_REDIS)->why,
                     "the bridge said what it may not");
    ck_assert_int_eq(bridge_client_fd(client), -1);
}
END_TEST

START_TEST(a_bridge_that_takes_nothing_is_left)
{
    static char value[BRIDGE_VALUE_BYTES_MAX];

    for (int i = 0; i < OUTBOX_BYTES_MAX / BRIDGE_VALUE_BYTES_MAX + 1; i++)
        bridge_client_keep(client, "k", value, sizeof value, 1);
    ck_assert_int_ge(bridge_client_fd(client), 0); /* not from inside */
    bridge_client_turn(client);
    ck_assert_str_eq(bridge_client_state(client, BRIDGE_REDIS)->why, "the bridge takes no more");
}
END_TEST

START_TEST(what_the_socket_does_not_take_waits)
{
    static char value[BRIDGE_VALUE_BYTES_MAX];

    for (int i = 0; i < 64; i++)
        bridge_client_keep(client, "k", value, sizeof value, 1);
    bridge_client_turn(client);
    ck_assert_int_eq(bridge_client_events(client), POLLIN | POLLOUT);
    hears_setup();
    for (int i = 0; i < 64; i++) {
        (void)hears(BRIDGE_KEEP);
        bridge_client_turn(client);
    }
    ck_assert_int_eq(bridge_client_events(client), POLLIN);
}
END_TEST

TCase *client_cases(void)
{
    TCase *c = tcase_create("client");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, each_bridge_is_set_up_first);
    tcase_add_test(c, the_state_is_the_last_that_was_told);
    tcase_add_test(c, who_does_not_answer_is_counted);
    tcase_add_loop_test(c, a_bridge_that_says_what_it_may_not_is_left, 0, ARRAY_LEN(breaches));
    tcase_add_test(c, a_bridge_that_takes_nothing_is_left);
    tcase_add_test(c, what_the_socket_does_not_take_waits);
    return c;
}
