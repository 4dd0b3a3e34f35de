/* ledger.c -- questions about events, statements and tree heads (reader.h). */
#include "store/question.h"

static struct page_key ledger_key(const void *row)
{
    return (struct page_key){0, ((const struct store_ledger *)row)->tenant, "", ""};
}

bool store_read_ledgers(struct store_reader *r, struct store_page page,
                        struct store_ledger_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_LEDGERS, at.rows, ledger_key, P_TEXT(at.key.text),
                              P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_event_bounds(struct store_reader *r, const char *tenant, int64_t *ret_oldest,
                             int64_t *ret_newest, struct err *e)
{
    int64_t oldest;

    if (!read_int(r, ASK(Q_EVENT_OLDEST, P_TEXT(tenant)), &oldest, e) ||
        !read_int(r, ASK(Q_EVENT_NEWEST, P_TEXT(tenant)), ret_newest, e))
        return err_wrap(e, "event bounds");
    *ret_oldest = oldest;
    return true;
}

static int64_t bounded(int64_t seq)
{
    return seq < STORE_SEQ_MAX ? seq : STORE_SEQ_MAX;
}

/* How far one call looks: a run's events have an index, the others are gone through in windows. */
static int64_t window_end(const struct store_event_filter *filter, int64_t after, int64_t newest)
{
    if (filter->run_id != NULL || newest - after <= STORE_EVENT_SCAN_MAX)
        return newest;
    return after + STORE_EVENT_SCAN_MAX;
}

bool store_read_events(struct store_reader *r, const struct store_event_filter *filter,
                       int64_t after, uint32_t rows, struct store_event_list *ret,
                       int64_t *ret_next, struct err *e)
{
    int64_t newest, end;
    bool more = false;
    uint32_t limit = page_rows(rows);
    enum query query = filter->run_id != NULL ? Q_EVENTS_OF_RUN : Q_EVENTS;
    size_t params = filter->run_id != NULL ? 7 : 6;

    if (after < 0)
        return err_set(e, ERR_INVALID, "not a cursor: %lld", (long long)after);
    if (!read_int(r, ASK(Q_EVENT_NEWEST, P_TEXT(filter->tenant)), &newest, e))
        return err_wrap(e, "events");
    *ret_next = after;
    if (after >= newest)
        return true;
    end = window_end(filter, after, newest);
    struct question q = {.query = query,
                         PARAMS(P_TEXT(filter->tenant), P_INT(after), P_INT(end),
                                P_TEXT(filter->dag_id), P_TEXT(filter->status), P_INT(limit + 1),
                                P_TEXT(filter->run_id)),
                         .rows_max = limit};
    q.param_count = params;
    if (!read_rows(r, &q, &ret->list, &more, e))
        return err_wrap(e, "events");
    *ret_next = more ? ret->rows[ret->count - 1].seq : end;
    return true;
}

bool store_read_events_after(struct store_reader *r, const char *tenant, int64_t after,
                             uint32_t rows, struct store_event_list *ret, struct err *e)
{
    const uint32_t limit = page_rows(rows);
    const struct question q = {.query = Q_EVENTS,
                               PARAMS(P_TEXT(tenant), P_INT(bounded(after)), P_INT(STORE_SEQ_MAX),
                                      P_TEXT(NULL), P_TEXT(NULL), P_INT(limit)),
                               .rows_max = limit};

    return read_rows(r, &q, &ret->list, NULL, e) || err_wrap(e, "events");
}

bool store_read_last_event(struct store_reader *r, const char *tenant, const char *run_id,
                           struct store_event_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_LAST_EVENT, P_TEXT(tenant), P_TEXT(run_id)), &ret->list, NULL, e);
}

bool store_read_statement(struct store_reader *r, const char *tenant, const char *run_id,
                          struct store_statement_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_STATEMENT, P_TEXT(tenant), P_TEXT(run_id)), "statement of run", run_id,
                    &ret->list, e);
}

bool store_read_ledger_head(struct store_reader *r, const char *tenant,
                            struct store_ledger_head_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_LEDGER_HEAD, P_TEXT(tenant)), &ret->list, NULL, e);
}

bool store_read_ledger_head_before(struct store_reader *r, const char *tenant, int64_t time_us,
                                   struct store_ledger_head_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_LEDGER_HEAD_BEFORE, P_TEXT(tenant), P_TIME(time_us)), &ret->list,
                     NULL, e);
}

bool store_read_ledger_head_from(struct store_reader *r, const char *tenant, int64_t time_us,
                                 struct store_ledger_head_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_LEDGER_HEAD_FROM, P_TEXT(tenant), P_TIME(time_us)), &ret->list, NULL,
                     e);
}

bool store_read_leaves(struct store_reader *r, const char *tenant, int64_t after, int64_t upto,
                       uint32_t rows, struct store_leaf_list *ret, struct err *e)
{
    const uint32_t limit = page_rows(rows);
    const struct question q = {.query = Q_LEAVES,
                               PARAMS(P_TEXT(tenant), P_INT(bounded(after)), P_INT(bounded(upto)),
                                      P_INT(limit)),
                               .rows_max = limit};

    return read_rows(r, &q, &ret->list, NULL, e) || err_wrap(e, "leaves");
}
