/* router.h -- the route table: one row an endpoint, read by the dispatcher, the OpenAPI document
 * and the snapshot test (STYLE 4.5). Pure.
 *
 * Patterns: "/runs/{runId}/steps", "/runs/{runId}:cancel". A row with a fixed word stands above
 * the row that has a parameter in its place; the first row that fits decides the pattern. */
#ifndef ORCH_API_HTTP_ROUTER_H
#define ORCH_API_HTTP_ROUTER_H

#include "api/http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_request;
struct made;
struct problem;
struct store_reader;

/* What the paths of the product begin with; probes and discovery stand beside it. */
#define API_BASE "/api/v1/orchestrator"

enum { ROUTE_PARAMS_MAX = 3 };

/* What a caller must be allowed to do. Which scopes give it: identity.c. */
enum route_need {
    NEED_NOTHING, /* no token, no tenant */
    NEED_READ,
    NEED_WRITE,
    NEED_ADMIN,
    NEED_BACKFILL,
    NEED_BACKFILL_READ,
    NEED_QUOTA,
    NEED_COUNT,
};
const char *route_need_text(enum route_need need);

enum route_body {
    BODY_NONE,     /* bytes that come are passed over */
    BODY_OPTIONAL, /* a JSON object or nothing */
    BODY_JSON,     /* a JSON object */
    BODY_BYTES,    /* the handler reads it */
};

typedef void (*route_fn)(struct api_request *req);
/* Reads and writes an answer on a thread beside the loop (request/made.h). False: refused, with e
 * and made->code. */
typedef bool made_fn(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e);

/* Appends a refusal in the words of a protocol that has its own (request/reply.h). */
typedef void refusal_fn(const struct api_request *req, const struct problem *problem,
                        struct buf *body);

struct route {
    enum http_method method;
    const char *pattern;
    enum route_need need;
    enum route_body body;
    uint32_t body_bytes_max;
    const char *fields;  /* known top-level members of the body, blank-separated; "name!": it must
                            be there; "*": any */
    const char *queries; /* known query parameters, blank-separated */
    int success;         /* for the OpenAPI document */
    const char *operation;
    route_fn handle; /* or: */
    made_fn *make;   /* all that the route does */
    bool refuses;    /* a member that is not known with 400, as lanes and schedules do (LANES_KIT.md
                        3); the other routes with 422 */
    refusal_fn *refusal; /* NULL: a refusal is the problem (http/problem.h) */
    bool loopback;       /* admin_loopback lets who asks from this machine in without a token */
};

struct route_table {
    const struct route *rows;
    size_t count;
};

struct route_param {
    char name[32];
    char value[HTTP_SEGMENT_BYTES_MAX + 1];
};

struct route_match {
    const struct route *route; /* NULL: see allowed */
    uint32_t allowed;          /* bits 1 << enum http_method of the pattern that fits the path */
    struct route_param param[ROUTE_PARAMS_MAX];
    size_t param_count;
};

/* False: the path is not one that any row could fit (bad UTF-8, controls, a segment too long).
 * True with route NULL and allowed 0: no such path; with allowed: another method. HEAD finds GET
 * rows. */
bool route_find(const struct route_table *table, enum http_method method, const char *path,
                struct route_match *ret, struct err *e) must_check;
/* Never NULL for a name in the route's pattern. */
const char *route_param(const struct route_match *match, const char *name);

#endif
