/* gather_test.c -- two connections do the same, one by the gathering VFS and one by the plain one:
 * their WALs are the same bytes, and each reads what it wrote. Without a sync, which would bring
 * what waits into the file by itself. */
#include "files.h"

#include "store/sqlite/gather.h"

#include <sqlite3.h>
#include <string.h>

static struct gather_vfs gather;

enum which { PLAIN, GATHERED, BOTH };

static sqlite3 *dbs[BOTH];
static char *paths[BOTH];

static void run(sqlite3 *db, const char *sql)
{
    char *why = NULL;

    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
}

/* The WAL's salts are drawn: both draw the same. */
static void on_both(const char *sql)
{
    for (int i = 0; i < BOTH; i++) {
        sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 7, NULL);
        run(dbs[i], sql);
    }
}

static void open_one(enum which which, const char *vfs)
{
    paths[which] = mem_printf("%s/%d.db", fixture_folder, which);
    ck_assert_int_eq(sqlite3_open_v2(paths[which], &dbs[which],
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
}

static void setup(void)
{
    fixture_setup();
    gather_init(&gather, "gather-test", sqlite3_vfs_find(NULL));
    ck_assert_int_eq(sqlite3_vfs_register(&gather.vfs, 0), SQLITE_OK);
    open_one(PLAIN, NULL);
    open_one(GATHERED, "gather-test");
    on_both("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;"
            "PRAGMA cache_size = 10;"
            "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX i ON t (text);");
}

static void teardown(void)
{
    for (int i = 0; i < BOTH; i++) {
        ck_assert_int_eq(sqlite3_close(dbs[i]), SQLITE_OK);
        free(take(paths[i]));
    }
    sqlite3_vfs_unregister(&gather.vfs);
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 0, NULL);
    fixture_teardown();
}

static void wal_of(enum which which, struct buf *ret)
{
    auto_mem char *path = mem_printf("%s-wal", paths[which]);
    struct err e = {0};

    ck_assert_msg(file_read(path, 64 * 1024 * 1024, ret, &e), "%s", e.msg);
}

/* Of size bytes at least, so that no two empty files are compared. */
static void assert_same_wal(size_t size)
{
    auto_done(buf) plain = {0};
    auto_done(buf) gathered = {0};

    wal_of(PLAIN, &plain);
    wal_of(GATHERED, &gathered);
    ck_assert_uint_ge(plain.len, size);
    ck_assert_uint_eq(plain.len, gathered.len);
    ck_assert_int_eq(memcmp(plain.data, gathered.data, plain.len), 0);
}

/* What another connection, by the plain VFS, finds. */
static int64_t seen_by_others(enum which which, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int64_t value;

    ck_assert_int_eq(sqlite3_open_v2(paths[which], &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static void assert_seen(int64_t rows)
{
    ck_assert_int_eq(seen_by_others(PLAIN, "SELECT count(*) FROM t"), rows);
    ck_assert_int_eq(seen_by_others(GATHERED, "SELECT count(*) FROM t"), rows);
}

/* Rows from..to of some hundred bytes each, in an order that spreads over the index. */
#define ROWS(from, to)                                                                             \
    "WITH RECURSIVE n (x) AS (SELECT " #from " UNION ALL SELECT x + 1 FROM n WHERE x < " #to ")"   \
    " INSERT INTO t SELECT x, hex(x * 7919 % 1000) || printf('%.300c', 'a') FROM n;"

START_TEST(commits_of_any_size_are_the_bytes_that_the_plain_vfs_writes)
{
    on_both(ROWS(1, 1));
    assert_same_wal(4096);
    on_both(ROWS(2, 50));
    assert_same_wal(8 * 4096);
    on_both("BEGIN;" ROWS(51, 2000) "COMMIT;"); /* more than waits, more than the cache */
    assert_same_wal(2L * GATHER_BYTES_MAX);
    on_both("INSERT INTO t VALUES (3000, printf('%.700000c', 'b'))");
    assert_same_wal(4L * GATHER_BYTES_MAX);
    assert_seen(2001);
}
END_TEST

/* SQLite writes pages before the commit, reads them again, and writes them anew. */
START_TEST(pages_that_leave_the_cache_before_the_commit_are_read_and_written_again)
{
    on_both("BEGIN;" ROWS(1, 1000) "UPDATE t SET text = text || 'x' WHERE id % 3 = 0;"
                                   "UPDATE t SET text = text || 'y' WHERE id % 7 = 0;");
    assert_seen(0);
    on_both("COMMIT");
    assert_same_wal(GATHER_BYTES_MAX);
    assert_seen(1000);
    ck_assert_int_eq(seen_by_others(GATHERED, "SELECT count(*) FROM t WHERE text LIKE '%xy'"), 47);
    ck_assert_int_eq(seen_by_others(GATHERED, "SELECT count(*) FROM pragma_integrity_check"
                                              " WHERE integrity_check = 'ok'"),
                     1);
}
END_TEST

START_TEST(what_is_rolled_back_is_written_over)
{
    on_both(ROWS(1, 20));
    on_both("BEGIN;" ROWS(21, 900) "ROLLBACK;");
    assert_seen(20);
    on_both(
        "BEGIN;" ROWS(21, 40) "SAVEPOINT s;" ROWS(41, 900) "ROLLBACK TO s;" ROWS(41, 60) "COMMIT;");
    assert_same_wal(4096);
    assert_seen(60);
    on_both(ROWS(61, 1500));
    assert_same_wal(GATHER_BYTES_MAX);
}
END_TEST

START_TEST(a_wal_that_begins_anew_or_is_cut_stays_the_same)
{
    on_both(ROWS(1, 300));
    on_both("PRAGMA wal_checkpoint(RESTART)");
    on_both(ROWS(301, 310));
    assert_same_wal(4096);
    on_both("PRAGMA wal_checkpoint(TRUNCATE)");
    assert_same_wal(0);
    on_both(ROWS(311, 400));
    assert_same_wal(4096);
    assert_seen(400);
}
END_TEST

TCase *gather_cases(void)
{
    TCase *tc = tcase_create("gather");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, commits_of_any_size_are_the_bytes_that_the_plain_vfs_writes);
    tcase_add_test(tc, pages_that_leave_the_cache_before_the_commit_are_read_and_written_again);
    tcase_add_test(tc, what_is_rolled_back_is_written_over);
    tcase_add_test(tc, a_wal_that_begins_anew_or_is_cut_stays_the_same);
    return tc;
}
