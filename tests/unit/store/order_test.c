/* order_test.c -- what no writer gets in, whatever it believes: an event out of its run's order, a
 * second end, a way back from completed. */
#include "suites.h"

#include "base/mem.h"

#include <string.h>
#include <unistd.h>

static void append(const char *run_id, int64_t n)
{
    struct store_batch *b = store_batch_new();
    const struct store_event event = sample_event(run_id, n, "step.updated");

    store_batch_event_append(b, &event);
    commit(b);
}

/* Whatever the writer believes: of two writers of one run the second is refused. */
START_TEST(an_event_that_does_not_follow_the_runs_last_one_is_refused)
{
    static const int64_t wrong[] = {1, 2, 4, 0};

    append("r1", 1);
    append("r1", 2);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct store_batch *b = store_batch_new();
        const struct store_event event = sample_event("r1", wrong[i], "step.updated");

        store_batch_event_append(b, &event);
        ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    }
    append("r1", 3);
    append("r2", 1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events"), 4);
}
END_TEST

static void end_with(const char *run_id, enum store_run_status status)
{
    struct store_batch *b = store_batch_new();
    struct store_run_end end = sample_run_end(run_id);

    end.status = status;
    store_batch_run_end(b, &end);
    commit(b);
}

START_TEST(a_run_that_has_ended_ends_no_second_time)
{
    struct store_batch *b = store_batch_new();
    const struct store_run_end end = sample_run_end("r1");

    add_run("r1");
    end_with("r1", STORE_RUN_FAILED);
    store_batch_run_end(b, &end);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
    ck_assert_int_eq(outside_int("SELECT status = 'failed' FROM dag_executions"), 1);
}
END_TEST

START_TEST(a_completed_run_stays_completed_whoever_writes)
{
    struct store_batch *b = store_batch_new();

    add_run("r1");
    end_with("r1", STORE_RUN_COMPLETED);
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, 1);
    ck_assert_int_ne(commit_code(b), ERR_NONE);
    ck_assert_int_ne(outside_sql("UPDATE dag_executions SET status = 'running'"), 0);
    add_run("r2");
    end_with("r2", STORE_RUN_FAILED);
    b = store_batch_new();
    store_batch_run_reopen(b, SAMPLE_TENANT, "r2", SAMPLE_HOST, 1);
    commit(b);
}
END_TEST

/* The lock between them was removed by somebody. */
START_TEST(a_fence_that_is_not_there_holds_nobody)
{
    struct store_batch *b = store_batch_new();
    const struct store_event event = sample_event("r1", 1, "run.started");
    struct err e = {0};

    fixture_drop_fence();
    store_batch_event_append(b, &event);
    ck_assert_int_ne(commit_code(b), ERR_NONE);
    ck_assert(store_failed(fixture_store, &e));
    ck_assert_msg(strstr(e.msg, "the fence") != NULL, "%s", e.msg);
}
END_TEST

START_TEST(a_host_that_another_one_followed_writes_no_more)
{
    struct store_batch *b = store_batch_new();
    const struct store_event event = sample_event("r1", 1, "run.started");
    struct store *second = fixture_follow();
    struct err e = {0};

    store_batch_event_append(b, &event);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    ck_assert(store_failed(fixture_store, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "another host has opened the store"));
    b = store_batch_new();
    store_batch_event_append(b, &event);
    ck_assert(store_commit_wait(second, &b, NULL, &e));
    store_close(second);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events"), 1);
}
END_TEST

TCase *order_cases(void)
{
    TCase *c = tcase_create("order");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, an_event_that_does_not_follow_the_runs_last_one_is_refused);
    tcase_add_test(c, a_fence_that_is_not_there_holds_nobody);
    tcase_add_test(c, a_host_that_another_one_followed_writes_no_more);
    tcase_add_test(c, a_run_that_has_ended_ends_no_second_time);
    tcase_add_test(c, a_completed_run_stays_completed_whoever_writes);
    return c;
}
