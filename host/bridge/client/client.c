/* client.c -- see client.h. */
#include "bridge/client/client.h"

#include "base/fd.h"
#include "base/mem.h"
#include "bridge/wire/outbox.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>

enum { NOTICES_A_TURN = 256 };

struct bridge_client {
    struct bridge_setup setup;
    int sock;
    void (*closing)(void *arg); /* NULL: nobody polls the socket */
    void *watcher;
    struct bridge_state states[BRIDGE_BACKENDS];
    struct bridge_listener listener; /* its functions NULL: none */
    struct outbox out;
    bool full;           /* more was said than it takes */
    uint32_t unanswered; /* PINGs */
    struct frame_in *in;
};

struct bridge_client *bridge_client_new(const struct bridge_setup *setup)
{
    struct bridge_client *c = mem_new(struct bridge_client);

    c->setup = *setup;
    c->sock = -1;
    c->in = mem_new(struct frame_in);
    for (unsigned i = 0; i < BRIDGE_BACKENDS; i++) {
        c->states[i].backend = (enum bridge_backend)i;
        snprintf(c->states[i].why, sizeof c->states[i].why, "the bridge is not there yet");
    }
    outbox_init(&c->out);
    return c;
}

/* What waits was for the bridge that is gone. */
static void disconnect(struct bridge_client *c)
{
    if (c->sock >= 0 && c->closing != NULL)
        c->closing(c->watcher);
    auto_close_fd(&c->sock);
    c->sock = -1;
    c->unanswered = 0;
    c->full = false;
    outbox_clear(&c->out);
}

static void lose(struct bridge_client *c, const char *why)
{
    disconnect(c);
    for (unsigned i = 0; i < BRIDGE_BACKENDS; i++) {
        c->states[i].up = false;
        snprintf(c->states[i].why, sizeof c->states[i].why, "the bridge %s", why);
        if (c->listener.state != NULL)
            c->listener.state(c->listener.arg, (enum bridge_backend)i);
    }
}

void bridge_client_free(struct bridge_client *c)
{
    if (c == NULL)
        return;
    disconnect(c);
    free(c->in);
    free(c);
}

/* Takes the bytes of body. One that finds no room is lost with the bridge that takes none. */
static void say(struct bridge_client *c, enum bridge_message type, struct buf *body)
{
    if (c->sock < 0)
        buf_done(body);
    else if (!outbox_add(&c->out, type, body))
        c->full = true;
}

void bridge_client_attach(struct bridge_client *c, int *fd)
{
    struct err unused_arg ignored;
    bool nonblocking = fd_set_nonblock(*fd, &ignored);
    struct buf body = {0};

    assert(nonblocking); /* the socket is ours: this fails only for a bad descriptor */
    disconnect(c);
    c->sock = take_fd(fd);
    bridge_setup_pack(&body, &c->setup);
    say(c, BRIDGE_SETUP, &body);
    if (c->listener.fresh != NULL)
        c->listener.fresh(c->listener.arg);
}

const struct bridge_state *bridge_client_state(const struct bridge_client *c,
                                               enum bridge_backend backend)
{
    return &c->states[backend];
}

void bridge_client_listen(struct bridge_client *c, const struct bridge_listener *listener)
{
    c->listener = *listener;
}

void bridge_client_say(struct bridge_client *c, enum bridge_message type, struct buf *body)
{
    say(c, type, body);
}

void bridge_client_watch(struct bridge_client *c, void (*closing)(void *arg), void *arg)
{
    c->closing = closing;
    c->watcher = arg;
}

int bridge_client_fd(const struct bridge_client *c)
{
    return c->sock;
}

short bridge_client_events(const struct bridge_client *c)
{
    return (short)(POLLIN | (outbox_empty(&c->out) ? 0 : POLLOUT));
}

uint32_t bridge_client_beat(struct bridge_client *c)
{
    struct buf body = {0};

    if (c->sock < 0)
        return 0;
    if (c->unanswered++ == 0)
        say(c, BRIDGE_PING, &body);
    return c->unanswered - 1;
}

void bridge_client_keep(struct bridge_client *c, const char *key, const void *value,
                        size_t value_bytes, uint32_t ttl_ms)
{
    struct buf body = {0};

    assert(strlen(key) < BRIDGE_KEY_BYTES_MAX && value_bytes <= BRIDGE_VALUE_BYTES_MAX);
    bridge_keep_pack(&body, key, value, value_bytes, ttl_ms);
    say(c, BRIDGE_KEEP, &body);
}

void bridge_client_forget(struct bridge_client *c, const char *key)
{
    struct buf body = {0};

    assert(strlen(key) < BRIDGE_KEY_BYTES_MAX);
    pack_str(&body, key);
    say(c, BRIDGE_FORGET, &body);
}

/* False: it said what it may not. */
static bool hear(struct bridge_client *c, const struct message *m)
{
    struct bridge_state state;

    if (m->type == BRIDGE_PONG) {
        c->unanswered = 0;
        return true;
    }
    if (m->type != BRIDGE_STATE)
        return c->listener.heard != NULL && c->listener.heard(c->listener.arg, m);
    if (!bridge_state_unpack(m, &state, NULL))
        return false;
    c->states[state.backend] = state;
    if (c->listener.state != NULL)
        c->listener.state(c->listener.arg, state.backend);
    return true;
}

static void receive(struct bridge_client *c)
{
    for (int i = 0; c->sock >= 0 && i < NOTICES_A_TURN; i++) {
        auto_done(message) m = {.fd = -1};
        enum frame_recv got = bridge_notice_recv(c->sock, c->in, &m, NULL);

        if (got == FRAME_NONE)
            return;
        if (got == FRAME_CLOSED)
            lose(c, "is gone");
        else if (got == FRAME_BAD || !hear(c, &m))
            lose(c, "said what it may not");
    }
}

void bridge_client_turn(struct bridge_client *c)
{
    if (c->sock >= 0)
        receive(c);
    if (c->sock >= 0 && c->full)
        lose(c, "takes no more");
    if (c->sock >= 0 && !outbox_send(&c->out, c->sock))
        lose(c, "is gone");
}
