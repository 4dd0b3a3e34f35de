/* websocket.c -- how a WebSocket begins, what it brings and what it is told; see conn.h.
 *
 * The request is read and refused here as any other. What is let in goes to libwebsockets: the
 * descriptor, and a head that we write, for the library reads more into one than RFC 9112 does.
 * Traps of 4.1.6: the default loop does not scale, so libuv (USERS.md 3.1); one write a WRITEABLE
 * callback, and none while something waits, so messages leave together, framed by us; a
 * connection's end is told in up to three ways. */
#include "api/stream/client.h"
#include "api/stream/server.h"
#include "api/transport/conn.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define STREAM_SUBPROTOCOL "orch.runs.v1+json"

enum {
    CLOSE_WAIT_S = 2,
    HEADER_BLOCKS = 4096,
    READ_BYTES = 4096,
    SEND_BYTES = 256 * 1024, /* beyond all that is written at once: the library sends it by pieces
                                of this, each but the first in a turn of its own */
};

/* ---- the request ---- */

static void answer(struct conn *c, struct http_head *head, int status, const char *code,
                   const struct err *e)
{
    struct early early = {true, status, code, *e};

    head->close = true;
    c->req = request_begin(c->net->opt.requests, c, head, &early);
    conn_enter(c, CONN_ASKED);
    request_complete(c->req);
}

/* A list of subprotocols must have ours; no list at all is a plain client. */
static bool subprotocol_fits(const struct http_head *head, struct err *e)
{
    const char *offered = http_header(head, HTTP_HEADER_WS_PROTOCOL);

    if (*offered == '\0' || http_list_has(offered, STREAM_SUBPROTOCOL))
        return true;
    return err_set(e, ERR_INVALID, "none of the offered subprotocols is " STREAM_SUBPROTOCOL);
}

/* 16 bytes in base64 (RFC 6455 4.1). */
static bool key_fits(const struct http_head *head, struct err *e)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *key = http_header(head, HTTP_HEADER_WS_KEY);

    if (strlen(key) == 24 && strspn(key, digits) == 22 && strcmp(key + 22, "==") == 0)
        return true;
    return err_set(e, ERR_INVALID, "Sec-WebSocket-Key is not 16 bytes in base64");
}

static bool upgrade_fits(const struct conn *c, const struct http_head *head, struct early *early)
{
    struct stream_filter filter;
    int64_t after;

    *early = (struct early){true, 400, "UPGRADE_UNKNOWN", {0}};
    if (strcasecmp(http_header(head, HTTP_HEADER_UPGRADE), "websocket") != 0 ||
        head->method != HTTP_GET || head->body_bytes > 0)
        return err_set(&early->e, ERR_INVALID, "only an upgrade to websocket is offered, by GET");
    if (strcmp(head->path, API_BASE "/runs/stream") != 0) {
        *early = (struct early){true, 404, "ROUTE_NOT_FOUND", {0}};
        return err_set(&early->e, ERR_NOT_FOUND, "Not Found");
    }
    if (c->net->opt.requests->draining || c->reserved) {
        *early = (struct early){true, 503, c->reserved ? "BUSY" : "DRAINING", {0}};
        return err_set(&early->e, ERR_UNAVAILABLE, "the host is going down, or is full");
    }
    if (!http_list_has(http_header(head, HTTP_HEADER_CONNECTION), "upgrade") ||
        strcmp(http_header(head, HTTP_HEADER_WS_VERSION), "13") != 0 || c->in.len > 0)
        return err_set(&early->e, ERR_INVALID,
                       "an upgrade has Connection: Upgrade, Sec-WebSocket-Version: 13, and nothing "
                       "behind it");
    if (!key_fits(head, &early->e))
        return false;
    early->code = "SUBPROTOCOL_UNKNOWN";
    if (!subprotocol_fits(head, &early->e))
        return false;
    early->code = "QUERY_INVALID";
    return stream_query(head, &filter, &after, &early->e);
}

/* A verdict that is known already is told as a status instead of a close code. */
static void refuse_client(struct conn *c)
{
    struct stream_client *client = take(c->client);
    auto_done(http_head) head = client->head;
    struct early why = {true, client->refused_status, client->refused_code, client->refused};

    client->head = (struct http_head){0};
    stream_client_free(client);
    answer(c, &head, why.status, why.code, &why.e);
}

/* ---- handing it over ---- */

static void write_head(const struct http_head *head, struct buf *out)
{
    bool offered = *http_header(head, HTTP_HEADER_WS_PROTOCOL) != '\0';

    buf_addf(out,
             "GET / HTTP/1.1\r\nHost: orch\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
             http_header(head, HTTP_HEADER_WS_KEY));
    if (offered)
        buf_adds(out, "Sec-WebSocket-Protocol: " STREAM_SUBPROTOCOL "\r\n");
    buf_adds(out, "\r\n");
}

static void bind_wsi(struct conn *c, struct lws *wsi)
{
    c->wsi = wsi;
    lws_set_opaque_user_data(wsi, c);
}

/* The library calls back while it adopts, and says as an error what it does in order. */
static enum conn_step hand_over(struct conn *c, struct buf *head)
{
    struct net *net = c->net;
    struct lws *wsi;

    conn_enter(c, CONN_WS);
    net->adopting = c;
    lws_set_log_level(0, NULL);
    wsi = lws_adopt_socket_vhost_readbuf(net->vhost, conn_give_fd(c), head->data, head->len);
    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
    if (net->adopting == NULL)
        return CONN_GONE;
    net->adopting = NULL;
    if (wsi == NULL)
        return CONN_OVER;
    if (c->wsi == NULL)
        bind_wsi(c, wsi);
    return CONN_WAIT;
}

enum conn_step ws_begin(struct conn *c, struct http_head *head)
{
    auto_done(buf) wire = {0};
    struct early early;

    if (!upgrade_fits(c, head, &early)) {
        answer(c, head, early.status, early.code, &early.e);
        return CONN_GO_ON;
    }
    write_head(head, &wire);
    c->client = stream_client_new(c->net->opt.streams, c, STREAM_WS, head);
    stream_client_start(c->client);
    if (c->client->state != CLIENT_CLOSING)
        return hand_over(c, &wire);
    refuse_client(c);
    return CONN_GO_ON;
}

/* ---- what it brings ---- */

static int on_established(struct conn *c)
{
    conn_bound(c);
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    c->ws_open = true;
    conn_soon(c);
    return 0;
}

static int on_receive(struct conn *c, const char *bytes, size_t len)
{
    if (c->client->state == CLIENT_CLOSING)
        return 0; /* what comes now is not looked at: the close frame tells why */
    if (c->in.len + len > STREAM_CLIENT_MESSAGE_BYTES_MAX) {
        stream_client_overflow(c->client);
        return 0;
    }
    buf_add(&c->in, bytes, len);
    if (!lws_is_final_fragment(c->wsi) || lws_remaining_packet_payload(c->wsi) > 0)
        return 0;
    stream_client_message(c->client, buf_text(&c->in), c->in.len);
    buf_clear(&c->in);
    return 0;
}

/* ---- what it is told ---- */

/* Frames of ours, whole: what the socket does not take of them waits in the library. Out of its
 * callback too, for it is given nothing while something waits. */
static bool write_frames(struct conn *c, char *bytes, size_t len)
{
    return lws_write(c->wsi, (unsigned char *)bytes, len, LWS_WRITE_RAW) >= 0;
}

/* The close frame is written by hand: with libuv, 4.1.6 drops the connection before it sends the
 * one of lws_close_reason. The peer's own close frame, or the timeout, ends the connection. */
static enum conn_step close_ws(struct conn *c)
{
    int code = c->client->close_code;
    char frame[4];

    if (c->close_sent)
        return CONN_WAIT;
    frame[0] = (char)0x88; /* final, opcode close (RFC 6455 5.2) */
    frame[1] = 2;
    frame[2] = (char)(code >> 8);
    frame[3] = (char)(code & 0xff);
    c->close_sent = true;
    if (!write_frames(c, frame, sizeof frame))
        return CONN_OVER;
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_CLOSE_ACK, CLOSE_WAIT_S);
    return CONN_WAIT;
}

/* The library says when the socket takes more. It is asked before a write, for what the socket did
 * not take would wait in the library, which sends it when it is told, that of a thousand sockets in
 * one turn. One that is writable has a third of its buffer free: more than one write. */
static bool held_up(struct conn *c)
{
    if (lws_send_pipe_choked(c->wsi) == 0)
        return false;
    lws_callback_on_writable(c->wsi);
    return true;
}

/* After all that it was told; the close frame itself may wait in the library. */
static enum conn_step close_behind(struct conn *c)
{
    if (!lws_partial_buffered(c->wsi))
        return close_ws(c);
    lws_callback_on_writable(c->wsi);
    return CONN_WAIT;
}

static enum conn_step say_more(struct conn *c)
{
    struct buf *messages = &c->net->messages;
    int left = WRITE_MESSAGES_A_TURN;
    bool more = write_gather(c, &left, messages);

    if (messages->len > 0 && !write_frames(c, messages->data, messages->len))
        return CONN_OVER;
    if (messages->len > 0)
        stream_client_wrote(c->client, clock_mono_ns());
    if (more)
        conn_soon(c); /* the others have their turn */
    else if (c->client->state == CLIENT_CLOSING)
        return close_behind(c);
    return CONN_WAIT;
}

enum conn_step ws_write(struct conn *c)
{
    if (!c->ws_open || held_up(c) || say_more(c) == CONN_WAIT)
        return CONN_WAIT;
    conn_kill(c); /* the library ends what is its own */
    return CONN_WAIT;
}

/* ---- the library ---- */

/* In a turn of the round's: a thousand sockets may be writable at once. */
static int on_writeable(struct conn *c)
{
    conn_soon(c);
    return 0;
}

static int on_closing(struct conn *c)
{
    c->ws_open = false;
    return c->close_sent ? -1 : 0; /* the answer to ours: nothing more to say */
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user unused_arg,
                    void *in, size_t len)
{
    struct net *net = lws_context_user(lws_get_context(wsi));
    struct conn *c = net != NULL ? conn_of(wsi) : NULL;

    if (reason == LWS_CALLBACK_CLOSED || reason == LWS_CALLBACK_CLOSED_HTTP ||
        reason == LWS_CALLBACK_WSI_DESTROY) {
        if (c != NULL)
            conn_end(c);
        return 0;
    }
    if (net == NULL || net->ending)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        if (c == NULL && net->adopting != NULL)
            bind_wsi(net->adopting, wsi);
        return 0;
    case LWS_CALLBACK_HTTP:
        return -1; /* no head of ours asks for this */
    case LWS_CALLBACK_ESTABLISHED:
        return c != NULL ? on_established(c) : -1;
    case LWS_CALLBACK_RECEIVE:
        return c != NULL ? on_receive(c, in, len) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return c != NULL ? on_closing(c) : 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return c != NULL ? on_writeable(c) : -1;
    default:
        return 0;
    }
}

/* Clients cause most of it. The library knows no owner of its log: one for the process. */
static void on_log(int level, const char *line)
{
    static struct log_limit limit;
    char text[256];
    size_t len = strcspn(line, "\n");
    uint64_t left_out = 0;

    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    if (level != LLL_ERR || log_limit_allows(&limit, clock_mono_ns(), &left_out))
        log_event(level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "http.library", F_STR("text", text),
                  F_INT("left_out", left_out));
}

/* Without a subprotocol lws takes the first; both are ours. */
static const struct lws_protocols protocols[] = {
    {"http", callback, 0, READ_BYTES, 0, NULL, SEND_BYTES},
    {STREAM_SUBPROTOCOL, callback, 0, READ_BYTES, 0, NULL, SEND_BYTES},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

void ws_open(struct net *net)
{
    void *loops[1] = {net->opt.loop};
    struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN_SERVER,
                                             .protocols = protocols,
                                             .options = LWS_SERVER_OPTION_LIBUV,
                                             .foreign_loops = loops,
                                             .user = net,
                                             .alpn = "http/1.1",
                                             .server_string = "orch",
                                             .max_http_header_pool = HEADER_BLOCKS,
                                             .timeout_secs = net->opt.idle_timeout_s};

    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    net->context = lws_create_context(&info);
    assert(net->context != NULL); /* its memory, its plugin: nothing that a caller could mend */
    net->vhost = lws_get_vhost_by_name(net->context, "default");
    assert(net->vhost != NULL);
}
