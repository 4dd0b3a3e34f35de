/* race_test.c -- two hosts that want the same runs and the same job at once: each of them is one
 * host's. */
#include "fixture.h"

#include "store/hosts.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { HOSTS = 2, RUNS = 200 };

static struct store *stores[HOSTS];

static void setup(void)
{
    static const char *const names[HOSTS] = {"one", "two"};

    fixture_setup();
    for (int i = 0; i < HOSTS; i++) {
        const struct store_options options = {.url = fixture_url, .host_id = names[i]};
        struct err e = {0};

        ck_assert_msg(store_open(&options, &stores[i], &e), "%s", e.msg);
    }
}

static void teardown(void)
{
    for (int i = 0; i < HOSTS; i++)
        store_close(take(stores[i]));
    fixture_teardown();
}

static void add_free_runs(void)
{
    struct store_batch *b = store_batch_new();
    char run_id[16];

    for (int i = 0; i < RUNS; i++) {
        struct store_run run = sample_run(run_id);

        snprintf(run_id, sizeof run_id, "r%03d", i);
        run.lease_owner = NULL;
        run.lease_epoch = 0;
        store_batch_run_insert(b, &run);
    }
    commit(b);
}

static void check_done(void *arg unused_arg, const struct store_done *done)
{
    ck_assert_ptr_null(done->err);
}

/* A batch a run: their groups are cut wherever the two writers happen to be. The second host goes
 * the other way, so that they meet in the middle. */
static void claim_all(void)
{
    char run_id[16];

    for (int i = 0; i < RUNS; i++) {
        for (int h = 0; h < HOSTS; h++) {
            struct store_batch *b = store_batch_new();
            struct err e = {0};

            snprintf(run_id, sizeof run_id, "r%03d", h == 0 ? i : RUNS - 1 - i);
            store_batch_run_claim(b, run_id, store_host_id(stores[h]), store_host_epoch(stores[h]));
            store_batch_job_claim(b, run_id, store_host_id(stores[h]), store_host_epoch(stores[h]));
            ck_assert_msg(store_submit_take(stores[h], &b, check_done, NULL, &e), "%s", e.msg);
        }
    }
    for (int h = 0; h < HOSTS; h++) {
        struct pollfd p = {.fd = store_poll_fd(stores[h]), .events = POLLIN};

        while (store_pending(stores[h]) > 0) {
            ck_assert_int_ge(poll(&p, 1, 60000), 0);
            store_turn(stores[h]);
        }
    }
}

START_TEST(each_run_and_each_job_is_one_hosts)
{
    add_free_runs();
    claim_all();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions WHERE lease_owner IN"
                                 " ('one', 'two')"),
                     RUNS);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM job_leases WHERE lease_owner IN"
                                 " ('one', 'two')"),
                     RUNS);
    claim_all(); /* nothing moves any more */
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions AS e JOIN hosts AS h ON"
                                 " h.host_id = e.lease_owner AND h.epoch = e.lease_epoch"),
                     RUNS);
}
END_TEST

/* Alive since it is in the table. */
START_TEST(a_host_that_came_meanwhile_keeps_what_it_claimed)
{
    struct store_batch *b = store_batch_new();

    add_free_runs();
    ck_assert_int_eq(outside_sql("INSERT INTO hosts (host_id, version, several)"
                                 " VALUES ('late', '', true)"),
                     0);
    ck_assert_int_eq(outside_sql("UPDATE dag_executions SET lease_owner = 'late', lease_epoch = 1"
                                 " WHERE execution_id = 'r001'"),
                     0);
    store_batch_run_claim(b, "r001", SAMPLE_HOST, store_host_epoch(fixture_store));
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions WHERE lease_owner = 'late'"),
                     1);
}
END_TEST

TCase *race_cases(void)
{
    TCase *c = tcase_create("race");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, each_run_and_each_job_is_one_hosts);
    tcase_add_test(c, a_host_that_came_meanwhile_keeps_what_it_claimed);
    tcase_set_timeout(c, 120);
    return c;
}
