/* main.c -- the store's fixture and the program that runs every case. */
#include "suites.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *fixture_folder;
char *fixture_path;
struct store *fixture_store;
struct store_reader *fixture_reader;

void fixture_open(void)
{
    const struct store_options options = {.path = fixture_path};
    struct err e = {0};

    ck_assert_msg(store_open(&options, &fixture_store, &e), "%s", e.msg);
    ck_assert_msg(store_reader_open(fixture_store, &fixture_reader, &e), "%s", e.msg);
}

void fixture_close(void)
{
    store_reader_free(take(fixture_reader));
    store_close(take(fixture_store));
}

void fixture_setup(void)
{
    const char *base = getenv("TMPDIR");

    fixture_folder = mem_printf("%s/orch-store-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fixture_folder));
    fixture_path = mem_printf("%s/orch.db", fixture_folder);
    fixture_open();
}

void fixture_teardown(void)
{
    auto_mem char *remove_all = mem_printf("rm -rf '%s'", fixture_folder);

    fixture_close();
    ck_assert_int_eq(system(remove_all), 0);
    free(take(fixture_path));
    free(take(fixture_folder));
}

struct store_done commit(struct store_batch *b)
{
    struct store_done done = {0};
    struct err e = {0};

    ck_assert_msg(store_commit_wait(fixture_store, &b, &done, &e), "%s", e.msg);
    ck_assert_ptr_null(b);
    return done;
}

enum err_code commit_code(struct store_batch *b)
{
    struct err e = {0};
    bool ok = store_commit_wait(fixture_store, &b, NULL, &e);

    ck_assert_ptr_null(b);
    ck_assert_msg(!ok, "the batch was not refused");
    return e.code;
}

void add_run(const char *run_id)
{
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run(run_id);

    store_batch_run_insert(b, &run);
    commit(b);
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

int main(void)
{
    TCase *(*const cases[])(void) = {runs_cases,    nodes_cases,   ledger_cases, order_cases,
                                     dags_cases,    tenants_cases, writer_cases, queue_cases,
                                     file_cases,    page_cases,    plan_cases,   damage_cases,
                                     durable_cases, errors_cases,  gather_cases};
    Suite *suite = suite_create("store");
    SRunner *runner;
    int failed;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        suite_add_tcase(suite, cases[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
