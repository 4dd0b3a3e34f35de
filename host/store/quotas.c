/* quotas.c -- questions about quotas, and how many jobs there are (reader.h). */
#include "store/question.h"

static struct page_key type_key(const void *row)
{
    return (struct page_key){0, ((const struct store_quota *)row)->job_type, "", ""};
}

static struct page_key tenant_key(const void *row)
{
    const struct store_quota *quota = row;

    return (struct page_key){0, quota->tenant, quota->job_type, ""};
}

bool store_read_quotas(struct store_reader *r, const struct store_quota_filter *filter,
                       struct store_page page, struct store_quota_list *ret, struct err *e)
{
    int paused = filter->paused_said ? filter->paused : -1;
    auto_done(page_start) at = {0};

    if (filter->job_type != NULL) /* one at most */
        return read_rows(r,
                         ASK(Q_QUOTAS_OF_TYPE, P_TEXT(filter->tenant), P_TEXT(filter->job_type),
                             P_INT(paused)),
                         &ret->list, NULL, e);
    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_QUOTAS, at.rows, type_key, P_TEXT(filter->tenant),
                              P_TEXT(at.key.text), P_INT(paused), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_quotas_of_all(struct store_reader *r, struct store_page page,
                              struct store_quota_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_QUOTAS_OF_ALL, at.rows, tenant_key, P_TEXT(at.key.text),
                              P_TEXT(at.key.more), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_quota(struct store_reader *r, const char *tenant, const char *quota_id,
                      struct store_quota_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_QUOTA, P_TEXT(tenant), P_TEXT(quota_id)), "quota", quota_id,
                    &ret->list, e);
}

bool store_read_job_counts(struct store_reader *r, const char *tenant, const char *dag_id,
                           const char *lane, struct store_status_counts *ret, struct err *e)
{
    if (lane == NULL)
        return read_status_counts(
            r, ASK_COUNTS(Q_JOB_COUNTS, P_TEXT(tenant), P_INT(STORE_JOBS_COUNTED_MAX)), ret, e);
    return read_status_counts(r,
                              ASK_COUNTS(Q_JOB_COUNTS_OF_LANE, P_TEXT(tenant), P_TEXT(dag_id),
                                         P_TEXT(lane), P_INT(STORE_JOBS_COUNTED_MAX)),
                              ret, e);
}
