/* client.h -- one client of /runs/stream: what to write to it next, whatever the transport.
 *
 * A client is authenticating, then follows: control messages (hello, reset, lagging, error) first,
 * then events, from the store while its cursor is below the ring's floor and from the ring
 * afterwards. It holds one page of the store at most.
 *
 * What may happen in which order. The connection owns the client and frees it when it ends. While a
 * token is being verified, or a page read beside the loop, whoever does it refers to it too: then
 * whichever of the two comes second frees it. Between the question and the answer the client may
 * also have begun to close (a message too long, a revoked token). The tick and a publish may come
 * at any time between turns. */
#ifndef ORCH_API_STREAM_CLIENT_H
#define ORCH_API_STREAM_CLIENT_H

#include "api/auth/identity.h"
#include "api/http/http.h"
#include "api/stream/ring.h"
#include "base/json.h"
#include "store/reader.h"

#include <sys/queue.h>

enum stream_kind { STREAM_WS, STREAM_NDJSON, STREAM_SSE };

/* In this order only, some left out: a client never goes back. */
enum client_state {
    CLIENT_AWAITS_AUTH, /* the first message must be the token */
    CLIENT_VERIFIES,    /* the host checks the token */
    CLIENT_FOLLOWS,
    CLIENT_CLOSING, /* after what is queued: close_code */
};

/* WebSocket close codes of ours (RFC 6455 7.4.2: 4000-4999). */
enum {
    CLOSE_BAD_REQUEST = 4400,
    CLOSE_UNAUTHENTICATED = 4401,
    CLOSE_DENIED = 4403,
    CLOSE_NOT_FOUND = 4404,
    CLOSE_TOO_SLOW = 4408,
    CLOSE_MESSAGE_TOO_LARGE = 1009,
    CLOSE_INTERNAL = 1011,
    CLOSE_RESTART = 1012,
};

enum { STREAM_PAGE_ROWS = 256, STREAM_CLIENT_MESSAGE_BYTES_MAX = 16 * 1024 };

struct stream_server;

struct stream_client {
    uint32_t magic;
    struct stream_server *server;
    struct conn *conn; /* not ours to look into: see struct stream_conn_ops */
    enum stream_kind kind;
    enum client_state state;
    struct http_head head; /* of the request, for the identity decision after a late token */
    struct stream_filter filter;
    struct ring *ring; /* of its tenant; NULL until it follows */
    int64_t after;     /* as asked; -1: from now on */
    int64_t cursor;
    bool live;          /* has caught up with the head once */
    bool waiting;       /* a write was asked for and has not happened */
    struct buf control; /* queued control messages, one a line */
    struct store_event_list page;
    size_t page_at;
    int64_t page_next;              /* the cursor behind the page */
    struct stream_message message;  /* made from the page, being written */
    struct buf scratch;             /* one message */
    int64_t expires_unix;           /* of the token that let it in */
    char token_id[UUID_TEXT_BYTES]; /* the same */
    int64_t began_ns;
    int64_t active_ns;  /* last byte taken, or the moment since which a write waits */
    int close_code;     /* with CLIENT_CLOSING */
    int refused_status; /* why, for an upgrade that is still a request */
    const char *refused_code;
    struct err refused;
    bool busy; /* the token is verified, or a page read: a second reference; see gone */
    bool gone; /* the connection ended while it was busy */
    LIST_ENTRY(stream_client) link;
};

/* Reads dagId, runId, status, after (or Last-Event-ID) of the query. */
bool stream_query(const struct http_head *head, struct stream_filter *ret, int64_t *ret_after,
                  struct err *e) must_check;

/* Takes the head's contents; starts in CLIENT_AWAITS_AUTH. */
struct stream_client *stream_client_new(struct stream_server *server, struct conn *conn,
                                        enum stream_kind kind, struct http_head *head) must_check;
/* Accepts NULL. */
void stream_client_free(struct stream_client *c);

/* The identity is known: hello, then events. False: e and *ret_code say why not. */
bool stream_client_follow(struct stream_client *c, const struct identity *who,
                          const char **ret_code, struct err *e) must_check;
/* The client behind a completion's argument. */
struct stream_client *stream_client_of(void *arg);
/* Follows on what the head brings: a one-time ticket, else a bearer; or closes with an error
 * message. With neither it waits for the first message. */
void stream_client_start(struct stream_client *c);
/* One whole message of the client. */
void stream_client_message(struct stream_client *c, const char *text, size_t len);
/* A message that is too long: closes. Not while it closes already. */
void stream_client_overflow(struct stream_client *c);

/* Events were published: asks for a write when one concerns the client. One that nothing concerns
 * moves on with the head, so that it never seems late. */
void stream_client_published(struct stream_client *c);
/* The token that let it in was revoked: it closes, and no event is told any more. */
void stream_client_revoked(struct stream_client *c);
/* Once a second: heartbeat, authentication deadline, a client that takes nothing. */
void stream_client_tick(struct stream_client *c, int64_t now_ns);

/* The next bytes to write; false: nothing now. Valid
 * until the next call for this client or the next publish. */
bool stream_client_next(struct stream_client *c, const char **ret, size_t *ret_len);
/* The socket took bytes. */
void stream_client_wrote(struct stream_client *c, int64_t now_ns);

struct auth_message {
    const char *token;  /* borrowed from the document */
    const char *tenant; /* likewise; NULL: not given. Browsers cannot send the header */
    json_t *doc;
};
void auth_message_done(struct auth_message *m);
/* {"type":"auth","token":"...","tenant":"..."}: bytes from anybody. */
bool auth_message_parse(const char *text, size_t len, struct auth_message *ret,
                        struct err *e) must_check;

#endif
