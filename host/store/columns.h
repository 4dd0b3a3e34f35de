/* columns.h -- which column holds which member of a row: one table a row feeds the insert, the
 * copy into a batch and the read, in every driver. Private to host/store. */
#ifndef ORCH_STORE_COLUMNS_H
#define ORCH_STORE_COLUMNS_H

#include "store/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum column_kind {
    COL_TEXT,      /* const char *, never NULL */
    COL_TEXT_NULL, /* const char *, NULL is NULL */
    COL_HASH,      /* const char *, never NULL: hex, for a driver to pack */
    COL_HASH_NULL, /* the same, NULL is NULL */
    COL_INT,       /* int64_t */
    COL_TIME,      /* int64_t, 0 is NULL */
    COL_REAL,      /* double */
    COL_BOOL,
    COL_BLOB, /* const void *, with its size_t behind it */
    COL_RUN_STATUS,
    COL_NODE_STATUS,
    COL_ID,          /* int64_t that the database gives: read only */
    COL_SAID,        /* bool that a SELECT works out: read only */
    COL_VERSION_KEY, /* made from the version text at offset: written only */
};

struct column {
    const char *name;
    enum column_kind kind;
    size_t offset;
    const char *read; /* what a SELECT says in place of the name; NULL: the name */
    bool fixed;       /* an upsert leaves it */
    bool said;        /* the SELECT works it out: read only */
    bool owner;       /* with its like at the row's start it names the node that has the row */
};

struct row_type {
    const struct column *columns;
    size_t count;
    size_t bytes; /* of the struct */
};

/* Rows that are written and read. */
extern const struct row_type row_run, row_node, row_attempt, row_checkpoint, row_provenance,
    row_event, row_log, row_dag, row_statement, row_ledger_head, row_secret, row_plugin, row_bundle,
    row_bundle_part, row_idempotency, row_revoked_token, row_tenant, row_identity, row_order,
    row_schedule, row_firing, row_lane, row_backfill, row_backfill_run, row_dead_letter,
    row_dead_snapshot, row_quota, row_gate;
/* Read only. */
extern const struct row_type row_slow_node, row_leaf, row_ledger, row_status_count, row_host,
    row_job, row_dead_totals, row_dead_count, row_dead_group;
/* Arguments of writes that are not whole rows. */
extern const struct row_type row_run_update, row_run_end, row_lease, row_key, row_schedule_move,
    row_backfill_mark, row_backfill_move;

struct status_count {
    enum store_run_status status;
    int64_t count;
};

/* Who has a run or a job, is to have it, or had it. */
struct lease_args {
    const char *tenant; /* NULL: whoever's the run is */
    const char *id;
    const char *owner;
    int64_t epoch;
};

/* The key of a row, or of several, and what a small write needs beside it. */
struct key_args {
    const char *tenant;
    const char *id;
    const char *more; /* NULL: all */
    int64_t number;
    int64_t time_us;
};

#endif
