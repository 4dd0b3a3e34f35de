/* backfills.c -- questions about backfills and their runs (reader.h). */
#include "store/question.h"

/* Ids are ASCII. */
#define AFTER_ALL "\x7f"

static struct page_key backfill_key(const void *row)
{
    return (struct page_key){0, ((const struct store_backfill *)row)->backfill_id, "", ""};
}

bool store_read_backfills(struct store_reader *r, const char *tenant, const char *schedule_id,
                          struct store_page page, struct store_backfill_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, AFTER_ALL, "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_BACKFILLS, at.rows, backfill_key, P_TEXT(tenant),
                              P_TEXT(schedule_id), P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_backfill(struct store_reader *r, const char *tenant, const char *backfill_id,
                         struct store_backfill_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_BACKFILL, P_TEXT(tenant), P_TEXT(backfill_id)), "backfill",
                    backfill_id, &ret->list, e);
}

bool store_read_backfills_begin(struct store_reader *r, uint32_t rows,
                                struct store_backfill_list *ret, struct err *e)
{
    return read_rows(r, ASK_PAGE(Q_BACKFILLS_BEGIN, rows, NULL, P_INT(rows)), &ret->list, NULL, e);
}

bool store_read_backfill_runs(struct store_reader *r, const char *tenant, const char *backfill_id,
                              int64_t *ret, struct err *e)
{
    return read_int(r, ASK(Q_BACKFILL_RUNS, P_TEXT(tenant), P_TEXT(backfill_id)), ret, e);
}

bool store_read_backfill_runs_over(struct store_reader *r, uint32_t rows,
                                   struct store_backfill_run_list *ret, struct err *e)
{
    return read_rows(r, ASK_PAGE(Q_BACKFILL_RUNS_OVER, rows, NULL, P_INT(rows)), &ret->list, NULL,
                     e);
}

bool store_read_backfills_wait(struct store_reader *r, bool *ret, struct err *e)
{
    return read_flag(r, Q_BACKFILLS_WAIT, ret, e);
}
