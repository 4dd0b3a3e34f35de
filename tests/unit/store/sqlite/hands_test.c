/* hands_test.c -- a status that was typed into a run that goes on (runbook C). PostgreSQL makes an
 * order of it (schema/V029) and leaves the row. */
#include "files.h"

#include "store/hosts.h"

static void add_run_of(const char *run_id, const char *owner, int64_t epoch)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run(run_id);

    run.lease_owner = owner;
    run.lease_epoch = epoch;
    store_batch_run_insert(b, &run);
    commit(b);
}

/* Its owner may still execute it. */
START_TEST(a_run_that_a_hand_ended_is_reopened_by_its_owner_or_when_it_is_free)
{
    int64_t epoch = store_host_epoch(fixture_store);
    struct store_batch *b = store_batch_new();
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    add_run_of("free", "host-z", 1);
    add_run_of("r1", SAMPLE_HOST, epoch);
    ck_assert_int_eq(outside_sql("UPDATE dag_executions SET status = 'failed'"), 0);
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", "host-z", 1);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    b = store_batch_new();
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, epoch);
    store_batch_run_reopen(b, SAMPLE_TENANT, "free", SAMPLE_HOST, epoch);
    commit(b);
    ck_assert(
        store_read_unfinished(fixture_reader, SAMPLE_HOST, epoch, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, 2);
}
END_TEST

START_TEST(an_update_leaves_what_a_hand_has_ended)
{
    auto_done(store_run_list) l = {0};
    struct store_batch *b = store_batch_new();
    const struct store_run_update u = {.tenant = SAMPLE_TENANT,
                                       .run_id = "r1",
                                       .status = STORE_RUN_RUNNING,
                                       .counts = {4, 1, 0, 0}};
    struct err e = {0};

    add_run_of("r1", SAMPLE_HOST, store_host_epoch(fixture_store));
    ck_assert_int_eq(outside_sql("UPDATE dag_executions SET status = 'cancelled'"), 0);
    store_batch_run_update(b, &u);
    commit(b);
    ck_assert(store_read_run_head(fixture_reader, SAMPLE_TENANT, "r1", &l, &e));
    ck_assert_int_eq(l.rows[0].status, STORE_RUN_CANCELLED);
    ck_assert_int_eq(l.rows[0].counts.completed, 1);
    ck_assert_str_eq(l.rows[0].lease_owner, SAMPLE_HOST);
}
END_TEST

START_TEST(an_operators_edit_of_the_status_is_honoured)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    add_run_of("r1", SAMPLE_HOST, store_host_epoch(fixture_store));
    ck_assert_int_eq(outside_sql("UPDATE dag_executions SET status = 'failed', error = 'Checkpoint "
                                 "corruption detected - re-execution required'"),
                     0);
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &l, &e));
    ck_assert_int_eq(l.rows[0].status, STORE_RUN_FAILED);
    ck_assert(strstr(l.rows[0].error, "re-execution required") != NULL);
}
END_TEST

TCase *hands_cases(void)
{
    TCase *c = tcase_create("hands");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, an_operators_edit_of_the_status_is_honoured);
    tcase_add_test(c, a_run_that_a_hand_ended_is_reopened_by_its_owner_or_when_it_is_free);
    tcase_add_test(c, an_update_leaves_what_a_hand_has_ended);
    tcase_set_timeout(c, 60);
    return c;
}
