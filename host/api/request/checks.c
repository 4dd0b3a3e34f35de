/* checks.c -- the checks of every request, in their one order; see request.h. */
#include "api/request/request.h"

#include "api/auth/tokens.h"
#include "api/request/made.h"
#include "base/clock.h"
#include "base/json_thread.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum {
    BODY_PASSED_BYTES_MAX = 64 * 1024 * 1024, /* read and thrown away to answer 413 in order */
};

/* Definitions are the only bodies that need as many values as they may. */
static struct json_limits body_limits(const struct route *route)
{
    size_t values =
        route->body_bytes_max > RUN_INPUT_BYTES_MAX ? DEFINITION_VALUES_MAX : RUN_INPUT_VALUES_MAX;

    return (struct json_limits){route->body_bytes_max, JSON_DEPTH_MAX, values};
}

static void early_set(struct api_request *req, int status, const char *code, const struct err *e)
{
    if (!req->early.set)
        req->early = (struct early){true, status, code, *e};
}

static void check_length(struct api_request *req)
{
    uint32_t bytes_max = req->match.route != NULL ? req->match.route->body_bytes_max : 0;
    bool unread = req->match.route == NULL || req->match.route->body == BODY_NONE;
    uint64_t length = req->head.body_bytes;
    struct err e = {0};

    if (!unread && length > bytes_max) {
        (void)err_set(&e, ERR_TOO_LARGE, "the body has %llu bytes, at most %u are taken",
                      (unsigned long long)length, bytes_max);
        early_set(req, 413, "BODY_TOO_LARGE", &e);
    }
    req->has_body = length > 0;
}

static void allow_header(struct api_request *req)
{
    auto_done(buf) list = {0};

    for (uint32_t m = 0; m < HTTP_METHOD_COUNT; m++) {
        bool listed = (req->match.allowed & (1u << m)) != 0 || m == HTTP_OPTIONS ||
                      (m == HTTP_HEAD && (req->match.allowed & (1u << HTTP_GET)) != 0);

        if (listed)
            buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", http_method_text(m));
    }
    api_header(req, "Allow", buf_text(&list));
}

static void check_route(struct api_request *req)
{
    struct err e = {0};

    if (!route_find(req->server->opt.routes, req->head.method, req->head.path, &req->match, &e)) {
        early_set(req, 400, "PATH_INVALID", &e);
        return;
    }
    if (req->match.route != NULL)
        return;
    if (req->match.allowed == 0) {
        (void)err_set(&e, ERR_NOT_FOUND, "Not Found");
        early_set(req, 404, "ROUTE_NOT_FOUND", &e);
        return;
    }
    allow_header(req);
    if (req->head.method == HTTP_OPTIONS)
        return;
    (void)err_set(&e, ERR_INVALID, "Method Not Allowed");
    early_set(req, 405, "METHOD_NOT_ALLOWED", &e);
}

/* From this machine, where an operator said that this is enough; whoever has a token is asked for
 * it. Behind a proxy on this machine everybody is. */
static bool needs_no_token(const struct api_request *req)
{
    const struct request_server *server = req->server;

    return req->match.route->loopback && server->opt.admin_loopback &&
           req->head.header[HTTP_HEADER_AUTHORIZATION] == NULL &&
           server->opt.conn->is_loopback(req->conn);
}

static void check_bearer(struct api_request *req)
{
    struct err e = {0};

    if (req->match.route == NULL || req->match.route->need == NEED_NOTHING ||
        bearer_token(&req->head) != NULL || needs_no_token(req))
        return;
    (void)err_set(&e, ERR_UNAUTHENTICATED, "the header Authorization: Bearer is missing");
    early_set(req, 401, "TOKEN_REQUIRED", &e);
}

struct api_request *request_begin(struct request_server *server, struct conn *conn,
                                  struct http_head *head, const struct early *head_error)
{
    struct api_request *req = request_new(server, conn);

    req->head = *head;
    *head = (struct http_head){0};
    req->began_ns = clock_mono_ns();
    req->trace = trace_of(http_header(&req->head, HTTP_HEADER_TRACEPARENT));
    if (head_error->set)
        req->early = *head_error;
    check_route(req);
    check_length(req);
    check_bearer(req);
    return req;
}

bool request_body(struct api_request *req, const void *bytes, size_t len)
{
    const struct route *route = req->match.route;

    assert(!req->dispatched);
    if (!req->early.set && route != NULL && route->body != BODY_NONE) {
        assert(req->body.len + len <= route->body_bytes_max);
        buf_add(&req->body, bytes, len);
        return true;
    }
    req->body_passed_bytes += len;
    return req->body_passed_bytes <= BODY_PASSED_BYTES_MAX;
}

/* ---- body and handler ---- */

static bool key_applies(const struct api_request *req)
{
    return req->head.method == HTTP_POST && req->match.route->need >= NEED_WRITE &&
           req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY] != NULL;
}

static void handle(struct api_request *req)
{
    const struct route *route = req->match.route;

    if (route->make != NULL)
        api_reply_made(req, &(struct make){.fn = route->make});
    else
        route->handle(req);
}

static bool find_answer(const struct api_request *req, void *arg, struct store_reader *reader,
                        struct err *e)
{
    return idempotency_find(&req->claim, reader, arg, e);
}

static void found_free(void *arg)
{
    struct store_idempotency_list *found = arg;

    store_idempotency_list_done(found);
    free(found);
}

static void answer_again(struct api_request *req, const struct store_idempotency *row)
{
    struct buf body = {0};

    buf_adds(&body, row->body);
    api_header(req, "Idempotency-Replayed", "true");
    request_send(req, (int)row->status, "application/json", &body);
}

static void look_for_answer(struct api_request *req);

/* By what was found; e: NULL when it could be looked for. */
static void go_on(struct api_request *req, const struct store_idempotency_list *found,
                  const struct err *e)
{
    const char *code = NULL;
    struct err why = {0};

    if (req->conn == NULL)
        request_free(req);
    else if (e != NULL)
        api_reply_error(req, e, NULL);
    else if (!idempotency_take(req->server->idempotency, &req->claim, found, &code, &why))
        api_reply_error(req, &why, code);
    else if (found->count > 0)
        answer_again(req, &found->rows[0]);
    else if (req->claim.held)
        handle(req);
    else
        look_for_answer(req);
}

static void on_found(struct api_request *req, void *arg, const struct err *e)
{
    go_on(req, arg, e);
    found_free(arg);
}

static void look_for_answer(struct api_request *req)
{
    req->claim.stale = false;
    api_read(req, &(struct read){.fn = find_answer,
                                 .then = on_found,
                                 .arg = mem_new(struct store_idempotency_list),
                                 .drop = found_free});
}

static void claim_key(struct api_request *req)
{
    const struct idempotency_ask ask = {.tenant = req->who.tenant,
                                        .key = req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY],
                                        .path = req->head.path,
                                        .body = req->body.data,
                                        .body_len = req->body.len};
    const char *code;
    struct err e = {0};

    if (idempotency_look(req->server->idempotency, &ask, &req->claim, &code, &e))
        look_for_answer(req);
    else
        api_reply_error(req, &e, code);
}

/* A change that would wait for a store that is away is refused before anything of it happens. */
static bool may_change(const struct api_request *req, struct err *e)
{
    const struct route *route = req->match.route;
    const struct api_engine *engine = req->server->opt.engine;
    const char *away;

    if (req->head.method == HTTP_GET || req->head.method == HTTP_HEAD || route->need < NEED_WRITE ||
        engine->store_away == NULL)
        return true;
    away = engine->store_away(engine->arg);
    return away == NULL || err_set(e, ERR_UNAVAILABLE, "%s", away);
}

static void begin(struct api_request *req)
{
    struct err e = {0};

    if (!may_change(req, &e))
        api_reply_error(req, &e, NULL);
    else if (key_applies(req))
        claim_key(req);
    else
        handle(req);
}

/* False: the request was answered. */
static bool take_json(struct api_request *req, struct json_read *read)
{
    bool too_large = read->err.code == ERR_TOO_LARGE;
    auto_json errors = NULL;
    struct err e = {0};

    req->json = take(read->value);
    if (req->json == NULL) {
        errors = json_array();
        json_array_append_new(errors,
                              json_pack("{s:s, s:i, s:i, s:s}", "pointer", "", "line",
                                        read->place.line, "column", read->place.column, "message",
                                        too_large ? "too many values" : "not acceptable JSON"));
        api_reply_findings(req, &read->err, too_large ? "BODY_TOO_LARGE" : "JSON_INVALID", errors);
        return false;
    }
    if (!json_is_object(req->json)) {
        (void)err_set(&e, ERR_INVALID, "the body must be a JSON object, not %s",
                      json_type_name(req->json));
        api_reply_error(req, &e, "JSON_INVALID");
        return false;
    }
    return api_fields_known(req, req->match.route->fields);
}

static void body_was_read(void *arg, struct json_read *read)
{
    struct api_request *req = request_of(arg);

    if (req->conn == NULL)
        request_free(req);
    else if (take_json(req, read))
        begin(req);
}

static void read_body(struct api_request *req)
{
    json_thread_read(req->server->opt.json, &(struct json_order){
                                                .text = req->body.data,
                                                .len = req->body.len,
                                                .limits = body_limits(req->match.route),
                                                .done = body_was_read,
                                                .arg = req,
                                            });
}

static void run_handler(struct api_request *req)
{
    enum route_body body = req->match.route->body;
    struct err e = {0};

    if (!http_query_known(&req->head.query, req->match.route->queries, &e)) {
        api_reply_error(req, &e, "QUERY_INVALID");
    } else if (body == BODY_JSON && req->body.len == 0) {
        (void)err_set(&e, ERR_UNPROCESSABLE, "a JSON body is required");
        api_reply_error(req, &e, "BODY_REQUIRED");
    } else if (req->body.len > 0 && (body == BODY_JSON || body == BODY_OPTIONAL)) {
        read_body(req);
    } else {
        begin(req);
    }
}

/* dev: a missing tenant is "default". */
static void decide(struct api_request *req, const struct claims *claims, bool dev)
{
    struct request_server *server = req->server;
    const char *code;
    struct err why = {0};

    if (!identity_decide(&req->head, claims, req->match.route->need, dev, &req->who, &code, &why)) {
        api_reply_error(req, &why, code);
        return;
    }
    req->rate = rate_take(server->rate, req->who.tenant, clock_mono_ns());
    req->limited = true;
    if (!req->rate.admitted) {
        (void)err_set(&why, ERR_LIMIT, "more than %u requests a second", server->opt.rate_per_s);
        api_reply_error(req, &why, "RATE_LIMITED");
        return;
    }
    run_handler(req);
}

static void on_claims(void *arg, const struct claims *claims, const struct err *e)
{
    struct api_request *req = request_of(arg);

    if (req->conn == NULL) {
        request_free(req);
        return;
    }
    if (claims == NULL) {
        api_reply_error(req, e, e->code == ERR_UNAUTHENTICATED ? "TOKEN_INVALID" : NULL);
        return;
    }
    decide(req, claims, req->server->opt.dev);
}

static void reply_early(struct api_request *req)
{
    struct problem problem = {.status = req->early.status,
                              .code = req->early.code,
                              .e = &req->early.e,
                              .instance = req->head.path,
                              .trace_id = req->trace.trace_id};

    request_send_problem(req, &problem);
}

static void dispatch(struct api_request *req)
{
    struct buf nothing = {0};

    if (req->early.set) {
        reply_early(req);
    } else if (req->match.route == NULL) {
        request_send(req, 204, NULL, &nothing); /* OPTIONS */
    } else if (req->match.route->need == NEED_NOTHING) {
        run_handler(req);
    } else if (needs_no_token(req)) {
        decide(req, &claims_loopback, true);
    } else {
        tokens_verify(req->server->opt.tokens, bearer_token(&req->head), on_claims, req);
    }
}

void request_complete(struct api_request *req)
{
    struct request_server *server = req->server;

    assert(!req->dispatched);
    req->dispatched = true;
    dispatch(request_of(req));
    request_turn_over(server); /* the request may be gone */
}
