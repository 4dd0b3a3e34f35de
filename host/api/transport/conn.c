/* conn.c -- what can be done to one connection, whatever it carries; see conn.h. */
#include "api/transport/conn.h"

#include "api/stream/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { CONN_MAGIC = 0x636f6e6e, SEND_BUFFER_BYTES = 128 * 1024, TICK_MS = 1000, ROUND_MS = 2 };

/* Outlives its connection by a turn: libuv closes later. */
struct watch {
    uv_poll_t poll;
    struct conn *conn; /* NULL: it ended */
    int events;
};

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct conn *c = watch->conn;
    bool left = (c->state == CONN_STREAM || c->body.next != NULL) && (events & UV_DISCONNECT) != 0;

    assert(c != NULL && c->magic == CONN_MAGIC); /* after uv_close there is no event */
    if (status < 0 || left)
        conn_end(c);
    else if (c->state == CONN_STREAM)
        conn_soon(c);
    else
        c->net->turn(c);
}

static void free_data(uv_handle_t *handle)
{
    free(handle->data);
}

static void watch_end(struct conn *c)
{
    c->watch->conn = NULL;
    uv_close((uv_handle_t *)&c->watch->poll, free_data);
    c->watch = NULL;
}

/* ---- turns that no event asks for ---- */

struct soon {
    uv_idle_t idle; /* runs while there are any: the loop does not wait */
    uint32_t count;
    struct conn_list lists[2]; /* requests, streams: a turn each, so that neither waits for all */
    int turn;                  /* whose is next, when both have one */
};

static struct conn_list *list_of(const struct conn *c)
{
    return &c->net->soon->lists[c->client != NULL];
}

void soon_open(struct net *net)
{
    int failed;

    net->soon = mem_new(struct soon);
    TAILQ_INIT(&net->soon->lists[0]);
    TAILQ_INIT(&net->soon->lists[1]);
    failed = uv_idle_init(net->opt.loop, &net->soon->idle);
    assert(failed == 0);
    net->soon->idle.data = net->soon;
}

void soon_close(struct net *net)
{
    assert(net->soon->count == 0);
    uv_close((uv_handle_t *)&net->soon->idle, free_data);
}

static void not_soon(struct conn *c)
{
    struct soon *soon = c->net->soon;

    if (c->soon == NULL)
        return;
    TAILQ_REMOVE(c->soon, c, next_soon);
    c->soon = NULL;
    if (--soon->count == 0)
        uv_idle_stop(&soon->idle);
}

static struct conn *next_soon(struct soon *soon)
{
    soon->turn = !soon->turn;
    if (TAILQ_EMPTY(&soon->lists[soon->turn]))
        soon->turn = !soon->turn;
    return TAILQ_FIRST(&soon->lists[soon->turn]);
}

/* Those that ask meanwhile have theirs in the next round, as have those that are still there when
 * the round has lasted its time: an event for a thousand streams is no pause for all others. */
static void on_soon(uv_idle_t *idle)
{
    struct soon *soon = idle->data;
    int64_t until_ns = clock_mono_ns() + ROUND_MS * 1000000;
    struct conn *c;

    for (uint32_t left = soon->count; left > 0 && soon->count > 0; left--) {
        if (clock_mono_ns() > until_ns)
            return;
        c = next_soon(soon);
        not_soon(c);
        c->net->turn(c);
    }
}

void conn_soon(struct conn *c)
{
    struct soon *soon = c->net->soon;

    if (c->state == CONN_STREAM)
        conn_await(c, UV_DISCONNECT);
    if (c->soon != NULL)
        return;
    c->soon = list_of(c);
    TAILQ_INSERT_TAIL(c->soon, c, next_soon);
    if (soon->count++ == 0)
        uv_idle_start(&soon->idle, on_soon);
}

/* ---- beginning and end ---- */

static void be_ticked(struct net *net)
{
    if (!uv_is_active((uv_handle_t *)&net->ticker->timer))
        uv_timer_start(&net->ticker->timer, net->tick, TICK_MS, TICK_MS);
}

struct conn *conn_new(struct net *net, int fd, const struct in6_addr *peer)
{
    struct watch *watch = mem_new(struct watch);
    struct conn *c;

    if (uv_poll_init(net->opt.loop, &watch->poll, fd) != 0) {
        free(watch);
        close(fd);
        return NULL;
    }
    c = mem_new(struct conn);
    c->magic = CONN_MAGIC;
    c->net = net;
    c->fd = fd;
    c->peer = *peer;
    c->watch = watch;
    watch->conn = c;
    watch->poll.data = watch;
    net->connections++;
    TAILQ_INSERT_TAIL(&net->conns, c, link);
    TAILQ_INSERT_TAIL(&net->quiet, c, quiet);
    c->since_ns = clock_mono_ns();
    conn_within(c, net->opt.head_timeout_s);
    be_ticked(net);
    return c;
}

/* A second time finds nothing. */
void conn_clear(struct conn *c)
{
    struct api_request *req = take(c->req);

    not_soon(c);
    if (req != NULL)
        request_client_gone(req);
    stream_client_free(take(c->client));
    if (c->body.free != NULL)
        c->body.free(c->body.arg);
    c->body = (struct reply_pieces){0};
    buf_done(&c->out);
    buf_done(&c->rest);
    buf_done(&c->in);
    c->out = c->rest = c->in = (struct buf){0};
    conn_count(c);
}

void conn_end(struct conn *c)
{
    struct net *net = c->net;

    assert(c->magic == CONN_MAGIC);
    conn_clear(c);
    if (c->state == CONN_HEAD)
        TAILQ_REMOVE(&net->quiet, c, quiet);
    if (c->watch != NULL)
        watch_end(c);
    if (c->fd >= 0)
        close(c->fd);
    if (c->wsi != NULL)
        lws_set_opaque_user_data(c->wsi, NULL);
    if (net->adopting == c)
        net->adopting = NULL;
    net->connections--;
    net->reserved -= c->reserved;
    TAILQ_REMOVE(&net->conns, c, link);
    c->magic = 0;
    free(c);
}

void conn_enter(struct conn *c, enum conn_state next)
{
    if (c->state == CONN_HEAD)
        TAILQ_REMOVE(&c->net->quiet, c, quiet);
    if (next == CONN_HEAD)
        TAILQ_INSERT_TAIL(&c->net->quiet, c, quiet);
    c->state = next;
    c->since_ns = clock_mono_ns();
    c->deadline_ns = 0;
}

void conn_within(struct conn *c, uint32_t seconds)
{
    c->deadline_ns = clock_mono_ns() + (int64_t)seconds * 1000000000;
}

void conn_await(struct conn *c, int events)
{
    struct watch *watch = c->watch;

    if (watch == NULL || watch->events == events)
        return;
    watch->events = events;
    if (events == 0)
        uv_poll_stop(&watch->poll);
    else
        uv_poll_start(&watch->poll, events, on_event);
}

int conn_give_fd(struct conn *c)
{
    int fd = c->fd;

    watch_end(c);
    c->fd = -1;
    return fd;
}

void conn_count(struct conn *c)
{
    size_t now = c->out.len + c->rest.len + c->in.len + (c->req != NULL ? c->req->body.len : 0);

    c->net->bytes_waiting += now - c->counted;
    c->counted = now;
}

struct conn *conn_of(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    assert(c == NULL || c->magic == CONN_MAGIC);
    return c;
}

/* ---- what requests and streams ask for ---- */

static void begin_answer(struct conn *c, enum conn_state state, struct buf *wire, bool close)
{
    assert(c->magic == CONN_MAGIC && c->req != NULL && c->out.data == NULL);
    c->req = NULL;
    c->out = *wire;
    *wire = (struct buf){0};
    c->out_at = c->marked_at = 0;
    c->close = c->close || close;
    conn_enter(c, state);
    conn_within(c, c->net->opt.idle_timeout_s);
    conn_count(c);
    conn_soon(c);
}

void conn_answer(struct conn *c, struct buf *wire, struct buf *body, bool close)
{
    c->rest = *body;
    *body = (struct buf){0};
    begin_answer(c, CONN_ANSWER, wire, close);
}

/* As door.c keeps addresses: of ::1 its network is left. */
bool conn_is_loopback(const struct conn *c)
{
    return IN6_IS_ADDR_UNSPECIFIED(&c->peer) ||
           (IN6_IS_ADDR_V4MAPPED(&c->peer) && c->peer.s6_addr[12] == 127);
}

void conn_pieces(struct conn *c, struct buf *wire, const struct reply_pieces *body)
{
    conn_bound(c);
    c->body = *body;
    begin_answer(c, CONN_ANSWER, wire, true);
}

bool conn_stream(struct conn *c, struct buf *wire, const char *content_type,
                 struct http_head *asked, const struct identity *who, const char **ret_code,
                 struct err *e)
{
    enum stream_kind kind =
        strcmp(content_type, "text/event-stream") == 0 ? STREAM_SSE : STREAM_NDJSON;
    struct stream_client *client = stream_client_new(c->net->opt.streams, c, kind, asked);

    if (!stream_client_follow(client, who, ret_code, e)) {
        *asked = client->head;
        client->head = (struct http_head){0};
        stream_client_free(client);
        return false;
    }
    conn_bound(c);
    c->client = client;
    begin_answer(c, CONN_STREAM, wire, true);
    return true;
}

void conn_wake(struct conn *c)
{
    assert(c->magic == CONN_MAGIC);
    c->wants_write = true;
    if (c->ws_open || (c->state == CONN_STREAM && (c->watch->events & UV_WRITABLE) == 0))
        conn_soon(c);
}

/* Of ours: a socket that is shut down has an event. lws looks at its timers only behind an event of
 * its own: the cancel is one. */
void conn_kill(struct conn *c)
{
    assert(c->magic == CONN_MAGIC);
    if (c->wsi != NULL) {
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        lws_cancel_service(c->net->context);
        return;
    }
    conn_await(c, UV_WRITABLE | UV_DISCONNECT);
    shutdown(c->fd, SHUT_RDWR);
}

/* Without it, the kernel's share of what a client may hold back grows to megabytes. */
void conn_bound(struct conn *c)
{
    int bytes = SEND_BUFFER_BYTES;
    int fd = c->wsi != NULL ? lws_get_socket_fd(c->wsi) : c->fd;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) < 0)
        log_event(LOG_DEBUG, "stream.send_buffer_not_bounded", F_INT("errno", errno));
}
