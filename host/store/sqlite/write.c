/* write.c -- see write.h. */
#include "store/sqlite/write.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "store/sqlite/check.h"
#include "store/sqlite/count.h"
#include "store/sqlite/db.h"
#include "store/sqlite/hash.h"
#include "store/sqlite/ledgers.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/place.h"
#include "store/sqlite/shape.h"
#include "store/sqlite/watch.h"
#include "store/sqlite/writes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { CHECKPOINT_PAGES = 4000 };
enum { CHECK_BYTES = 8 * 1024 * 1024 }; /* 20 ms of a start */
enum { WAL_HEADER_BYTES = 32, WAL_FRAME_HEADER_BYTES = 24 };

enum frame { BEGIN, COMMIT, SAVEPOINT, RELEASE, UNDO, FRAME_COUNT };

static const char *const frames[FRAME_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [SAVEPOINT] = "SAVEPOINT batch",
    [RELEASE] = "RELEASE SAVEPOINT batch",
    [UNDO] = "ROLLBACK TO SAVEPOINT batch",
};

struct sqlite_write {
    struct driver_write base; /* first: the store hands it back as this */
    sqlite3 *db;
    sqlite3_stmt *writes[OP_COUNT];
    sqlite3_stmt *frames[FRAME_COUNT];
    sqlite3_stmt *fence;
    struct place place;
    struct ledgers ledgers;
    struct bound_hashes hashes; /* of the statement that runs */
    int64_t epoch;              /* ours, while store_fence has it */
    struct count *count;
    struct watch *watch;
    struct check *check; /* beside; NULL: not needed */
    bool checked;        /* whole, as far as was asked */
    bool foreign;        /* a file is not ours any more: it is left as it is */
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
        const struct statement s = {write_statements[i].sql, op_rows[i]};

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

/* -1: it is not there. */
static off_t bytes_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static bool has_table(struct sqlite_write *w, const char *name, bool *ret, struct err *e)
{
    auto_mem char *sql = mem_printf("SELECT count(*) FROM sqlite_schema WHERE name = '%s'", name);
    int64_t tables;

    if (!sqlite_db_int(w->db, sql, &tables, e))
        return false;
    *ret = tables > 0;
    return true;
}

/* The WAL is recovered: what is there is what a reader sees. Before anything is written. Schemas
 * up to 13 number the events of all tenants together. */
static bool check_events(struct sqlite_write *w, struct err *e)
{
    bool ledgers, events;
    int64_t total = 0;

    if (!has_table(w, "ledgers", &ledgers, e) || !has_table(w, "run_events", &events, e))
        return false;
    if (ledgers && !ledgers_total(w->db, &total, e))
        return false;
    if (!ledgers && events &&
        !sqlite_db_int(w->db, "SELECT coalesce(max(seq), 0) FROM run_events", &total, e))
        return false;
    return count_check_events(w->count, total, e);
}

/* Does all of it come before the open? */
static bool is_checked_now(const struct store_options *options)
{
    auto_mem char *wal = mem_printf("%s-wal", options->url);

    return options->check == STORE_CHECK_QUICK ||
           (options->check == STORE_CHECK_BOUNDED &&
            bytes_of(options->url) + bytes_of(wal) <= CHECK_BYTES);
}

static bool open_checked(struct sqlite_write *w, const struct store_options *options, struct err *e)
{
    bool now = is_checked_now(options);

    w->checked = now || options->check == STORE_CHECK_NONE;
    if (!count_open(options->url, &w->count, e))
        return false;
    if (bytes_of(options->url) == 0 && !count_check_events(w->count, 0, e))
        return false;
    return sqlite_db_open_writer(options->url, &w->db, e) && (!now || check_now(w->db, e)) &&
           check_events(w, e) && migrate_to(w->db, migration_count, e) && shape_check(w->db, e);
}

#define FENCE_READ "SELECT lease_epoch FROM store_fence WHERE id = 1"
#define FENCE_TAKE                                                                                 \
    "UPDATE store_fence SET lease_epoch = lease_epoch + 1, host_id = ?1, address = ?2,"            \
    " version = '" ORCH_VERSION "', started_at = ?3"

/* Its sync is also that of a commit which a killed process wrote and did not sync: readers see it
 * from the open on, so no power loss may take it any more (ADR 46). */
static bool fence_take(struct sqlite_write *w, const struct store_options *options, struct err *e)
{
    const struct statement take = {FENCE_TAKE, NULL}, read = {FENCE_READ, NULL};
    sqlite3_stmt *stmt = NULL;
    bool taken;

    if (!sqlite_db_prepare(w->db, &take, &stmt, e))
        return false;
    sqlite3_bind_text(stmt, 1, options->host_id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, options->address, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, clock_wall_us());
    taken = sqlite_db_step(stmt) == SQLITE_DONE || sqlite_db_fail(w->db, "take the fence", e);
    sqlite3_finalize(stmt);
    return taken && sqlite_db_prepare(w->db, &read, &w->fence, e) &&
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

    w->base.driver = &sqlite_driver;
    w->checkpoint_pages =
        options->checkpoint_pages > 0 ? options->checkpoint_pages : CHECKPOINT_PAGES;
    w->checkpoint_at = w->checkpoint_pages;
    atomic_init(&w->base.held_until_us, INT64_MAX); /* the file's lock holds it */
    w->foreign = true; /* until everything is known to be ours, nothing is merged or counted */
    if (!open_checked(w, options, e) || !fence_take(w, options, e) || !prepare_all(w, e) ||
        !place_open(w->db, &w->place, e) || !ledgers_open(w->db, &w->ledgers, e) ||
        !sqlite_db_int(w->db, "PRAGMA page_size", &w->page_bytes, e) ||
        !watch_open(options->url, &w->watch, e) ||
        !(w->checked || check_beside(options->url, &w->check, e)))
        return false;
    w->foreign = false;
    sqlite3_wal_hook(w->db, wal_grew, w);
    *ret = take(w);
    return true;
}

int64_t sqlite_write_epoch(const struct sqlite_write *w)
{
    return w->epoch;
}

void sqlite_write_free(struct sqlite_write *w)
{
    if (w == NULL)
        return;
    check_free(w->check);
    for (int i = 0; i < OP_COUNT; i++)
        sqlite3_finalize(w->writes[i]);
    for (int i = 0; i < FRAME_COUNT; i++)
        sqlite3_finalize(w->frames[i]);
    sqlite3_finalize(w->fence);
    place_close(&w->place);
    ledgers_close(&w->ledgers);
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
    place_begin(&w->place);
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
    if (check_look(w->check, e) && watch_look(w->watch, e) && check_wal_bytes(w, e))
        return true;
    w->foreign = true;
    return false;
}

void sqlite_write_shed(struct driver_write *base)
{
    sqlite3_db_release_memory(sqlite_write_of(base)->db);
}

bool sqlite_write_rest(struct driver_write *base, int wake_fd, struct err *e)
{
    struct sqlite_write *w = sqlite_write_of(base);
    auto_fd told_fd = watch_hear(w->watch);

    if (!sqlite_write_look(w, e))
        return false;
    watch_rest(told_fd, check_found_fd(w->check), wake_fd);
    return sqlite_write_look(w, e);
}

bool sqlite_write_commit(struct sqlite_write *w, int64_t events, struct err *e)
{
    return frame_run(w, COMMIT, e) && sqlite_write_look(w, e) &&
           count_note(w->count, w->wal_pages, events, e);
}

/* What was written since the transaction or the savepoint began is no more. */
static void undone(struct sqlite_write *w)
{
    place_undone(&w->place);
    ledgers_forget(&w->ledgers);
}

void sqlite_write_rollback(struct sqlite_write *w)
{
    sqlite_db_rollback(w->db);
    undone(w);
}

static enum applied failed(struct sqlite_write *w, enum store_op kind, struct err *e)
{
    sqlite_db_fail(w->db, op_texts[kind], e);
    return sqlite_db_refused(w->db) ? REFUSED : BROKEN;
}

/* A row of a node is written by the node's number; the node's own row gives it one. */
static enum applied bind_place(struct sqlite_write *w, const struct op *op, struct err *e)
{
    const struct row_type *row = op_rows[op->kind];
    sqlite3_stmt *stmt = w->writes[op->kind];
    enum placed placed = op->kind == OP_NODE_UPSERT ? place_find(&w->place, op->row)
                                                    : place_make(&w->place, op->row);

    if (placed == PLACE_FAILED)
        return failed(w, op->kind, e);
    if (placed == PLACED_NOWHERE) {
        err_set(e, ERR_NOT_FOUND, "%s: the tenant has no such run", op_texts[op->kind]);
        return REFUSED;
    }
    if (op->kind == OP_NODE_UPSERT) {
        sqlite3_bind_int64(stmt, sqlite_db_run_parameter(row), w->place.run_no);
        sqlite3_bind_int64(stmt, sqlite_db_node_parameter(row), w->place.node_no);
    } else {
        sqlite3_bind_int64(stmt, sqlite_db_records_parameter(row), place_records(&w->place));
    }
    return APPLIED;
}

/* An event's row is at its number in its tenant's ledger. */
static enum applied bind_event(struct sqlite_write *w, const struct op *op, struct store_batch *b,
                               struct err *e)
{
    const struct store_event *event = op->row;
    int64_t event_no;

    if (!ledgers_next(&w->ledgers, event->tenant, &event_no))
        return failed(w, op->kind, e);
    sqlite3_bind_int64(w->writes[op->kind], sqlite_db_event_parameter(op_rows[op->kind]), event_no);
    b->last_event = ledger_seq(event_no);
    if (b->first_event == 0)
        b->first_event = b->last_event;
    return APPLIED;
}

static enum applied run_op(struct sqlite_write *w, const struct op *op, struct err *e)
{
    sqlite3_stmt *stmt = w->writes[op->kind];
    int rc = sqlite_db_step(stmt);
    bool hit;

    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        return failed(w, op->kind, e);
    if (write_statements[op->kind].none == ERR_NONE)
        return APPLIED;
    hit = sqlite3_stmt_readonly(stmt) ? rc == SQLITE_ROW : sqlite3_changes(w->db) > 0;
    if (hit)
        return APPLIED;
    err_set(e, write_statements[op->kind].none, "%s: %s", op_texts[op->kind],
            write_statements[op->kind].why);
    return REFUSED;
}

static enum applied apply_op(struct sqlite_write *w, const struct op *op, struct store_batch *b,
                             struct err *e)
{
    sqlite3_stmt *stmt = w->writes[op->kind];
    enum applied result = APPLIED;

    if (place_has(op_rows[op->kind]))
        result = bind_place(w, op, e);
    else if (op->kind == OP_EVENT_APPEND)
        result = bind_event(w, op, b, e);
    if (result != APPLIED)
        return result;
    sqlite_db_bind_row(stmt, op_rows[op->kind], op->row, &w->hashes);
    result = run_op(w, op, e);
    sqlite3_reset(stmt);
    if (result == APPLIED && op->kind == OP_NODE_UPSERT && w->place.node_no == 0)
        place_made(&w->place);
    return result;
}

enum applied sqlite_write_apply(struct sqlite_write *w, struct store_batch *b, struct err *e)
{
    b->first_event = b->last_event = 0;
    place_forget(&w->place);
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        enum applied result = apply_op(w, op, b, e);

        if (result != APPLIED)
            return result;
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
    if (result == REFUSED)
        undone(w);
    if (result != BROKEN && !frame_run(w, RELEASE, e))
        return BROKEN;
    return result;
}

/* PASSIVE takes what readers leave; when all of it could be copied, the next commit starts the WAL
 * from its beginning, otherwise the next try is one step later. */
bool sqlite_write_tidy(struct driver_write *base, bool *ret_done, struct err *e)
{
    struct sqlite_write *w = sqlite_write_of(base);
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

uint64_t sqlite_write_wal_pages(const struct driver_write *base)
{
    return ((const struct sqlite_write *)base)->wal_pages;
}
