/* db.c -- see db.h. */
#include "store/sqlite/db.h"

#include "base/buf.h"
#include "store/markers.h"
#include "store/sqlite/gather.h"
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* Above what a batch can hold, so that a bind never fails for a value's length. */
enum { VALUE_BYTES_MAX = 128 * 1024 * 1024 };
/* Only an outside shell can hold a lock against us. The writer asks again and again (writer.c); a
 * reader may be on the loop and must not hold it up. */
enum { WRITER_BUSY_MS = 1000, READER_BUSY_MS = 100 };
enum { APPLICATION_ID = 0x6f726368 }; /* "orch" */
static_assert(VALUE_BYTES_MAX > STORE_BATCH_BYTES_MAX, "a batch's texts can be bound");

/* SQLite's count of its own memory takes a global lock at each allocation, between the writer and
 * the readers: without it a commit of many rows is a twelfth faster (tests/bench/store_bench). */
void sqlite_db_setup(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* SQLite gives a connection to what it could not open, too: it only says why. */
static void close_it(sqlite3 *db)
{
    int rc = sqlite3_close(db);

    assert(rc == SQLITE_OK); /* otherwise a statement of ours was not finalized */
}

void sqlite_db_close(sqlite3 *db)
{
    if (db == NULL)
        return;
    close_it(db);
}

static enum err_code code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
            return ERR_NOT_FOUND;
        return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       rc == SQLITE_CONSTRAINT_ROWID || rc == SQLITE_CONSTRAINT_TRIGGER
                   ? ERR_CONFLICT
                   : ERR_INVALID;
    case SQLITE_MISMATCH:
        return ERR_INVALID;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_UNAVAILABLE;
    case SQLITE_FULL:
        return ERR_LIMIT;
    default:
        return ERR_SYSTEM;
    }
}

/* What the system said, 0 when it was not asked. SQLite keeps no number for a full disk, nor for an
 * error inside COMMIT, behind which no call fails that would change errno (sqlite_db_step). */
static int system_errno(sqlite3 *db, int rc)
{
    int number = errno;

    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return sqlite3_system_errno(db) != 0 ? sqlite3_system_errno(db) : number;
    default:
        return 0;
    }
}

bool sqlite_db_fail(sqlite3 *db, const char *what, struct err *e)
{
    int rc = sqlite3_extended_errcode(db), number = system_errno(db, rc);

    if (number == 0)
        return err_set(e, code_of(rc), "%s: %s (sqlite %d)", what, sqlite3_errmsg(db), rc);
    errno = number;
    err_sys(e, "%s: %s (sqlite %d)", what, sqlite3_errmsg(db), rc);
    if (e != NULL)
        e->code = number == ENOSPC || number == EDQUOT ? ERR_LIMIT : code_of(rc);
    return false;
}

int sqlite_db_step(sqlite3_stmt *stmt)
{
    errno = 0;
    return sqlite3_step(stmt);
}

bool sqlite_db_busy(sqlite3 *db)
{
    int rc = sqlite3_errcode(db) & 0xff;

    return rc == SQLITE_BUSY || rc == SQLITE_LOCKED;
}

bool sqlite_db_refused(sqlite3 *db)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return true;
    default:
        return false;
    }
}

/* The VFS of the connection that writes the WAL. */
static const char *gathering(void)
{
    static const char name[] = "orch-gather";
    static struct gather_vfs gather;

    if (sqlite3_vfs_find(name) == NULL) {
        gather_init(&gather, name, sqlite3_vfs_find(NULL));
        sqlite3_vfs_register(&gather.vfs, 0);
    }
    return name;
}

/* vfs NULL: the plain one. */
static bool open_any(const char *path, int flags, const char *vfs, sqlite3 **ret, struct err *e)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs) !=
        SQLITE_OK) {
        if (db == NULL)
            return err_set(e, ERR_SYSTEM, "open '%s': out of memory", path);
        err_set(e, code_of(sqlite3_extended_errcode(db)), "open '%s': %s", path,
                sqlite3_errmsg(db));
        close_it(db);
        return false;
    }
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(db, (flags & SQLITE_OPEN_READONLY) != 0 ? READER_BUSY_MS : WRITER_BUSY_MS);
    *ret = db;
    return true;
}

bool sqlite_db_open_plain(const char *path, sqlite3 **ret, struct err *e)
{
    return open_any(path, SQLITE_OPEN_READWRITE, NULL, ret, e);
}

/* An empty file becomes ours; any other must be, before anything is written to it. */
static bool claim(sqlite3 *db, struct err *e)
{
    int64_t id, tables;
    auto_done(buf) sql = {0};

    if (!sqlite_db_int(db, "PRAGMA application_id", &id, e) ||
        !sqlite_db_int(db, "SELECT count(*) FROM sqlite_schema", &tables, e))
        return false;
    if (id == APPLICATION_ID)
        return true;
    if (id != 0 || tables > 0)
        return err_set(e, ERR_UNSUPPORTED, "the file is another program's database");
    buf_addf(&sql, "PRAGMA application_id = %d", APPLICATION_ID);
    return sqlite_db_exec(db, buf_text(&sql), e);
}

bool sqlite_db_open_writer(const char *path, sqlite3 **ret, struct err *e)
{
    auto_sqlite db = NULL;
    int64_t is_wal;

    if (!open_any(path, SQLITE_OPEN_READWRITE, gathering(), &db, e))
        return false;
    /* The journal's limit is what stays of a WAL that a long read (a backup) let grow. */
    if (!claim(db, e) || !sqlite_db_exec(db,
                                         "PRAGMA journal_mode = WAL;"
                                         "PRAGMA synchronous = FULL;"
                                         "PRAGMA wal_autocheckpoint = 0;"
                                         "PRAGMA journal_size_limit = 67108864;"
                                         "PRAGMA foreign_keys = ON;"
                                         "PRAGMA temp_store = MEMORY;" SQLITE_DB_WRITER_CACHE,
                                         e))
        return err_wrap(e, "open '%s'", path);
    /* A file system without shared memory keeps the old mode and says nothing. */
    if (!sqlite_db_int(db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &is_wal, e))
        return err_wrap(e, "open '%s'", path);
    if (!is_wal)
        return err_set(e, ERR_UNSUPPORTED, "'%s': its file system cannot hold a WAL", path);
    *ret = take(db);
    return true;
}

bool sqlite_db_open_reader(const char *path, sqlite3 **ret, struct err *e)
{
    auto_sqlite db = NULL;

    if (!open_any(path, SQLITE_OPEN_READONLY, NULL, &db, e))
        return false;
    /* The writer alone checkpoints (DESIGN.md 8): not even the last reader to close does. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!sqlite_db_exec(db,
                        "PRAGMA query_only = ON;"
                        "PRAGMA temp_store = MEMORY;"
                        "PRAGMA cache_size = -2048;", /* every commit empties it */
                        e))
        return err_wrap(e, "open '%s'", path);
    *ret = take(db);
    return true;
}

bool sqlite_db_exec(sqlite3 *db, const char *sql, struct err *e)
{
    errno = 0;
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_db_fail(db, "exec", e);
    return true;
}

void sqlite_db_rollback(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

bool sqlite_db_int(sqlite3 *db, const char *sql, int64_t *ret, struct err *e)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;

    if (ok)
        *ret = sqlite3_column_int64(stmt, 0);
    else
        sqlite_db_fail(db, sql, e);
    sqlite3_finalize(stmt);
    return ok;
}

/* Writes the column as the marker wants it, behind the separator; false when the marker leaves the
 * column out. */
static bool add_column(struct buf *b, const char *separator, const char *marker,
                       const struct column *c, size_t number)
{
    bool written = c->kind != COL_ID && c->kind != COL_SAID && !c->said && !c->owner;

    if (strcmp(marker, "columns") == 0 && written)
        buf_addf(b, "%s%s", separator, c->name);
    else if (strcmp(marker, "values") == 0 && written)
        buf_addf(b, "%s?%zu", separator, number);
    else if (strcmp(marker, "set") == 0 && written && !c->fixed)
        buf_addf(b, "%s%s = excluded.%s", separator, c->name, c->name);
    else if (strcmp(marker, "read") == 0 && (c->kind == COL_HASH || c->kind == COL_HASH_NULL))
        buf_addf(b, "%s%s_bytes", separator, c->name);
    else if (strcmp(marker, "read") == 0)
        buf_addf(b, "%s%s", separator, c->read != NULL ? c->read : c->name);
    else
        return false;
    return true;
}

static void add_columns(struct buf *b, const char *marker, const struct row_type *row)
{
    const char *separator = "";

    for (size_t i = 0; i < row->count; i++) {
        if (add_column(b, separator, marker, &row->columns[i], i + 1))
            separator = ", ";
    }
    assert(separator[0] != '\0'); /* otherwise the marker is misspelt */
}

static void add_marker(struct buf *b, const char *marker, const struct row_type *row)
{
    if (strcmp(marker, "run") == 0)
        buf_addf(b, "?%d", sqlite_db_run_parameter(row));
    else if (strcmp(marker, "node") == 0)
        buf_addf(b, "?%d", sqlite_db_node_parameter(row));
    else if (strcmp(marker, "records") == 0)
        buf_addf(b, "?%d", sqlite_db_records_parameter(row));
    else if (strcmp(marker, "event") == 0)
        buf_addf(b, "?%d", sqlite_db_event_parameter(row));
    else
        add_columns(b, marker, row);
}

bool sqlite_db_prepare(sqlite3 *db, const struct statement *what, sqlite3_stmt **ret, struct err *e)
{
    auto_done(buf) sql = {0};

    markers_expand(&sql, what->sql, what->row, add_marker);
    if (sqlite3_prepare_v3(db, buf_text(&sql), -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) !=
        SQLITE_OK)
        return sqlite_db_fail(db, buf_text(&sql), e);
    return true;
}
