/* write.c -- see write.h. The table is the driver's whole list of writes. */
#include "store/sqlite/write.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/sqlite/count.h"
#include "store/sqlite/db.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/shape.h"
#include "store/sqlite/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECKPOINT_PAGES = 4000, CHECK_STEPS = 10000 };
enum { WAL_HEADER_BYTES = 32, WAL_FRAME_HEADER_BYTES = 24 };
#define BOUNDED_CHECK_NS (2LL * 1000 * 1000 * 1000)

/* Parameters are numbered as the columns of the kind's row are (columns.c). Where a change is
 * expected, no changed row gives `none`; ERR_NONE: none is fine. */
static const struct {
    const char *sql;
    enum err_code none;
    const char *why;
} writes[OP_COUNT] = {
    [OP_FENCE] = {"SELECT 1 FROM dag_executions WHERE execution_id = ?1 AND lease_epoch = ?2",
                  ERR_CONFLICT, "the run's lease has another epoch"},
    [OP_RUN_INSERT] = {"INSERT INTO dag_executions ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_RUN_UPDATE] = {"UPDATE dag_executions SET status = ?3, paused = ?4, cancel_requested = ?5,"
                       " started_at = coalesce(?6, started_at), total_nodes = ?7,"
                       " completed_nodes = ?8, failed_nodes = ?9, skipped_nodes = ?10"
                       " WHERE tenant_id = ?1 AND execution_id = ?2 AND completed_at IS NULL",
                       ERR_NOT_FOUND, "no such run that goes on"},
    [OP_RUN_END] = {"UPDATE dag_executions SET status = ?3, output_data = ?4, outputs_hash = ?5,"
                    " provenance_chain_hash = ?6, error = ?7, errors = ?8, compensations = ?9,"
                    " completed_at = ?10, total_nodes = ?11, completed_nodes = ?12,"
                    " failed_nodes = ?13, skipped_nodes = ?14, paused = 0, statement_due = 1,"
                    " statement_refused = NULL"
                    " WHERE tenant_id = ?1 AND execution_id = ?2 AND completed_at IS NULL",
                    ERR_NOT_FOUND, "no such run that goes on"},
    [OP_RUN_REOPEN] = {"UPDATE dag_executions SET status = 'running', paused = 0,"
                       " cancel_requested = 0, output_data = NULL, outputs_hash = NULL,"
                       " provenance_chain_hash = NULL, error = NULL, errors = NULL,"
                       " compensations = NULL, completed_at = NULL, statement_due = 0"
                       " WHERE tenant_id = ?1 AND execution_id = ?2",
                       ERR_NOT_FOUND, "no such run"},
    [OP_RUN_LEASE] = {"UPDATE dag_executions SET lease_epoch = lease_epoch + 1, lease_owner = ?3,"
                      " lease_until = ?4 WHERE execution_id = ?1 AND lease_epoch = ?2",
                      ERR_CONFLICT, "the run's lease has another epoch"},
    [OP_NODE_UPSERT] = {"INSERT INTO node_traces ({columns}) VALUES ({values})"
                        " ON CONFLICT (execution_id, node_id) DO UPDATE SET {set}"
                        " WHERE tenant_id = excluded.tenant_id",
                        ERR_NOT_FOUND, "the run is another tenant's"},
    [OP_ATTEMPT_UPSERT] = {"INSERT INTO node_attempts ({columns}) VALUES ({values})"
                           " ON CONFLICT (execution_id, node_id, compensation, attempt)"
                           " DO UPDATE SET {set} WHERE tenant_id = excluded.tenant_id",
                           ERR_NOT_FOUND, "the run is another tenant's"},
    [OP_LOG_APPEND] = {"INSERT INTO attempt_logs ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_CHECKPOINT_PUT] = {"INSERT INTO dag_checkpoints ({columns}) VALUES ({values})"
                           " ON CONFLICT (execution_id, node_id) DO UPDATE SET {set}"
                           " WHERE tenant_id = excluded.tenant_id",
                           ERR_NOT_FOUND, "the run is another tenant's"},
    [OP_CHECKPOINT_DELETE] = {"DELETE FROM dag_checkpoints WHERE tenant_id = ?1"
                              " AND execution_id = ?2 AND (?3 IS NULL OR node_id = ?3)",
                              ERR_NONE, NULL},
    [OP_PROVENANCE_PUT] = {"INSERT INTO execution_provenance ({columns}) VALUES ({values})"
                           " ON CONFLICT (execution_id, node_id) DO UPDATE SET {set}"
                           " WHERE tenant_id = excluded.tenant_id",
                           ERR_NOT_FOUND, "the run is another tenant's"},
    [OP_PROVENANCE_DELETE] = {"DELETE FROM execution_provenance WHERE tenant_id = ?1"
                              " AND execution_id = ?2 AND (?3 IS NULL OR node_id = ?3)",
                              ERR_NONE, NULL},
    [OP_EVENT_APPEND] = {"INSERT INTO run_events ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_STATEMENT_PUT] = {"INSERT INTO statements ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_STATEMENT_REFUSE] = {"UPDATE dag_executions SET statement_refused = ?3 WHERE tenant_id = ?1"
                             " AND execution_id = ?2 AND statement_due = 1",
                             ERR_NONE, NULL},
    [OP_LEDGER_HEAD_PUT] = {"INSERT INTO ledger_heads ({columns}) VALUES ({values})", ERR_NONE,
                            NULL},
    [OP_DAG_PUT] = {"INSERT INTO dag_workflows ({columns}) VALUES ({values})"
                    " ON CONFLICT (tenant_id, dag_id, version) DO UPDATE SET enabled = 1,"
                    " deleted_at = 0, updated_at = excluded.updated_at"
                    " WHERE hash = excluded.hash",
                    ERR_CONFLICT, "the version exists with another definition"},
    [OP_DAG_SET_ENABLED] = {"UPDATE dag_workflows SET enabled = ?4, updated_at = ?5"
                            " WHERE tenant_id = ?1 AND dag_id = ?2 AND version = ?3"
                            " AND deleted_at = 0",
                            ERR_NOT_FOUND, "no such DAG version"},
    [OP_DAG_DELETE] = {"UPDATE dag_workflows SET deleted_at = ?5, updated_at = ?5"
                       " WHERE tenant_id = ?1 AND dag_id = ?2 AND deleted_at = 0",
                       ERR_NOT_FOUND, "no such DAG"},
    [OP_SECRET_PUT] = {"INSERT INTO secrets ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_SECRET_DELETE] = {"DELETE FROM secrets WHERE tenant_id = ?1 AND name = ?2"
                          " AND (?4 = 0 OR version = ?4)",
                          ERR_NOT_FOUND, "no such secret"},
    [OP_PLUGIN_PUT] = {"INSERT INTO plugins ({columns}) VALUES ({values})"
                       " ON CONFLICT (tenant_id, plugin_id, version) DO UPDATE SET {set}",
                       ERR_NONE, NULL},
    [OP_PLUGIN_DELETE] = {"DELETE FROM plugins WHERE tenant_id = ?1 AND plugin_id = ?2"
                          " AND version = ?3",
                          ERR_NOT_FOUND, "no such plugin version"},
    [OP_IDEMPOTENCY_PUT] = {"INSERT INTO idempotency ({columns}) VALUES ({values})", ERR_NONE,
                            NULL},
    [OP_TOKEN_REVOKE] = {"INSERT INTO revoked_tokens ({columns}) VALUES ({values})"
                         " ON CONFLICT (token_id) DO NOTHING",
                         ERR_NONE, NULL},
    [OP_IDENTITY_PUT] = {"INSERT INTO store_identity ({columns}) VALUES ({values})", ERR_NONE,
                         NULL},
    [OP_TENANT_PUT] = {"INSERT INTO tenants ({columns}) VALUES ({values})"
                       " ON CONFLICT (tenant_id) DO UPDATE SET {set}",
                       ERR_NONE, NULL},
    [OP_PURGE_IDEMPOTENCY] = {"DELETE FROM idempotency WHERE expires_at < ?5", ERR_NONE, NULL},
    [OP_PURGE_TOKENS] = {"DELETE FROM revoked_tokens WHERE expires_at < ?5", ERR_NONE, NULL},
};

enum frame { BEGIN, COMMIT, SAVEPOINT, RELEASE, UNDO, FRAME_COUNT };

static const char *const frames[FRAME_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [SAVEPOINT] = "SAVEPOINT batch",
    [RELEASE] = "RELEASE SAVEPOINT batch",
    [UNDO] = "ROLLBACK TO SAVEPOINT batch",
};

struct sqlite_write {
    sqlite3 *db;
    sqlite3_stmt *writes[OP_COUNT];
    sqlite3_stmt *frames[FRAME_COUNT];
    sqlite3_stmt *fence;
    int64_t epoch; /* ours, while store_fence has it */
    struct count *count;
    struct watch *watch;
    bool foreign; /* a file is not ours any more: it is left as it is */
    int64_t page_bytes;
    uint32_t checkpoint_pages;
    uint64_t wal_pages;
    uint64_t checkpoint_at; /* wal_pages of the next checkpoint */
};

/* SQLite calls this after each commit. A WAL that became shorter has started anew. */
static int wal_grew(void *arg, sqlite3 *db unused_arg, const char *name unused_arg, int pages)
{
    struct sqlite_write *w = arg;

    if ((uint64_t)pages < w->wal_pages)
        w->checkpoint_at = w->checkpoint_pages;
    w->wal_pages = (uint64_t)pages;
    return SQLITE_OK;
}

static bool prepare_all(struct sqlite_write *w, struct err *e)
{
    for (int i = 0; i < OP_COUNT; i++) {
        const struct statement s = {writes[i].sql, op_rows[i]};

        if (!sqlite_db_prepare(w->db, &s, &w->writes[i], e))
            return err_wrap(e, "%s", op_texts[i]);
    }
    for (int i = 0; i < FRAME_COUNT; i++) {
        const struct statement s = {frames[i], NULL};

        if (!sqlite_db_prepare(w->db, &s, &w->frames[i], e))
            return false;
    }
    return true;
}

static int out_of_time(void *until_ns)
{
    return clock_mono_ns() > *(int64_t *)until_ns;
}

/* quick_check answers one row: "ok", or the first thing that it found. A bounded one that found
 * nothing in its time is good: what it did not reach is `orch store check`'s. */
static bool check(sqlite3 *db, bool bounded, struct err *e)
{
    int64_t until_ns = clock_mono_ns() + BOUNDED_CHECK_NS;
    sqlite3_stmt *stmt = NULL;
    const struct statement s = {"PRAGMA quick_check(1)", NULL};
    bool ok;
    int rc;

    if (!sqlite_db_prepare(db, &s, &stmt, e))
        return false;
    if (bounded)
        sqlite3_progress_handler(db, CHECK_STEPS, out_of_time, &until_ns);
    rc = sqlite_db_step(stmt);
    ok = rc == SQLITE_INTERRUPT ||
         (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0);
    if (!ok && rc != SQLITE_ROW)
        sqlite_db_fail(db, "quick_check", e);
    else if (!ok)
        err_set(e, ERR_CORRUPT, "quick_check: %s", sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return ok;
}

static bool check_as_asked(sqlite3 *db, enum store_check how, struct err *e)
{
    return how == STORE_CHECK_NONE || check(db, how == STORE_CHECK_BOUNDED, e);
}

static bool is_empty(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size == 0;
}

/* The WAL is recovered: what is there is what a reader sees. Before anything is written. */
static bool check_seq(struct sqlite_write *w, struct err *e)
{
    int64_t tables, newest = 0;

    if (!sqlite_db_int(w->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'run_events'",
                       &tables, e))
        return false;
    if (tables > 0 &&
        !sqlite_db_int(w->db, "SELECT coalesce(max(seq), 0) FROM run_events", &newest, e))
        return false;
    return count_check_seq(w->count, newest, e);
}

static bool open_checked(struct sqlite_write *w, const struct store_options *options, struct err *e)
{
    if (!count_open(options->path, &w->count, e))
        return false;
    if (is_empty(options->path) && !count_check_seq(w->count, 0, e))
        return false;
    return sqlite_db_open_writer(options->path, &w->db, e) &&
           check_as_asked(w->db, options->check, e) && check_seq(w, e) &&
           migrate_to(w->db, migration_count, e) && shape_check(w->db, e);
}

#define FENCE_READ "SELECT lease_epoch FROM store_fence WHERE id = 1"

static bool fence_take(struct sqlite_write *w, struct err *e)
{
    const struct statement s = {FENCE_READ, NULL};

    if (sqlite3_exec(w->db, "UPDATE store_fence SET lease_epoch = lease_epoch + 1", NULL, NULL,
                     NULL) != SQLITE_OK)
        return sqlite_db_fail(w->db, "take the fence", e);
    return sqlite_db_prepare(w->db, &s, &w->fence, e) &&
           sqlite_db_int(w->db, FENCE_READ, &w->epoch, e);
}

/* Inside of a transaction, which keeps others from taking it. */
static bool fence_holds(struct sqlite_write *w, struct err *e)
{
    bool row = sqlite_db_step(w->fence) == SQLITE_ROW;
    int64_t epoch = row ? sqlite3_column_int64(w->fence, 0) : -1;

    if (!row)
        sqlite_db_fail(w->db, "read the fence", e);
    sqlite3_reset(w->fence);
    if (row && epoch != w->epoch)
        err_set(e, ERR_CONFLICT,
                "another host has opened the store: its epoch is %lld, ours was %lld",
                (long long)epoch, (long long)w->epoch);
    if (epoch != w->epoch)
        w->foreign = true;
    return epoch == w->epoch;
}

bool sqlite_write_open(const struct store_options *options, struct sqlite_write **ret,
                       struct err *e)
{
    auto_obj(sqlite_write) w = mem_new(struct sqlite_write);

    w->checkpoint_pages =
        options->checkpoint_pages > 0 ? options->checkpoint_pages : CHECKPOINT_PAGES;
    w->checkpoint_at = w->checkpoint_pages;
    w->foreign = true; /* until everything is known to be ours, nothing is merged or counted */
    if (!open_checked(w, options, e) || !fence_take(w, e) || !prepare_all(w, e) ||
        !sqlite_db_int(w->db, "PRAGMA page_size", &w->page_bytes, e) ||
        !watch_open(options->path, &w->watch, e))
        return false;
    w->foreign = false;
    sqlite3_wal_hook(w->db, wal_grew, w);
    *ret = take(w);
    return true;
}

void sqlite_write_free(struct sqlite_write *w)
{
    if (w == NULL)
        return;
    for (int i = 0; i < OP_COUNT; i++)
        sqlite3_finalize(w->writes[i]);
    for (int i = 0; i < FRAME_COUNT; i++)
        sqlite3_finalize(w->frames[i]);
    sqlite3_finalize(w->fence);
    if (!w->foreign && !count_close(w->count, NULL))
        w->foreign = true; /* the line still tells of the WAL: it stays */
    if (w->foreign && w->db != NULL)
        sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite_db_close(w->db); /* the last connection: checkpoints and removes the WAL */
    count_free(w->count);
    watch_free(w->watch);
    free(w);
}

static bool frame_run(struct sqlite_write *w, enum frame f, struct err *e)
{
    bool ok = sqlite_db_step(w->frames[f]) == SQLITE_DONE;

    if (!ok)
        sqlite_db_fail(w->db, frames[f], e);
    sqlite3_reset(w->frames[f]);
    return ok;
}

bool sqlite_write_begin(struct sqlite_write *w, struct err *e)
{
    return frame_run(w, BEGIN, e) && fence_holds(w, e);
}

bool sqlite_write_was_busy(const struct sqlite_write *w)
{
    return sqlite_db_busy(w->db);
}

/* Another program may have merged and cut the WAL, as a shell does that asks for it: then SQLite
 * knows. A WAL that was cut behind SQLite's back cannot be checkpointed. */
static bool check_wal_bytes(struct sqlite_write *w, struct err *e)
{
    int left = 0;
    uint64_t want = WAL_HEADER_BYTES + w->wal_pages * (WAL_FRAME_HEADER_BYTES + w->page_bytes);

    if (w->wal_pages == 0 || (uint64_t)watch_wal_bytes(w->watch) >= want)
        return true;
    if (sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &left, NULL) ==
            SQLITE_OK &&
        (uint64_t)left < w->wal_pages) {
        w->wal_pages = (uint64_t)left;
        return true;
    }
    return err_set(e, ERR_CORRUPT, "the WAL was cut to %lld bytes under the host",
                   (long long)watch_wal_bytes(w->watch));
}

bool sqlite_write_look(struct sqlite_write *w, struct err *e)
{
    if (watch_look(w->watch, e) && check_wal_bytes(w, e))
        return true;
    w->foreign = true;
    return false;
}

bool sqlite_write_commit(struct sqlite_write *w, int64_t last_event, struct err *e)
{
    return frame_run(w, COMMIT, e) && sqlite_write_look(w, e) &&
           count_note(w->count, w->wal_pages, last_event, e);
}

void sqlite_write_rollback(struct sqlite_write *w)
{
    sqlite_db_rollback(w->db);
}

static enum applied failed(struct sqlite_write *w, enum store_op kind, struct err *e)
{
    sqlite_db_fail(w->db, op_texts[kind], e);
    return sqlite_db_refused(w->db) ? REFUSED : BROKEN;
}

static enum applied apply_op(struct sqlite_write *w, const struct op *op, struct err *e)
{
    sqlite3_stmt *stmt = w->writes[op->kind];
    enum applied result = APPLIED;
    int rc;

    sqlite_db_bind_row(stmt, op_rows[op->kind], op->row);
    rc = sqlite_db_step(stmt);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        result = failed(w, op->kind, e);
    } else if (writes[op->kind].none != ERR_NONE) {
        bool hit = sqlite3_stmt_readonly(stmt) ? rc == SQLITE_ROW : sqlite3_changes(w->db) > 0;

        if (!hit) {
            err_set(e, writes[op->kind].none, "%s: %s", op_texts[op->kind], writes[op->kind].why);
            result = REFUSED;
        }
    }
    sqlite3_reset(stmt);
    return result;
}

enum applied sqlite_write_apply(struct sqlite_write *w, struct store_batch *b, struct err *e)
{
    b->first_event = b->last_event = 0;
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        enum applied result = apply_op(w, op, e);

        if (result != APPLIED)
            return result;
        if (op->kind != OP_EVENT_APPEND)
            continue;
        b->last_event = sqlite3_last_insert_rowid(w->db);
        if (b->first_event == 0)
            b->first_event = b->last_event;
    }
    return APPLIED;
}

enum applied sqlite_write_apply_guarded(struct sqlite_write *w, struct store_batch *b,
                                        struct err *e)
{
    enum applied result;

    if (!frame_run(w, SAVEPOINT, e))
        return BROKEN;
    result = sqlite_write_apply(w, b, e);
    if (result == REFUSED && !frame_run(w, UNDO, e))
        return BROKEN;
    if (result != BROKEN && !frame_run(w, RELEASE, e))
        return BROKEN;
    return result;
}

/* PASSIVE takes what readers leave; when all of it could be copied, the next commit starts the WAL
 * from its beginning, otherwise the next try is one step later. */
bool sqlite_write_checkpoint(struct sqlite_write *w, bool *ret_done, struct err *e)
{
    bool done;

    *ret_done = false;
    if (w->wal_pages < w->checkpoint_at)
        return true;
    errno = 0;
    done =
        sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK;
    if (!done && !sqlite_db_busy(w->db))
        return sqlite_db_fail(w->db, "checkpoint", e);
    w->checkpoint_at = w->wal_pages + w->checkpoint_pages;
    *ret_done = done;
    return true;
}

uint64_t sqlite_write_wal_pages(const struct sqlite_write *w)
{
    return w->wal_pages;
}
