/* migrate.c -- see migrate.h. user_version holds the schema's version. */
#include "store/sqlite/migrate.h"

#include "base/buf.h"
#include "model/version/version.h"
#include "store/sqlite/db.h"
#include "store/sqlite/hash.h"

#include <assert.h>

static bool step(sqlite3 *db, const char *body, int version, struct err *e)
{
    auto_done(buf) sql = {0};

    buf_addf(&sql, "BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", body, version);
    if (sqlite_db_exec(db, buf_text(&sql), e))
        return true;
    sqlite_db_rollback(db);
    return err_wrap(e, "schema version %d", version);
}

/* orch_version_key(TEXT), for the migrations that make keys anew. */
static void sql_version_key(sqlite3_context *context, int count, sqlite3_value **values)
{
    auto_done(buf) key = {0};

    (void)count;
    version_key((const char *)sqlite3_value_text(values[0]), &key);
    sqlite3_result_text(context, buf_text(&key), (int)key.len, SQLITE_TRANSIENT);
}

static bool add_functions(sqlite3 *db, struct err *e)
{
    if (sqlite3_create_function_v2(db, "orch_version_key", 1,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                   sql_version_key, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_db_fail(db, "add a function", e);
    return hash_add_function(db, e);
}

bool migrate_to(sqlite3 *db, int version, struct err *e)
{
    int64_t now;

    assert(version >= 0 && version <= migration_count);
    if (!sqlite_db_int(db, "PRAGMA user_version", &now, e) || !add_functions(db, e))
        return false;
    if (now < 0 || now > migration_count)
        return err_set(e, ERR_UNSUPPORTED,
                       "schema version %lld was written by a newer program; this one knows %d",
                       (long long)now, migration_count);
    for (; now < version; now++) {
        if (!step(db, migrations[now].up, (int)now + 1, e))
            return err_wrap(e, "migrate up '%s'", migrations[now].name);
    }
    for (; now > version; now--) {
        if (!step(db, migrations[now - 1].down, (int)now - 1, e))
            return err_wrap(e, "migrate down '%s'", migrations[now - 1].name);
    }
    return true;
}
