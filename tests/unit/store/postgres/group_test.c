/* group_test.c -- many batches in one transaction: a bad one does not touch its neighbours, and a
 * group whose answer is lost is looked up. */
#include "fixture.h"

#include "proxy.h"

#include <poll.h>
#include <string.h>

static void submit_run(const char *run_id, store_done_fn *done, void *arg)
{
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run(run_id);
    const struct store_event event = sample_event(run_id, 1, "run.started");
    struct err e = {0};

    store_batch_run_insert(b, &run);
    store_batch_event_append(b, &event);
    ck_assert_msg(store_submit_take(fixture_store, &b, done, arg, &e), "%s", e.msg);
}

static void wait_all(void)
{
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};

    while (store_pending(fixture_store) > 0) {
        ck_assert_int_ge(poll(&p, 1, 60000), 0);
        store_turn(fixture_store);
    }
}

struct fates {
    size_t done, refused, order;
    enum err_code code;
    int64_t last_event;
};

static void note(void *arg, const struct store_done *done)
{
    struct fates *f = arg;

    f->done += done->err == NULL ? 1 : 0;
    f->refused += done->err != NULL ? 1 : 0;
    if (done->err != NULL)
        f->code = done->err->code;
    else
        f->last_event = done->last_event;
}

START_TEST(a_poisoned_batch_does_not_touch_its_neighbours)
{
    struct fates good = {0}, bad = {0};
    char run_id[16];

    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < 37; i++) {
        snprintf(run_id, sizeof run_id, "r%d", i);
        submit_run(run_id, note, &good);
        if (i == 20)
            submit_run("r7", note, &bad); /* the key exists */
    }
    store_testing_hold(fixture_store, 0);
    wait_all();
    ck_assert_uint_eq(good.done, 37);
    ck_assert_uint_eq(bad.refused, 1);
    ck_assert_int_eq(bad.code, ERR_CONFLICT);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 37);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events"), 37);
    ck_assert_int_eq(good.last_event, 37); /* without a gap */
}
END_TEST

START_TEST(a_backend_that_is_ended_is_followed_by_another)
{
    struct fates f = {0};

    auto_done(store_run_list) before = {0};

    add_run("r0");
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r0", &before, NULL));
    ck_assert_int_eq(outside_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE application_name LIKE 'orchestrator:%'"
                                 " AND datname = current_database()"),
                     0);
    submit_run("r1", note, &f);
    wait_all();
    ck_assert_uint_eq(f.done, 1);
    ck_assert(!store_failed(fixture_store, NULL));
    auto_done(store_run_list) runs = {0};
    struct err e = {0};
    ck_assert_msg(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &runs, &e), "%s", e.msg);
}
END_TEST

/* Twenty runs in one group, the connection cut as told: each of them is there once. */
static void cut_a_group(enum proxy_cut how)
{
    struct proxy *proxy = fixture_put_between();
    struct fates f = {0};
    char run_id[16];

    submit_run("first", NULL, NULL);
    wait_all();
    store_testing_hold(fixture_store, 1);
    for (int i = 0; i < 20; i++) {
        snprintf(run_id, sizeof run_id, "r%d", i);
        submit_run(run_id, note, &f);
    }
    proxy_cut_writer(proxy, how, false);
    store_testing_hold(fixture_store, 0);
    wait_all();
    ck_assert_int_eq(proxy_cuts(proxy), 1);
    ck_assert_uint_eq(f.done, 20);
    ck_assert_int_eq(f.last_event, 21);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions"), 21);
    ck_assert_int_eq(outside_int("SELECT max(seq) = 21 AND count(*) = 21 FROM run_events"), 1);
    ck_assert(!store_failed(fixture_store, NULL));
}

START_TEST(a_group_whose_answer_is_lost_is_found_and_not_done_again)
{
    cut_a_group(PROXY_CUTS_ANSWER);
}
END_TEST

START_TEST(a_group_that_did_not_arrive_is_done_once)
{
    cut_a_group(PROXY_CUTS_REQUEST);
}
END_TEST

START_TEST(half_of_a_group_leaves_nothing)
{
    cut_a_group(PROXY_HALVES);
}
END_TEST

/* Every answer is whole, whatever connection was cut: a reader's, or the writer's that tells of the
 * host. */
START_TEST(an_answer_that_is_cut_in_the_middle_is_asked_for_once_more)
{
    struct proxy *proxy = fixture_put_between();
    const struct store_run_filter all = {.tenant = SAMPLE_TENANT};
    char run_id[16];

    for (int i = 0; i < 90; i++) {
        snprintf(run_id, sizeof run_id, "r%d", i);
        submit_run(run_id, NULL, NULL);
    }
    wait_all();
    for (int i = 0; i < 12; i++) {
        auto_done(store_run_list) runs = {0};
        struct err e = {0};

        proxy_cut(proxy, i % 3 == 0 ? PROXY_CUTS_ANSWER : PROXY_HALVES_ANSWER);
        ck_assert_msg(store_read_runs(fixture_reader, &all, (struct store_page){.size = 80}, &runs,
                                      &e),
                      "%s", e.msg);
        ck_assert_uint_eq(runs.count, 80);
    }
    ck_assert_int_ge(proxy_cuts(proxy), 6);
}
END_TEST

#define WAITING                                                                                    \
    " FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"         \
    " AND backend_type = 'client backend'"

/* Since when the last statement that waits for the standby does, in microseconds; 0: none does. */
static int64_t waits_for_standby(void)
{
    return outside_int("SELECT coalesce(max((extract(epoch FROM query_start) * 1000000)::bigint), "
                       "0)" WAITING);
}

/* The next after the last one: its connection may be the same. */
static int64_t next_that_waits(int64_t last)
{
    int64_t since = 0;

    for (int i = 0; i < 3000 && since <= last; i++) {
        poll(NULL, 0, 10);
        store_turn(fixture_store);
        since = waits_for_standby();
    }
    ck_assert(since > last);
    return since;
}

START_TEST(a_commit_that_no_standby_has_is_not_told)
{
    struct fates f = {0};
    char run_id[16];
    size_t runs = 0;
    int64_t since = 0;

    add_run("first");
    ck_assert_int_eq(outside_sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'"), 0);
    ck_assert_int_eq(outside_sql("SELECT pg_reload_conf()"), 0);
    for (; since == 0 && f.done == runs;
         since = waits_for_standby()) { /* until the server heard it */
        snprintf(run_id, sizeof run_id, "r%zu", runs++);
        submit_run(run_id, note, &f);
        for (int i = 0; i < 100 && waits_for_standby() == 0; i++) {
            poll(NULL, 0, 10);
            store_turn(fixture_store);
        }
    }
    for (int i = 0; i < 3; i++) {
        since = next_that_waits(i > 0 ? since : 0);
        ck_assert_int_eq(outside_sql("SELECT pg_cancel_backend(pid)" WAITING), 0);
    }
    next_that_waits(since);
    ck_assert_uint_lt(f.done, runs);
    ck_assert_int_eq(outside_sql("ALTER SYSTEM RESET synchronous_standby_names"), 0);
    ck_assert_int_eq(outside_sql("SELECT pg_reload_conf()"), 0);
    wait_all();
    ck_assert_uint_eq(f.done, runs);
    ck_assert_uint_eq(outside_int("SELECT count(*) FROM dag_executions"), runs + 1);
    ck_assert(!store_failed(fixture_store, NULL));
}
END_TEST

START_TEST(a_host_that_ended_in_order_is_followed_at_once)
{
    add_run("r1");
    fixture_close();
    fixture_open();
    add_run("r2");
    ck_assert_int_eq(outside_int("SELECT max(epoch) > 1 FROM hosts"), 1);
}
END_TEST

START_TEST(a_row_that_a_hand_damaged_is_named)
{
    struct store_batch *b = store_batch_new();
    const struct store_node node = sample_node("r1", "n1");
    auto_done(store_node_list) nodes = {0};
    struct err e = {0};

    add_run("r1");
    store_batch_node_upsert(b, &node);
    commit(b);
    ck_assert_int_eq(outside_sql("UPDATE node_traces SET input_hash = 'XYZ'"), 0);
    ck_assert(!store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &nodes, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    ck_assert_msg(strstr(e.msg, "'r1'") != NULL && strstr(e.msg, "input_hash") != NULL, "%s",
                  e.msg);
}
END_TEST

TCase *group_cases(void)
{
    TCase *c = tcase_create("group");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_poisoned_batch_does_not_touch_its_neighbours);
    tcase_add_test(c, a_group_whose_answer_is_lost_is_found_and_not_done_again);
    tcase_add_test(c, a_group_that_did_not_arrive_is_done_once);
    tcase_add_test(c, half_of_a_group_leaves_nothing);
    tcase_add_test(c, an_answer_that_is_cut_in_the_middle_is_asked_for_once_more);
    tcase_add_test(c, a_commit_that_no_standby_has_is_not_told);
    tcase_add_test(c, a_host_that_ended_in_order_is_followed_at_once);
    tcase_add_test(c, a_row_that_a_hand_damaged_is_named);
    tcase_add_test(c, a_backend_that_is_ended_is_followed_by_another);
    tcase_set_timeout(c, 170);
    return c;
}
