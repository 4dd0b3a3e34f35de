/* db.h -- one SQLite connection and its prepared statements; errors mapped in one place.
 * Writer connections belong to the writer's thread, read-only ones to a reader. Private to
 * host/store; the only folder that includes <sqlite3.h>. */
#ifndef ORCH_STORE_SQLITE_DB_H
#define ORCH_STORE_SQLITE_DB_H

#include "base/err.h"
#include "store/columns.h"

#include <sqlite3.h>

/* Statement texts may say, for the columns of a row type:
 *   {columns}  the names an INSERT gives      {values}  ?1, ?2, ... for them
 *   {set}      name = excluded.name, without the fixed ones
 *   {read}     what a SELECT asks for
 * Parameters are numbered as the columns are. Those that say which node has the row are no part of
 * the first three; {run} and {node} are its numbers, {records} the first of its records'
 * (place.h), {event} the row of an event (ledgers.h), behind the columns'. */
struct statement {
    const char *sql;
    const struct row_type *row;
};

static inline int sqlite_db_run_parameter(const struct row_type *row)
{
    return (int)row->count + 1;
}
static inline int sqlite_db_node_parameter(const struct row_type *row)
{
    return (int)row->count + 2;
}
static inline int sqlite_db_records_parameter(const struct row_type *row)
{
    return (int)row->count + 1;
}

static inline int sqlite_db_event_parameter(const struct row_type *row)
{
    return (int)row->count + 1;
}

/* Before the first connection; later it changes nothing. */
void sqlite_db_setup(void);

void sqlite_db_close(sqlite3 *db); /* accepts NULL */
static inline void sqlite_db_auto_close(sqlite3 **db)
{
    sqlite_db_close(*db);
}
#define auto_sqlite __attribute__((cleanup(sqlite_db_auto_close))) sqlite3 *

/* The read-write connection: WAL, FULL, no checkpoint by itself. ERR_UNSUPPORTED: the file is
 * another program's. */
#define SQLITE_DB_WRITER_CACHE "PRAGMA cache_size = -65536;"
bool sqlite_db_open_writer(const char *path, sqlite3 **ret, struct err *e) must_check;
/* For a file that is written once and whole: a backup. */
bool sqlite_db_open_plain(const char *path, sqlite3 **ret, struct err *e) must_check;
bool sqlite_db_open_reader(const char *path, sqlite3 **ret, struct err *e) must_check;

bool sqlite_db_prepare(sqlite3 *db, const struct statement *what, sqlite3_stmt **ret,
                       struct err *e) must_check;
bool sqlite_db_exec(sqlite3 *db, const char *sql, struct err *e) must_check;
/* Ends a transaction that an error left open, if there is one. */
void sqlite_db_rollback(sqlite3 *db);
/* The one integer that sql answers. */
bool sqlite_db_int(sqlite3 *db, const char *sql, int64_t *ret, struct err *e) must_check;

/* sqlite3_step, such that sqlite_db_fail right behind it knows errno. */
int sqlite_db_step(sqlite3_stmt *stmt);
/* Sets e from the connection's last error, with the system's reason where it had one, and returns
 * false. */
bool sqlite_db_fail(sqlite3 *db, const char *what, struct err *e);
/* True when another process's lock was in the way: nothing happened, and it may be tried again. */
bool sqlite_db_busy(sqlite3 *db);
/* True for an error that the data caused and that leaves the connection sound. */
bool sqlite_db_refused(sqlite3 *db);

/* Binds a row's columns to ?1, ?2, ... as far as the statement has parameters. */
struct bound_hashes;
void sqlite_db_bind_row(sqlite3_stmt *stmt, const struct row_type *type, const void *row,
                        struct bound_hashes *hashes);
/* Fills a row from the statement's current result; its texts are copied into mem. */
struct arena;
void sqlite_db_read_row(sqlite3_stmt *stmt, const struct row_type *type, struct arena *mem,
                        void *row);

#endif
