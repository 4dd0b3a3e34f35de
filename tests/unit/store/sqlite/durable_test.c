/* durable_test.c -- what is told was synced: the calls that SQLite makes to the system are ours
 * here, and count for each file of the store what was written and not synced since. */
#include "files.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum file { FILE_STORE, FILE_WAL, FILE_FOLDER, FILE_OTHER, FILES };

static atomic_int writes[FILES];
static atomic_int unsynced[FILES]; /* writes */
static atomic_int syncs[FILES];
static atomic_int restarts_unsafe; /* the WAL began anew over pages that were not synced */
static atomic_long wal_room = -1;  /* bytes until the disk is full; -1: it never is */

static enum file file_of(int fd)
{
    auto_mem char *link = mem_printf("/proc/self/fd/%d", fd);
    char path[4096] = "";
    ssize_t len = readlink(link, path, sizeof path - 1);
    struct stat st;

    path[len > 0 ? len : 0] = '\0';
    if (len > 7 && strcmp(path + len - 7, "orch.db") == 0)
        return FILE_STORE;
    if (len > 4 && strcmp(path + len - 4, "-wal") == 0)
        return FILE_WAL;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? FILE_FOLDER : FILE_OTHER;
}

static void wrote(int fd, off_t at)
{
    enum file file = file_of(fd);

    if (file == FILE_WAL && at == 0 && atomic_load(&unsynced[FILE_STORE]) > 0)
        restarts_unsafe++;
    unsynced[file]++;
    writes[file]++;
}

/* How much of len bytes the disk takes; what is written in part is as full as what is not at all.
 */
static size_t room_for(int fd, size_t len)
{
    size_t room = (size_t)atomic_load(&wal_room);

    if (atomic_load(&wal_room) < 0 || file_of(fd) != FILE_WAL)
        return len;
    room = room < len ? room : len;
    atomic_fetch_sub(&wal_room, (long)room);
    return room;
}

static void synced(int fd)
{
    enum file file = file_of(fd);

    unsynced[file] = 0;
    syncs[file]++;
}

/* The program's own symbols come before the library's, for the shared objects too. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);

    if (real == NULL)
        real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    wrote(fd, at);
    len = room_for(fd, len);
    if (len == 0) {
        errno = ENOSPC;
        return -1;
    }
    return real(fd, bytes, len, at);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite64(fd, bytes, len, at);
}

int fsync(int fd)
{
    static int (*real)(int);

    if (real == NULL)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    synced(fd);
    return real(fd);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): ours */
int fdatasync(int fd)
{
    static int (*real)(int);

    if (real == NULL)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    synced(fd);
    return real(fd);
}

struct seen {
    int told;
    int unsynced_when_told;
    int syncs_before;
};

static void told(void *arg, const struct store_done *done)
{
    struct seen *seen = arg;

    ck_assert_ptr_null(done->err);
    seen->told++;
    seen->unsynced_when_told += unsynced[FILE_WAL];
}

static void commit_alone(struct seen *seen, int number)
{
    auto_mem char *id = mem_printf("r%d", number);
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run(id);
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};
    struct err e = {0};
    int before = seen->told;

    store_batch_run_insert(b, &run);
    ck_assert(store_submit_take(fixture_store, &b, told, seen, &e));
    while (seen->told == before) {
        ck_assert_int_eq(poll(&p, 1, 60000), 1);
        store_turn(fixture_store);
    }
}

START_TEST(nothing_is_told_before_its_wal_is_synced)
{
    struct seen seen = {.syncs_before = syncs[FILE_WAL]};

    for (int i = 0; i < 50; i++)
        commit_alone(&seen, i);
    ck_assert_int_eq(seen.unsynced_when_told, 0);
    ck_assert_int_ge(syncs[FILE_WAL] - seen.syncs_before, 50);
}
END_TEST

START_TEST(a_commit_is_one_write_of_the_wal)
{
    struct seen seen = {0};
    int before;

    commit_alone(&seen, 0); /* the first one behind an open is more */
    before = writes[FILE_WAL];
    for (int i = 1; i <= 50; i++)
        commit_alone(&seen, i);
    ck_assert_int_eq(writes[FILE_WAL] - before, 50);
    ck_assert_int_eq(seen.unsynced_when_told, 0);
}
END_TEST

/* The disk takes a part of the commit's one write and is full then. */
START_TEST(a_commit_that_the_disk_takes_in_part_is_refused_and_leaves_nothing)
{
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run("r1");

    add_run("r0");
    store_batch_run_insert(b, &run);
    atomic_store(&wal_room, 9000);
    ck_assert_int_eq(commit_code(b), ERR_LIMIT);
    ck_assert_int_eq(atomic_load(&wal_room), 0);
    atomic_store(&wal_room, -1);
    fixture_close();
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 1);
    add_run("r1");
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 2);
}
END_TEST

START_TEST(the_wal_begins_anew_only_over_pages_that_were_synced)
{
    const struct store_options small = {.url = fixture_path, .checkpoint_pages = 20};
    struct seen seen = {0};
    struct store_stats stats;
    struct err e = {0};

    fixture_close();
    ck_assert_msg(store_open(&small, &fixture_store, &e), "%s", e.msg);
    for (int i = 0; i < 200; i++)
        commit_alone(&seen, i);
    store_stats(fixture_store, &stats);
    ck_assert_uint_gt(stats.checkpoints, 2);
    ck_assert_int_gt(syncs[FILE_STORE], 2);
    ck_assert_int_eq(restarts_unsafe, 0);
    ck_assert_int_eq(seen.unsynced_when_told, 0);
}
END_TEST

START_TEST(the_name_of_a_new_store_is_synced)
{
    auto_mem char *path = mem_printf("%s/new.db", fixture_folder);
    const struct store_options options = {.url = path};
    struct store *store = NULL;
    int before = syncs[FILE_FOLDER];
    struct err e = {0};

    ck_assert_msg(store_open(&options, &store, &e), "%s", e.msg);
    ck_assert_int_ge(syncs[FILE_FOLDER] - before, 2); /* the store's and its count's */
    store_close(store);
}
END_TEST

TCase *durable_cases(void)
{
    TCase *c = tcase_create("durable");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, nothing_is_told_before_its_wal_is_synced);
    tcase_add_test(c, a_commit_is_one_write_of_the_wal);
    tcase_add_test(c, a_commit_that_the_disk_takes_in_part_is_refused_and_leaves_nothing);
    tcase_add_test(c, the_wal_begins_anew_only_over_pages_that_were_synced);
    tcase_add_test(c, the_name_of_a_new_store_is_synced);
    tcase_set_timeout(c, 120);
    return c;
}
