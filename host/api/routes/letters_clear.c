/* letters_clear.c -- dead letters are cleared: a snapshot of them stays, and their tasks are failed
 * (LANES_KIT.md 5). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/letters.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"

enum { ITEMS_BYTES_MAX = 4 * 1024 * 1024 };

struct clearing {
    struct letter_filter filter;
    const char *reason;
    char id[UUID_TEXT_BYTES]; /* of the snapshot */
    struct sha256_hex hash;
    struct buf items;
    struct api_letter_seen seen[LETTERS_AT_ONCE_MAX]; /* their ids are owned */
    size_t count;
    bool more; /* letters are left */
};

static void clearing_free(void *arg)
{
    struct clearing *c = arg;

    for (size_t i = 0; i < c->count; i++)
        free((char *)c->seen[i].dead_letter_id);
    buf_done(&c->items);
    free(c);
}

/* ---- what goes ---- */

static bool add(void *arg, const struct store_dead_letter *row)
{
    struct clearing *c = arg;

    c->more = c->count == ARRAY_LEN(c->seen) || c->items.len > ITEMS_BYTES_MAX;
    if (c->more)
        return false;
    jw_open(&c->items, NULL, '{');
    letter_view(&c->items, row);
    jw_close(&c->items, '}');
    c->seen[c->count++] = (struct api_letter_seen){mem_str(row->dead_letter_id), row->deaths};
    return true;
}

static bool find(const struct api_request *req, void *arg, struct store_reader *reader,
                 struct err *e)
{
    struct clearing *c = arg;
    auto_json items = NULL;

    jw_open(&c->items, NULL, '[');
    if (!letters_each(reader, req->who.tenant, &c->filter, add, c, e))
        return false;
    jw_close(&c->items, ']');
    return json_parse(buf_text(&c->items), c->items.len, &json_limits_default, &items, NULL, e) &&
           jcs_sha256(items, &c->hash, e);
}

/* ---- gone ---- */

static void reply(struct api_request *req, const struct clearing *c)
{
    json_t *snapshot = c->count == 0 ? json_null()
                                     : json_pack("{s:s, s:s, s:I}", "id", c->id, "sha256",
                                                 c->hash.text, "count", (json_int_t)c->count);
    json_t *body = json_pack("{s:I, s:o, s:b}", "cleared", (json_int_t)c->count, "snapshot",
                             snapshot, "more", (int)c->more);

    api_reply_json(req, 200, &body);
}

static void on_cleared(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);

    if (out->e != NULL)
        api_reply_outcome_error(req, out);
    else
        reply(req, req->kept);
}

static void clear(struct api_request *req, void *arg, const struct err *e)
{
    struct clearing *c = arg;
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    int64_t now_us = clock_wall_us();

    req->kept = c;
    req->kept_free = clearing_free;
    if (e != NULL) {
        api_reply_error(req, e, NULL);
        return;
    }
    if (c->count == 0) {
        reply(req, c);
        return;
    }
    uuid7(now_us, c->id);
    who.reason = c->reason;
    engine->letters_clear(engine->arg, &who,
                          &(struct api_letters_clear){.snapshot = {.tenant = who.tenant,
                                                                   .snapshot_id = c->id,
                                                                   .reason = c->reason,
                                                                   .created_by = who.subject,
                                                                   .items = buf_text(&c->items),
                                                                   .sha256 = c->hash.text,
                                                                   .letters = (int64_t)c->count,
                                                                   .created_us = now_us},
                                                      .letters = c->seen,
                                                      .count = c->count},
                          on_cleared, req);
}

void letter_clear_op(struct api_request *req)
{
    struct clearing *c = mem_new(struct clearing);
    struct err e = {0};

    if (!letter_filter(req->json, &c->filter, &e) || !letter_reason(req->json, &c->reason, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        clearing_free(c);
        return;
    }
    api_read(req, &(struct read){find, clear, clearing_free, c, false});
}

/* ---- what was ---- */

bool letter_snapshot(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    auto_done(store_dead_snapshot_list) rows = {0};
    struct buf *body = &made->body;
    const struct store_dead_snapshot *row;

    if (!store_read_dead_snapshot(reader, req->who.tenant, api_param(req, "snapshotId"), &rows,
                                  e)) {
        made->code = e->code == ERR_NOT_FOUND ? "SNAPSHOT_NOT_FOUND" : NULL;
        return e->code == ERR_NOT_FOUND ? err_set(e, ERR_NOT_FOUND, "Snapshot not found") : false;
    }
    row = &rows.rows[0];
    jw_open(body, NULL, '{');
    jw_str(body, "id", row->snapshot_id);
    jw_time(body, "createdUtc", row->created_us);
    jw_str(body, "createdBy", row->created_by);
    jw_str(body, "reason", row->reason);
    jw_int(body, "count", row->letters);
    jw_str(body, "sha256", row->sha256);
    jw_raw(body, "items", row->items);
    jw_close(body, '}');
    return true;
}
