/* columns_quotas.c -- quotas as rows. See columns.h. */
#include "store/column_words.h"
#include "store/rows.h"

static const struct column quota_columns[] = {
    KEY(store_quota, TEXT, tenant, "tenant_id"),
    KEY(store_quota, TEXT, quota_id, "quota_id"),
    KEY(store_quota, TEXT, job_type, "job_type"),
    COL(store_quota, INT, max_active, "max_active"),
    COL(store_quota, INT, max_per_hour, "max_per_hour"),
    COL(store_quota, INT, burst, "burst"),
    COL(store_quota, INT, weight, "weight"),
    COL(store_quota, BOOL, paused, "paused"),
    COL(store_quota, INT, version, "version"),
    COL(store_quota, TEXT_NULL, created_by, "created_by"),
    COL(store_quota, INT, created_us, "created_at"),
    COL(store_quota, INT, updated_us, "updated_at"),
};
ROW_TYPE(row_quota, store_quota, quota_columns);
