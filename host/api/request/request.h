/* request.h -- one request from its head to its answer.
 *
 * Ownership. Until request_complete it belongs to its connection. From then on it belongs to
 * whoever must answer it: the token's verification, a handler, the engine's completion, the
 * remembering of an idempotent answer. Exactly one reply (reply.h) ends and frees it.
 *
 * What may happen in which order, after request_complete. The answer may come during that call or
 * any number of turns later. The client may leave in between: the connection says so once, and the
 * answer is thrown away when it comes. A connection carries one request at a time; an answer never
 * meets another request's connection, because the connection forgets the request with its answer
 * and the request forgets the connection when it closes.
 *
 * Order of checks, written once (checks.c): route, framing, token, tenant, scope, rate, query,
 * body, idempotency key, handler. */
#ifndef ORCH_API_REQUEST_REQUEST_H
#define ORCH_API_REQUEST_REQUEST_H

#include "api/auth/idempotency.h"
#include "api/auth/identity.h"
#include "api/http/http.h"
#include "api/http/rate.h"
#include "api/http/router.h"
#include "api/request/server.h"
#include "base/json.h"
#include "observe/trace.h"

#include <sys/queue.h>

struct api_request {
    uint32_t magic;
    struct request_server *server;
    struct conn *conn; /* NULL: the client has gone */
    bool dispatched;   /* request_complete was called */
    struct http_head head;
    struct route_match match;
    struct trace trace;
    struct early early;
    bool has_body;            /* Content-Length above 0 */
    size_t body_passed_bytes; /* of a body that nobody reads */
    struct buf body;
    json_t *json; /* the parsed body, NULL when there is none */
    struct identity who;
    struct rate_verdict rate;
    bool limited;                   /* rate holds a verdict */
    struct idempotency_claim claim; /* held: the answer is to be remembered */
    struct buf extra;               /* header lines of the handler */
    int64_t began_ns;
    int held_status; /* the answer while it is being remembered */
    struct buf held_body;
    void *kept; /* its handler's, until it is answered; freed with the request */
    void (*kept_free)(void *kept);
    LIST_ENTRY(api_request) link;
};

/* ---- for the connection ---- */

/* Takes the head's contents. head_error: the head could not be read; answered with it. */
struct api_request *request_begin(struct request_server *server, struct conn *conn,
                                  struct http_head *head,
                                  const struct early *head_error) must_check;
/* False: the body is far over its limit, answer now and close. */
bool request_body(struct api_request *req, const void *bytes, size_t len) must_check;
/* The whole request is there; once. The request may be gone when this returns. */
void request_complete(struct api_request *req);
/* The connection closed before the answer. */
void request_client_gone(struct api_request *req);

/* ---- for those who answer ---- */

/* The request behind a completion's argument, which must be one that waits for its answer. */
struct api_request *request_of(void *arg);
/* The turn is no request's any more: for the end of a callback that request_of began. */
void request_turn_over(const struct request_server *s);
/* Of an open connection; for request_begin. */
struct api_request *request_new(struct request_server *server, struct conn *conn) must_check;
/* After the answer, or with the server. */
void request_free(struct api_request *req);

#endif
