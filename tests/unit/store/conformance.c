/* conformance.c -- what every driver's tests share (suites.h), and the program that runs them. */
#include "suites.h"

#include <stdio.h>

char *fixture_url;
struct store *fixture_store;
struct store_reader *fixture_reader;

void fixture_open(void)
{
    const struct store_options options = {.url = fixture_url,
                                          .host_id = SAMPLE_HOST,
                                          .address = "http://127.0.0.1:1"};
    struct err e = {0};

    ck_assert_msg(store_open(&options, &fixture_store, &e), "%s", e.msg);
    ck_assert_msg(store_reader_open(fixture_store, &fixture_reader, &e), "%s", e.msg);
}

void fixture_close(void)
{
    store_reader_free(take(fixture_reader));
    store_close(take(fixture_store));
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

int main(void)
{
    static cases_fn *const contract[] = {runs_cases,      nodes_cases,   ledger_cases,
                                         numbers_cases,   order_cases,   dags_cases,
                                         tenants_cases,   page_cases,    hosts_cases,
                                         schedules_cases, lanes_cases,   tasks_cases,
                                         backfills_cases, letters_cases, quotas_cases,
                                         gates_cases};
    Suite *suite = suite_create(driver_name);
    SRunner *runner;
    struct err e = {0};
    int failed;

    if (!fixture_begin(&e)) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(contract); i++)
        suite_add_tcase(suite, contract[i]());
    for (size_t i = 0; driver_cases[i] != NULL; i++)
        suite_add_tcase(suite, driver_cases[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    fixture_end();
    return failed == 0 ? 0 : 1;
}
