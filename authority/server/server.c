/* server.c -- see server.h. */
#include "authority/server/server.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#define LOOK_NS 1000000000LL /* until lines that were left out are counted, at the latest */

static const serve_fn handlers[MESSAGE_COUNT] = {
    [MESSAGE_VERIFY_BUNDLE] = serve_verify_bundle,
    [MESSAGE_VERIFY_DAG] = serve_verify_dag,
    [MESSAGE_SIGN] = serve_sign,
    [MESSAGE_TOKEN_MINT] = serve_token_mint,
    [MESSAGE_TOKEN_VERIFY] = serve_token_verify,
    [MESSAGE_TOKEN_REVOKE] = serve_token_revoke,
    [MESSAGE_SECRET_SEAL] = serve_secret_seal,
    [MESSAGE_SECRET_UNSEAL] = serve_secret_unseal,
    [MESSAGE_STORE_BIND] = serve_store_bind,
    [MESSAGE_PUBLIC_KEYS] = serve_public_keys,
    [MESSAGE_TRUST_RELOAD] = serve_trust_reload,
    [MESSAGE_TRUST_LIST] = serve_trust_list,
    [MESSAGE_TRUST_ADD] = serve_trust_add,
    [MESSAGE_TRUST_REVOKE] = serve_trust_revoke,
};

bool server_open(const char *home, struct server **ret, struct err *e)
{
    auto_obj(server) s = mem_new(struct server);
    auto_mem char *state_dir = mem_printf("%s/authority", home);
    auto_mem char *revoked_path = mem_printf("%s/revoked-tokens", state_dir);

    pours_init(&s->pours);
    s->trust_dir = mem_printf("%s/trust", home);
    if (!keyring_load(home, &s->keyring, e) || !dir_make(s->trust_dir, 0755, e) ||
        !dir_make(state_dir, 0700, e) || !trust_load(s->trust_dir, &s->trust, e) ||
        !revoked_load(revoked_path, clock_wall_us() / 1000000, &s->revoked, e) ||
        !history_load(state_dir, key_secret_public(keyring_key(s->keyring, KEYRING_HOST)),
                      &s->history, e))
        return false;
    *ret = take(s);
    return true;
}

void server_free(struct server *s)
{
    if (s == NULL)
        return;
    pours_done(&s->pours);
    keyring_free(s->keyring);
    trust_free(s->trust);
    revoked_free(s->revoked);
    history_free(s->history);
    free(s->trust_dir);
    free(s);
}

static void reply_error(struct buf *reply, const struct err *e)
{
    buf_clear(reply);
    pack_u32(reply, e->code);
    pack_str(reply, e->msg);
}

/* Whoever has a connection to the host can send it tokens that nobody made: their lines are
 * bounded, and the next one says how many are missing. */
static void log_refused(struct server *s, unsigned type, const struct err *why)
{
    uint64_t left_out;

    if (log_limit_allows(&s->refused[type], clock_mono_ns(), &left_out))
        log_event(LOG_WARN, "authority.refused", F_STR("message", message_name(type)), F_ERR(why),
                  F_INT("left_out", left_out));
}

/* When it was quiet again before one was due. True while some are still owed. */
static bool log_left_out(struct server *s, int64_t now_ns)
{
    bool more = false;

    for (unsigned type = 0; type < MESSAGE_COUNT; type++) {
        uint64_t count = log_limit_owed(&s->refused[type], now_ns);

        if (count > 0)
            log_event(LOG_WARN, "authority.refused_more", F_STR("message", message_name(type)),
                      F_INT("left_out", count));
        more = more || s->refused[type].left_out > 0;
    }
    return more;
}

bool server_handle(struct server *s, struct message *message, struct buf *reply)
{
    struct request request = {
        .id = message->id,
        .body = unpack_of(message->body, message->body_bytes),
        .fd = &message->fd,
    };
    struct err e = {0};

    assert(message->type > MESSAGE_INVALID && message->type < MESSAGE_COUNT);
    pack_u32(reply, ERR_NONE);
    if (!handlers[message->type](s, &request, reply, &e)) {
        log_refused(s, message->type, &e);
        reply_error(reply, &e);
    }
    return !request.deferred;
}

/* The peer of one connection; replies that come later are sent here too. */
struct connection {
    int sock;
    bool broken;
    struct err e;
};

static void send_reply(struct connection *c, unsigned request, uint64_t id, const struct buf *reply)
{
    if (!c->broken && !message_send(c->sock, request | MESSAGE_REPLY, id, reply, -1, &c->e))
        c->broken = true;
}

static void unsealed(void *arg, uint64_t request, const struct err *err)
{
    auto_done(buf) reply = {0};

    if (err != NULL)
        reply_error(&reply, err);
    else
        pack_u32(&reply, ERR_NONE);
    send_reply(arg, MESSAGE_SECRET_UNSEAL, request, &reply);
}

static enum frame_recv serve_one(struct server *s, struct connection *c, struct frame_in *in)
{
    auto_done(message) message = {.fd = -1};
    auto_done(buf) reply = {0};
    enum frame_recv got = authority_recv(c->sock, READER_AUTHORITY, in, &message, &c->e);

    if (got == FRAME_GOT && server_handle(s, &message, &reply))
        send_reply(c, message.type, message.id, &reply);
    return got;
}

static int poll_timeout_ms(struct server *s, int64_t now_ns)
{
    int64_t deadline_ns = pours_deadline_ns(&s->pours), look_ns = now_ns + LOOK_NS;

    if (log_left_out(s, now_ns) && look_ns < deadline_ns)
        deadline_ns = look_ns;

    if (deadline_ns == INT64_MAX)
        return -1;
    return deadline_ns <= now_ns ? 0 : (int)((deadline_ns - now_ns) / 1000000 + 1);
}

/* Waits for a request or for a pipe with room; true when a request is there. */
static bool wait_for_work(struct server *s, int sock, bool *ret_request, struct err *e)
{
    struct pollfd fds[1 + POUR_MAX] = {{.fd = sock, .events = POLLIN}};
    size_t count = 1 + pours_poll(&s->pours, fds + 1);

    if (poll(fds, count, poll_timeout_ms(s, clock_mono_ns())) < 0 && errno != EINTR)
        return err_sys(e, "poll");
    *ret_request = fds[0].revents != 0;
    return true;
}

bool server_run(struct server *s, int sock, struct err *e)
{
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    struct connection c = {.sock = sock};
    enum frame_recv got = FRAME_NONE;

    while (got != FRAME_CLOSED && got != FRAME_BAD && !c.broken) {
        bool request = false;

        if (!wait_for_work(s, sock, &request, e))
            return false;
        if (request)
            got = serve_one(s, &c, in);
        pours_turn(&s->pours, clock_mono_ns(), unsealed, &c);
    }
    if (got == FRAME_CLOSED)
        return true;
    if (e != NULL)
        *e = c.e;
    return false;
}
