/* conn.h -- one connection, for the files of this folder only. From low to high: conn.c, write.c,
 * websocket.c, read.c, door.c, net.c; each calls only what stands before it.
 *
 * A connection carries one thing at a time, and its state says which. Nothing is read while a
 * request is with its handler or its answer goes out: bytes that a client sends ahead wait in the
 * kernel or in `in`, which holds less than a head and a piece, and are looked at when their turn
 * comes. HTTP/1.1 is read and written here; a WebSocket's descriptor is given to libwebsockets,
 * with a head that we wrote (websocket.c), so that the library never parses what a stranger sent
 * before the connection was let in (ADR 22).
 *
 * Whoever wants a connection's end from above (conn_kill) only asks: it ends in a later turn, so
 * nothing frees a connection that is being used. The files here end it by CONN_OVER or conn_end,
 * and touch it no more. */
#ifndef ORCH_API_TRANSPORT_CONN_H
#define ORCH_API_TRANSPORT_CONN_H

#include "api/http/http.h"
#include "api/request/request.h"
#include "api/transport/net.h"

#include <errno.h>
#include <libwebsockets.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>

enum conn_state {
    CONN_HEAD,   /* waits for a head, or has a part of one */
    CONN_BODY,   /* reads the body of req */
    CONN_ASKED,  /* req is with its handler */
    CONN_ANSWER, /* writes out, then body piece by piece */
    CONN_STREAM, /* writes out, then what client says */
    CONN_LINGER, /* has answered and said so; reads on, for an answer that is reset is lost */
    CONN_WS,     /* libwebsockets has it */
};

struct watch;
struct soon;

/* Runs while there is a connection. Outlives the net by a turn: libuv closes later. */
struct ticker {
    uv_timer_t timer;
    struct net *net;
};

TAILQ_HEAD(conn_list, conn);

struct net {
    struct net_options opt;
    void (*turn)(struct conn *c); /* goes on with a connection as far as it can; it may end */
    uv_timer_cb tick;             /* once a second: whose time is over ends */
    bool ending;                  /* net_close was called: nothing above is called any more */
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct conn *adopting; /* whose descriptor libwebsockets is being given */
    struct door *door;
    struct ticker *ticker;
    struct conn_list conns;
    struct conn_list quiet; /* those in CONN_HEAD, the longest first */
    struct soon *soon;
    uint32_t connections;
    uint32_t reserved;    /* of these, in the share of the probes */
    size_t bytes_waiting; /* what all connections hold: sent by nobody, read by nobody */
    struct buf messages;  /* of one stream, on their way to its socket */
    char scratch[64 * 1024];
};

struct conn {
    uint32_t magic;
    struct net *net;
    enum conn_state state;
    int fd;              /* owned; -1: libwebsockets has it */
    struct watch *watch; /* owned; NULL likewise */
    struct lws *wsi;     /* NULL unless CONN_WS */
    struct in6_addr peer;
    bool reserved;       /* answers probes only */
    bool close;          /* after out */
    int64_t deadline_ns; /* the state's end; 0: none */
    int64_t since_ns;    /* in the state since */
    struct buf in;       /* a part of a head and what follows it; pieces of a WebSocket message */
    size_t scanned;      /* of in, looked at for the head's end */
    uint64_t body_left;  /* of the request's body */
    int64_t stalls_ns;   /* in CONN_BODY: the next byte must come before */
    uint64_t lingered;   /* bytes thrown away */
    struct api_request *req; /* until its answer is handed over */
    struct buf out;          /* an answer, or what the socket did not take */
    struct buf rest;         /* its body, when that is long: follows out as it is */
    size_t out_at;
    size_t marked_at;             /* out_at when the deadline was set */
    struct reply_pieces body;     /* owned; next NULL unless the answer comes in pieces */
    struct stream_client *client; /* owned; the connection is a stream */
    bool wants_write;             /* the client has something to say */
    struct conn_list *soon;       /* where it has a turn before the loop waits; NULL: none */
    bool ws_open;                 /* between its handshake and its end: takes frames */
    bool close_sent;              /* the WebSocket close frame */
    size_t counted;               /* of net->bytes_waiting */
    TAILQ_ENTRY(conn) link;
    TAILQ_ENTRY(conn) quiet; /* while in CONN_HEAD */
    TAILQ_ENTRY(conn) next_soon;
};

/* What a file's step says: go on with the state that is now, wait for the next event, end; or it
 * has ended already, and there is no connection any more. */
enum conn_step { CONN_GO_ON, CONN_WAIT, CONN_OVER, CONN_GONE };

/* Of a send or recv that gave a negative number: nothing is wrong, it was only too early. */
static inline bool conn_try_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* ---- conn.c ---- */

/* Turns that are due without an event; close gives back the handle behind a turn of the loop. */
void soon_open(struct net *net);
void soon_close(struct net *net);
/* Takes the descriptor. NULL: the loop cannot watch it; it is closed. */
struct conn *conn_new(struct net *net, int fd, const struct in6_addr *peer) must_check;
/* Closes, and lets go of what the connection carries: a request that was dispatched, and a client
 * whose token is being verified, outlive this and find out by themselves. */
void conn_end(struct conn *c);
/* The net ends: as conn_end, but libwebsockets frees what is its own later. */
void conn_clear(struct conn *c);
/* The only way to change the state. */
void conn_enter(struct conn *c, enum conn_state next);
/* The state must end within so many seconds. */
void conn_within(struct conn *c, uint32_t seconds);
/* Which events (of enum uv_poll_event) are waited for; 0: none. */
void conn_await(struct conn *c, int events);
/* A turn, in the loop's next round. A socket nearly always takes what there is to say: to write at
 * once costs less than to be told that it does. */
void conn_soon(struct conn *c);
/* The descriptor, and nothing else of the transport, goes to the caller. */
int conn_give_fd(struct conn *c);
/* Counts anew what it holds. */
void conn_count(struct conn *c);
/* What libwebsockets' connection carries; NULL: nothing yet. */
struct conn *conn_of(struct lws *wsi);

/* The whole answer; see struct request_conn_ops. */
void conn_answer(struct conn *c, struct buf *wire, struct buf *body, bool close);
void conn_pieces(struct conn *c, struct buf *wire, const struct reply_pieces *body);
bool conn_is_loopback(const struct conn *c);
bool conn_stream(struct conn *c, struct buf *wire, const char *content_type,
                 struct http_head *asked, const struct identity *who, const char **ret_code,
                 struct err *e) must_check;
/* The client has something to write, or wants to be closed. */
void conn_wake(struct conn *c);
/* Ends a connection that takes no bytes, in a later turn. */
void conn_kill(struct conn *c);
/* Bounds what the kernel buffers of an answer without end. */
void conn_bound(struct conn *c);

/* ---- write.c ---- */

enum { WRITE_MESSAGES_A_TURN = 64 };

enum conn_step write_answer(struct conn *c) must_check;
/* The messages that are next, of at most *left and as they go over the wire: as many as one call is
 * to write. False: there is none behind them, for now. */
bool write_gather(struct conn *c, int *left, struct buf *ret) must_check;
enum conn_step write_stream(struct conn *c) must_check;
enum conn_step write_linger(struct conn *c) must_check;

/* ---- websocket.c ---- */

/* libwebsockets on the host's loop, listening nowhere. */
void ws_open(struct net *net);
/* Begins a WebSocket on the request's head, which it takes; or answers why not. GONE when the
 * library gave it up at once. */
enum conn_step ws_begin(struct conn *c, struct http_head *head) must_check;
/* What its stream has to say. */
enum conn_step ws_write(struct conn *c) must_check;

/* ---- read.c ---- */

enum conn_step read_head(struct conn *c) must_check;
enum conn_step read_body(struct conn *c) must_check;

/* ---- door.c: who is let in ---- */

bool door_open(struct net *net, struct err *e) must_check;
/* Begins to take connections, or ends it. */
void door_listen(struct net *net);
void door_close(struct net *net);
uint16_t door_port(const struct net *net);

#endif
