/* nodes.c -- questions about a run's nodes, attempts, checkpoints, provenance and logs
 * (reader.h). */
#include "store/question.h"

static struct page_key node_key(const void *row)
{
    const struct store_node *node = row;

    return (struct page_key){node->level, node->node_id, "", ""};
}

/* An attempt's place is (node_id, compensation, attempt): the last two in one number. */
enum { COMPENSATION_BIT = 32 };

static struct page_key attempt_key(const void *row)
{
    const struct store_attempt *a = row;
    int64_t place = ((int64_t)a->compensation << COMPENSATION_BIT) | a->attempt;

    return (struct page_key){place, a->node_id, "", ""};
}

static struct page_key checkpoint_key(const void *row)
{
    const struct store_checkpoint *c = row;

    return (struct page_key){0, c->node_id, "", ""};
}

static struct page_key provenance_key(const void *row)
{
    const struct store_provenance *p = row;

    return (struct page_key){0, p->node_id, "", ""};
}

bool store_read_nodes(struct store_reader *r, const struct store_node_filter *filter,
                      struct store_page page, struct store_node_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){INT64_MIN, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_NODES, at.rows, node_key, P_INT(filter->outputs),
                              P_TEXT(filter->tenant), P_TEXT(filter->run_id), P_INT(at.key.number),
                              P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_node(struct store_reader *r, const char *tenant, const char *run_id,
                     const char *node_id, struct store_node_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_NODE, P_INT(1), P_TEXT(tenant), P_TEXT(run_id), P_TEXT(node_id)),
                    "node", node_id, &ret->list, e);
}

bool store_read_attempts(struct store_reader *r, const char *tenant, const char *run_id,
                         const char *node_id, struct store_page page,
                         struct store_attempt_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};
    const struct page_key first = {0, node_id != NULL ? node_id : "", "", ""};
    enum query query = node_id != NULL ? Q_ATTEMPTS_OF_NODE : Q_ATTEMPTS;

    return page_begin(page, first, &at, e) &&
           read_rows(r,
                     ASK_PAGE(query, at.rows, attempt_key, P_TEXT(tenant), P_TEXT(run_id),
                              P_TEXT(at.key.text), P_INT(at.key.number >> COMPENSATION_BIT),
                              P_INT(at.key.number & UINT32_MAX), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_checkpoints(struct store_reader *r, const char *tenant, const char *run_id,
                            struct store_page page, struct store_checkpoint_list *ret,
                            struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_CHECKPOINTS, at.rows, checkpoint_key, P_TEXT(tenant),
                              P_TEXT(run_id), P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_provenance(struct store_reader *r, const char *tenant, const char *run_id,
                           struct store_page page, struct store_provenance_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_PROVENANCE, at.rows, provenance_key, P_TEXT(tenant), P_TEXT(run_id),
                              P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_logs(struct store_reader *r, const struct store_log_filter *filter, uint32_t rows,
                     struct store_log_list *ret, struct err *e)
{
    uint32_t limit = page_rows(rows);

    if (filter->node_id == NULL)
        return read_rows(r,
                         ASK_PAGE(Q_LOGS, limit, NULL, P_TEXT(filter->tenant),
                                  P_TEXT(filter->run_id), P_INT(filter->after_id),
                                  P_INT(filter->attempt), P_INT(limit)),
                         &ret->list, NULL, e);
    return read_rows(r,
                     ASK_PAGE(Q_LOGS_OF_NODE, limit, NULL, P_TEXT(filter->tenant),
                              P_TEXT(filter->run_id), P_INT(filter->after_id),
                              P_INT(filter->attempt), P_TEXT(filter->node_id), P_INT(limit)),
                     &ret->list, NULL, e);
}
