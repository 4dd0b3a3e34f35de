/* server.h -- what all requests of one server share: the parts that checks and handlers work with,
 * and what may be asked of the connection a request came over.
 *
 * A request does not know what carries it. It is given three ways to end, each of which takes the
 * connection back from the request: after it the connection does not refer to the request, and the
 * request does not touch the connection. Loop thread. */
#ifndef ORCH_API_REQUEST_SERVER_H
#define ORCH_API_REQUEST_SERVER_H

#include "api/auth/identity.h"
#include "api/http/http.h"
#include "api/http/router.h"
#include "api/request/engine.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct api_request;
struct beside;
struct conn; /* of whoever began the request */
struct idempotency;
struct json_thread;
struct metrics;
struct rate;
struct rpc_history;
struct store_reader;
struct task_times;
struct tokens;
struct verdicts;

enum piece { PIECE_MADE, PIECE_LATER, PIECE_OVER };

/* A body that is made while it goes out. */
struct reply_pieces {
    /* Appends the next piece, which may be empty; OVER: there is none, or no more can be had.
     * LATER: it is asked again behind go_on. */
    enum piece (*next)(void *arg, struct buf *out);
    void (*free)(void *arg);
    void *arg;
};

struct request_conn_ops {
    /* The whole answer: wire, and behind it body, which is empty when wire has all. Takes both. */
    void (*answer)(struct conn *conn, struct buf *wire, struct buf *body, bool close);
    /* The head, then piece after piece, then the connection's end. Takes wire and the body. */
    void (*pieces)(struct conn *conn, struct buf *wire, const struct reply_pieces *body);
    /* Of pieces that were LATER and are not freed: there is one now. */
    void (*go_on)(struct conn *conn);
    bool (*is_loopback)(const struct conn *conn); /* its client is on this machine */
    /* The head, then the events that the query of `asked` wants, in the form of content_type.
     * Takes wire and asked's contents. False: nothing was taken, and the connection still waits
     * for the request's answer; *ret_code and e say which. */
    bool (*stream)(struct conn *conn, struct buf *wire, const char *content_type,
                   struct http_head *asked, const struct identity *who, const char **ret_code,
                   struct err *e) must_check;
};

struct request_options {
    const struct request_conn_ops *conn;
    const struct route_table *routes;
    const struct api_engine *engine;
    struct json_thread *json; /* borrowed, as are the next five; freed before the server */
    struct beside *beside;    /* the same; who reads the store */
    struct metrics *metrics;
    const struct task_times *task_times;
    struct tokens *tokens;
    struct verdicts *tickets; /* one-time, for browsers */
    struct rpc_history *rpc_history;
    /* For whoever watches the loop: whose turn it is from now on, by texts that live forever; NULL:
     * no request's any more. May be NULL itself. */
    void (*turn)(void *arg, const char *method, const char *route);
    void *turn_arg;
    bool admin_loopback; /* see struct route */
    bool dev;            /* a missing tenant is "default" */
    uint32_t rate_per_s;
    uint32_t rate_burst;
};

struct request_server {
    struct request_options opt;
    struct rate *rate;
    struct idempotency *idempotency;
    LIST_HEAD(, api_request) open;
    uint32_t reads; /* that requests wait for (made.h) */
    bool draining;
};

struct request_server *request_server_new(const struct request_options *opt) must_check;
/* Ends what is still open without an answer. Accepts NULL. */
void request_server_free(struct request_server *s);

#endif
