/* tasks_test.c -- a task is a run with a priority: one of its id, which may be given another. */
#include "suites.h"

#include "base/mem.h"

#include <string.h>

static void add(struct store_run run)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_insert(b, &run);
    commit(b);
}

START_TEST(of_a_tasks_id_there_is_one_whatever_its_lane_and_payload)
{
    auto_done(store_run_list) found = {0};
    auto_done(store_run_list) none = {0};
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("r1");
    struct err e = {0};

    run.run_token = "t";
    add(run); /* of no task: in nobody's way */
    run.run_id = "r2";
    run.dag_id = "lane.ml";
    run.task_priority = 7;
    add(run);
    run.run_id = "r3";
    run.dag_id = "lane.codegen";
    run.inputs_hash = SAMPLE_HASH_B;
    store_batch_run_insert(b, &run);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    run.tenant = "other";
    add(run);
    ck_assert(store_read_task(fixture_reader, SAMPLE_TENANT, "t", &found, &e));
    ck_assert_uint_eq(found.count, 1);
    ck_assert_str_eq(found.rows[0].run_id, "r2");
    ck_assert_int_eq(found.rows[0].task_priority, 7);
    ck_assert(store_read_task(fixture_reader, SAMPLE_TENANT, "token", &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

static struct store_batch *prioritized(const char *tenant, const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_task_prioritize(b, tenant, run_id, 12);
    return b;
}

START_TEST(a_task_that_goes_on_is_given_another_priority)
{
    auto_done(store_run_list) found = {0};
    struct store_batch *b = store_batch_new();
    const struct store_run_end end = sample_run_end("r1");
    struct store_run run = sample_run("r1");
    struct err e = {0};

    add_run("r0");
    run.run_token = "t";
    run.task_priority = 7;
    add(run);
    commit(prioritized(SAMPLE_TENANT, "r1"));
    ck_assert_int_eq(commit_code(prioritized(SAMPLE_TENANT, "r0")), ERR_NOT_FOUND); /* no task */
    ck_assert_int_eq(commit_code(prioritized("other", "r1")), ERR_NOT_FOUND);
    ck_assert(store_read_task(fixture_reader, SAMPLE_TENANT, "t", &found, &e));
    ck_assert_int_eq(found.rows[0].task_priority, 12);
    store_batch_run_end(b, &end);
    commit(b);
    ck_assert_int_eq(commit_code(prioritized(SAMPLE_TENANT, "r1")), ERR_NOT_FOUND);
}
END_TEST

static void add_attempt(int64_t number, const char *outcome, int64_t started_us)
{
    struct store_batch *b = store_batch_new();
    struct store_attempt a = sample_attempt("r1", "task", number);

    a.outcome = outcome;
    a.started_us = started_us;
    store_batch_attempt_upsert(b, &a);
    commit(b);
}

static void tried(int64_t attempts, int64_t started_us)
{
    auto_done(store_run_list) found = {0};
    struct err e = {0};

    ck_assert_msg(store_read_task(fixture_reader, SAMPLE_TENANT, "t", &found, &e), "%s", e.msg);
    ck_assert_int_eq(found.rows[0].task_attempts, attempts);
    ck_assert_int_eq(found.rows[0].task_started_us, started_us);
}

START_TEST(a_task_tells_how_often_a_worker_had_it_and_since_when)
{
    struct store_run run = sample_run("r1");

    run.run_token = "t";
    run.task_priority = 7;
    add(run);
    tried(0, 0);
    add_attempt(1, "infra", 1700000000000001); /* no worker had it */
    tried(0, 0);
    add_attempt(2, "preempted", 1700000000000001);
    tried(0, 0);
    add_attempt(3, "crash", 1700000000000002);
    add_attempt(4, "ok", 1700000000000003);
    tried(2, 1700000000000002);
}
END_TEST

/* "ID ID ..." of the lane's, newest first, a page of two at a time. */
static void of_lane(const char *lane, uint32_t statuses, const char *want)
{
    auto_mem char *dag_id = mem_printf("lane.%s", lane);
    const struct store_run_filter filter = {.tenant = SAMPLE_TENANT,
                                            .dag_id = dag_id,
                                            .lane = lane,
                                            .statuses = statuses};
    auto_mem char *token = NULL;
    auto_done(buf) ids = {0};
    struct err e = {0};

    do {
        auto_done(store_run_list) rows = {0};

        ck_assert_msg(store_read_runs(fixture_reader, &filter,
                                      (struct store_page){.token = token, .size = 2}, &rows, &e),
                      "%s", e.msg);
        for (size_t i = 0; i < rows.count; i++)
            buf_addf(&ids, "%s%s", ids.len > 0 ? " " : "", rows.rows[i].run_id);
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&ids), want);
}

static void add_task(int n, const char *dag_id, const char *lane, enum store_run_status status)
{
    char id[8];
    struct store_run run;

    snprintf(id, sizeof id, "r%d", n);
    run = sample_run(id);
    run.dag_id = dag_id;
    run.run_token = id;
    run.task_priority = 5;
    run.task_lane = lane;
    run.status = status;
    run.created_us = SAMPLE_TIME + n;
    run.started_us = 0;
    add(run);
}

START_TEST(a_lanes_tasks_are_those_of_its_dag_and_those_that_say_it)
{
    const uint32_t open = 1u << STORE_RUN_PENDING | 1u << STORE_RUN_RUNNING;
    struct store_status_counts counts;
    struct err e = {0};

    add_task(1, "lane.ml", NULL, STORE_RUN_PENDING);
    add_task(2, "nightly", "ml", STORE_RUN_RUNNING);
    add_task(3, "lane.ml", NULL, STORE_RUN_RUNNING);
    add_task(4, "nightly", "ml", STORE_RUN_PAUSED);
    add_task(5, "nightly", "other", STORE_RUN_RUNNING);
    add_task(6, "weekly", "ml", STORE_RUN_RUNNING);
    of_lane("ml", 0, "r6 r4 r3 r2 r1");
    of_lane("ml", open, "r6 r3 r2 r1");
    of_lane("other", 0, "r5");
    of_lane("none", open, "");
    ck_assert(store_read_job_counts(fixture_reader, SAMPLE_TENANT, "lane.ml", "ml", &counts, &e));
    ck_assert_int_eq(counts.of[STORE_RUN_RUNNING], 3);
    ck_assert_int_eq(counts.of[STORE_RUN_PAUSED], 1);
}
END_TEST

TCase *tasks_cases(void)
{
    TCase *c = tcase_create("tasks");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, of_a_tasks_id_there_is_one_whatever_its_lane_and_payload);
    tcase_add_test(c, a_task_that_goes_on_is_given_another_priority);
    tcase_add_test(c, a_lanes_tasks_are_those_of_its_dag_and_those_that_say_it);
    tcase_add_test(c, a_task_tells_how_often_a_worker_had_it_and_since_when);
    return c;
}
