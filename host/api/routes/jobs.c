/* jobs.c -- jobs summed up, and the sources that they come of by themselves (LANES_KIT.md 7,
 * contract/stellaops.md 2.3). A job is a task of a lane, its type the lane's name; a source is a
 * schedule of the tenant. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/mem.h"
#include "lanes/members.h"
#include "lanes/work.h"

#include <string.h>

/* ---- summed up ---- */

static void add_counts(struct buf *b, const struct store_status_counts *counts, int64_t running)
{
    const int64_t *of = counts->of;
    int64_t open = of[STORE_RUN_PENDING] + of[STORE_RUN_RUNNING] + of[STORE_RUN_PAUSED];

    running = running < open ? running : open;
    jw_open(b, "counts", '{');
    jw_int(b, "queued", open - running);
    jw_int(b, "running", running);
    jw_int(b, "succeeded", of[STORE_RUN_COMPLETED]);
    jw_int(b, "failed", of[STORE_RUN_FAILED]);
    jw_int(b, "canceled", of[STORE_RUN_CANCELLED]);
    jw_close(b, '}');
}

static int64_t total_of(const struct store_status_counts *counts)
{
    int64_t total = 0;

    for (int i = 0; i < STORE_RUN_STATUS_COUNT; i++)
        total += counts->of[i];
    return total;
}

/* made->arg: how many run here. */
static bool make_summary(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    const char *job_type = api_query(req, "jobType");
    auto_mem char *dag_id = job_type != NULL ? mem_printf(DAG_OF_LANE "%s", job_type) : NULL;
    struct store_status_counts counts;
    struct buf *b = &made->body;

    if (!store_read_job_counts(reader, req->who.tenant, dag_id, job_type, &counts, e))
        return false;
    jw_open(b, NULL, '{');
    jw_str(b, "jobType", job_type);
    add_counts(b, &counts, *(const int64_t *)made->arg);
    jw_bool(b, "complete", total_of(&counts) < STORE_JOBS_COUNTED_MAX);
    jw_close(b, '}');
    return true;
}

void job_summary(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    const char *job_type = api_query(req, "jobType");
    struct err e = {0};
    int64_t *running;

    if (job_type != NULL && !lane_name_read(job_type, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    running = mem_new(int64_t);
    *running = engine->tasks_running(engine->arg, req->who.tenant, job_type);
    api_reply_made(req, &(struct make){.fn = make_summary, .arg = running, .free = free});
}

/* ---- sources ---- */

#define SOURCE_TYPE "schedule"

struct wanted {
    bool said, enabled; /* only those that are so */
};

static void add_source(struct buf *b, const struct store_schedule *row)
{
    jw_open(b, NULL, '{');
    jw_str(b, "sourceId", row->schedule_id);
    jw_str(b, "sourceType", SOURCE_TYPE);
    jw_bool(b, "enabled", !row->paused);
    jw_str(b, "tenant", row->tenant);
    jw_str(b, "dagId", row->dag_id);
    jw_time(b, "nextDueUtc", row->paused ? 0 : row->next_due_us);
    jw_close(b, '}');
}

static bool view_source_row(struct buf *b, const void *row, void *arg, struct err *e unused_arg)
{
    const struct store_schedule *schedule = row;
    const struct wanted *wanted = arg;

    if (!wanted->said || wanted->enabled == !schedule->paused)
        add_source(b, schedule);
    return true;
}

/* A page may have fewer than were asked for, as one of them was left out. */
bool source_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                 struct err *e)
{
    const char *type = api_query(req, "sourceType");
    struct wanted wanted = {.said = api_query(req, "enabled") != NULL};
    auto_done(store_schedule_list) rows = {0};
    struct store_page page;

    if (!query_bool(req, "enabled", false, &wanted.enabled, e) ||
        !query_gateway_page(req, &page, e) ||
        ((type == NULL || strcmp(type, SOURCE_TYPE) == 0) &&
         !store_read_schedules(reader, req->who.tenant, NULL, page, &rows, e)))
        return false;
    return VIEW_ITEMS(&made->body, &rows, view_source_row, &wanted, e);
}

bool source_get(const struct api_request *req, struct store_reader *reader, struct made *made,
                struct err *e)
{
    auto_done(store_schedule_list) rows = {0};

    if (!store_read_schedule(reader, req->who.tenant, api_param(req, "sourceId"), &rows, e)) {
        made->code = e->code == ERR_NOT_FOUND ? "SOURCE_NOT_FOUND" : NULL;
        return false;
    }
    add_source(&made->body, &rows.rows[0]);
    return true;
}
