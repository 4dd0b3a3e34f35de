/* idempotency.c -- Idempotency-Key on POSTs that change something: the first answer is remembered
 * under (tenant, key, method and path) before it goes out, and given again to a repeat with the
 * same body. A repeat with another body is refused, and so is one while the first still runs.
 *
 * Only successes are kept: a refusal changed nothing. */
#include "api/http/server.h"
#include "api/request/request.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

static bool key_applies(const struct api_request *req)
{
    return req->head.method == HTTP_POST && req->match.route->need >= NEED_WRITE &&
           req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY] != NULL;
}

static bool key_valid(const char *key)
{
    size_t len = strlen(key);

    if (len == 0 || len > 128)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    }
    return true;
}

static bool twin_runs(const struct api_request *req)
{
    struct api_request *other;

    LIST_FOREACH(other, &req->api->requests, link)
    {
        if (other != req && other->idempotent && strcmp(other->who.tenant, req->who.tenant) == 0 &&
            strcmp(other->idempotency_path, req->idempotency_path) == 0 &&
            strcmp(other->head.header[HTTP_HEADER_IDEMPOTENCY_KEY],
                   req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY]) == 0)
            return true;
    }
    return false;
}

static void refuse(struct api_request *req, enum err_code code, const char *name, const char *text)
{
    struct err e;

    (void)err_set(&e, code, "%s", text);
    api_reply_error(req, &e, name);
}

static void repeat(struct api_request *req, const struct store_idempotency *row)
{
    struct buf body = {0};

    if (strcmp(row->request_hash, req->body_hash.text) != 0) {
        refuse(req, ERR_UNPROCESSABLE, "IDEMPOTENCY_KEY_REUSED",
               "this Idempotency-Key came with another body before");
        return;
    }
    buf_adds(&body, row->body);
    api_header(req, "Idempotency-Replayed", "true");
    request_send(req, (int)row->status, "application/json", &body);
}

bool idempotency_begin(struct api_request *req)
{
    auto_done(store_idempotency_list) rows = {0};
    const char *key = req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY];
    struct err e;

    if (!key_applies(req))
        return true;
    if (!key_valid(key)) {
        refuse(req, ERR_INVALID, "IDEMPOTENCY_KEY_INVALID",
               "Idempotency-Key must be 1 to 128 printable characters without blanks");
        return false;
    }
    snprintf(req->idempotency_path, sizeof req->idempotency_path, "POST %s", req->head.path);
    req->body_hash = sha256_hex(req->body.len > 0 ? req->body.data : "", req->body.len);
    if (twin_runs(req)) {
        refuse(req, ERR_CONFLICT, "IDEMPOTENCY_IN_PROGRESS",
               "a request with this Idempotency-Key is still running");
        return false;
    }
    if (!store_read_idempotency(req->api->reader, req->who.tenant, key, req->idempotency_path,
                                clock_wall_us(), &rows, &e)) {
        api_reply_error(req, &e, NULL);
        return false;
    }
    if (rows.count > 0) {
        repeat(req, &rows.rows[0]);
        return false;
    }
    req->idempotent = true;
    return true;
}

static void on_remembered(void *arg, const struct api_outcome *out)
{
    struct api_request *req = arg;

    /* The change itself is done and durable; a repeat would only be answered afresh. */
    if (out->e != NULL)
        log_event(LOG_WARN, "http.idempotency_not_kept", F_ERR(out->e),
                  F_STR("trace_id", req->trace.trace_id));
    request_send(req, req->held_status, "application/json", &req->held_body);
}

bool idempotency_hold(struct api_request *req, int status, struct buf *body)
{
    const struct api_engine *engine = req->api->engine;
    struct api_idempotency row;

    if (!req->idempotent)
        return false;
    req->held_status = status;
    req->held_body = *body;
    *body = (struct buf){0};
    row = (struct api_idempotency){.tenant = req->who.tenant,
                                   .key = req->head.header[HTTP_HEADER_IDEMPOTENCY_KEY],
                                   .path = req->idempotency_path,
                                   .request_hash = req->body_hash.text,
                                   .status = status,
                                   .body = buf_text(&req->held_body)};
    engine->idempotency_put(engine->arg, &row, on_remembered, req);
    return true;
}
