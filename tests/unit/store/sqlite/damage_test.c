/* damage_test.c -- a store that lost something that was acknowledged is not taken for whole: at the
 * open, and under a running host. */
#include "files.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNS = 12 };

static char *copy_path; /* of the store as a crash leaves it */

static void copy_file(const char *suffix)
{
    auto_mem char *from = mem_printf("%s%s", fixture_path, suffix);
    auto_mem char *to = mem_printf("%s%s", copy_path, suffix);
    auto_done(buf) bytes = {0};
    struct err e = {0};

    ck_assert_msg(file_read(from, 64u << 20, &bytes, &e), "%s", e.msg);
    ck_assert_msg(file_write_atomic(to, bytes.data, bytes.len, 0600, &e), "%s", e.msg);
}

static void add_runs(int first)
{
    for (int i = first; i < first + RUNS; i++) {
        auto_mem char *id = mem_printf("r%d", i);
        struct store_batch *b = store_batch_new();
        const struct store_run run = sample_run(id);

        store_batch_run_insert(b, &run);
        sample_step(b, id, "n1", 1);
        commit(b);
    }
}

/* The writer is idle: what it acknowledged is in the files, and nothing else. */
static void crash_copy(void)
{
    copy_file("");
    copy_file("-wal");
    copy_file(".count");
}

static void setup(void)
{
    fixture_setup();
    copy_path = mem_printf("%s/copy.db", fixture_folder);
    add_runs(0);
    crash_copy();
}

static void teardown(void)
{
    fixture_teardown();
    free(take(copy_path));
}

static enum err_code open_as(const char *path, enum store_create create, struct err *ret)
{
    const struct store_options options = {.url = path, .create = create};
    struct store *store = NULL;

    if (store_open(&options, &store, ret)) {
        store_close(store);
        return ERR_NONE;
    }
    return ret->code;
}

static void copy_is(enum err_code code, const char *says)
{
    struct err e = {0};

    ck_assert_msg(open_as(copy_path, STORE_CREATE_NEW, &e) == code, "%d: %s", (int)e.code, e.msg);
    ck_assert_msg(strstr(e.msg, says) != NULL, "%s", e.msg);
}

static int open_of_copy(const char *suffix, int flags)
{
    auto_mem char *path = mem_printf("%s%s", copy_path, suffix);
    int fd = open(path, flags | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    return fd;
}

static off_t bytes_of_copy(const char *suffix)
{
    auto_fd fd = open_of_copy(suffix, O_RDONLY);
    struct stat st;

    ck_assert_int_eq(fstat(fd, &st), 0);
    return st.st_size;
}

static void flip(const char *suffix, off_t at)
{
    auto_fd fd = open_of_copy(suffix, O_RDWR);
    uint8_t byte;

    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
}

static void cut(const char *suffix, off_t bytes)
{
    auto_fd fd = open_of_copy(suffix, O_RDWR);

    ck_assert_int_eq(ftruncate(fd, bytes), 0);
}

static void remove_copy(const char *suffix)
{
    auto_mem char *path = mem_printf("%s%s", copy_path, suffix);

    ck_assert(unlink(path) == 0 || errno == ENOENT);
}

START_TEST(what_a_crash_leaves_opens_with_all_of_it)
{
    auto_mem char *own = fixture_path;

    copy_is(ERR_NONE, "");
    fixture_path = copy_path;
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), RUNS);
    fixture_path = take(own);
    copy_is(ERR_NONE, ""); /* closed in order: no WAL is expected */
}
END_TEST

/* Anywhere: header, first frame, page, last frame's sums. */
START_TEST(one_flipped_byte_of_the_wal_is_found_and_nothing_is_changed)
{
    off_t bytes = bytes_of_copy("-wal");
    const off_t places[] = {9, 17, 30, 33, 40, 200, bytes / 3, bytes / 2, bytes - 4120, bytes - 1};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        flip("-wal", places[i]);
        copy_is(ERR_CORRUPT, "-wal");
        ck_assert_int_eq(bytes_of_copy("-wal"), bytes);
        flip("-wal", places[i]);
    }
    copy_is(ERR_NONE, "");
}
END_TEST

START_TEST(a_wal_that_was_cut_or_lost_is_found)
{
    off_t bytes = bytes_of_copy("-wal");

    cut("-wal", bytes - 1);
    copy_is(ERR_CORRUPT, "-wal");
    cut("-wal", 40);
    copy_is(ERR_CORRUPT, "-wal");
    cut("-wal", 0);
    copy_is(ERR_CORRUPT, "-wal");
    remove_copy("-wal");
    copy_is(ERR_CORRUPT, "event");
}
END_TEST

/* The WAL began anew since: none of its pages is of what was acknowledged. */
START_TEST(a_wal_from_before_the_last_merge_is_found)
{
    ck_assert_int_eq(outside_sql("PRAGMA wal_checkpoint"), 0);
    add_runs(RUNS);
    copy_file("");
    copy_file(".count");
    copy_is(ERR_CORRUPT, "acknowledged pages it has 0");
}
END_TEST

START_TEST(an_older_copy_that_is_put_back_is_found)
{
    remove_copy("-wal");
    remove_copy("-shm");
    fixture_close(); /* the copy's file is from before the merge */
    copy_file(".count");
    copy_is(ERR_CORRUPT, "event");
    copy_file("");
    copy_is(ERR_NONE, "");
}
END_TEST

/* A shell that was the last to close merges the WAL and removes it. */
START_TEST(a_commit_that_changes_nothing_is_counted_as_nothing)
{
    struct store_batch *b = store_batch_new();

    fixture_close();
    fixture_open(); /* no WAL yet */
    store_batch_purge_expired(b, 1);
    store_batch_firings_purge(b, SAMPLE_TENANT, "s-1", 1);
    commit(b);
    ck_assert(!store_failed(fixture_store, NULL));
    add_runs(RUNS);
}
END_TEST

START_TEST(a_wal_that_another_program_merged_is_not_missed)
{
    auto_mem char *own = fixture_path;
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(copy_path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "SELECT count(*) FROM run_events", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    copy_is(ERR_NONE, "");
    fixture_path = copy_path;
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), RUNS);
    fixture_path = take(own);
}
END_TEST

START_TEST(a_count_that_is_damaged_is_refused_and_one_that_is_not_there_is_made)
{
    flip(".count", 0);
    copy_is(ERR_CORRUPT, ".count");
    flip(".count", 0);
    remove_copy(".count");
    copy_is(ERR_NONE, "");
    ck_assert_int_gt(bytes_of_copy(".count"), 0);
}
END_TEST

/* Where a file gets its size before its data, and the power went before the first line was synced.
 */
START_TEST(a_count_of_zeros_is_none)
{
    static const char zeros[56];
    auto_mem char *path = mem_printf("%s.count", copy_path);

    ck_assert(file_write_atomic(path, zeros, sizeof zeros, 0600, NULL));
    copy_is(ERR_NONE, "");
}
END_TEST

START_TEST(a_closed_store_counts_no_page_of_a_wal)
{
    static const char closed[] = "closed 00000000 00000000 0000000000 ";
    auto_mem char *path = mem_printf("%s.count", fixture_path);
    auto_done(buf) line = {0};
    struct err e = {0};

    fixture_close();
    ck_assert_msg(file_read(path, 4096, &line, &e), "%s", e.msg);
    ck_assert_msg(strncmp(buf_text(&line), closed, strlen(closed)) == 0, "%s", buf_text(&line));
    fixture_open();
}
END_TEST

START_TEST(a_missing_or_empty_store_is_one_only_where_it_may_be_made)
{
    struct err e = {0};

    cut("", 0);
    ck_assert_int_eq(open_as(copy_path, STORE_CREATE_NEVER, &e), ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(e.msg, "is empty"));
    copy_is(ERR_CORRUPT, "event"); /* something was acknowledged */
    ck_assert_int_eq(open_as(copy_path, STORE_CREATE_ANEW, &e), ERR_NONE);
    remove_copy("");
    remove_copy(".count");
    ck_assert_int_eq(open_as(copy_path, STORE_CREATE_NEVER, &e), ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(e.msg, "is missing"));
    copy_is(ERR_NONE, "");
}
END_TEST

START_TEST(a_table_index_or_trigger_that_differs_is_named)
{
    static const struct {
        const char *sql, *says;
    } rows[] = {
        {"DROP TRIGGER trg_run_events_no_delete", "no trigger trg_run_events_no_delete"},
        {"DROP INDEX idx_run_events_run", "no index idx_run_events_run"},
        {"CREATE TRIGGER quiet BEFORE INSERT ON run_events BEGIN SELECT RAISE(IGNORE); END",
         "trigger quiet that is not ours"},
        {"DROP TABLE statements", "statements"},
        {"ALTER TABLE tenants ADD COLUMN more TEXT", "table tenants was changed"},
    };

    fixture_close();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_mem char *own = fixture_path;

        copy_file("");
        copy_file(".count");
        remove_copy("-wal");
        fixture_path = copy_path;
        ck_assert_int_eq(outside_sql(rows[i].sql), 0);
        fixture_path = take(own);
        copy_is(ERR_CORRUPT, rows[i].says);
    }
}
END_TEST

START_TEST(a_file_of_the_store_that_others_may_use_is_refused)
{
    static const char *const suffixes[] = {"", "-wal", ".count"};

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        auto_mem char *path = mem_printf("%s%s", copy_path, suffixes[i]);

        ck_assert_int_eq(chmod(path, 0620), 0);
        copy_is(ERR_DENIED, path);
        ck_assert_int_eq(chmod(path, 0600), 0);
    }
}
END_TEST

/* Under a running host. */

/* A page that nobody asks for meanwhile. */
static void damage_an_index(void)
{
    int64_t page = outside_int("SELECT rootpage FROM sqlite_schema"
                               " WHERE name = 'idx_run_events_run'");
    int64_t bytes = outside_int("PRAGMA page_size");
    auto_fd fd = -1;

    fixture_close();
    fd = open(fixture_path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, "damaged", 7, (page - 1) * bytes), 7);
}

START_TEST(damage_that_a_start_has_no_time_for_is_found_beside_the_writer)
{
    const struct store_options at_once = {.url = fixture_path, .check = STORE_CHECK_BOUNDED};
    const struct store_options beside = {.url = fixture_path, .check = STORE_CHECK_BESIDE};
    struct store *store = NULL;
    struct err e = {0};

    damage_an_index();
    ck_assert(!store_open(&at_once, &store, &e));
    ck_assert_msg(strstr(e.msg, "quick_check") != NULL, "%s", e.msg);
    e = (struct err){0};
    ck_assert_msg(store_open(&beside, &store, &e), "%s", e.msg);
    for (int i = 0; i < 30000 && !store_failed(store, &e); i++)
        poll(NULL, 0, 1);
    ck_assert_msg(strstr(e.msg, "quick_check") != NULL, "%s", e.msg);
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    store_close(store);
}
END_TEST

START_TEST(a_check_that_goes_on_ends_with_the_store)
{
    const struct store_options beside = {.url = fixture_path, .check = STORE_CHECK_BESIDE};
    struct store *store = NULL;
    struct err e = {0};

    fixture_close();
    for (int i = 0; i < 20; i++) {
        ck_assert_msg(store_open(&beside, &store, &e), "%s", e.msg);
        store_close(take(store));
    }
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), RUNS);
}
END_TEST

static void put_other(const char *suffix)
{
    auto_mem char *path = mem_printf("%s%s", fixture_path, suffix);
    auto_mem char *other = mem_printf("%s%s", copy_path, suffix);

    copy_file(suffix);
    ck_assert_int_eq(rename(other, path), 0);
}

static void unlink_own(const char *suffix)
{
    auto_mem char *path = mem_printf("%s%s", fixture_path, suffix);

    ck_assert_int_eq(unlink(path), 0);
}

static void cut_own(const char *suffix)
{
    auto_mem char *path = mem_printf("%s%s", fixture_path, suffix);

    ck_assert_int_eq(truncate(path, 0), 0);
}

static void cut_half_own(const char *suffix)
{
    auto_mem char *path = mem_printf("%s%s", fixture_path, suffix);
    struct stat st;

    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(truncate(path, st.st_size / 2), 0);
}

static const struct harm {
    void (*harm)(const char *suffix);
    const char *suffix;
} harms[] = {
    {unlink_own, ""},    {unlink_own, "-wal"}, {unlink_own, "-shm"},   {put_other, ""},
    {put_other, "-wal"}, {cut_own, "-wal"},    {cut_half_own, "-wal"},
};

START_TEST(a_file_that_is_not_the_one_that_was_opened_fails_the_next_commit)
{
    const struct harm *h = &harms[_i];
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run("late");

    h->harm(h->suffix);
    store_batch_run_insert(b, &run);
    ck_assert_int_eq(commit_code(b), ERR_CORRUPT);
    ck_assert(store_failed(fixture_store, NULL));
}
END_TEST

/* Sooner than by the look that comes every ten seconds. */
enum { FOUND_MS = 8000 };

START_TEST(a_file_that_is_not_the_one_that_was_opened_fails_an_idle_store)
{
    const struct harm *h = &harms[_i];
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};
    struct err why = {0};

    h->harm(h->suffix);
    while (!store_failed(fixture_store, &why)) {
        ck_assert_int_eq(poll(&p, 1, FOUND_MS), 1);
        store_turn(fixture_store);
    }
    ck_assert_int_eq(why.code, ERR_CORRUPT);
}
END_TEST

START_TEST(a_wal_that_a_shell_merged_and_cut_is_no_harm)
{
    ck_assert_int_eq(outside_sql("PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    add_runs(RUNS);
    ck_assert(!store_failed(fixture_store, NULL));
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 2 * RUNS);
}
END_TEST

TCase *damage_cases(void)
{
    TCase *c = tcase_create("damage");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_a_crash_leaves_opens_with_all_of_it);
    tcase_add_test(c, one_flipped_byte_of_the_wal_is_found_and_nothing_is_changed);
    tcase_add_test(c, a_wal_that_was_cut_or_lost_is_found);
    tcase_add_test(c, a_wal_from_before_the_last_merge_is_found);
    tcase_add_test(c, an_older_copy_that_is_put_back_is_found);
    tcase_add_test(c, a_commit_that_changes_nothing_is_counted_as_nothing);
    tcase_add_test(c, a_wal_that_another_program_merged_is_not_missed);
    tcase_add_test(c, damage_that_a_start_has_no_time_for_is_found_beside_the_writer);
    tcase_add_test(c, a_check_that_goes_on_ends_with_the_store);
    tcase_add_test(c, a_count_that_is_damaged_is_refused_and_one_that_is_not_there_is_made);
    tcase_add_test(c, a_count_of_zeros_is_none);
    tcase_add_test(c, a_closed_store_counts_no_page_of_a_wal);
    tcase_add_test(c, a_missing_or_empty_store_is_one_only_where_it_may_be_made);
    tcase_add_test(c, a_table_index_or_trigger_that_differs_is_named);
    tcase_add_test(c, a_file_of_the_store_that_others_may_use_is_refused);
    tcase_add_loop_test(c, a_file_that_is_not_the_one_that_was_opened_fails_the_next_commit, 0,
                        ARRAY_LEN(harms));
    tcase_add_loop_test(c, a_file_that_is_not_the_one_that_was_opened_fails_an_idle_store, 0,
                        ARRAY_LEN(harms));
    tcase_add_test(c, a_wal_that_a_shell_merged_and_cut_is_no_harm);
    tcase_set_timeout(c, 120);
    return c;
}
