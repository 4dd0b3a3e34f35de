/* conn.h -- one connection, for the files of this folder only. From low to high: conn.c, head.c,
 * gone.c, body.c and stream.c, websocket.c, net.c; each calls only what stands before it.
 *
 * lws owns the socket and calls net.c, which calls up into requests and streams; they call down
 * through the tables in net.h. A connection carries one thing at a time: a request, an answer (out,
 * then pieces of body), or a stream client. It ends in one place (net.c), whoever wanted it: lws
 * calls back for it in a turn of its own, so nothing here frees a connection that is being used. */
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
    uint32_t magic;
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

/* ---- conn.c ---- */

/* NULL before the first request of a connection. */
struct conn *conn_of(struct lws *wsi);
struct conn *conn_make(struct net *net, struct lws *wsi);
/* What it carried is gone already. */
void conn_free(struct conn *c);
/* The whole answer; see struct request_conn_ops. */
void conn_answer(struct conn *c, struct buf *wire, bool close);
/* The client has something to write, or wants to be closed. */
void conn_wake(struct conn *c);
/* Ends a connection that takes no bytes, in a later turn. */
void conn_kill(struct conn *c);
/* A stream begins: bounds what the kernel buffers for it. */
void conn_bound(struct conn *c);

/* ---- head.c ---- */

/* Reads the request line and the headers. False: *ret_error says what to answer. */
bool conn_read_head(struct lws *wsi, struct http_head *ret, struct early *ret_error) must_check;

/* ---- gone.c: ends a plain stream whose reader has left ---- */

void gone_watch(struct conn *c);
void gone_end(struct conn *c);

/* Results of int are lws's: 0, or -1 to end the connection. */

/* ---- body.c ---- */

/* See struct request_conn_ops. */
void body_begin(struct conn *c, struct buf *wire, const struct reply_pieces *body);
/* The next piece. */
int body_writeable(struct conn *c);
/* Lets go of the body. */
void body_end(struct conn *c);

/* ---- stream.c ---- */

/* See struct request_conn_ops. */
bool stream_begin(struct conn *c, struct buf *wire, const char *content_type,
                  struct http_head *asked, const struct identity *who, const char **ret_code,
                  struct err *e) must_check;
/* Writes what the client has to say: into a plain answer, or as frames. */
int stream_writeable(struct conn *c);
int ws_writeable(struct conn *c);

/* ---- websocket.c ---- */

/* LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: 1 means that a refusal was written. */
int ws_confirm(struct net *net, struct lws *wsi, const char *upgrade);
int ws_established(struct conn *c);
int ws_receive(struct conn *c, const char *bytes, size_t len);

#endif
