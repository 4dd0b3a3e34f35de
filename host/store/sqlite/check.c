/* check.c -- see check.h. */
#include "store/sqlite/check.h"

#include "base/clock.h"
#include "store/sqlite/db.h"

#include <string.h>

enum { CHECK_STEPS = 10000 };
#define BOUNDED_CHECK_NS (2LL * 1000 * 1000 * 1000)

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

/* It reads each page once: in the large cache each would be fresh memory, a third of its time. */
bool check_as_asked(sqlite3 *db, enum store_check how, struct err *e)
{
    return how == STORE_CHECK_NONE || (sqlite_db_exec(db, "PRAGMA cache_size = -1024;", e) &&
                                       check(db, how == STORE_CHECK_BOUNDED, e) &&
                                       sqlite_db_exec(db, SQLITE_DB_WRITER_CACHE, e));
}
