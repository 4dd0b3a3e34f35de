/* redis_test.c -- a bridge on a thread of its own between a host and a Redis that are the test's:
 * how it connects, what it does when it is refused, cut or not answered, and what it keeps set. */
#include "suites.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/server/server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENT_MS = 10000, HASTY_MS = 300 };

static int link_fd, listening;
static uint16_t port;
static pthread_t thread;
static bool ended_well;
static struct err ended_why;

static void *run(void *arg)
{
    int sock = *(int *)arg;

    ended_well = bridge_run(sock, &ended_why);
    close(sock);
    free(arg);
    return NULL;
}

static void begin(void)
{
    int ends[2], *sock = mem_new(int);
    struct err e = {0};

    ck_good(frame_pair(ends, &e), &e);
    link_fd = ends[0];
    *sock = ends[1];
    listening = fake_redis(&port);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, sock), 0);
}

/* The host closes the link, unless it has. */
static void end(void)
{
    if (link_fd >= 0)
        close(link_fd);
    pthread_join(thread, NULL);
    close(listening);
}

static void set_up(const char *user, uint32_t timeout_ms)
{
    char url[128];

    snprintf(url, sizeof url, "redis://%s127.0.0.1:%u", user, port);
    talk_set_up(link_fd, url, timeout_ms);
}

static void keep(const char *key, const char *value, uint32_t ttl_ms)
{
    struct buf body = {0};

    bridge_keep_pack(&body, key, value, strlen(value), ttl_ms);
    talk_say(link_fd, BRIDGE_KEEP, &body);
}

static void forget(const char *key)
{
    struct buf body = {0};

    pack_str(&body, key);
    talk_say(link_fd, BRIDGE_FORGET, &body);
}

START_TEST(without_an_address_it_answers_and_connects_to_nobody)
{
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    auto_done(message) m = {.fd = -1};
    struct buf body = {0};
    struct err e = {0};

    talk_set_up(link_fd, "", PATIENT_MS);
    talk_say(link_fd, BRIDGE_PING, &body);
    ck_assert_int_eq(bridge_notice_recv(link_fd, in, &m, &e), FRAME_GOT);
    ck_assert_uint_eq(m.type, BRIDGE_PONG);
}
END_TEST

START_TEST(an_address_that_is_none_is_told_and_is_not_the_end)
{
    struct bridge_state state;

    talk_set_up(link_fd, "redis://redis/x", PATIENT_MS);
    state = talk_state(link_fd);
    ck_assert(!state.up);
    ck_assert_ptr_nonnull(strstr(state.why, "number of a database"));
}
END_TEST

START_TEST(it_says_who_it_is_and_which_database_it_wants)
{
    int peer;

    set_up("me:secret@", PATIENT_MS);
    peer = fake_accept(listening);
    fake_expects(peer, "AUTH me secret");
    fake_says(peer, "+OK\r\n");
    fake_expects(peer, "SELECT 0");
    fake_says(peer, "+OK\r\n");
    ck_assert(talk_state(link_fd).up);
    close(peer);
}
END_TEST

START_TEST(who_is_refused_tries_again)
{
    struct bridge_state state;
    int peer;

    set_up(":wrong@", PATIENT_MS);
    peer = fake_accept(listening);
    fake_expects(peer, "AUTH wrong");
    fake_says(peer, "-WRONGPASS no\r\n");
    state = talk_state(link_fd);
    ck_assert_str_eq(state.why, "WRONGPASS no");
    close(peer);
    peer = fake_accept(listening);
    fake_expects(peer, "AUTH wrong");
    fake_says(peer, "+OK\r\n");
    fake_expects(peer, "SELECT 0");
    fake_says(peer, "-ERR DB index is out of range\r\n");
    state = talk_state(link_fd);
    ck_assert_str_eq(state.why, "ERR DB index is out of range");
    close(peer);
}
END_TEST

START_TEST(nobody_there_is_told_and_tried_again)
{
    struct bridge_state state;

    close(listening);
    set_up("", PATIENT_MS);
    for (int i = 0; i < 3; i++) {
        state = talk_state(link_fd);
        ck_assert(!state.up);
        ck_assert_str_eq(state.why, "Connection refused");
    }
    listening = fake_redis(&port); /* for the end */
}
END_TEST

START_TEST(a_name_that_nobody_has_is_told)
{
    struct bridge_state state;

    talk_set_up(link_fd, "redis://nobody.invalid", PATIENT_MS);
    state = talk_state(link_fd);
    ck_assert(!state.up);
    ck_assert_ptr_nonnull(strstr(state.why, "name"));
}
END_TEST

START_TEST(a_name_is_resolved)
{
    char url[64];
    int peer;

    snprintf(url, sizeof url, "redis://localhost:%u", port);
    talk_set_up(link_fd, url, PATIENT_MS);
    peer = fake_greets(listening);
    ck_assert(talk_state_until(link_fd, true).up);
    close(peer);
}
END_TEST

START_TEST(who_does_not_greet_in_time_is_given_up)
{
    int peer;

    set_up("", HASTY_MS);
    peer = fake_accept(listening);
    fake_expects(peer, "SELECT 0");
    ck_assert_str_eq(talk_state(link_fd).why, "it cannot be reached in time");
    close(peer);
    close(fake_greets(listening));
    ck_assert(talk_state_until(link_fd, true).up);
}
END_TEST

START_TEST(who_falls_silent_is_asked_and_given_up)
{
    int peer;

    set_up("", HASTY_MS);
    peer = fake_greets(listening);
    ck_assert(talk_state_until(link_fd, true).up);
    fake_expects(peer, "PING");
    fake_says(peer, "+PONG\r\n");
    fake_expects(peer, "PING");
    ck_assert_str_eq(talk_state(link_fd).why, "it does not answer");
    close(peer);
}
END_TEST

START_TEST(a_key_is_set_and_set_again_and_gone)
{
    int peer;

    set_up("", PATIENT_MS);
    keep("early", "1", 600000);
    peer = fake_greets(listening);
    ck_assert(talk_state(link_fd).up);
    fake_expects(peer, "SET early 1 PX 600000");
    fake_says(peer, "+OK\r\n");
    keep("k", "v", 1); /* the least is a second */
    fake_expects(peer, "SET k v PX 1000");
    fake_says(peer, "+OK\r\n");
    fake_expects(peer, "SET k v PX 1000");
    fake_says(peer, "+OK\r\n");
    keep("early", "2", 600000);
    forget("unknown");
    forget("k");
    for (bool set = false, gone = false; !set || !gone;) {
        char heard[64];

        fake_hears(peer, heard, sizeof heard);
        fake_says(peer, "+OK\r\n");
        set = set || strcmp(heard, "SET early 2 PX 600000") == 0;
        gone = gone || strcmp(heard, "DEL k") == 0;
    }
    close(peer);
}
END_TEST

START_TEST(who_comes_back_is_told_what_is_kept)
{
    int peer;

    set_up("", PATIENT_MS);
    peer = fake_greets(listening);
    ck_assert(talk_state(link_fd).up);
    keep("k", "v", 600000);
    fake_expects(peer, "SET k v PX 600000");
    close(peer); /* whether it was set is not known */
    ck_assert(!talk_state(link_fd).up);
    keep("meanwhile", "w", 600000);
    forget("k");
    peer = fake_greets(listening);
    fake_expects(peer, "SET meanwhile w PX 600000");
    ck_assert(talk_state_until(link_fd, true).up);
    close(peer);
}
END_TEST

START_TEST(words_that_are_none_of_redis_are_given_up)
{
    int peer;

    set_up("", PATIENT_MS);
    peer = fake_accept(listening);
    fake_says(peer, "HTTP/1.1 400 Bad Request\r\n");
    ck_assert(!talk_state(link_fd).up);
    close(peer);
}
END_TEST

/* ---- the link ---- */

START_TEST(it_ends_with_the_host)
{
    talk_set_up(link_fd, "", PATIENT_MS);
    close(link_fd);
    link_fd = -1;
    pthread_join(thread, NULL);
    ck_assert(ended_well);
    begin();
}
END_TEST

static void twice(void)
{
    talk_set_up(link_fd, "", PATIENT_MS);
    talk_set_up(link_fd, "", PATIENT_MS);
}

static void unlisted(void)
{
    struct buf body = {0};

    talk_say(link_fd, BRIDGE_PONG, &body);
}

static void malformed(void)
{
    struct buf body = {0};

    pack_u32(&body, 7);
    talk_say(link_fd, BRIDGE_SETUP, &body);
}

static void no_key(void)
{
    struct buf body = {0};

    talk_say(link_fd, BRIDGE_FORGET, &body);
}

static void no_value(void)
{
    struct buf body = {0};

    pack_str(&body, "key");
    talk_say(link_fd, BRIDGE_KEEP, &body);
}

static void no_lane(void)
{
    struct buf body = {0};

    talk_say(link_fd, BRIDGE_TAKE, &body);
}

static void (*const breaches[])(void) = {twice, unlisted, malformed, no_key, no_value, no_lane};

START_TEST(a_host_that_says_what_it_may_not_is_left)
{
    breaches[_i]();
    talk_ended(link_fd);
    pthread_join(thread, NULL);
    ck_assert(!ended_well);
    ck_assert_str_ne(ended_why.msg, "");
    close(link_fd);
    begin();
}
END_TEST

TCase *redis_cases(void)
{
    TCase *c = tcase_create("redis");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, without_an_address_it_answers_and_connects_to_nobody);
    tcase_add_test(c, an_address_that_is_none_is_told_and_is_not_the_end);
    tcase_add_test(c, it_says_who_it_is_and_which_database_it_wants);
    tcase_add_test(c, who_is_refused_tries_again);
    tcase_add_test(c, nobody_there_is_told_and_tried_again);
    tcase_add_test(c, a_name_that_nobody_has_is_told);
    tcase_add_test(c, a_name_is_resolved);
    tcase_add_test(c, who_does_not_greet_in_time_is_given_up);
    tcase_add_test(c, who_falls_silent_is_asked_and_given_up);
    tcase_add_test(c, a_key_is_set_and_set_again_and_gone);
    tcase_add_test(c, who_comes_back_is_told_what_is_kept);
    tcase_add_test(c, words_that_are_none_of_redis_are_given_up);
    tcase_add_test(c, it_ends_with_the_host);
    tcase_add_loop_test(c, a_host_that_says_what_it_may_not_is_left, 0, ARRAY_LEN(breaches));
    return c;
}
