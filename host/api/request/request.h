/* request.h -- one request from its head to its answer.
 *
 * Ownership: net.c's connection refers to the request until it is answered or the client is gone;
 * from dispatch on the request belongs to whoever must answer it (a handler, or the engine's
 * completion), and api_reply_* ends it. An answer for a client that has gone is thrown away.
 *
 * Order of checks, written once (request.c): route, framing, token, tenant, scope, rate, query,
 * body, idempotency key, handler. */
#ifndef ORCH_API_REQUEST_REQUEST_H
#define ORCH_API_REQUEST_REQUEST_H

#include "api/auth/idempotency.h"
#include "api/auth/identity.h"
#include "api/http/http.h"
#include "api/http/problem.h"
#include "api/http/rate.h"
#include "api/http/router.h"
#include "api/request/engine.h"
#include "base/json.h"
#include "observe/trace.h"

#include <sys/queue.h>

struct conn;
struct net_body;

/* An error that was found before the body had come; answered when it has. */
struct early {
    bool set;
    int status;
    const char *code;
    struct err e;
};

struct api_request {
    struct api *api;
    struct conn *conn; /* NULL: the client has gone */
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
    LIST_ENTRY(api_request) link;
};

/* ---- for net.c ---- */

/* Takes the head's contents. head_error: the head could not be read; answered with it. */
struct api_request *request_begin(struct api *api, struct conn *conn, struct http_head *head,
                                  const struct early *head_error) must_check;
/* False: the body is far over its limit, answer now and close. */
bool request_body(struct api_request *req, const void *bytes, size_t len) must_check;
/* The whole request is there. The request may be gone when this returns. */
void request_complete(struct api_request *req);
/* The connection closed before the answer. dispatched: request_complete was called. */
void request_client_gone(struct api_request *req, bool dispatched);
/* At api_close. */
void request_free(struct api_request *req);

/* ---- for handlers ---- */

const char *api_param(const struct api_request *req, const char *name);
const char *api_query(const struct api_request *req, const char *name); /* NULL: absent */
struct api_actor api_actor(const struct api_request *req);
/* Adds one "Name: value" line to the answer. value holds no control characters. */
void api_header(struct api_request *req, const char *name, const char *value);

/* As the table's fields, for a body whose shape decides what it may hold. False: the request was
 * answered with 422. */
bool api_fields_known(struct api_request *req, const char *known) must_check;

/* Each ends the request. json_t **value is taken. */
void api_reply_json(struct api_request *req, int status, json_t **value);
/* JSON that is text already; takes body. */
void api_reply_text(struct api_request *req, int status, struct buf *body);
void api_reply_bytes(struct api_request *req, int status, const char *content_type,
                     struct buf *body);
/* code NULL: the err code's own. */
void api_reply_error(struct api_request *req, const struct err *e, const char *code);
void api_reply_findings(struct api_request *req, const struct err *e, const char *code,
                        const json_t *errors);
/* The engine's refusal. */
void api_reply_outcome_error(struct api_request *req, const struct api_outcome *out);
/* 200 with a body that is made while it goes out (api/transport/net.h). Takes the body. */
void api_reply_pieces(struct api_request *req, const char *content_type,
                      const struct net_body *body);
/* The answer is a stream from now on: the client takes the connection, the request ends. */
void api_reply_streams(struct api_request *req, const char *content_type);

/* ---- for request.c ---- */

void request_send_problem(struct api_request *req, const struct problem *problem);
void request_send(struct api_request *req, int status, const char *content_type, struct buf *body);

#endif
