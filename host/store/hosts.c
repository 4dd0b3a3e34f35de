/* hosts.c -- questions about who has what (reader.h, hosts.h). */
#include "store/hosts.h"

#include "store/question.h"

static struct page_key order_key(const void *row)
{
    return (struct page_key){((const struct store_order *)row)->order_no, "", "", ""};
}

static struct page_key job_key(const void *row)
{
    return (struct page_key){0, ((const struct store_job *)row)->job, "", ""};
}

static struct page_key host_key(const void *row)
{
    return (struct page_key){0, ((const struct store_host *)row)->host_id, "", ""};
}

bool store_read_orders(struct store_reader *r, const char *owner, int64_t epoch,
                       struct store_page page, struct store_order_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_ORDERS, at.rows, order_key, P_INT(at.key.number), P_TEXT(owner),
                              P_INT(epoch), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_jobs(struct store_reader *r, struct store_page page, struct store_job_list *ret,
                     struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r, ASK_PAGE(Q_JOBS, at.rows, job_key, P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_hosts(struct store_reader *r, struct store_page page, struct store_host_list *ret,
                      struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_HOSTS, at.rows, host_key, P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_runs_of(struct store_reader *r, const char *owner, int64_t epoch, int64_t *ret,
                        struct err *e)
{
    return read_int(r, ASK(Q_RUNS_OF_HOST, P_TEXT(owner), P_INT(epoch)), ret, e);
}
