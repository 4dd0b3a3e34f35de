/* fixture.c -- a file of its own for each test (suites.h, files.h). */
#include "files.h"

#include <sqlite3.h>
#include <stdlib.h>

char *fixture_folder;
char *fixture_path;

const char driver_name[] = "store on SQLite";
cases_fn *const driver_cases[] = {writer_cases, queue_cases,   file_cases,   plan_cases,
                                  damage_cases, durable_cases, errors_cases, gather_cases,
                                  place_cases,  hands_cases,   NULL};

bool fixture_begin(struct err *e unused_arg)
{
    return true;
}

void fixture_end(void)
{
}

void fixture_setup(void)
{
    const char *base = getenv("TMPDIR");

    fixture_folder = mem_printf("%s/orch-store-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fixture_folder));
    fixture_path = mem_printf("%s/orch.db", fixture_folder);
    fixture_url = mem_str(fixture_path);
    fixture_open();
}

void fixture_teardown(void)
{
    auto_mem char *remove_all = mem_printf("rm -rf '%s'", fixture_folder);

    fixture_close();
    ck_assert_int_eq(system(remove_all), 0);
    free(take(fixture_url));
    free(take(fixture_path));
    free(take(fixture_folder));
}

int outside_sql(const char *sql)
{
    sqlite3 *db = NULL;
    int rc;

    ck_assert_int_eq(sqlite3_open(fixture_path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

int64_t outside_int(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    ck_assert_int_eq(sqlite3_open(fixture_path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

struct store *fixture_follow(void)
{
    const struct store_options options = {.url = fixture_path,
                                          .host_id = SAMPLE_HOST,
                                          .check = STORE_CHECK_NONE};
    auto_mem char *lock = mem_printf("%s.lock", fixture_path);
    struct store *second = NULL;
    struct err e = {0};

    ck_assert_int_eq(unlink(lock), 0);
    ck_assert_msg(store_open(&options, &second, &e), "%s", e.msg);
    return second;
}

void fixture_drop_fence(void)
{
    ck_assert_int_eq(outside_sql("DELETE FROM store_fence"), 0);
}
