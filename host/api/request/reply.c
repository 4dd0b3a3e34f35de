/* reply.c -- how a request ends: the answer's head and body as bytes; see reply.h. */
#include "api/request/reply.h"

#include "api/http/fields.h"
#include "base/clock.h"
#include "base/log.h"
#include "observe/metrics.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A longer body goes out from where it was made: to copy one of 60 MB takes the loop's time. */
enum { BODY_COPIED_BYTES_MAX = 64 * 1024 };

#define JSON_TYPE "application/json"
#define PROBLEM_TYPE "application/problem+json"

/* For every answer: nothing of ours is ever a page, a script or cached. */
static const char common_headers[] = "Cache-Control: no-store\r\n"
                                     "X-Content-Type-Options: nosniff\r\n"
                                     "Content-Security-Policy: default-src 'none'; "
                                     "frame-ancestors 'none'\r\n"
                                     "Referrer-Policy: no-referrer\r\n";

const char *api_param(const struct api_request *req, const char *name)
{
    return route_param(&req->match, name);
}

const char *api_query(const struct api_request *req, const char *name)
{
    return http_query_get(&req->head.query, name);
}

struct api_actor api_actor(const struct api_request *req)
{
    return (struct api_actor){.tenant = req->who.tenant,
                              .subject = req->who.claims.subject,
                              .reason = req->who.reason,
                              .ticket = req->who.ticket,
                              .trace_id = req->trace.trace_id,
                              .traceparent = req->trace.traceparent};
}

void api_header(struct api_request *req, const char *name, const char *value)
{
    assert(http_text_clean(value, strlen(value)));
    buf_addf(&req->extra, "%s: %s\r\n", name, value);
}

static void add_rate_headers(const struct api_request *req, struct buf *wire)
{
    if (!req->limited)
        return;
    buf_addf(wire,
             "X-RateLimit-Limit: %u\r\nX-RateLimit-Remaining: %u\r\nX-RateLimit-Reset: %lld\r\n",
             req->rate.limit, req->rate.remaining, (long long)time(NULL) + req->rate.reset_s);
    if (!req->rate.admitted)
        buf_addf(wire, "Retry-After: %u\r\n", req->rate.retry_after_s);
}

/* The head up to the length; the caller ends it. */
static void add_head(const struct api_request *req, int status, const char *content_type,
                     struct buf *wire)
{
    buf_addf(wire, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
    if (content_type != NULL)
        buf_addf(wire, "Content-Type: %s\r\n", content_type);
    buf_adds(wire, common_headers);
    buf_addf(wire, "traceparent: %s\r\n", req->trace.traceparent);
    if (status == 401)
        buf_adds(wire, "WWW-Authenticate: Bearer\r\n");
    add_rate_headers(req, wire);
    buf_add(wire, req->extra.data, req->extra.len);
    if (req->head.close)
        buf_adds(wire, "Connection: close\r\n");
}

static void note(const struct api_request *req, int status)
{
    const char *route = req->match.route != NULL ? req->match.route->pattern : "none";
    const char *method = http_method_text(req->head.method);
    int64_t took_ns = clock_mono_ns() - req->began_ns;
    char status_text[8];

    snprintf(status_text, sizeof status_text, "%d", status);
    metrics_observe(req->server->opt.metrics, METRIC_HTTP_DURATION,
                    METRIC_LABELS(method, route, status_text), (double)took_ns * 1e-9);
    if (req->who.tenant[0] != '\0' && status < 400) { /* a tenant that exists */
        metrics_touch(req->server->opt.metrics, METRIC_QUEUE_DEPTH, METRIC_LABELS(req->who.tenant));
        metrics_touch(req->server->opt.metrics, METRIC_DLQ_DEPTH, METRIC_LABELS(req->who.tenant));
    }
    log_event(LOG_DEBUG, "http.request", F_STR("method", method), F_STR("route", route),
              F_INT("status", status), F_INT("took_us", took_ns / 1000),
              F_STR("tenant", req->who.tenant), F_STR("trace_id", req->trace.trace_id));
}

/* Ends the request, whatever became of the client. Takes body's bytes. */
void request_send(struct api_request *req, int status, const char *content_type, struct buf *body)
{
    auto_done(buf) wire = {0};
    struct buf rest = {0};

    note(req, status);
    if (req->conn != NULL) {
        add_head(req, status, content_type, &wire);
        if (status != 204)
            buf_addf(&wire, "Content-Length: %zu\r\n", body->len);
        buf_adds(&wire, "\r\n");
        if (req->head.method != HTTP_HEAD && body->len > BODY_COPIED_BYTES_MAX) {
            rest = *body;
            *body = (struct buf){0};
        } else if (req->head.method != HTTP_HEAD) {
            buf_add(&wire, body->data, body->len);
        }
        req->server->opt.conn->answer(req->conn, &wire, &rest, req->head.close);
    }
    buf_done(body);
    *body = (struct buf){0};
    request_free(req);
}

void api_reply_bytes(struct api_request *req, int status, const char *content_type,
                     struct buf *body)
{
    request_send(req, status, content_type, body);
}

void api_reply_json(struct api_request *req, int status, json_t **value)
{
    struct buf body = {0};

    assert(*value != NULL);
    json_add_compact(&body, *value);
    json_decref(*value);
    *value = NULL;
    api_reply_text(req, status, &body);
}

static void on_remembered(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);

    /* The change itself is done and durable; a repeat would only be answered afresh. */
    if (out->e != NULL)
        log_event(LOG_WARN, "http.idempotency_not_kept", F_ERR(out->e),
                  F_STR("trace_id", req->trace.trace_id));
    request_send(req, req->held_status, JSON_TYPE, &req->held_body);
}

/* The answer is remembered first and goes out when that is committed. */
static void remember(struct api_request *req, int status, struct buf *body)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_idempotency row;

    req->held_status = status;
    req->held_body = *body;
    *body = (struct buf){0};
    row = (struct api_idempotency){.tenant = req->claim.tenant,
                                   .key = req->claim.key,
                                   .path = req->claim.path,
                                   .request_hash = req->claim.body_hash.text,
                                   .status = status,
                                   .body = buf_text(&req->held_body)};
    engine->idempotency_put(engine->arg, &row, on_remembered, req);
}

void api_reply_text(struct api_request *req, int status, struct buf *body)
{
    if (req->claim.held)
        remember(req, status, body);
    else
        request_send(req, status, JSON_TYPE, body);
}

/* By an operator's switch, which stands for minutes; else what is full now may not be soon. */
static void add_retry_after(struct api_request *req, const struct problem *problem)
{
    bool shed = problem->code != NULL && strcmp(problem->code, "RATE_LIMITED") == 0;
    char seconds[16];

    snprintf(seconds, sizeof seconds, "%d", shed ? API_SHED_RETRY_S : 1);
    api_header(req, "Retry-After", seconds);
}

static void add_problem(const struct problem *problem, struct buf *body)
{
    auto_json value = problem_json_owned(problem);

    assert(value != NULL);
    json_add_compact(body, value);
}

void request_send_problem(struct api_request *req, const struct problem *problem)
{
    const struct route *route = req->match.route;
    const char *content_type = PROBLEM_TYPE;
    struct buf body = {0};

    if (problem_is_internal(problem))
        log_event(LOG_ERROR, "http.internal", F_ERR(problem->e),
                  F_STR("route", route != NULL ? route->pattern : "none"),
                  F_STR("trace_id", req->trace.trace_id));
    if (problem->e->code == ERR_UNAVAILABLE ||
        (problem->e->code == ERR_LIMIT && !(req->limited && !req->rate.admitted)))
        add_retry_after(req, problem); /* the rate's own is in add_rate_headers */
    if (route != NULL && route->refusal != NULL) {
        route->refusal(req, problem, &body);
        content_type = JSON_TYPE;
    } else {
        add_problem(problem, &body);
    }
    request_send(req, problem_status(problem), content_type, &body);
}

void api_reply_findings(struct api_request *req, const struct err *e, const char *code,
                        const json_t *errors)
{
    struct problem problem = {.code = code,
                              .e = e,
                              .errors = errors,
                              .instance = req->head.path,
                              .trace_id = req->trace.trace_id};

    request_send_problem(req, &problem);
}

void api_reply_error(struct api_request *req, const struct err *e, const char *code)
{
    api_reply_findings(req, e, code, NULL);
}

void api_reply_outcome_error(struct api_request *req, const struct api_outcome *out)
{
    assert(out->e != NULL);
    api_reply_findings(req, out->e, out->code, out->findings);
}

/* Of an answer whose length is not known: the connection's end is its end. */
static void add_open_head(const struct api_request *req, const char *content_type, struct buf *wire)
{
    add_head(req, 200, content_type, wire);
    buf_adds(wire, req->head.close ? "\r\n" : "Connection: close\r\n\r\n");
}

void api_reply_pieces(struct api_request *req, const char *content_type,
                      const struct reply_pieces *body)
{
    auto_done(buf) wire = {0};

    note(req, 200);
    if (req->conn != NULL) {
        add_open_head(req, content_type, &wire);
        req->server->opt.conn->pieces(req->conn, &wire, body);
    } else {
        body->free(body->arg);
    }
    request_free(req);
}

void api_reply_streams(struct api_request *req, const char *content_type)
{
    auto_done(buf) wire = {0};
    const char *code;
    struct err e = {0};

    assert(req->conn != NULL); /* a handler that runs during request_complete */
    add_open_head(req, content_type, &wire);
    if (!req->server->opt.conn->stream(req->conn, &wire, content_type, &req->head, &req->who, &code,
                                       &e)) {
        api_reply_error(req, &e, code);
        return;
    }
    note(req, 200);
    request_free(req);
}

bool api_fields_known(struct api_request *req, const char *known)
{
    auto_json errors = fields_check_owned(req->json, known);
    bool refuses = req->match.route->refuses;
    const json_t *first = json_array_get(errors, 0);
    struct err e = {0};

    if (first == NULL)
        return true;
    (void)err_set(&e, refuses ? ERR_INVALID : ERR_UNPROCESSABLE, "%s: %s",
                  json_string_value(json_array_get(json_object_get(first, "loc"), 1)),
                  json_string_value(json_object_get(first, "msg")));
    api_reply_findings(req, &e, "FIELDS_INVALID", errors);
    return false;
}
