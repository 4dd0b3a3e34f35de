/* conn.h -- one connection, between net.c (HTTP) and websocket.c (WebSocket and streams) only. */
#ifndef ORCH_API_TRANSPORT_CONN_H
#define ORCH_API_TRANSPORT_CONN_H

#include "api/http/http.h"
#include "api/request/request.h"
#include "api/transport/net.h"

#include <libwebsockets.h>
#include <sys/queue.h>

struct net {
    struct net_options opt;
    char *listen_host; /* lws keeps the pointer */
    bool ending;       /* net_close was called: nothing above is called any more */
    struct lws_context *context;
    struct lws_vhost *vhost;
    LIST_HEAD(conn_list, conn) conns;
    uint32_t connections;
};

struct conn {
    struct net *net;
    struct lws *wsi;
    struct api_request *req; /* until its answer is handed over */
    struct buf out;          /* an answer, behind REPLY_HEADROOM */
    size_t out_at;
    bool close;                   /* after out */
    bool close_sent;              /* the WebSocket close frame */
    struct stream_client *client; /* owned; the connection is a stream */
    struct reply_pieces body;     /* owned; next NULL unless the answer comes in pieces */
    struct gone *gone;            /* owned; NULL unless a plain stream, or a body in pieces */
    struct buf in;                /* pieces of one WebSocket message */
    LIST_ENTRY(conn) link;
};

/* Reads the request line and the headers. False: *ret_error says what to answer. */
bool conn_read_head(struct lws *wsi, struct http_head *ret, struct early *ret_error) must_check;

/* The ways a request ends; see struct request_conn_ops. */
void conn_answer(struct conn *c, struct buf *wire, bool close);
void body_begin(struct conn *c, struct buf *wire, const struct reply_pieces *body);
bool stream_begin(struct conn *c, struct buf *wire, const char *content_type,
                  struct http_head *asked, const struct identity *who, const char **ret_code,
                  struct err *e) must_check;
/* The client has something to write, or wants to be closed. */
void conn_wake(struct conn *c);
/* Ends a connection that takes no bytes, in a later turn. */
void conn_kill(struct conn *c);

/* NULL before the first request of a connection. */
struct conn *conn_of(struct lws *wsi);
struct conn *conn_make(struct net *net, struct lws *wsi);

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE and the WebSocket callbacks; the result is lws's. */
int ws_confirm(struct net *net, struct lws *wsi, const char *upgrade);
int ws_established(struct conn *c);
int ws_receive(struct conn *c, const char *bytes, size_t len);
int ws_writeable(struct conn *c);
/* A stream begins: bounds what the kernel buffers for it. */
void conn_bound(struct conn *c);
/* body.c: the next piece of a body; body_end lets go of it. */
int body_writeable(struct conn *c);
void body_end(struct conn *c);
/* gone.c: ends a plain stream whose reader has left. */
void gone_watch(struct conn *c);
void gone_end(struct conn *c);
/* The HTTP forms of the stream. */
int stream_writeable(struct conn *c);

#endif
