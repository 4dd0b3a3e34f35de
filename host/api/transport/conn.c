/* conn.c -- what can be done to one connection, whatever it carries; see conn.h. */
#include "api/transport/conn.h"

#include "api/stream/ring.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

enum { CONN_MAGIC = 0x636f6e6e, SEND_BUFFER_BYTES = 128 * 1024 };

static_assert(REPLY_HEADROOM >= LWS_PRE && STREAM_HEADROOM >= LWS_PRE,
              "lws writes its frame header before the payload");

struct conn *conn_of(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    assert(c == NULL || c->magic == CONN_MAGIC);
    return c;
}

struct conn *conn_make(struct net *net, struct lws *wsi)
{
    struct conn *c = conn_of(wsi);

    if (c != NULL)
        return c;
    c = mem_new(struct conn);
    c->magic = CONN_MAGIC;
    c->net = net;
    c->wsi = wsi;
    net->connections++;
    LIST_INSERT_HEAD(&net->conns, c, link);
    lws_set_opaque_user_data(wsi, c);
    return c;
}

void conn_free(struct conn *c)
{
    assert(c->req == NULL && c->client == NULL && c->gone == NULL && c->body.free == NULL);
    lws_set_opaque_user_data(c->wsi, NULL);
    c->net->connections--;
    LIST_REMOVE(c, link);
    c->magic = 0;
    free(c);
}

void conn_answer(struct conn *c, struct buf *wire, bool close)
{
    assert(c->magic == CONN_MAGIC && c->req != NULL && c->out.data == NULL);
    c->req = NULL;
    c->out = *wire;
    *wire = (struct buf){0};
    c->out_at = REPLY_HEADROOM;
    c->close = c->close || close;
    lws_callback_on_writable(c->wsi);
}

void conn_wake(struct conn *c)
{
    assert(c->magic == CONN_MAGIC);
    lws_callback_on_writable(c->wsi);
}

/* lws looks at its timers only behind an event of its own: the cancel is one. */
void conn_kill(struct conn *c)
{
    assert(c->magic == CONN_MAGIC);
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(c->net->context);
}

/* The kernel's share of what a client may hold back; without it, it grows to megabytes. */
void conn_bound(struct conn *c)
{
    int bytes = SEND_BUFFER_BYTES;

    if (setsockopt(lws_get_socket_fd(c->wsi), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) < 0)
        log_event(LOG_DEBUG, "stream.send_buffer_not_bounded", F_INT("errno", errno));
}
