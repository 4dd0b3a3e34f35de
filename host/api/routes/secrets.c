/* secrets.c -- secrets by name and version. Values come sealed to the authority and never go
 * out again (DESIGN.md 2). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/names.h"
#include "base/text.h"

#include <string.h>

enum { BOXED_BYTES_MAX = 64 * 1024 + 256, NAME_BYTES_MAX = 128 };

static void add_secret(struct buf *b, const struct store_secret *row)
{
    jw_open(b, NULL, '{');
    jw_str(b, "name", row->name);
    jw_int(b, "version", row->version);
    jw_str(b, "createdBy", row->created_by);
    jw_time(b, "createdUtc", row->created_us);
    jw_close(b, '}');
}

bool secret_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                 struct err *e)
{
    auto_done(store_secret_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!query_page(req, &page, e) || !store_read_secrets(reader, req->who.tenant, page, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++)
        add_secret(body, &rows.rows[i]);
    jw_close(body, ']');
    view_next_page(body, rows.next_page);
    jw_close(body, '}');
    return true;
}

bool secret_get(const struct api_request *req, struct store_reader *reader, struct made *made,
                struct err *e)
{
    auto_done(store_secret_list) rows = {0};

    if (!store_read_secret(reader, req->who.tenant, api_param(req, "name"), 0, &rows, e)) {
        made->code = e->code == ERR_NOT_FOUND ? "SECRET_NOT_FOUND" : NULL;
        return false;
    }
    add_secret(&made->body, &rows.rows[0]);
    return true;
}

void secret_key(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    const char *key = engine->secret_box_key(engine->arg);
    struct err e = {0};
    json_t *body;

    if (key == NULL) {
        (void)err_set(&e, ERR_UNAVAILABLE, "the authority is not ready yet");
        api_reply_error(req, &e, NULL);
        return;
    }
    body = json_pack("{s:s, s:s}", "algorithm", "x25519-sealed-box", "key", key);
    api_reply_json(req, 200, &body);
}

static void on_put(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    json_t *body;

    if (out->e != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    body =
        json_pack("{s:s, s:I}", "name", api_param(req, "name"), "version", (json_int_t)out->count);
    api_reply_json(req, 201, &body);
}

void secret_put(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_secret_put what = {.name = api_param(req, "name")};
    struct api_actor who = api_actor(req);
    auto_done(buf) boxed = {0};
    const char *text;
    struct err e = {0};

    if (!name_check_plain("a secret's name", what.name, NAME_BYTES_MAX, &e) ||
        !json_get_str(req->json, "boxed", "", &text, &e) ||
        !text_unbase64(&boxed, text, strlen(text), false, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    if (boxed.len == 0 || boxed.len > BOXED_BYTES_MAX) {
        (void)err_set(&e, ERR_TOO_LARGE, "a sealed value has 1 to %d bytes", BOXED_BYTES_MAX);
        api_reply_error(req, &e, "SECRET_TOO_LARGE");
        return;
    }
    what.boxed = boxed.data;
    what.boxed_len = boxed.len;
    engine->secret_put(engine->arg, &who, &what, on_put, req);
}

static void on_deleted(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL) {
        api_reply_findings(request_of(arg), out->e,
                           out->e->code == ERR_NOT_FOUND ? "SECRET_NOT_FOUND" : out->code, NULL);
        return;
    }
    body = json_pack("{s:s}", "message", "Secret deleted");
    api_reply_json(request_of(arg), 200, &body);
}

void secret_delete(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->secret_delete(engine->arg, &who, api_param(req, "name"), on_deleted, req);
}
