/* schedules_view.c -- schedules and firings as clients see them: list, show, firings
 * (LANES_KIT.md 12). */
#include "api/routes/schedules.h"

#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { NEXT_TIMES = 5, WHY_BYTES = 128 };

bool schedule_rule(const struct store_schedule *row, struct due_read *ret, struct err *e)
{
    return due_kept_read(row->rule_kind, row->rule, row->timezone, row->dst_policy, row->anchor_us,
                         ret, e);
}

void schedule_next(const struct due_rule *rule, const struct store_schedule *row, int64_t after_us,
                   int64_t *ret_due_us, int64_t *ret_fire_us)
{
    struct due d;

    *ret_due_us = *ret_fire_us = 0;
    if (!due_next(rule, after_us, &d))
        return;
    *ret_due_us = d.utc_us;
    *ret_fire_us = due_jitter_us(row->schedule_id, d.utc_us, row->jitter_s);
}

static bool read_by_id(struct store_reader *reader, const char *tenant, const char *id,
                       struct store_schedule_list *ret, const char **ret_code, struct err *e)
{
    if (store_read_schedule(reader, tenant, id, ret, e))
        return true;
    *ret_code = e->code == ERR_NOT_FOUND ? "SCHEDULE_NOT_FOUND" : NULL;
    return false;
}

bool schedule_read(const struct api_request *req, struct store_reader *reader,
                   struct store_schedule_list *ret, const char **ret_code, struct err *e)
{
    return read_by_id(reader, req->who.tenant, api_param(req, "scheduleId"), ret, ret_code, e);
}

/* ---- one ---- */

void schedule_why(struct buf *b, const char *reason, const char *detail)
{
    jw_open(b, "why", '{');
    jw_str(b, "reason", reason);
    jw_str(b, "detail", detail);
    jw_close(b, '}');
}

static void add_why_queued(struct buf *b, int64_t queued)
{
    char detail[WHY_BYTES];

    snprintf(detail, sizeof detail,
             "due times that are queued wait until the run before ends: %lld, at most %d may",
             (long long)queued, STORE_QUEUED_MAX);
    schedule_why(b, "overlap", detail);
}

/* Why it does not fire; null: it does. The first that holds. */
static bool add_whether(struct buf *b, const struct store_schedule *row,
                        struct store_reader *reader, struct err *e)
{
    enum store_dag_stands stands;
    int64_t queued = 0;

    if (!store_read_dag_stands(reader, row->tenant, row->dag_id, row->dag_version, &stands, e) ||
        (strcmp(row->overlap_policy, "queue") == 0 &&
         !store_read_firings_queued(reader, row->tenant, row->schedule_id, &queued, e)))
        return false;
    if (row->paused)
        schedule_why(b, "paused", "it is paused: its due times pass by");
    else if (stands == STORE_DAG_IS_DISABLED)
        schedule_why(b, "dag_disabled",
                     "the version that it starts is disabled: due times are skipped");
    else if (stands == STORE_DAG_IS_GONE)
        schedule_why(b, "dag_deleted",
                     "the DAG that it starts is not there: due times are skipped");
    else if (queued > 0)
        add_why_queued(b, queued);
    else if (row->next_due_us == 0)
        schedule_why(b, "no_due_time", "its time is over");
    else
        jw_str(b, "why", NULL);
    return true;
}

static void add_rule(struct buf *b, const struct store_schedule *row)
{
    static const char *const kinds[] = {"cron", "every", "at"};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        jw_str(b, kinds[i], strcmp(row->rule_kind, kinds[i]) == 0 ? row->rule : NULL);
}

static bool add_next_times(struct buf *b, const struct store_schedule *row, struct err *e)
{
    auto_done(due_read) due = {0};
    auto_json times = NULL;

    if (!schedule_rule(row, &due, e))
        return err_wrap(e, "its rule cannot be read any more");
    times = due_list_owned(&due.rule, clock_wall_us(), NEXT_TIMES);
    jw_json(b, "nextFireTimes", times);
    return true;
}

bool schedule_view(struct buf *b, const struct store_schedule *row, bool when,
                   struct store_reader *reader, struct err *e)
{
    jw_open(b, NULL, '{');
    jw_str(b, "scheduleId", row->schedule_id);
    jw_str(b, "dagId", row->dag_id);
    jw_str(b, "version", row->dag_version);
    add_rule(b, row);
    jw_str(b, "timezone", row->timezone);
    jw_raw(b, "inputs", row->inputs);
    jw_str(b, "dstPolicy", row->dst_policy);
    jw_str(b, "missedPolicy", row->missed_policy);
    jw_int(b, "missedMax", row->missed_max);
    jw_str(b, "overlapPolicy", row->overlap_policy);
    jw_int(b, "jitterSeconds", row->jitter_s);
    jw_bool(b, "paused", row->paused);
    jw_str(b, "lastRunId", row->last_run_id);
    jw_str(b, "createdBy", row->created_by);
    jw_time(b, "createdUtc", row->created_us);
    jw_time(b, "updatedUtc", row->updated_us);
    if ((when && !add_next_times(b, row, e)) || !add_whether(b, row, reader, e))
        return false;
    jw_close(b, '}');
    return true;
}

bool schedule_get(const struct api_request *req, struct store_reader *reader, struct made *made,
                  struct err *e)
{
    auto_done(store_schedule_list) rows = {0};

    return schedule_read(req, reader, &rows, &made->code, e) &&
           schedule_view(&made->body, &rows.rows[0], true, reader, e);
}

static bool make_changed(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    auto_done(store_schedule_list) rows = {0};

    return read_by_id(reader, req->who.tenant, made->arg, &rows, &made->code, e) &&
           schedule_view(&made->body, &rows.rows[0], true, reader, e);
}

void schedule_reply(struct api_request *req, const char *schedule_id, int status)
{
    api_reply_made(req, &(struct make){.fn = make_changed,
                                       .status = status,
                                       .arg = mem_str(schedule_id),
                                       .free = free,
                                       .owed = true});
}

/* ---- lists ---- */

static bool add_listed(struct buf *b, const void *row, void *reader, struct err *e)
{
    return schedule_view(b, row, false, reader, e);
}

bool schedule_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                   struct err *e)
{
    auto_done(store_schedule_list) rows = {0};
    struct store_page page;

    return query_page(req, &page, e) &&
           store_read_schedules(reader, req->who.tenant, api_query(req, "dagId"), page, &rows, e) &&
           VIEW_ITEMS(&made->body, &rows, add_listed, reader, e);
}

/* The due time as the run's token has it. */
void firing_view(struct buf *b, const struct store_firing *row)
{
    char due[DUE_TEXT_BYTES];

    due_utc_text(&(struct due){.utc_us = row->due_us}, due);
    jw_open(b, NULL, '{');
    jw_str(b, "dueUtc", due);
    jw_time(b, "firedUtc", row->fired_us);
    jw_str(b, "runId", row->run_id);
    jw_str(b, "outcome", row->outcome);
    jw_str(b, "reason", row->reason);
    jw_close(b, '}');
}

static bool add_firing(struct buf *b, const void *row, void *none unused_arg,
                       struct err *e unused_arg)
{
    firing_view(b, row);
    return true;
}

bool firing_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                 struct err *e)
{
    auto_done(store_schedule_list) schedule = {0};
    auto_done(store_firing_list) rows = {0};
    struct store_page page;

    return query_page(req, &page, e) && schedule_read(req, reader, &schedule, &made->code, e) &&
           store_read_firings(reader, req->who.tenant, schedule.rows[0].schedule_id, page, &rows,
                              e) &&
           VIEW_ITEMS(&made->body, &rows, add_firing, NULL, e);
}
