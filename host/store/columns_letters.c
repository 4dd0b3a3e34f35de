/* columns_letters.c -- the columns of dead letters. See columns.h. */
#include "store/column_words.h"

static const struct column dead_letter_columns[] = {
    KEY(store_dead_letter, TEXT, dead_letter_id, "dead_letter_id"),
    KEY(store_dead_letter, TEXT, tenant, "tenant_id"),
    COL(store_dead_letter, TEXT, task_id, "task_id"),
    COL(store_dead_letter, TEXT, run_id, "run_id"),
    COL(store_dead_letter, TEXT, lane, "lane"),
    COL(store_dead_letter, TEXT, reason, "reason"),
    COL(store_dead_letter, TEXT, error_class, "error_class"),
    COL(store_dead_letter, TEXT, message, "message"),
    COL(store_dead_letter, TEXT, fingerprint, "fingerprint"),
    COL(store_dead_letter, TEXT, replayed_by, "replayed_by"),
    COL(store_dead_letter, INT, deaths, "deaths"),
    COL(store_dead_letter, INT, attempts, "attempts"),
    COL(store_dead_letter, INT, priority, "priority"),
    COL(store_dead_letter, INT, first_us, "first_seen_at"),
    COL(store_dead_letter, INT, last_us, "last_seen_at"),
};
ROW_TYPE(row_dead_letter, store_dead_letter, dead_letter_columns);

static const struct column dead_snapshot_columns[] = {
    KEY(store_dead_snapshot, TEXT, tenant, "tenant_id"),
    KEY(store_dead_snapshot, TEXT, snapshot_id, "snapshot_id"),
    COL(store_dead_snapshot, TEXT, reason, "reason"),
    COL(store_dead_snapshot, TEXT_NULL, created_by, "created_by"),
    COL(store_dead_snapshot, TEXT, items, "items"),
    COL(store_dead_snapshot, TEXT, sha256, "sha256"),
    COL(store_dead_snapshot, INT, letters, "letters"),
    COL(store_dead_snapshot, INT, created_us, "created_at"),
};
ROW_TYPE(row_dead_snapshot, store_dead_snapshot, dead_snapshot_columns);

static const struct column dead_totals_columns[] = {
    COL(store_dead_totals, INT, letters, "letters"),
    COL(store_dead_totals, INT, retryable, "retryable"),
    COL(store_dead_totals, TIME, oldest_us, "oldest_at"),
    COL(store_dead_totals, TIME, newest_us, "newest_at"),
};
ROW_TYPE(row_dead_totals, store_dead_totals, dead_totals_columns);

static const struct column dead_count_columns[] = {
    COL(store_dead_count, TEXT, name, "name"),
    COL(store_dead_count, INT, letters, "letters"),
};
ROW_TYPE(row_dead_count, store_dead_count, dead_count_columns);

static const struct column dead_group_columns[] = {
    COL(store_dead_group, TEXT, lane, "lane"),
    COL(store_dead_group, TEXT, fingerprint, "fingerprint"),
    COL(store_dead_group, TEXT, error_class, "error_class"),
    COL(store_dead_group, TEXT, message, "message"),
    COL(store_dead_group, TEXT_NULL, samples[0], "sample_1"),
    COL(store_dead_group, TEXT_NULL, samples[1], "sample_2"),
    COL(store_dead_group, TEXT_NULL, samples[2], "sample_3"),
    COL(store_dead_group, INT, letters, "letters"),
    COL(store_dead_group, TIME, first_us, "first_seen_at"),
    COL(store_dead_group, TIME, last_us, "last_seen_at"),
};
ROW_TYPE(row_dead_group, store_dead_group, dead_group_columns);
