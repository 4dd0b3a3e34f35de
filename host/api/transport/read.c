/* read.c -- a request out of a connection's bytes; see conn.h. How a head reads is the business of
 * api/http/head.c.
 *
 * The next head is not looked at before the answer to the one before is out, so requests that are
 * sent ahead are answered one by one, in their order. After a head whose end, or whose body's end,
 * is not certain nothing more is read: the answer says so and the connection ends. */
#include "api/transport/conn.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>
#include <sys/socket.h>
#include <uv.h>

static void hand_on(struct conn *c)
{
    conn_enter(c, CONN_ASKED);
    conn_count(c);
    request_complete(c->req);
    if (c->state == CONN_ASKED)
        conn_await(c, 0);
}

/* When there is room for probes only, they alone go on: all that anybody may ask without a token.
 */
static void check_room(const struct conn *c, struct api_request *req)
{
    bool crowded = c->reserved || c->net->bytes_waiting > c->net->opt.waiting_bytes_max;
    const struct route *route = req->match.route;

    if (!crowded || req->early.set || (route != NULL && route->need == NEED_NOTHING))
        return;
    req->early = (struct early){.set = true, .status = 503, .code = "BUSY"};
    (void)err_set(&req->early.e, ERR_UNAVAILABLE,
                  "too many connections, or too much that waits to be read");
}

/* A client that waits for "100 Continue" has not sent its body: ask for it, or answer without. */
static bool expects(const struct conn *c)
{
    const char *value = http_header(&c->req->head, HTTP_HEADER_EXPECT);

    return c->body_left > 0 && c->in.len == 0 && http_list_has(value, "100-continue");
}

static enum conn_step begin_body(struct conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    bool asks = expects(c);

    if (asks && c->req->early.set) {
        c->req->head.close = true; /* will it come? nobody knows */
        hand_on(c);
        return CONN_GO_ON;
    }
    if (asks && send(c->fd, text, sizeof text - 1, MSG_NOSIGNAL) != (ssize_t)sizeof text - 1)
        return CONN_OVER; /* the kernel has no room for a line: nobody reads there */
    conn_enter(c, CONN_BODY);
    conn_within(c, c->net->opt.body_timeout_s);
    c->stalls_ns = clock_mono_ns() + (int64_t)c->net->opt.idle_timeout_s * 1000000000;
    return CONN_GO_ON;
}

static enum conn_step begin(struct conn *c, struct http_head *head, struct early *error)
{
    if (!error->set && head->header[HTTP_HEADER_UPGRADE] != NULL)
        return ws_begin(c, head);
    c->body_left = head->body_bytes;
    c->req = request_begin(c->net->opt.requests, c, head, error);
    check_room(c, c->req);
    c->req->head.close = c->req->head.close || c->reserved;
    if (c->req->has_body)
        return begin_body(c);
    hand_on(c);
    return CONN_GO_ON;
}

static enum conn_step whole_head(struct conn *c, size_t len)
{
    auto_done(http_head) head = {0};
    struct early error;

    (void)!http_head_read(c->in.data, len, &head, &error);
    buf_cut(&c->in, len);
    c->scanned = 0;
    return begin(c, &head, &error);
}

static enum conn_step no_head(struct conn *c, enum http_scan scan)
{
    auto_done(http_head) head = {0};
    struct early error;

    http_head_refuse(scan, &head, &error);
    buf_clear(&c->in);
    return begin(c, &head, &error);
}

/* A connection that waits between two requests holds no memory for the next. */
static void rest(struct conn *c)
{
    if (c->in.len == 0) {
        buf_done(&c->in);
        c->in = (struct buf){0};
    }
    conn_count(c);
    conn_await(c, UV_READABLE);
}

static enum conn_step more_head(struct conn *c)
{
    ssize_t n = recv(c->fd, c->net->scratch, HTTP_HEAD_BYTES_MAX, 0);

    if (n < 0 && conn_try_again()) {
        rest(c);
        return CONN_WAIT;
    }
    if (n <= 0)
        return CONN_OVER;
    if (c->in.len == 0)
        conn_within(c, c->net->opt.head_timeout_s);
    buf_add(&c->in, c->net->scratch, (size_t)n);
    return CONN_GO_ON;
}

enum conn_step read_head(struct conn *c)
{
    size_t len;
    enum http_scan scan = http_head_scan(buf_text(&c->in), c->in.len, &c->scanned, &len);

    if (scan == HTTP_SCAN_MORE)
        return more_head(c);
    return scan == HTTP_SCAN_WHOLE ? whole_head(c, len) : no_head(c, scan);
}

/* ---- the body ---- */

/* False: too much of it; the request was answered. */
static bool take_body(struct conn *c, const char *bytes, size_t len)
{
    bool full;

    c->body_left -= len;
    c->stalls_ns = clock_mono_ns() + (int64_t)c->net->opt.idle_timeout_s * 1000000000;
    full = !request_body(c->req, bytes, len);
    conn_count(c);
    check_room(c, c->req);
    if (!full && !(c->req->early.set && c->req->early.status == 503))
        return true;
    c->req->head.close = true;
    hand_on(c);
    return false;
}

static enum conn_step receive_body(struct conn *c)
{
    size_t room =
        c->body_left < sizeof c->net->scratch ? (size_t)c->body_left : sizeof c->net->scratch;
    ssize_t n = recv(c->fd, c->net->scratch, room, 0);

    if (n < 0 && conn_try_again()) {
        conn_count(c);
        conn_await(c, UV_READABLE);
        return CONN_WAIT;
    }
    if (n <= 0)
        return CONN_OVER;
    (void)take_body(c, c->net->scratch, (size_t)n);
    return CONN_GO_ON;
}

enum conn_step read_body(struct conn *c)
{
    size_t held = c->in.len < c->body_left ? c->in.len : (size_t)c->body_left;

    if (held > 0) {
        bool taken = take_body(c, c->in.data, held);

        buf_cut(&c->in, held);
        if (!taken)
            return CONN_GO_ON;
    }
    if (c->body_left > 0)
        return receive_body(c);
    hand_on(c);
    return CONN_GO_ON;
}
