/* net.c -- libwebsockets' context on the host's libuv loop, and HTTP/1.1; see net.h.
 *
 * Traps of 4.1.6 that shape this file (USERS.md 3.1): the default loop does not scale, so libuv;
 * HTTP/2 loses our headers, so it is off; a POST with "Content-Length: 0" gets BODY_COMPLETION
 * behind HTTP, other methods do not, so a request is dispatched once and a second call passed
 * over; one write a WRITEABLE callback. The answer's head is written by reply.c: lws adds nothing
 * to it. */
#include "api/stream/client.h"
#include "api/stream/server.h"
#include "api/transport/conn.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

enum {
    HEADER_BLOCK_BYTES_MAX = 16384,
    HEADER_BLOCKS = 256,     /* requests whose headers are being read at once */
    WRITE_BYTES = 64 * 1024, /* a turn */
    FD_TABLE_MAX = 262144,   /* above it, lws's tables would cost more than they are worth */
    FD_TABLE_WHEN_OVER = 65536,
    ENDING_MS = 10,
};

/* ---- a connection's end ---- */

/* Lets go of what the connection carries; a second time finds nothing. A request that was
 * dispatched, and a client whose token is being verified, outlive this and find out by themselves:
 * what they wait for comes back to them, not to the connection. */
static void conn_clear(struct conn *c)
{
    struct api_request *req = take(c->req);

    gone_end(c);
    if (req != NULL)
        request_client_gone(req);
    stream_client_free(take(c->client));
    body_end(c);
    buf_done(&c->out);
    buf_done(&c->in);
    c->out = c->in = (struct buf){0};
}

/* lws tells the end of a connection in up to three ways; the first counts. */
static void conn_end(struct lws *wsi)
{
    struct conn *c = conn_of(wsi);

    if (c == NULL)
        return;
    conn_clear(c);
    conn_free(c);
}

const struct request_conn_ops net_request_ops = {.answer = conn_answer,
                                                 .pieces = body_begin,
                                                 .stream = stream_begin};
const struct stream_conn_ops net_stream_ops = {.wake = conn_wake, .kill = conn_kill};

/* ---- HTTP callbacks ---- */

static void dispatch(struct conn *c)
{
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    request_complete(c->req);
}

/* Ask for the body, or answer without it: a client that waits for "100 Continue" has not sent it.
 */
static int on_expect(struct conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char bytes[LWS_PRE + sizeof text];

    if (c->req->early.set) {
        c->close = true;
        dispatch(c);
        return 0;
    }
    memcpy(bytes + LWS_PRE, text, sizeof text);
    return lws_write(c->wsi, bytes + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

static int on_http(struct net *net, struct lws *wsi)
{
    struct conn *c = conn_make(net, wsi);
    auto_done(http_head) head = {0};
    struct early error;
    bool expects;

    if (c->req != NULL || c->client != NULL)
        return -1; /* lws holds pipelined requests back; two answers must never mix */
    (void)!conn_read_head(wsi, &head, &error);
    expects = http_list_has(http_header(&head, HTTP_HEADER_EXPECT), "100-continue");
    c->req = request_begin(net->opt.requests, c, &head, &error);
    if (c->req->has_body)
        return expects ? on_expect(c) : 0;
    dispatch(c);
    return 0;
}

static int on_body(struct conn *c, const void *bytes, size_t len)
{
    if (c == NULL || c->req == NULL || c->req->dispatched)
        return 0;
    if (request_body(c->req, bytes, len))
        return 0;
    c->close = true;
    dispatch(c);
    return 0;
}

static int on_body_end(struct conn *c)
{
    if (c != NULL && c->req != NULL && !c->req->dispatched)
        dispatch(c);
    return 0;
}

static int on_answered(struct conn *c)
{
    struct lws *wsi = c->wsi;

    buf_done(&c->out);
    c->out = (struct buf){0};
    if (c->client != NULL)
        return stream_writeable(c);
    if (c->body.next != NULL)
        return body_writeable(c);
    if (c->close)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_writeable(struct conn *c)
{
    size_t left;

    if (c == NULL)
        return 0;
    if (c->out.data == NULL)
        return c->client != NULL ? stream_writeable(c) : 0;
    left = c->out.len - c->out_at;
    if (left > 0) {
        size_t now = left < WRITE_BYTES ? left : WRITE_BYTES;

        if (lws_write(c->wsi, (unsigned char *)c->out.data + c->out_at, now, LWS_WRITE_HTTP) < 0)
            return -1;
        c->out_at += now;
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, (int)c->net->opt.idle_timeout_s);
    }
    if (c->out_at < c->out.len || lws_partial_buffered(c->wsi)) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    return on_answered(c);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user unused_arg,
                    void *in, size_t len)
{
    struct net *net = lws_context_user(lws_get_context(wsi));
    struct conn *c = net != NULL ? conn_of(wsi) : NULL;
    bool ends = reason == LWS_CALLBACK_CLOSED || reason == LWS_CALLBACK_CLOSED_HTTP ||
                reason == LWS_CALLBACK_WSI_DESTROY;

    if (net == NULL || (net->ending && !ends))
        return 0;
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return net->connections >= net->opt.connections_max;
    case LWS_CALLBACK_HTTP:
        return on_http(net, wsi);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(c, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return on_body_end(c);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writeable(c);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return ws_confirm(net, wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        return c != NULL ? ws_established(c) : -1;
    case LWS_CALLBACK_RECEIVE:
        return c != NULL ? ws_receive(c, in, len) : -1;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return c != NULL && c->close_sent ? -1 : 0; /* the answer to ours: nothing more to say */
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return c != NULL ? ws_writeable(c) : -1;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
        conn_end(wsi);
        return 0;
    default:
        return 0;
    }
}

/* ---- context ---- */

static void on_log(int level, const char *line)
{
    char text[256];
    size_t len = strcspn(line, "\n");

    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    log_event(level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "http.library", F_STR("text", text));
}

/* Without a subprotocol lws takes the first; both are ours. */
static const struct lws_protocols protocols[] = {
    {"http", callback, 0, 4096, 0, NULL, 0},
    {"orch.runs.v1+json", callback, 0, 4096, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static void fill_info(struct net *net, void **loops, struct lws_context_creation_info *info)
{
    const struct net_options *opt = &net->opt;
    struct rlimit files;

    info->port = opt->listen_port;
    info->iface = opt->listen_host;
    info->protocols = protocols;
    info->options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
    if (strchr(opt->listen_host, ':') == NULL)
        info->options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (strcmp(opt->listen_host, "0.0.0.0") == 0 || strcmp(opt->listen_host, "::") == 0)
        info->iface = NULL;
    info->foreign_loops = loops;
    info->user = net;
    info->alpn = "http/1.1";
    info->server_string = "orch";
    info->max_http_header_data = HEADER_BLOCK_BYTES_MAX;
    info->max_http_header_pool = HEADER_BLOCKS;
    info->timeout_secs = opt->idle_timeout_s;
    info->keepalive_timeout = (int)opt->idle_timeout_s;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur > FD_TABLE_MAX)
        info->fd_limit_per_thread = FD_TABLE_WHEN_OVER;
}

bool net_open(const struct net_options *opt, struct net **ret, struct err *e)
{
    struct lws_context_creation_info info = {0};
    void *loops[1] = {opt->loop};
    struct net *net;

    if (!net_address_try(opt, e))
        return false;
    net = mem_new(struct net);
    net->opt = *opt;
    net->opt.listen_host = net->listen_host = mem_str(opt->listen_host);
    lws_set_log_level(LLL_ERR | LLL_WARN, on_log);
    fill_info(net, loops, &info);
    net->context = lws_create_context(&info);
    assert(net->context != NULL); /* its memory, its plugin: nothing that a caller could mend */
    net->vhost = lws_get_vhost_by_name(net->context, "default");
    assert(net->vhost != NULL);
    *ret = net;
    return true;
}

uint16_t net_port(const struct net *net)
{
    return (uint16_t)lws_get_vhost_listen_port(net->vhost);
}

/* On a foreign libuv loop lws destroys its context in two calls: the first closes its handles, the
 * second frees the rest and unloads the code that their close callbacks are in; so it must wait
 * until no handle of the loop is closing any more. */
struct ending {
    uv_timer_t timer;
    struct net *net;
};

static void on_ended(uv_handle_t *handle)
{
    free(handle->data);
}

static void note_closing(uv_handle_t *handle, void *arg)
{
    bool *closing = arg;

    *closing = *closing || uv_is_closing(handle);
}

static void on_ending(uv_timer_t *timer)
{
    struct ending *ending = timer->data;
    bool closing = false;

    uv_walk(timer->loop, note_closing, &closing);
    if (closing)
        return;
    lws_context_destroy(ending->net->context);
    free(ending->net->listen_host);
    free(ending->net);
    uv_close((uv_handle_t *)timer, on_ended);
}

void net_close(struct net *net)
{
    uv_loop_t *loop = net->opt.loop;
    struct ending *ending = mem_new(struct ending);
    int failed = uv_timer_init(loop, &ending->timer);
    struct conn *c;

    assert(failed == 0);
    LIST_FOREACH(c, &net->conns, link)
    conn_clear(c);
    net->ending = true;
    lws_context_destroy(net->context);
    ending->net = net;
    ending->timer.data = ending;
    failed = uv_timer_start(&ending->timer, on_ending, ENDING_MS, ENDING_MS);
    assert(failed == 0);
}
