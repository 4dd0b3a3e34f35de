/* quotas_test.c -- quotas, and how many jobs there are. */
#include "suites.h"

#include <string.h>

static struct store_quota quota(const char *tenant, const char *id, const char *job_type)
{
    return (struct store_quota){.tenant = tenant,
                                .quota_id = id,
                                .job_type = job_type,
                                .max_active = 2,
                                .max_per_hour = 50,
                                .burst = 5,
                                .weight = 3,
                                .version = 1,
                                .created_by = "me",
                                .created_us = SAMPLE_TIME,
                                .updated_us = SAMPLE_TIME};
}

static enum err_code ends(struct store_batch *b)
{
    struct err e = {0};

    if (!store_commit_wait(fixture_store, &b, NULL, &e))
        store_batch_free(b);
    return e.code;
}

static enum err_code put(const char *tenant, const char *id, const char *job_type)
{
    const struct store_quota row = quota(tenant, id, job_type);
    struct store_batch *b = store_batch_new();

    store_batch_quota_put(b, &row);
    return ends(b);
}

static enum err_code change(const char *id, int64_t version, int64_t max_active, bool paused)
{
    struct store_quota row = quota(SAMPLE_TENANT, id, "not looked at");
    struct store_batch *b = store_batch_new();

    row.version = version;
    row.max_active = max_active;
    row.paused = paused;
    row.updated_us = SAMPLE_TIME + version;
    store_batch_quota_change(b, &row);
    return ends(b);
}

static enum err_code drop(const char *id, int64_t version)
{
    struct store_batch *b = store_batch_new();

    store_batch_quota_delete(b, SAMPLE_TENANT, id, version);
    return ends(b);
}

START_TEST(a_quota_is_what_was_said_last)
{
    auto_done(store_quota_list) l = {0}, none = {0};
    struct err e = {0};

    ck_assert_int_eq(put(SAMPLE_TENANT, "q1", "ml"), ERR_NONE);
    ck_assert_int_eq(change("q1", 2, 7, true), ERR_NONE);
    ck_assert(store_read_quota(fixture_reader, SAMPLE_TENANT, "q1", &l, &e));
    ck_assert_str_eq(l.rows[0].job_type, "ml");
    ck_assert_int_eq(l.rows[0].max_active, 7);
    ck_assert_int_eq(l.rows[0].max_per_hour, 50);
    ck_assert_int_eq(l.rows[0].burst, 5);
    ck_assert_int_eq(l.rows[0].weight, 3);
    ck_assert(l.rows[0].paused);
    ck_assert_int_eq(l.rows[0].version, 2);
    ck_assert_str_eq(l.rows[0].created_by, "me");
    ck_assert_int_eq(l.rows[0].created_us, SAMPLE_TIME);
    ck_assert_int_eq(l.rows[0].updated_us, SAMPLE_TIME + 2);
    ck_assert(!store_read_quota(fixture_reader, "other", "q1", &none, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_tenant_has_one_of_a_job_type)
{
    ck_assert_int_eq(put(SAMPLE_TENANT, "q1", "ml"), ERR_NONE);
    ck_assert_int_eq(put(SAMPLE_TENANT, "q2", "ml"), ERR_CONFLICT);
    ck_assert_int_eq(put("other", "q1", "ml"), ERR_NONE);
    ck_assert_int_eq(drop("q1", 1), ERR_NONE);
    ck_assert_int_eq(put(SAMPLE_TENANT, "q2", "ml"), ERR_NONE);
}
END_TEST

START_TEST(who_changes_it_has_read_it)
{
    ck_assert_int_eq(change("q1", 2, 1, false), ERR_CONFLICT);
    ck_assert_int_eq(put(SAMPLE_TENANT, "q1", "ml"), ERR_NONE);
    ck_assert_int_eq(change("q1", 3, 1, false), ERR_CONFLICT);
    ck_assert_int_eq(change("q1", 2, 1, false), ERR_NONE);
    ck_assert_int_eq(change("q1", 2, 9, false), ERR_CONFLICT);
    ck_assert_int_eq(drop("q1", 1), ERR_CONFLICT);
    ck_assert_int_eq(drop("q1", 2), ERR_NONE);
    ck_assert_int_eq(drop("q1", 2), ERR_CONFLICT);
}
END_TEST

/* page by page, two rows each. */
static char *listed_owned(const struct store_quota_filter *filter)
{
    auto_mem char *token = NULL;
    struct buf text = {0};

    do {
        const struct store_page page = {token, 2};
        auto_done(store_quota_list) l = {0};
        struct err e = {0};

        ck_assert(filter != NULL ? store_read_quotas(fixture_reader, filter, page, &l, &e)
                                 : store_read_quotas_of_all(fixture_reader, page, &l, &e));
        for (size_t k = 0; k < l.count; k++)
            buf_addf(&text, "%s/%s ", l.rows[k].tenant, l.rows[k].job_type);
        free(token);
        token = l.next_page != NULL ? mem_str(l.next_page) : NULL;
    } while (token != NULL);
    return buf_take(&text);
}

START_TEST(quotas_are_listed_by_job_type_of_one_tenant_or_all)
{
    struct store_quota_filter filter = {.tenant = "a"};
    auto_mem char *all = NULL, *of_a = NULL, *one = NULL, *paused = NULL, *open = NULL;

    for (char type[] = "p"; type[0] <= 'r'; type[0]++) {
        ck_assert_int_eq(put("b", type, type), ERR_NONE);
        ck_assert_int_eq(put("a", type, type), ERR_NONE);
    }
    ck_assert_int_eq(put(SAMPLE_TENANT, "z", "z"), ERR_NONE);
    ck_assert_int_eq(change("z", 2, 1, true), ERR_NONE);
    all = listed_owned(NULL);
    ck_assert_str_eq(all, "a/p a/q a/r " SAMPLE_TENANT "/z b/p b/q b/r ");
    of_a = listed_owned(&filter);
    ck_assert_str_eq(of_a, "a/p a/q a/r ");
    filter.job_type = "q";
    one = listed_owned(&filter);
    ck_assert_str_eq(one, "a/q ");
    filter = (struct store_quota_filter){SAMPLE_TENANT, NULL, true, true};
    paused = listed_owned(&filter);
    ck_assert_str_eq(paused, SAMPLE_TENANT "/z ");
    filter.paused = false;
    open = listed_owned(&filter);
    ck_assert_str_eq(open != NULL ? open : "", "");
}
END_TEST

static void put_run(const char *id, const char *dag_id, int64_t priority)
{
    struct store_run run = sample_run(id);
    struct store_batch *b = store_batch_new();

    run.dag_id = dag_id;
    run.run_token = id;
    run.task_priority = priority;
    store_batch_run_insert(b, &run);
    (void)commit(b);
}

START_TEST(jobs_are_counted_of_one_lane_or_of_all)
{
    struct store_status_counts all, of_ml, none;
    struct err e = {0};

    put_run("r1", "lane.ml", 5);
    put_run("r2", "lane.ml", 5);
    put_run("r3", "lane.other", 5);
    put_run("r4", "no-task", 0);
    ck_assert(store_read_job_counts(fixture_reader, SAMPLE_TENANT, NULL, NULL, &all, &e));
    ck_assert(store_read_job_counts(fixture_reader, SAMPLE_TENANT, "lane.ml", "ml", &of_ml, &e));
    ck_assert(store_read_job_counts(fixture_reader, "other", "lane.ml", "ml", &none, &e));
    ck_assert_int_eq(all.of[sample_run("r").status], 3);
    ck_assert_int_eq(of_ml.of[sample_run("r").status], 2);
    ck_assert_int_eq(none.of[sample_run("r").status], 0);
}
END_TEST

TCase *quotas_cases(void)
{
    TCase *c = tcase_create("quotas");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_quota_is_what_was_said_last);
    tcase_add_test(c, a_tenant_has_one_of_a_job_type);
    tcase_add_test(c, who_changes_it_has_read_it);
    tcase_add_test(c, quotas_are_listed_by_job_type_of_one_tenant_or_all);
    tcase_add_test(c, jobs_are_counted_of_one_lane_or_of_all);
    return c;
}
