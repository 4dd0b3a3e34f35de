/* schedules.c -- questions about schedules and their firings (reader.h). */
#include "store/question.h"

#include <string.h>

static struct page_key schedule_key(const void *row)
{
    return (struct page_key){0, ((const struct store_schedule *)row)->schedule_id, "", ""};
}

static struct page_key firing_key(const void *row)
{
    return (struct page_key){((const struct store_firing *)row)->due_us, "", "", ""};
}

bool store_read_schedules(struct store_reader *r, const char *tenant, const char *dag_id,
                          struct store_page page, struct store_schedule_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    if (!page_begin(page, (struct page_key){0, "", "", ""}, &at, e))
        return false;
    if (dag_id == NULL)
        return read_rows(r,
                         ASK_LIST(Q_SCHEDULES, at.rows, schedule_key, P_TEXT(tenant),
                                  P_TEXT(at.key.text), P_INT(at.rows + 1)),
                         &ret->list, NULL, e);
    return read_rows(r,
                     ASK_LIST(Q_SCHEDULES_OF_DAG, at.rows, schedule_key, P_TEXT(tenant),
                              P_TEXT(dag_id), P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_schedule(struct store_reader *r, const char *tenant, const char *schedule_id,
                         struct store_schedule_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_SCHEDULE, P_TEXT(tenant), P_TEXT(schedule_id)), "schedule",
                    schedule_id, &ret->list, e);
}

bool store_read_schedules_next(struct store_reader *r, int64_t before_us, uint32_t rows,
                               struct store_schedule_list *ret, struct err *e)
{
    return read_rows(r,
                     ASK_PAGE(Q_SCHEDULES_NEXT, rows, NULL, P_TIME(before_us),
                              P_INT((int64_t)rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_firings(struct store_reader *r, const char *tenant, const char *schedule_id,
                        struct store_page page, struct store_firing_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){INT64_MAX, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_FIRINGS, at.rows, firing_key, P_TEXT(tenant), P_TEXT(schedule_id),
                              P_TIME(at.key.number), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_firing(struct store_reader *r, const char *tenant, const char *schedule_id,
                       int64_t due_us, struct store_firing_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_FIRING, P_TEXT(tenant), P_TEXT(schedule_id), P_TIME(due_us)),
                     &ret->list, NULL, e);
}

/* One that is not there any more does not. */
static bool last_goes_on(struct store_reader *r, const struct store_schedule *schedule, bool *ret,
                         struct err *e)
{
    auto_done(store_run_list) runs = {0};

    *ret = false;
    if (schedule->last_run_id == NULL || strcmp(schedule->overlap_policy, "allow") == 0)
        return true;
    if (store_read_run_head(r, schedule->tenant, schedule->last_run_id, &runs, e)) {
        *ret = runs.rows[0].completed_us == 0;
        return true;
    }
    return not_found_is_none(e);
}

bool store_read_schedules_queued(struct store_reader *r, uint32_t rows,
                                 struct store_schedule_list *ret, struct err *e)
{
    return read_rows(r, ASK_PAGE(Q_SCHEDULES_QUEUED, rows, NULL, P_INT(rows)), &ret->list, NULL, e);
}

bool store_read_firing_queued(struct store_reader *r, const char *tenant, const char *schedule_id,
                              struct store_firing_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_FIRING_QUEUED, P_TEXT(tenant), P_TEXT(schedule_id)), &ret->list, NULL,
                     e);
}

bool store_read_firings_queued(struct store_reader *r, const char *tenant, const char *schedule_id,
                               int64_t *ret, struct err *e)
{
    return read_int(r,
                    ASK(Q_FIRINGS_QUEUED, P_TEXT(tenant), P_TEXT(schedule_id),
                        P_INT(STORE_QUEUED_MAX)),
                    ret, e);
}

bool store_read_firings_wait(struct store_reader *r, bool *ret, struct err *e)
{
    return read_flag(r, Q_FIRINGS_WAIT, ret, e);
}

static bool count_queued(struct store_reader *r, const struct store_schedule *schedule,
                         int64_t *ret, struct err *e)
{
    *ret = 0;
    return strcmp(schedule->overlap_policy, "queue") != 0 ||
           store_read_firings_queued(r, schedule->tenant, schedule->schedule_id, ret, e);
}

bool store_read_due(struct store_reader *r, const struct store_schedule *schedule, int64_t due_us,
                    struct store_due *ret, struct err *e)
{
    auto_done(store_firing_list) before = {0};

    if (!store_read_firing(r, schedule->tenant, schedule->schedule_id, due_us, &before, e) ||
        !store_read_dag_stands(r, schedule->tenant, schedule->dag_id, schedule->dag_version,
                               &ret->dag, e) ||
        !last_goes_on(r, schedule, &ret->goes_on, e) || !count_queued(r, schedule, &ret->queued, e))
        return false;
    ret->known = before.count > 0;
    return true;
}
