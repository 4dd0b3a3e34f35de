/* backfills_view.c -- backfills as clients see them: list, show (LANES_KIT.md 12). */
#include "api/http/jsonw.h"
#include "api/routes/backfills.h"
#include "api/routes/handlers.h"
#include "api/routes/schedules.h"
#include "api/routes/view.h"
#include "base/mem.h"

#include <string.h>

bool backfill_read(struct store_reader *reader, const char *tenant, const char *backfill_id,
                   struct store_backfill_list *ret, const char **ret_code, struct err *e)
{
    if (store_read_backfill(reader, tenant, backfill_id, ret, e))
        return true;
    *ret_code = e->code == ERR_NOT_FOUND ? "BACKFILL_NOT_FOUND" : NULL;
    return false;
}

static bool add_stands(struct buf *b, const struct store_backfill *row, int64_t running,
                       struct store_reader *reader, struct err *e)
{
    auto_done(store_schedule_list) schedule = {0};
    enum store_dag_stands stands;

    if (!store_read_schedule(reader, row->tenant, row->schedule_id, &schedule, e) ||
        !store_read_dag_stands(reader, row->tenant, schedule.rows[0].dag_id,
                               schedule.rows[0].dag_version, &stands, e))
        return false;
    if (stands == STORE_DAG_IS_DISABLED)
        schedule_why(b, "dag_disabled", "the version that the schedule starts is disabled");
    else if (stands == STORE_DAG_IS_GONE)
        schedule_why(b, "dag_deleted", "the DAG that the schedule starts is not there");
    else if (running >= row->max_parallel)
        schedule_why(b, "max_parallel", "as many of its runs go on as may");
    else
        jw_str(b, "why", NULL);
    return true;
}

/* Why it begins no run now; null: it does, or there is none left. */
static bool add_why(struct buf *b, const struct store_backfill *row, int64_t running,
                    struct store_reader *reader, struct err *e)
{
    if (strcmp(row->status, "paused") == 0)
        schedule_why(b, "paused", "it is paused: runs that it began go on");
    else if (row->next_due_us == 0 || strcmp(row->status, "cancelled") == 0)
        jw_str(b, "why", NULL);
    else
        return add_stands(b, row, running, reader, e);
    return true;
}

static bool view(struct buf *b, const struct store_backfill *row, struct store_reader *reader,
                 struct err *e)
{
    int64_t running;

    if (!store_read_backfill_runs(reader, row->tenant, row->backfill_id, &running, e))
        return false;
    jw_open(b, NULL, '{');
    jw_str(b, "backfillId", row->backfill_id);
    jw_str(b, "scheduleId", row->schedule_id);
    jw_str(b, "status", row->status);
    jw_time(b, "fromUtc", row->from_us);
    jw_time(b, "toUtc", row->to_us);
    jw_int(b, "maxParallel", row->max_parallel);
    jw_int(b, "total", row->total);
    jw_int(b, "completed", row->completed);
    jw_int(b, "failed", row->failed);
    jw_int(b, "skipped", row->skipped);
    jw_int(b, "running", running);
    jw_time(b, "nextDueUtc", row->next_due_us);
    jw_str(b, "reason", row->reason);
    jw_str(b, "ticket", row->ticket);
    jw_str(b, "createdBy", row->created_by);
    jw_time(b, "createdUtc", row->created_us);
    jw_time(b, "updatedUtc", row->updated_us);
    if (!add_why(b, row, running, reader, e))
        return false;
    jw_close(b, '}');
    return true;
}

bool backfill_get(const struct api_request *req, struct store_reader *reader, struct made *made,
                  struct err *e)
{
    auto_done(store_backfill_list) rows = {0};

    return backfill_read(reader, req->who.tenant, api_param(req, "backfillId"), &rows, &made->code,
                         e) &&
           view(&made->body, &rows.rows[0], reader, e);
}

static bool make_changed(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    auto_done(store_backfill_list) rows = {0};

    return backfill_read(reader, req->who.tenant, made->arg, &rows, &made->code, e) &&
           view(&made->body, &rows.rows[0], reader, e);
}

void backfill_reply(struct api_request *req, const char *backfill_id, int status)
{
    api_reply_made(req, &(struct make){.fn = make_changed,
                                       .status = status,
                                       .arg = mem_str(backfill_id),
                                       .free = free,
                                       .owed = true});
}

static bool add_row(struct buf *b, const void *row, void *reader, struct err *e)
{
    return view(b, row, reader, e);
}

bool backfill_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                   struct err *e)
{
    auto_done(store_schedule_list) schedule = {0};
    auto_done(store_backfill_list) rows = {0};
    struct store_page page;

    return query_page(req, &page, e) && schedule_read(req, reader, &schedule, &made->code, e) &&
           store_read_backfills(reader, req->who.tenant, schedule.rows[0].schedule_id, page, &rows,
                                e) &&
           VIEW_ITEMS(&made->body, &rows, add_row, reader, e);
}
