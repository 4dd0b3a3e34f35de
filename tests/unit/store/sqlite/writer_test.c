/* writer_test.c -- group commit, the order of completions, refusals that stay alone, and what
 * happens when the disk fails. */
#include "files.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { SEEN_MAX = 1000 };

struct seen {
    size_t count;
    int order[SEEN_MAX];
    enum err_code code[SEEN_MAX];
    struct store_done done[SEEN_MAX];
};

struct ticket {
    struct seen *seen;
    int number;
};

static struct seen seen;
static struct ticket tickets[SEEN_MAX];

static void note(void *arg, const struct store_done *done)
{
    struct ticket *t = arg;
    struct seen *s = t->seen;

    s->order[s->count] = t->number;
    s->code[s->count] = done->err != NULL ? done->err->code : ERR_NONE;
    s->done[s->count] = *done;
    s->count++;
}

static bool submit(int number, struct store_batch *b, struct err *e)
{
    bool ok;

    tickets[number] = (struct ticket){&seen, number};
    ok = store_submit_take(fixture_store, &b, note, &tickets[number], e);
    store_batch_free(b);
    return ok;
}

static void turn_until(size_t count)
{
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};

    while (seen.count < count) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        store_turn(fixture_store);
    }
}

static struct store_batch *run_batch(int number)
{
    struct store_batch *b = store_batch_new();
    char id[16];
    const struct store_run run = sample_run(id);
    const struct store_event event = sample_event(id, 1, "run.started");

    snprintf(id, sizeof id, "r%d", number);
    store_batch_run_insert(b, &run);
    store_batch_event_append(b, &event);
    return b;
}

START_TEST(what_waits_together_is_committed_with_one_sync)
{
    enum { BATCHES = 200 };
    struct store_stats before, after;
    struct err e = {0};

    store_stats(fixture_store, &before);
    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < BATCHES; i++)
        ck_assert(submit(i, run_batch(i), &e));
    ck_assert_uint_eq(store_pending(fixture_store), BATCHES);
    store_testing_hold(fixture_store, 0);
    turn_until(BATCHES);
    store_stats(fixture_store, &after);
    ck_assert_uint_eq(after.commits - before.commits, 1);
    ck_assert_uint_eq(after.batches - before.batches, BATCHES);
    ck_assert_uint_eq(after.rows - before.rows, 2 * BATCHES);
    ck_assert_uint_eq(store_pending(fixture_store), 0);
    for (int i = 0; i < BATCHES; i++) {
        ck_assert_int_eq(seen.order[i], i);
        ck_assert_int_eq(seen.done[i].first_event, i + 1);
    }
}
END_TEST

START_TEST(a_refused_batch_does_not_sink_its_neighbours)
{
    enum { BATCHES = 60 };
    struct err e = {0};

    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < BATCHES; i++) /* every third run is a duplicate of the first */
        ck_assert(submit(i, run_batch(i % 3 == 0 ? 0 : i), &e));
    store_testing_hold(fixture_store, 0);
    turn_until(BATCHES);
    for (int i = 0; i < BATCHES; i++) {
        bool duplicate = i % 3 == 0 && i > 0;

        ck_assert_int_eq(seen.order[i], i);
        ck_assert_int_eq(seen.code[i], duplicate ? ERR_CONFLICT : ERR_NONE);
        ck_assert((seen.done[i].first_event == 0) == duplicate);
    }
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 41);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events"), 41);
    ck_assert_int_eq(outside_int("SELECT max(seq) FROM run_events"), 41);
    ck_assert(!store_failed(fixture_store, NULL));
}
END_TEST

START_TEST(a_refused_batch_leaves_none_of_its_rows)
{
    struct store_batch *b = store_batch_new();
    struct store_node bad = sample_node("r1", "n2");

    add_run("r1");
    sample_step(b, "r1", "n1", 1);
    bad.attempts = -1;
    store_batch_node_upsert(b, &bad);
    ck_assert_int_eq(commit_code(b), ERR_INVALID);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM node_traces"), 0);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events"), 0);
}
END_TEST

/* A batch of two runs, of which the second is there already: its first is undone with it. */
static struct store_batch *half_bad(int number)
{
    struct store_batch *b = run_batch(number);
    const struct store_run again = sample_run("r0");

    store_batch_run_insert(b, &again);
    return b;
}

START_TEST(a_batch_refused_inside_a_group_is_undone_whole_and_alone)
{
    enum { BATCHES = 9 };
    struct err e = {0};

    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < BATCHES; i++)
        ck_assert(submit(i, i % 3 == 1 ? half_bad(i) : run_batch(i), &e));
    store_testing_hold(fixture_store, 0);
    turn_until(BATCHES);
    for (int i = 0; i < BATCHES; i++) {
        auto_mem char *sql =
            mem_printf("SELECT (SELECT count(*) FROM dag_executions WHERE execution_id = 'r%d')"
                       " + 10 * (SELECT count(*) FROM run_events WHERE run_id = 'r%d')",
                       i, i);

        ck_assert_int_eq(seen.code[i], i % 3 == 1 ? ERR_CONFLICT : ERR_NONE);
        ck_assert_int_eq(outside_int(sql), i % 3 == 1 ? 0 : 11);
    }
    ck_assert_int_eq(outside_int("SELECT max(seq) FROM run_events"), 6);
}
END_TEST

START_TEST(another_processes_lock_is_waited_for_and_told)
{
    sqlite3 *outside = NULL;
    struct err e = {0};

    ck_assert_int_eq(sqlite3_open(fixture_path, &outside), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(outside, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < 3; i++)
        ck_assert(submit(i, i == 1 ? run_batch(0) : run_batch(i), &e));
    while (!store_blocked(fixture_store, NULL))
        store_turn(fixture_store);
    ck_assert_uint_eq(seen.count, 0);
    ck_assert_uint_eq(store_connections_at_work(), 1); /* the writer's: it wants to */
    ck_assert_int_eq(sqlite3_exec(outside, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    turn_until(3);
    ck_assert_uint_eq(store_connections_at_work(), 0);
    ck_assert_int_eq(seen.code[0], ERR_NONE);
    ck_assert_int_eq(seen.code[1], ERR_CONFLICT);
    ck_assert_int_eq(seen.code[2], ERR_NONE);
    ck_assert(!store_failed(fixture_store, NULL) && !store_blocked(fixture_store, NULL));
    sqlite3_close(outside);
}
END_TEST

START_TEST(closing_does_not_wait_for_another_processes_lock)
{
    sqlite3 *outside = NULL;
    struct err e = {0};

    ck_assert_int_eq(sqlite3_open(fixture_path, &outside), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(outside, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    ck_assert(submit(0, run_batch(0), &e));
    fixture_close();
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(seen.code[0], ERR_UNAVAILABLE);
    sqlite3_close(outside);
    fixture_open();
}
END_TEST

/* The byte of the shared memory that SQLite locks for a checkpoint (walindex, WAL_CKPT_LOCK). */
static pid_t hold_checkpoint_lock(int *ret_release)
{
    auto_mem char *shm = mem_printf("%s-shm", fixture_path);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 121, .l_len = 1};
    int ready[2], release[2];
    pid_t child;
    char byte;

    ck_assert(pipe(ready) == 0 && pipe(release) == 0);
    child = fork();
    if (child == 0) {
        int fd = open(shm, O_RDWR | O_CLOEXEC);

        if (fd < 0 || fcntl(fd, F_SETLKW, &lock) < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        close(release[1]);
        _exit(read(release[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(release[0]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    *ret_release = release[1];
    return child;
}

START_TEST(a_checkpoint_that_another_process_makes_is_left_to_it)
{
    const struct store_options small = {.url = fixture_path, .checkpoint_pages = 1};
    struct store_stats after;
    struct err e = {0};
    int release, status;
    pid_t holder;

    fixture_close();
    ck_assert_msg(store_open(&small, &fixture_store, &e), "%s", e.msg);
    add_run("r0");
    holder = hold_checkpoint_lock(&release);
    for (int i = 1; i < 6; i++) {
        auto_mem char *id = mem_printf("r%d", i);

        add_run(id);
    }
    store_stats(fixture_store, &after);
    ck_assert(!store_failed(fixture_store, NULL));
    close(release);
    ck_assert_int_eq(waitpid(holder, &status, 0), holder);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (uint64_t held = after.checkpoints; after.checkpoints == held;
         store_stats(fixture_store, &after)) {
        auto_mem char *id = mem_printf("later-%d", (int)after.commits);

        add_run(id);
    }
    store_close(take(fixture_store));
    fixture_open();
}
END_TEST

static void resubmit(void *arg, const struct store_done *done)
{
    int *left = arg;
    struct store_batch *b = run_batch(*left);
    struct err e = {0};

    ck_assert_ptr_null(done->err);
    (*left)--;
    if (*left > 0)
        ck_assert(store_submit_take(fixture_store, &b, resubmit, left, &e));
    store_batch_free(b);
}

START_TEST(a_completion_may_submit_the_next_batch)
{
    struct store_batch *b = run_batch(1000);
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};
    struct err e = {0};
    int left = 10;

    ck_assert(store_submit_take(fixture_store, &b, resubmit, &left, &e));
    while (left > 0) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        store_turn(fixture_store);
    }
    ck_assert_uint_eq(store_pending(fixture_store), 0);
    ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

START_TEST(a_failed_commit_fails_its_batches_and_the_store)
{
    struct err e = {0}, why = {0};

    add_run("before");
    store_testing_fail_commit(fixture_store, 1);
    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < 5; i++)
        ck_assert(submit(i, run_batch(i), &e));
    store_testing_hold(fixture_store, 0);
    turn_until(5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(seen.code[i], ERR_LIMIT);
    ck_assert(store_failed(fixture_store, &why));
    ck_assert_int_eq(why.code, ERR_LIMIT);
    ck_assert(!submit(5, run_batch(5), &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert(strstr(e.msg, "injected fault") != NULL);
    fixture_close();
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 1);
    ck_assert(!store_failed(fixture_store, NULL));
}
END_TEST

START_TEST(the_nth_commit_fails_and_those_before_it_stay)
{
    struct err e = {0};

    store_testing_fail_commit(fixture_store, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert(submit(i, run_batch(i), &e));
        turn_until((size_t)i + 1);
    }
    ck_assert_int_eq(seen.code[0], ERR_NONE);
    ck_assert_int_eq(seen.code[1], ERR_NONE);
    ck_assert_int_eq(seen.code[2], ERR_LIMIT);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 2);
}
END_TEST

/* A real failure of the file system: the process may not write beyond this size. */
START_TEST(a_full_disk_loses_nothing_that_was_acknowledged)
{
    const struct rlimit small = {1024 * 1024, 1024 * 1024};
    struct err e = {0}, why = {0};
    int64_t acknowledged = 0;
    int number = 0;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (!store_failed(fixture_store, &why)) {
        ck_assert_int_lt(number, SEEN_MAX);
        if (!submit(number, run_batch(number), &e))
            break;
        number++;
        turn_until((size_t)number);
    }
    for (int i = 0; i < number; i++)
        acknowledged += seen.code[i] == ERR_NONE ? 1 : 0;
    ck_assert_int_gt(acknowledged, 3);
    ck_assert_int_lt(acknowledged, number);
    ck_assert(why.code == ERR_LIMIT || why.code == ERR_SYSTEM);
    ck_assert_int_ge(outside_int("SELECT count(*) FROM dag_executions"), acknowledged);
}
END_TEST

START_TEST(closing_commits_what_waits_and_delivers_it)
{
    struct err e = {0};

    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < 20; i++)
        ck_assert(submit(i, run_batch(i), &e));
    fixture_close();
    ck_assert_uint_eq(seen.count, 20);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(seen.code[i], ERR_NONE);
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 20);
}
END_TEST

START_TEST(a_reader_sees_what_was_acknowledged_and_never_half_a_batch)
{
    const struct store_run_filter filter = {.tenant = SAMPLE_TENANT};
    struct err e = {0};

    for (int i = 0; i < 50; i++) {
        auto_done(store_run_list) runs = {0};
        auto_done(store_event_list) events = {0};
        const struct store_event_filter all = {.tenant = SAMPLE_TENANT};
        int64_t next;

        ck_assert(submit(i, run_batch(i), &e));
        turn_until((size_t)i + 1);
        ck_assert(
            store_read_runs(fixture_reader, &filter, (struct store_page){.size = 500}, &runs, &e));
        ck_assert_uint_eq(runs.count, (size_t)i + 1);
        ck_assert(store_read_events(fixture_reader, &all, 0, 500, &events, &next, &e));
        ck_assert_uint_eq(events.count, runs.count);
    }
}
END_TEST

START_TEST(the_wal_is_checkpointed_and_does_not_grow_without_end)
{
    const struct store_options options = {.url = fixture_path, .checkpoint_pages = 50};
    struct store_stats stats;
    struct err e = {0};

    fixture_close();
    ck_assert(store_open(&options, &fixture_store, &e));
    for (int i = 0; i < 300; i++) {
        ck_assert(submit(i, run_batch(i), &e));
        turn_until((size_t)i + 1);
    }
    store_stats(fixture_store, &stats);
    ck_assert_uint_gt(stats.checkpoints, 10);
    ck_assert_uint_lt(stats.wal_pages, 150);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 300);
}
END_TEST

static void setup(void)
{
    memset(&seen, 0, sizeof seen);
    fixture_setup();
}

TCase *writer_cases(void)
{
    TCase *c = tcase_create("writer");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, setup, fixture_teardown);
    tcase_add_test(c, what_waits_together_is_committed_with_one_sync);
    tcase_add_test(c, a_refused_batch_does_not_sink_its_neighbours);
    tcase_add_test(c, a_refused_batch_leaves_none_of_its_rows);
    tcase_add_test(c, a_batch_refused_inside_a_group_is_undone_whole_and_alone);
    tcase_add_test(c, another_processes_lock_is_waited_for_and_told);
    tcase_add_test(c, closing_does_not_wait_for_another_processes_lock);
    tcase_add_test(c, a_checkpoint_that_another_process_makes_is_left_to_it);
    tcase_add_test(c, a_completion_may_submit_the_next_batch);
    tcase_add_test(c, a_failed_commit_fails_its_batches_and_the_store);
    tcase_add_test(c, the_nth_commit_fails_and_those_before_it_stay);
    tcase_add_test(c, a_full_disk_loses_nothing_that_was_acknowledged);
    tcase_add_test(c, closing_commits_what_waits_and_delivers_it);
    tcase_add_test(c, a_reader_sees_what_was_acknowledged_and_never_half_a_batch);
    tcase_add_test(c, the_wal_is_checkpointed_and_does_not_grow_without_end);
    tcase_set_timeout(c, 60);
    return c;
}
