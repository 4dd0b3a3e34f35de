/* backfills.c -- backfills are made, or shown before they are, and paused, resumed, cancelled
 * (LANES_KIT.md 12). */
#include "api/routes/backfills.h"
#include "api/http/fields.h"
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/schedules.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"

#include <string.h>

enum { TOTAL_MAX = 10000, PARALLEL_MAX = 100, SHOWN_MAX = 100 };

/* One that is being made. Its texts are the request's, or its own. */
struct filling {
    struct store_backfill row;
    char id[UUID_TEXT_BYTES];
    char *schedule_id;
    json_t *shown; /* of a preview: its first due times */
    bool preview;
    const char *code;
};

static void filling_free(void *arg)
{
    struct filling *f = arg;

    free(f->schedule_id);
    json_decref(f->shown);
    free(f);
}

/* ---- what is asked for ---- */

static bool read_time(const json_t *body, const char *name, int64_t *ret, struct err *e)
{
    const char *text;

    return json_get_str(body, name, "", &text, e) &&
           (clock_parse(text, ret) ||
            err_set(e, ERR_INVALID, "%s: '%.64s' is no time of RFC 3339", name, text));
}

/* In the body: what is run again is stated for it, whatever headers a client always sends. */
static bool read_stated(const json_t *body, const char *name, size_t bytes_max, const char **ret,
                        struct err *e)
{
    return fields_text(body, name, "", bytes_max, ret, e) &&
           (**ret != '\0' || err_set(e, ERR_INVALID, "%s: a backfill wants one", name));
}

static bool read_body(const struct api_request *req, struct filling *f, struct err *e)
{
    struct store_backfill *row = &f->row;

    f->code = "FIELD_INVALID";
    if (!read_time(req->json, "fromUtc", &row->from_us, e) ||
        !read_time(req->json, "toUtc", &row->to_us, e) ||
        !json_get_int(req->json, "maxParallel", 1, 1, PARALLEL_MAX, &row->max_parallel, e) ||
        !json_get_bool(req->json, "preview", false, &f->preview, e))
        return false;
    if (row->from_us > row->to_us)
        return err_set(e, ERR_INVALID, "fromUtc: it is later than toUtc");
    if (!f->preview && (!read_stated(req->json, "reason", REASON_BYTES_MAX, &row->reason, e) ||
                        !read_stated(req->json, "ticket", TICKET_BYTES_MAX, &row->ticket, e)))
        return false;
    f->code = NULL;
    return true;
}

/* ---- what it comes to ---- */

static bool count_times(struct filling *f, const struct due_rule *rule, struct err *e)
{
    struct store_backfill *row = &f->row;
    int64_t after_us = row->from_us - 1;
    struct due d;

    while (due_next(rule, after_us, &d) && d.utc_us <= row->to_us) {
        if (row->total == 0)
            row->next_due_us = d.utc_us;
        if (++row->total > TOTAL_MAX) {
            f->code = "BACKFILL_TOO_LARGE";
            return err_set(e, ERR_INVALID, "more than %d due times are between fromUtc and toUtc",
                           TOTAL_MAX);
        }
        after_us = d.utc_us;
    }
    return true;
}

/* On a thread. */
static bool look_ahead(const struct api_request *req, void *arg, struct store_reader *reader,
                       struct err *e)
{
    struct filling *f = arg;
    auto_done(store_schedule_list) rows = {0};
    auto_done(due_read) due = {0};

    if (!schedule_read(req, reader, &rows, &f->code, e) || !schedule_rule(&rows.rows[0], &due, e) ||
        !count_times(f, &due.rule, e))
        return false;
    f->schedule_id = mem_str(rows.rows[0].schedule_id);
    f->row.schedule_id = f->schedule_id;
    f->row.status = f->row.total > 0 ? "pending" : "completed";
    if (f->preview)
        f->shown = due_list_owned(&due.rule, f->row.from_us - 1,
                                  f->row.total < SHOWN_MAX ? f->row.total : SHOWN_MAX);
    return true;
}

static void show(struct api_request *req, struct filling *f)
{
    json_t *body = json_pack("{s:b, s:I, s:O}", "preview", 1, "count", (json_int_t)f->row.total,
                             "dueTimes", f->shown);

    api_reply_json(req, 200, &body);
}

static void on_created(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        backfill_reply(request_of(arg), out->schedule_id, 202);
}

static void put(struct api_request *req, struct filling *f)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    who.reason = f->row.reason;
    who.ticket = f->row.ticket;
    f->row.created_by = who.subject;
    engine->backfill_put(engine->arg, &who, &f->row, on_created, req);
}

static void looked(struct api_request *req, void *arg, const struct err *e)
{
    struct filling *f = arg;

    if (e != NULL)
        api_reply_error(req, e, f->code);
    else if (f->preview)
        show(req, f);
    else
        put(req, f);
    filling_free(f);
}

void backfill_create(struct api_request *req)
{
    struct filling *f = mem_new(struct filling);
    int64_t now_us = clock_wall_us();
    struct err e = {0};

    uuid7(now_us, f->id);
    f->row = (struct store_backfill){.tenant = req->who.tenant,
                                     .backfill_id = f->id,
                                     .created_us = now_us,
                                     .updated_us = now_us};
    if (!read_body(req, f, &e)) {
        api_reply_error(req, &e, f->code);
        filling_free(f);
        return;
    }
    api_read(req, &(struct read){look_ahead, looked, filling_free, f, false});
}

/* ---- paused, resumed, cancelled ---- */

struct marking {
    struct store_backfill_list rows;
    const char *status; /* wanted */
    const char *code;
};

static void marking_free(void *arg)
{
    struct marking *m = arg;

    store_backfill_list_done(&m->rows);
    free(m);
}

static void on_marked(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        backfill_reply(request_of(arg), out->schedule_id, 200);
}

/* On a thread. */
static bool look_at(const struct api_request *req, void *arg, struct store_reader *reader,
                    struct err *e)
{
    struct marking *m = arg;

    return backfill_read(reader, req->who.tenant, api_param(req, "backfillId"), &m->rows, &m->code,
                         e);
}

/* One that waits to begin runs already. */
static bool stands_so(const struct marking *m)
{
    const char *status = m->rows.rows[0].status;

    return strcmp(status, m->status) == 0 ||
           (strcmp(m->status, "running") == 0 && strcmp(status, "pending") == 0);
}

static void mark(struct api_request *req, void *arg, const struct err *e)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct marking *m = arg;
    struct api_actor who = api_actor(req);

    if (e != NULL)
        api_reply_error(req, e, m->code);
    else if (stands_so(m))
        backfill_reply(req, m->rows.rows[0].backfill_id, 200);
    else
        engine->backfill_mark(engine->arg, &who,
                              &(struct store_backfill_mark){
                                  .tenant = who.tenant,
                                  .backfill_id = m->rows.rows[0].backfill_id,
                                  .schedule_id = m->rows.rows[0].schedule_id,
                                  .status = m->status,
                                  .updated_us = clock_wall_us(),
                              },
                              on_marked, req);
    marking_free(m);
}

static void change(struct api_request *req, const char *status)
{
    struct marking *m = mem_new(struct marking);

    m->status = status;
    api_read(req, &(struct read){look_at, mark, marking_free, m, false});
}

void backfill_pause_op(struct api_request *req)
{
    change(req, "paused");
}

void backfill_resume_op(struct api_request *req)
{
    change(req, "running");
}

void backfill_cancel_op(struct api_request *req)
{
    change(req, "cancelled");
}
