/* errors_test.c -- what an error of SQLite is called here, and the system's reason in its text. */
#include "files.h"

#include "store/sqlite/db.h"

#include <errno.h>
#include <string.h>

static const char schema[] = "PRAGMA foreign_keys = ON;"
                             "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
                             "CREATE TABLE child (id INTEGER PRIMARY KEY,"
                             " parent INTEGER REFERENCES parent, n INTEGER CHECK (n > 0),"
                             " other INTEGER UNIQUE);"
                             "CREATE TRIGGER keeps BEFORE DELETE ON parent BEGIN"
                             " SELECT RAISE(ABORT, 'it stays'); END;"
                             "INSERT INTO parent VALUES (1, 'one');"
                             "PRAGMA max_page_count = 8;";

static sqlite3 *open_owned(void)
{
    auto_mem char *path = mem_printf("%s/small.db", fixture_folder);
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

START_TEST(an_error_of_the_database_has_a_code_of_ours_and_the_systems_reason)
{
    static const struct {
        const char *sql;
        enum err_code code;
        const char *words;
        bool refused; /* the data's fault */
    } rows[] = {
        {"INSERT INTO parent VALUES (1, 'two')", ERR_CONFLICT, "UNIQUE", true},
        {"INSERT INTO parent VALUES (2, 'one')", ERR_CONFLICT, "UNIQUE", true},
        {"DELETE FROM parent", ERR_CONFLICT, "it stays", true},
        {"INSERT INTO child VALUES (1, 7, 1, 1)", ERR_NOT_FOUND, "FOREIGN KEY", true},
        {"INSERT INTO child VALUES (1, 1, 0, 1)", ERR_INVALID, "CHECK", true},
        {"INSERT INTO parent VALUES ('x', 'y')", ERR_INVALID, "mismatch", true},
        {"INSERT INTO parent VALUES (3, zeroblob(100000))", ERR_LIMIT, "No space left on device",
         false},
    };
    auto_sqlite db = open_owned();
    struct err why = {0};

    ck_assert_msg(sqlite_db_exec(db, schema, &why), "%s", why.msg);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sqlite3_stmt *stmt = NULL;
        struct err e = {0};

        ck_assert_int_eq(sqlite3_prepare_v2(db, rows[i].sql, -1, &stmt, NULL), SQLITE_OK);
        ck_assert_int_ne(sqlite_db_step(stmt), SQLITE_DONE);
        ck_assert_int_eq(sqlite_db_refused(db), rows[i].refused);
        errno = 0; /* a call that went well in between */
        ck_assert(!sqlite_db_fail(db, "the row", &e));
        ck_assert_msg(e.code == rows[i].code && strstr(e.msg, rows[i].words) != NULL, "row %zu: %s",
                      i, e.msg);
        ck_assert_ptr_nonnull(strstr(e.msg, "the row: "));
        ck_assert(!sqlite_db_busy(db));
        sqlite3_finalize(stmt);
    }
}
END_TEST

START_TEST(anothers_lock_is_no_failure_but_unavailable)
{
    auto_sqlite db = open_owned();
    auto_sqlite other = open_owned();
    struct err e = {0};

    ck_assert_msg(sqlite_db_exec(db, "BEGIN IMMEDIATE", &e), "%s", e.msg);
    ck_assert(!sqlite_db_exec(other, "BEGIN IMMEDIATE", &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert(sqlite_db_busy(other) && !sqlite_db_refused(other));
    sqlite_db_rollback(db);
    ck_assert_msg(sqlite_db_exec(other, "BEGIN IMMEDIATE", &e), "%s", e.msg);
    sqlite_db_rollback(other);
}
END_TEST

TCase *errors_cases(void)
{
    TCase *c = tcase_create("errors");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, an_error_of_the_database_has_a_code_of_ours_and_the_systems_reason);
    tcase_add_test(c, anothers_lock_is_no_failure_but_unavailable);
    return c;
}
