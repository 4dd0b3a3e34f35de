/* dags_test.c -- DAG versions: immutable, ordered by their numbers, disabled and deleted. */
#include "suites.h"

#include <string.h>

static void put(const char *dag_id, const char *version)
{
    struct store_batch *b = store_batch_new();
    const struct store_dag dag = sample_dag(dag_id, version);

    store_batch_dag_put(b, &dag);
    commit(b);
}

static void set_enabled(const char *dag_id, const char *version, bool enabled)
{
    struct store_batch *b = store_batch_new();

    store_batch_dag_set_enabled(b, SAMPLE_TENANT, dag_id, version, enabled, SAMPLE_TIME + 1);
    commit(b);
}

/* All pages of a filter, "id version " each. */
static void list(struct store_dag_filter filter, uint32_t size, struct buf *text)
{
    auto_mem char *token = NULL;

    filter.tenant = SAMPLE_TENANT;
    do {
        auto_done(store_dag_list) l = {0};
        struct err e = {0};

        ck_assert_msg(store_read_dags(fixture_reader, &filter, (struct store_page){token, size}, &l,
                                      &e),
                      "%s", e.msg);
        for (size_t i = 0; i < l.count; i++)
            buf_addf(text, "%s %s ", l.rows[i].dag_id, l.rows[i].version);
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
}

START_TEST(a_version_reads_back_as_it_was_written)
{
    auto_done(store_dag_list) l = {0};
    auto_done(store_dag_list) other = {0};
    struct store_batch *b = store_batch_new();
    struct store_dag dag = sample_dag("d", "1.0.0");
    struct err e = {0};

    dag.description = "what it is for";
    dag.retry_policy = "{\"max_retries\":2}";
    dag.timeout_policy = "{\"timeout_seconds\":60}";
    dag.signature = "{\"payload\":\"\"}";
    dag.created_by = "author";
    store_batch_dag_put(b, &dag);
    commit(b);
    ck_assert(store_read_dag(fixture_reader, SAMPLE_TENANT, "d", "1.0.0", &l, &e));
    ck_assert_str_eq(l.rows[0].description, dag.description);
    ck_assert_str_eq(l.rows[0].retry_policy, dag.retry_policy);
    ck_assert_str_eq(l.rows[0].timeout_policy, dag.timeout_policy);
    ck_assert_str_eq(l.rows[0].signature, dag.signature);
    ck_assert_str_eq(l.rows[0].created_by, "author");
    ck_assert_str_eq(l.rows[0].definition, dag.definition);
    ck_assert_str_eq(l.rows[0].hash, SAMPLE_HASH_A);
    ck_assert_int_eq(l.rows[0].max_parallel_nodes, 10);
    ck_assert(l.rows[0].enabled);
    ck_assert(!store_read_dag(fixture_reader, "other", "d", "1.0.0", &other, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert_str_eq(e.msg, "DAG 'd': no version '1.0.0'");
}
END_TEST

START_TEST(versions_order_by_their_numbers)
{
    static const char *const versions[] = {"1.9.0",       "1.10.0", "1.0.0-rc.2", "1.0.0",
                                           "1.0.0-rc.10", "2",      "1.0.1",      "1.0.0+b",
                                           "1.0.0-rc--",  "1.0.01"};
    auto_done(store_dag_list) latest = {0};
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++)
        put("d", versions[i]);
    for (uint32_t size = 1; size < 12; size++) {
        auto_done(buf) text = {0};

        list((struct store_dag_filter){0}, size, &text);
        ck_assert_str_eq(buf_text(&text), "d 2 d 1.10.0 d 1.9.0 d 1.0.01 d 1.0.1 d 1.0.0+b d 1.0.0 "
                                          "d 1.0.0-rc-- d 1.0.0-rc.10 d 1.0.0-rc.2 ");
    }
    ck_assert(
        store_read_dag_latest(fixture_reader, SAMPLE_TENANT, "d", STORE_DAG_ENABLED, &latest, &e));
    ck_assert_str_eq(latest.rows[0].version, "2");
}
END_TEST

START_TEST(filters_choose_by_state_id_and_highest_version)
{
    static const struct {
        struct store_dag_filter filter;
        const char *text;
    } rows[] = {
        {{.state = STORE_DAG_LIVE}, "a 2 a 1 b 1 c 2 c 1 "},
        {{.state = STORE_DAG_ENABLED}, "a 1 b 1 c 2 c 1 "},
        {{.state = STORE_DAG_DISABLED}, "a 2 "},
        {{.state = STORE_DAG_ANY}, "a 2 a 1 b 1 c 2 c 1 d 1 "},
        {{.state = STORE_DAG_LIVE, .heads = true}, "a 2 b 1 c 2 "},
        {{.state = STORE_DAG_ENABLED, .heads = true}, "a 1 b 1 c 2 "},
        {{.state = STORE_DAG_ANY, .heads = true}, "a 2 b 1 c 2 d 1 "},
        {{.dag_id = "c"}, "c 2 c 1 "},
        {{.dag_id = "c", .heads = true}, "c 2 "},
        {{.dag_id = "d"}, ""},
        {{.dag_id = "nothing"}, ""},
    };
    struct store_batch *b = store_batch_new();

    put("a", "1");
    put("a", "2");
    put("b", "1");
    put("c", "1");
    put("c", "2");
    put("d", "1");
    set_enabled("a", "2", false);
    store_batch_dag_delete(b, SAMPLE_TENANT, "d", SAMPLE_TIME + 9);
    commit(b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (uint32_t size = 1; size < 8; size += 3) {
            auto_done(buf) text = {0};

            list(rows[i].filter, size, &text);
            ck_assert_str_eq(buf_text(&text), rows[i].text);
        }
    }
}
END_TEST

START_TEST(a_version_is_immutable_but_can_be_put_again_with_the_same_hash)
{
    auto_done(store_dag_list) l = {0};
    struct store_batch *b = store_batch_new();
    struct store_dag dag = sample_dag("d", "1");
    struct err e = {0};

    put("d", "1");
    set_enabled("d", "1", false);
    store_batch_dag_delete(b, SAMPLE_TENANT, "d", SAMPLE_TIME + 9);
    commit(b);
    ck_assert(!store_read_dag_latest(fixture_reader, SAMPLE_TENANT, "d", STORE_DAG_LIVE, &l, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    put("d", "1");
    ck_assert(store_read_dag_latest(fixture_reader, SAMPLE_TENANT, "d", STORE_DAG_ENABLED, &l, &e));
    ck_assert_int_eq(l.rows[0].deleted_us, 0);
    dag.hash = SAMPLE_HASH_B;
    b = store_batch_new();
    store_batch_dag_put(b, &dag);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    ck_assert_int_ne(outside_sql("UPDATE dag_workflows SET definition = '{}'"), 0);
    ck_assert_int_ne(outside_sql("UPDATE dag_workflows SET hash = 'x'"), 0);
}
END_TEST

START_TEST(a_deleted_version_stays_for_the_runs_pinned_to_it)
{
    auto_done(store_dag_list) l = {0};
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    put(SAMPLE_DAG, "1.0.0");
    put(SAMPLE_DAG, "1.0.1");
    add_run("r1");
    store_batch_dag_delete(b, SAMPLE_TENANT, SAMPLE_DAG, SAMPLE_TIME + 9);
    commit(b);
    ck_assert(store_read_dag(fixture_reader, SAMPLE_TENANT, SAMPLE_DAG, "1.0.0", &l, &e));
    ck_assert_int_eq(l.rows[0].deleted_us, SAMPLE_TIME + 9);
    ck_assert_int_ne(outside_sql("DELETE FROM dag_workflows WHERE version = '1.0.0'"), 0);
    ck_assert_int_eq(outside_sql("DELETE FROM dag_workflows WHERE version = '1.0.1'"), 0);
}
END_TEST

START_TEST(a_dag_that_is_not_there_cannot_be_disabled_or_deleted)
{
    struct store_batch *b = store_batch_new();

    store_batch_dag_set_enabled(b, SAMPLE_TENANT, "d", "1", false, 1);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
    put("d", "1");
    b = store_batch_new();
    store_batch_dag_delete(b, "other", "d", 1);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_failure_policy_outside_v021s_list_is_refused)
{
    struct store_batch *b = store_batch_new();
    struct store_dag dag = sample_dag("d", "1");

    dag.on_failure = "shrug";
    store_batch_dag_put(b, &dag);
    ck_assert_int_eq(commit_code(b), ERR_INVALID);
}
END_TEST

TCase *dags_cases(void)
{
    TCase *c = tcase_create("dags");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_version_reads_back_as_it_was_written);
    tcase_add_test(c, versions_order_by_their_numbers);
    tcase_add_test(c, filters_choose_by_state_id_and_highest_version);
    tcase_add_test(c, a_version_is_immutable_but_can_be_put_again_with_the_same_hash);
    tcase_add_test(c, a_deleted_version_stays_for_the_runs_pinned_to_it);
    tcase_add_test(c, a_dag_that_is_not_there_cannot_be_disabled_or_deleted);
    tcase_add_test(c, a_failure_policy_outside_v021s_list_is_refused);
    tcase_set_timeout(c, 60);
    return c;
}
