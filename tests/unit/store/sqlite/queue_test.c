/* queue_test.c -- what waits for the writer: how much of it, and how much of it goes at once. */
#include "files.h"

#include <poll.h>
#include <string.h>

enum { TEXT_BYTES = 1000 };

/* A batch of one log entry with so much text. */
static struct store_batch *log_batch(size_t text_bytes)
{
    auto_mem char *text = mem_alloc(text_bytes + 1);
    struct store_batch *b = store_batch_new();
    const struct store_log log = sample_log("r1", "n1", text);

    memset(text, 'x', text_bytes);
    text[text_bytes] = '\0';
    store_batch_log_append(b, &log);
    return b;
}

static size_t batch_bytes(void)
{
    auto_obj(store_batch) b = log_batch(TEXT_BYTES);

    return store_batch_bytes(b);
}

static enum err_code submit(size_t text_bytes)
{
    struct store_batch *b = log_batch(text_bytes);
    struct err e = {0};
    bool taken = store_submit_take(fixture_store, &b, NULL, NULL, &e);

    ck_assert((b == NULL) == taken);
    store_batch_free(b);
    return taken ? ERR_NONE : e.code;
}

static void submit_many(unsigned count, size_t text_bytes)
{
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(submit(text_bytes), ERR_NONE);
}

/* What is submitted stays in the queue. */
static void open_held(struct store_options options)
{
    struct err e = {0};

    fixture_close();
    options.url = fixture_path;
    ck_assert_msg(store_open(&options, &fixture_store, &e), "%s", e.msg);
    store_testing_hold(fixture_store, true);
}

static void release(void)
{
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};

    store_testing_hold(fixture_store, false);
    while (store_pending(fixture_store) > 0) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        store_turn(fixture_store);
    }
    ck_assert(!store_failed(fixture_store, NULL));
}

/* How many transactions it takes to write what waits. */
static uint64_t commits_of_release(void)
{
    struct store_stats before, after;

    store_stats(fixture_store, &before);
    release();
    store_stats(fixture_store, &after);
    return after.commits - before.commits;
}

START_TEST(a_full_queue_refuses_and_takes_again_once_it_is_shorter)
{
    open_held((struct store_options){.queue_batches_max = 4});
    submit_many(4, TEXT_BYTES);
    ck_assert_int_eq(submit(TEXT_BYTES), ERR_LIMIT);
    ck_assert_uint_eq(store_pending(fixture_store), 4);
    release();
    submit_many(1, TEXT_BYTES);
    release();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM attempt_logs"), 5);
}
END_TEST

START_TEST(a_queue_takes_bytes_up_to_its_limit_and_not_one_more)
{
    const size_t bytes = batch_bytes();

    open_held((struct store_options){.queue_bytes_max = 3 * bytes - 1});
    submit_many(2, TEXT_BYTES);
    ck_assert_int_eq(submit(TEXT_BYTES), ERR_LIMIT);
    release();
    open_held((struct store_options){.queue_bytes_max = 3 * bytes});
    submit_many(3, TEXT_BYTES);
    ck_assert_int_eq(submit(1), ERR_LIMIT);
    release();
    store_testing_hold(fixture_store, true);
    submit_many(3, TEXT_BYTES); /* what was written is not counted any more */
    ck_assert_int_eq(submit(1), ERR_LIMIT);
    release();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM attempt_logs"), 8);
}
END_TEST

/* No byte of it is kept: the first commit fails. */
START_TEST(a_queue_that_nobody_bounded_takes_256_mib)
{
    enum { BATCHES = 4 };
    const size_t quarter = STORE_QUEUE_BYTES_MAX / BATCHES;

    open_held((struct store_options){0});
    submit_many(BATCHES, quarter - 512); /* and the batch's own few bytes */
    ck_assert_int_eq(submit(4096), ERR_LIMIT);
    store_testing_fail_commit(fixture_store, 1);
    fixture_close();
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM attempt_logs"), 0);
}
END_TEST

START_TEST(a_queue_is_pressed_by_more_than_half_of_its_batches_or_bytes)
{
    open_held((struct store_options){.queue_bytes_max = 4 * batch_bytes()});
    submit_many(2, TEXT_BYTES);
    ck_assert(!store_pressed(fixture_store));
    submit_many(1, TEXT_BYTES);
    ck_assert(store_pressed(fixture_store));
    release();
    ck_assert(!store_pressed(fixture_store));
    open_held((struct store_options){.queue_batches_max = 4});
    submit_many(2, TEXT_BYTES);
    ck_assert(!store_pressed(fixture_store));
    submit_many(1, TEXT_BYTES);
    ck_assert(store_pressed(fixture_store));
}
END_TEST

/* The page cache holds what one transaction writes. */
START_TEST(a_transaction_ends_with_the_batch_that_reaches_8_mib)
{
    open_held((struct store_options){0});
    submit_many(3, 5 * 1024 * 1024);
    ck_assert_uint_eq(commits_of_release(), 2);
}
END_TEST

START_TEST(a_transaction_has_at_most_4096_batches)
{
    open_held((struct store_options){0});
    submit_many(4096, 1);
    ck_assert_uint_eq(commits_of_release(), 1);
    store_testing_hold(fixture_store, true);
    submit_many(4097, 1);
    ck_assert_uint_eq(commits_of_release(), 2);
}
END_TEST

START_TEST(a_batch_over_its_limit_is_refused_and_stays_the_callers)
{
    ck_assert_int_eq(submit(STORE_BATCH_BYTES_MAX), ERR_TOO_LARGE);
}
END_TEST

static void setup(void)
{
    fixture_setup();
    add_run("r1");
}

TCase *queue_cases(void)
{
    TCase *c = tcase_create("queue");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, setup, fixture_teardown);
    tcase_add_test(c, a_full_queue_refuses_and_takes_again_once_it_is_shorter);
    tcase_add_test(c, a_queue_takes_bytes_up_to_its_limit_and_not_one_more);
    tcase_add_test(c, a_queue_that_nobody_bounded_takes_256_mib);
    tcase_add_test(c, a_queue_is_pressed_by_more_than_half_of_its_batches_or_bytes);
    tcase_add_test(c, a_transaction_ends_with_the_batch_that_reaches_8_mib);
    tcase_add_test(c, a_transaction_has_at_most_4096_batches);
    tcase_add_test(c, a_batch_over_its_limit_is_refused_and_stays_the_callers);
    tcase_set_timeout(c, 60);
    return c;
}
