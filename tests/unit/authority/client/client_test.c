/* client_test.c -- a request that was accepted is answered once, whatever the peer does. */
#include "suites.h"

#include "authority/client/client.h"
#include "authority/wire/protocol.h"
#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* What the callbacks of a test were told. */
struct answers {
    unsigned good, bad;
    struct err last;
};

static void note(void *arg, const struct authority_result *result, const struct err *err)
{
    struct answers *answers = arg;

    ck_assert((result == NULL) != (err == NULL));
    answers->good += result != NULL;
    answers->bad += err != NULL;
    if (err != NULL)
        answers->last = *err;
}

/* A client and the authority's end of its socket. */
static struct authority_client *attached(int *ret_peer)
{
    struct authority_client *client = authority_client_new();
    int ends[2];
    struct err e = {0};

    ck_good(frame_pair(ends, &e), &e);
    authority_client_attach(client, &ends[0]);
    ck_assert_int_eq(ends[0], -1);
    ck_assert(authority_client_attached(client));
    *ret_peer = ends[1];
    return client;
}

static void reload(struct authority_client *client, struct answers *answers)
{
    struct err e = {0};

    ck_good(authority_trust_reload(client, (struct authority_reply){note, answers}, &e), &e);
}

static void reply(int peer, unsigned type, uint64_t id, const void *bytes, size_t len)
{
    struct buf body = {.data = (char *)bytes, .len = len};
    struct err e = {0};

    ck_good(message_send(peer, type, id, &body, -1, &e), &e);
}

static uint64_t receive(int peer)
{
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    auto_done(message) m = {.fd = -1};
    struct err e = {0};

    ck_assert_int_eq(authority_recv(peer, READER_AUTHORITY, in, &m, &e), FRAME_GOT);
    ck_assert_uint_eq(m.type, MESSAGE_TRUST_RELOAD);
    return m.id;
}

static const uint32_t ok = ERR_NONE;

START_TEST(answers_find_their_requests_in_any_order)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    struct answers first = {0}, second = {0};
    uint64_t first_id, second_id;

    reload(client, &first);
    reload(client, &second);
    ck_assert_int_eq(authority_client_events(client), POLLIN | POLLOUT);
    authority_client_turn(client, 1);
    ck_assert_int_eq(authority_client_events(client), POLLIN);
    first_id = receive(peer);
    second_id = receive(peer);
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, second_id, &ok, sizeof ok);
    authority_client_turn(client, 2);
    ck_assert_uint_eq(second.good, 1);
    ck_assert_uint_eq(first.good + first.bad, 0);
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, first_id, &ok, sizeof ok);
    authority_client_turn(client, 3);
    ck_assert_uint_eq(first.good, 1);
    ck_assert_int_eq(authority_client_deadline_ns(client), INT64_MAX);
}
END_TEST

/* Asks once more from within the answer. */
struct asking {
    struct authority_client *client;
    struct answers second;
};

static void ask_again(void *arg, const struct authority_result *result unused_arg,
                      const struct err *err unused_arg)
{
    struct asking *asking = arg;

    reload(asking->client, &asking->second);
}

START_TEST(a_request_that_an_answer_led_to_has_its_own_time)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    struct asking asking = {.client = client};
    struct err e = {0};

    ck_good(authority_trust_reload(client, (struct authority_reply){ask_again, &asking}, &e), &e);
    authority_client_turn(client, 1);
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, receive(peer), &ok, sizeof ok);
    authority_client_turn(client, 2);
    ck_assert(authority_client_attached(client));
    ck_assert_int_gt(authority_client_deadline_ns(client), 2);
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, receive(peer), &ok, sizeof ok);
    authority_client_turn(client, 3);
    ck_assert_uint_eq(asking.second.good, 1);
}
END_TEST

START_TEST(an_error_reply_carries_its_code_and_message)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    auto_done(buf) body = {0};
    struct answers answers = {0};

    reload(client, &answers);
    authority_client_turn(client, 1);
    pack_u32(&body, ERR_DENIED);
    pack_str(&body, "key_revoked: stolen");
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, receive(peer), body.data, body.len);
    authority_client_turn(client, 2);
    ck_assert_uint_eq(answers.bad, 1);
    ck_refused(&answers.last, REFUSAL_KEY_REVOKED);
    ck_assert(authority_client_attached(client));
}
END_TEST

START_TEST(without_an_authority_requests_are_not_accepted)
{
    auto_obj(authority_client) client = authority_client_new();
    static const struct authority_secret_ref ref = {"A", "a", 1, "", 0};
    struct answers answers = {0};
    int ends[2];
    struct err e = {0};

    ck_assert(!authority_trust_reload(client, (struct authority_reply){note, &answers}, &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(!authority_secret_unseal(client, "acme", &ref, 1, &ends[1],
                                       (struct authority_reply){note, &answers}, &e));
    ck_assert_int_eq(ends[1], -1); /* taken all the same: the attempt sees the end */
    ck_assert_int_eq(read(ends[0], &(char){0}, 1), 0);
    close(ends[0]);
    ck_assert_uint_eq(answers.good + answers.bad, 0);
}
END_TEST

START_TEST(when_the_authority_dies_every_pending_request_fails_once)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    struct answers sent = {0}, waiting = {0};

    reload(client, &sent);
    authority_client_turn(client, 1);
    reload(client, &waiting);
    close(take_fd(&peer));
    authority_client_turn(client, 2);
    ck_assert_uint_eq(sent.bad, 1);
    ck_assert_uint_eq(waiting.bad, 1);
    ck_assert_int_eq(waiting.last.code, ERR_UNAVAILABLE);
    ck_assert(!authority_client_attached(client));
    ck_assert_int_eq(authority_client_fd(client), -1);
    authority_client_turn(client, 3);
    ck_assert_uint_eq(sent.bad, 1);
}
END_TEST

START_TEST(a_new_authority_starts_afresh)
{
    auto_fd old_peer = -1, peer = -1;
    auto_obj(authority_client) client = attached(&old_peer);
    struct answers lost = {0}, kept = {0};
    int ends[2];
    struct err e = {0};

    reload(client, &lost);
    authority_client_turn(client, 1);
    ck_good(frame_pair(ends, &e), &e);
    authority_client_attach(client, &ends[0]);
    peer = ends[1];
    ck_assert_uint_eq(lost.bad, 1);
    reload(client, &kept);
    authority_client_turn(client, 2);
    reply(peer, MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, receive(peer), &ok, sizeof ok);
    authority_client_turn(client, 3);
    ck_assert_uint_eq(kept.good, 1);
}
END_TEST

struct watcher {
    const struct authority_client *client;
    int told, open; /* whose number was the socket's still */
};

static void note_closing(void *arg)
{
    struct watcher *w = arg;

    w->told++;
    w->open += fcntl(authority_client_fd(w->client), F_GETFD) >= 0;
}

START_TEST(who_polls_a_socket_is_told_before_it_is_closed)
{
    auto_fd peer = -1;
    struct authority_client *client = attached(&peer);
    struct watcher w = {.client = client};
    int ends[2];
    struct err e = {0};

    authority_client_watch(client, note_closing, &w);
    for (int i = 1; i <= 2; i++) {
        ck_good(frame_pair(ends, &e), &e);
        authority_client_attach(client, &ends[0]); /* the one before is replaced */
        ck_assert_int_eq(w.told, i);
        close(peer);
        peer = ends[1];
    }
    close(take_fd(&peer));
    authority_client_turn(client, 1); /* it is gone */
    ck_assert_int_eq(w.told, 3);
    authority_client_end(client); /* there is none */
    ck_assert_int_eq(w.told, 3);
    ck_good(frame_pair(ends, &e), &e);
    authority_client_attach(client, &ends[0]);
    peer = ends[1];
    authority_client_end(client);
    ck_assert_int_eq(w.told, 4);
    ck_assert_int_eq(w.open, 4);
    authority_client_watch(client, NULL, NULL);
    authority_client_free(client);
    ck_assert_int_eq(w.told, 4);
}
END_TEST

START_TEST(an_authority_that_does_not_answer_in_time_is_given_up)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    struct answers answers = {0};

    reload(client, &answers);
    authority_client_turn(client, 100);
    ck_assert_int_eq(authority_client_deadline_ns(client), 100 + AUTHORITY_ANSWER_NS);
    authority_client_turn(client, 100 + AUTHORITY_ANSWER_NS - 1);
    ck_assert_uint_eq(answers.bad, 0);
    authority_client_turn(client, 100 + AUTHORITY_ANSWER_NS);
    ck_assert_uint_eq(answers.bad, 1);
    ck_assert_ptr_nonnull(strstr(answers.last.msg, "in time"));
    ck_assert(!authority_client_attached(client));
}
END_TEST

/* One wrong word each; the client must hang up and fail the request. */
START_TEST(an_authority_that_says_what_it_may_not_is_given_up)
{
    static const uint32_t high_code = ERR_CODE_COUNT, long_reply[2] = {0};
    static const struct {
        unsigned type;
        uint64_t id_step;
        const void *bytes;
        size_t len;
    } cases[] = {
        {MESSAGE_TRUST_RELOAD, 0, &ok, sizeof ok},                 /* a request */
        {MESSAGE_COUNT | MESSAGE_REPLY, 0, &ok, sizeof ok},        /* no message */
        {MESSAGE_TRUST_LIST | MESSAGE_REPLY, 0, &ok, sizeof ok},   /* another's reply */
        {MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, 1, &ok, sizeof ok}, /* never asked */
        {MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, 0, &ok, 2},         /* cut short */
        {MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, 0, long_reply, sizeof long_reply},
        {MESSAGE_TRUST_RELOAD | MESSAGE_REPLY, 0, &high_code, sizeof high_code},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_fd peer = -1;
        auto_obj(authority_client) client = attached(&peer);
        struct answers answers = {0};

        reload(client, &answers);
        authority_client_turn(client, 1);
        reply(peer, cases[i].type, receive(peer) + cases[i].id_step, cases[i].bytes, cases[i].len);
        authority_client_turn(client, 2);
        ck_assert_msg(answers.bad == 1 && answers.good == 0, "case %zu", i);
        ck_assert_msg(!authority_client_attached(client), "case %zu", i);
    }
}
END_TEST

START_TEST(so_many_requests_may_wait_and_no_more)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    struct answers answers = {0};
    struct err e = {0};

    for (unsigned i = 0; i < AUTHORITY_PENDING_MAX; i++)
        reload(client, &answers);
    ck_assert(!authority_trust_reload(client, (struct authority_reply){note, &answers}, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
    ck_assert(!authority_client_wait(client, 50, &e));
    ck_assert_int_eq(e.code, ERR_TIMEOUT);
    ck_assert_uint_eq(answers.bad, 0);
    authority_client_free(take(client));
    ck_assert_uint_eq(answers.bad, AUTHORITY_PENDING_MAX);
}
END_TEST

START_TEST(a_request_over_its_limit_is_not_accepted)
{
    auto_fd peer = -1;
    auto_obj(authority_client) client = attached(&peer);
    auto_mem char *token = mem_zero(1, TOKEN_BYTES_MAX + 1);
    struct answers answers = {0};
    struct err e = {0};

    ck_assert(!authority_token_verify(client, token, TOKEN_BYTES_MAX + 1,
                                      (struct authority_reply){note, &answers}, &e));
    ck_error(&e, ERR_TOO_LARGE, "TOKEN_VERIFY");
}
END_TEST

TCase *client_cases(void)
{
    TCase *tc = tcase_create("client");

    tcase_add_test(tc, answers_find_their_requests_in_any_order);
    tcase_add_test(tc, a_request_that_an_answer_led_to_has_its_own_time);
    tcase_add_test(tc, an_error_reply_carries_its_code_and_message);
    tcase_add_test(tc, without_an_authority_requests_are_not_accepted);
    tcase_add_test(tc, when_the_authority_dies_every_pending_request_fails_once);
    tcase_add_test(tc, a_new_authority_starts_afresh);
    tcase_add_test(tc, who_polls_a_socket_is_told_before_it_is_closed);
    tcase_add_test(tc, an_authority_that_does_not_answer_in_time_is_given_up);
    tcase_add_test(tc, an_authority_that_says_what_it_may_not_is_given_up);
    tcase_add_test(tc, so_many_requests_may_wait_and_no_more);
    tcase_add_test(tc, a_request_over_its_limit_is_not_accepted);
    return tc;
}
