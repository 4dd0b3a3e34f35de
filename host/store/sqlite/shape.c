/* shape.c -- see shape.h. What it should be is made anew, in memory, by the migrations themselves.
 */
#include "store/sqlite/shape.h"

#include "store/sqlite/db.h"
#include "store/sqlite/migrate.h"

#include <string.h>

/* sqlite_stat1 and the like are SQLite's own. */
static const struct statement objects = {
    "SELECT type || ' ' || name, tbl_name || ': ' || coalesce(sql, '') FROM sqlite_schema"
    " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
    NULL,
};

struct walk {
    sqlite3_stmt *stmt;
    bool there; /* on a row */
};

static bool next(struct walk *w)
{
    w->there = sqlite_db_step(w->stmt) == SQLITE_ROW;
    return w->there;
}

static const char *text(const struct walk *w, int column)
{
    return (const char *)sqlite3_column_text(w->stmt, column);
}

/* Both are in the order of the names. */
static bool compare(struct walk *want, struct walk *have, struct err *e)
{
    next(want);
    next(have);
    while (want->there || have->there) {
        int order = !want->there ? 1 : !have->there ? -1 : strcmp(text(want, 0), text(have, 0));

        if (order < 0)
            return err_set(e, ERR_CORRUPT, "the store has no %s any more", text(want, 0));
        if (order > 0)
            return err_set(e, ERR_CORRUPT, "the store has a %s that is not ours", text(have, 0));
        if (strcmp(text(want, 1), text(have, 1)) != 0)
            return err_set(e, ERR_CORRUPT, "the store's %s was changed", text(have, 0));
        next(want);
        next(have);
    }
    return true;
}

bool shape_digest(sqlite3 *db, struct sha256_hex *ret, struct err *e)
{
    struct walk w = {0};
    struct sha256_stream *sha;

    if (!sqlite_db_prepare(db, &objects, &w.stmt, e))
        return false;
    sha = sha256_stream_new();
    while (next(&w)) {
        for (int i = 0; i < 2; i++)
            sha256_stream_add(sha, text(&w, i), strlen(text(&w, i)) + 1);
    }
    *ret = sha256_stream_end_hex(sha);
    sqlite3_finalize(w.stmt);
    return true;
}

static bool compare_with_ideal(sqlite3 *db, struct err *e)
{
    auto_sqlite ideal = NULL;
    struct walk want = {0}, have = {0};
    bool ok;

    ok = sqlite_db_open_plain(":memory:", &ideal, e) && migrate_to(ideal, migration_count, e) &&
         sqlite_db_prepare(ideal, &objects, &want.stmt, e) &&
         sqlite_db_prepare(db, &objects, &have.stmt, e) && compare(&want, &have, e);
    sqlite3_finalize(want.stmt);
    sqlite3_finalize(have.stmt);
    return ok;
}

/* An error of the digest's, too, is the comparison's to tell. */
bool shape_check(sqlite3 *db, struct err *e)
{
    struct sha256_hex digest;

    if (shape_digest(db, &digest, NULL) && strcmp(digest.text, shape_expected) == 0)
        return true;
    return compare_with_ideal(db, e);
}
