/* columns_schedules.c -- schedules, firings and backfills as rows. See columns.h. */
#include "store/column_words.h"
#include "store/rows.h"

static const struct column schedule_columns[] = {
    KEY(store_schedule, TEXT, tenant, "tenant_id"),
    KEY(store_schedule, TEXT, schedule_id, "schedule_id"),
    COL(store_schedule, TEXT, dag_id, "dag_id"),
    COL(store_schedule, TEXT_NULL, dag_version, "dag_version"),
    COL(store_schedule, TEXT, rule_kind, "rule_kind"),
    COL(store_schedule, TEXT, rule, "rule"),
    COL(store_schedule, TEXT, timezone, "timezone"),
    COL(store_schedule, TEXT, dst_policy, "dst_policy"),
    COL(store_schedule, TEXT, missed_policy, "missed_policy"),
    COL(store_schedule, TEXT, overlap_policy, "overlap_policy"),
    COL(store_schedule, TEXT, inputs, "inputs"),
    COL(store_schedule, TEXT_NULL, created_by, "created_by"),
    COL(store_schedule, TEXT_NULL, last_run_id, "last_run_id"),
    COL(store_schedule, INT, missed_max, "missed_max"),
    COL(store_schedule, INT, jitter_s, "jitter_seconds"),
    COL(store_schedule, BOOL, paused, "paused"),
    COL(store_schedule, TIME, anchor_us, "anchor_at"),
    COL(store_schedule, TIME, next_due_us, "next_due_at"),
    COL(store_schedule, TIME, next_fire_us, "next_fire_at"),
    COL(store_schedule, INT, created_us, "created_at"),
    COL(store_schedule, INT, updated_us, "updated_at"),
};
ROW_TYPE(row_schedule, store_schedule, schedule_columns);

static const struct column schedule_move_columns[] = {
    COL(store_schedule_move, TEXT, tenant, "tenant_id"),
    COL(store_schedule_move, TEXT, schedule_id, "schedule_id"),
    COL(store_schedule_move, TIME, from_us, "from_at"),
    COL(store_schedule_move, TIME, next_due_us, "next_due_at"),
    COL(store_schedule_move, TIME, next_fire_us, "next_fire_at"),
    COL(store_schedule_move, TEXT_NULL, run_id, "last_run_id"),
    COL(store_schedule_move, BOOL, paused, "paused"),
    COL(store_schedule_move, TIME, updated_us, "updated_at"),
};
ROW_TYPE(row_schedule_move, store_schedule_move, schedule_move_columns);

static const struct column firing_columns[] = {
    KEY(store_firing, TEXT, tenant, "tenant_id"),
    KEY(store_firing, TEXT, schedule_id, "schedule_id"),
    KEY(store_firing, INT, due_us, "due_at"),
    COL(store_firing, TIME, fired_us, "fired_at"),
    COL(store_firing, TEXT_NULL, run_id, "run_id"),
    COL(store_firing, TEXT, outcome, "outcome"),
    COL(store_firing, TEXT_NULL, reason, "reason"),
};
ROW_TYPE(row_firing, store_firing, firing_columns);

static const struct column backfill_columns[] = {
    KEY(store_backfill, TEXT, tenant, "tenant_id"),
    KEY(store_backfill, TEXT, backfill_id, "backfill_id"),
    COL(store_backfill, TEXT, schedule_id, "schedule_id"),
    COL(store_backfill, TEXT, status, "status"),
    COL(store_backfill, TEXT, reason, "reason"),
    COL(store_backfill, TEXT, ticket, "ticket"),
    COL(store_backfill, TEXT_NULL, created_by, "created_by"),
    COL(store_backfill, INT, max_parallel, "max_parallel"),
    COL(store_backfill, INT, total, "total"),
    COL(store_backfill, INT, completed, "completed"),
    COL(store_backfill, INT, failed, "failed"),
    COL(store_backfill, INT, skipped, "skipped"),
    COL(store_backfill, INT, from_us, "from_at"),
    COL(store_backfill, INT, to_us, "to_at"),
    COL(store_backfill, TIME, next_due_us, "next_due_at"),
    COL(store_backfill, INT, created_us, "created_at"),
    COL(store_backfill, INT, updated_us, "updated_at"),
};
ROW_TYPE(row_backfill, store_backfill, backfill_columns);

static const struct column backfill_mark_columns[] = {
    COL(store_backfill_mark, TEXT, tenant, "tenant_id"),
    COL(store_backfill_mark, TEXT, backfill_id, "backfill_id"),
    COL(store_backfill_mark, TEXT, schedule_id, "schedule_id"),
    COL(store_backfill_mark, TEXT, status, "status"),
    COL(store_backfill_mark, INT, updated_us, "updated_at"),
};
ROW_TYPE(row_backfill_mark, store_backfill_mark, backfill_mark_columns);

static const struct column backfill_move_columns[] = {
    COL(store_backfill_move, TEXT, tenant, "tenant_id"),
    COL(store_backfill_move, TEXT, backfill_id, "backfill_id"),
    COL(store_backfill_move, TEXT, schedule_id, "schedule_id"),
    COL(store_backfill_move, TIME, from_us, "from_at"),
    COL(store_backfill_move, TIME, next_us, "next_due_at"),
    COL(store_backfill_move, INT, completed, "completed"),
    COL(store_backfill_move, INT, failed, "failed"),
    COL(store_backfill_move, INT, skipped, "skipped"),
    COL(store_backfill_move, INT, updated_us, "updated_at"),
};
ROW_TYPE(row_backfill_move, store_backfill_move, backfill_move_columns);

static const struct column backfill_run_columns[] = {
    KEY(store_backfill_run, TEXT, tenant, "tenant_id"),
    KEY(store_backfill_run, TEXT, backfill_id, "backfill_id"),
    KEY(store_backfill_run, INT, due_us, "due_at"),
    COL(store_backfill_run, TEXT, schedule_id, "schedule_id"),
    COL(store_backfill_run, TEXT, run_id, "run_id"),
};
ROW_TYPE(row_backfill_run, store_backfill_run, backfill_run_columns);
