/* websocket.c -- how a WebSocket begins, and what it brings; see conn.h. What it is told: stream.c.
 *
 * An upgrade is refused in CONFIRM_UPGRADE, the one place where lws lets us answer with a proper
 * status and body (USERS.md 3.1). */
#include "api/stream/client.h"
#include "api/transport/conn.h"

#include <string.h>
#include <strings.h>

#define STREAM_SUBPROTOCOL "orch.runs.v1+json"

/* Answers the upgrade request as if it were a plain one that failed. */
static int refuse(struct conn *c, struct http_head *head, int status, const char *code,
                  const struct err *e)
{
    struct early early = {true, status, code, *e};
    struct api_request *req = request_begin(c->net->opt.requests, c, head, &early);
    size_t left;

    c->req = req;
    request_complete(req);
    left = c->out.len - c->out_at;
    if (lws_write(c->wsi, (unsigned char *)c->out.data + c->out_at, left, LWS_WRITE_HTTP_HEADERS) <
        0)
        return -1;
    buf_done(&c->out);
    c->out = (struct buf){0};
    return 1;
}

/* A list of subprotocols must have ours; no list at all is a plain client. */
static bool subprotocol_fits(const struct http_head *head, struct err *e)
{
    const char *offered = http_header(head, HTTP_HEADER_WS_PROTOCOL);

    if (*offered == '\0' || http_list_has(offered, STREAM_SUBPROTOCOL))
        return true;
    return err_set(e, ERR_INVALID, "none of the offered subprotocols is " STREAM_SUBPROTOCOL);
}

static bool upgrade_fits(const struct net *net, const struct http_head *head, const char *upgrade,
                         struct early *early)
{
    struct stream_filter filter;
    int64_t after;

    early->set = true;
    if (strcasecmp(upgrade, "websocket") != 0) {
        *early = (struct early){true, 400, "UPGRADE_UNKNOWN", {0}};
        return err_set(&early->e, ERR_INVALID, "only an upgrade to websocket is offered");
    }
    if (strcmp(head->path, API_BASE "/runs/stream") != 0) {
        *early = (struct early){true, 404, "ROUTE_NOT_FOUND", {0}};
        return err_set(&early->e, ERR_NOT_FOUND, "Not Found");
    }
    if (net->opt.requests->draining) {
        *early = (struct early){true, 503, "DRAINING", {0}};
        return err_set(&early->e, ERR_UNAVAILABLE, "the host is going down");
    }
    *early = (struct early){true, 400, "SUBPROTOCOL_UNKNOWN", {0}};
    if (!subprotocol_fits(head, &early->e))
        return false;
    early->code = "QUERY_INVALID";
    return stream_query(head, &filter, &after, &early->e);
}

/* A verdict that is known already is told as a status instead of a close code. */
static int refuse_client(struct conn *c)
{
    struct stream_client *client = take(c->client);
    auto_done(http_head) head = client->head;
    struct early why = {true, client->refused_status, client->refused_code, client->refused};

    client->head = (struct http_head){0};
    stream_client_free(client);
    return refuse(c, &head, why.status, why.code, &why.e);
}

int ws_confirm(struct net *net, struct lws *wsi, const char *upgrade)
{
    struct conn *c = conn_make(net, wsi);
    auto_done(http_head) head = {0};
    struct early early;

    if (!conn_read_head(wsi, &head, &early) || !upgrade_fits(net, &head, upgrade, &early))
        return refuse(c, &head, early.status, early.code, &early.e);
    c->client = stream_client_new(net->opt.streams, c, STREAM_WS, &head);
    stream_client_start(c->client);
    return c->client->state == CLIENT_CLOSING ? refuse_client(c) : 0;
}

int ws_established(struct conn *c)
{
    if (c->client == NULL)
        return -1;
    conn_bound(c);
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0);
    lws_callback_on_writable(c->wsi);
    return 0;
}

int ws_receive(struct conn *c, const char *bytes, size_t len)
{
    if (c->client == NULL)
        return -1;
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
