/* hosts_test.c -- openings and what they have: runs, jobs, orders (store/hosts.h). The fixture's
 * opening is the one that lives; SAMPLE_HOST's epoch GONE is one that never did. */
#include "suites.h"

#include "store/hosts.h"

#include <poll.h>
#include <stdio.h>

enum { GONE = 1000 };

static int64_t epoch(void)
{
    return store_host_epoch(fixture_store);
}

static void add_run_of(const char *run_id, const char *owner, int64_t of_epoch)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run(run_id);

    run.lease_owner = owner;
    run.lease_epoch = of_epoch;
    store_batch_run_insert(b, &run);
    commit(b);
}

static void claim(const char *run_id, const char *owner, int64_t of_epoch)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_claim(b, run_id, owner, of_epoch);
    commit(b);
}

static void check_owner(const char *run_id, const char *owner, int64_t of_epoch)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_run_head(fixture_reader, SAMPLE_TENANT, run_id, &l, &e), "%s", e.msg);
    if (owner == NULL) {
        ck_assert_ptr_null(l.rows[0].lease_owner);
        return;
    }
    ck_assert_str_eq(l.rows[0].lease_owner, owner);
    ck_assert_int_eq(l.rows[0].lease_epoch, of_epoch);
}

/* "a b": the runs that are free, in the order of the answer, page by page. */
static void check_free(const char *want)
{
    auto_done(buf) ids = {0};
    auto_mem char *token = NULL;

    do {
        auto_done(store_run_list) l = {0};
        struct err e = {0};

        ck_assert_msg(store_read_free_runs(fixture_reader, (struct store_page){token, 2}, &l, &e),
                      "%s", e.msg);
        for (size_t i = 0; i < l.count; i++) {
            buf_addf(&ids, "%s%s", ids.len > 0 ? " " : "", l.rows[i].run_id);
            ck_assert_ptr_null(l.rows[i].input);
            ck_assert_ptr_nonnull(l.rows[i].agent_digests);
        }
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&ids), want);
}

static void end_run(const char *run_id)
{
    struct store_batch *b = store_batch_new();
    const struct store_run_end end = sample_run_end(run_id);

    store_batch_run_end(b, &end);
    commit(b);
}

START_TEST(an_opening_knows_who_it_is_and_holds)
{
    auto_done(store_host_list) l = {0};
    int64_t before = epoch();
    struct err e = {0};

    ck_assert_str_eq(store_host_id(fixture_store), SAMPLE_HOST);
    ck_assert_int_gt(before, 0);
    ck_assert_int_eq(store_hold(fixture_store), STORE_HELD);
    ck_assert_msg(store_read_hosts(fixture_reader, (struct store_page){0}, &l, &e), "%s", e.msg);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.rows[0].host_id, SAMPLE_HOST);
    ck_assert_int_eq(l.rows[0].epoch, before);
    ck_assert(l.rows[0].alive && !l.rows[0].ended);
    ck_assert_int_ge(l.rows[0].silent_us, 0);
    ck_assert_int_lt(l.rows[0].silent_us, 60000000);
    ck_assert_int_gt(l.rows[0].started_us, 0);
    ck_assert_int_ge(l.rows[0].heartbeat_us, l.rows[0].started_us / 1000 * 1000 - 1000);
    ck_assert_str_eq(l.rows[0].version, ORCH_VERSION);
    ck_assert_str_eq(l.rows[0].address, "http://127.0.0.1:1");
    fixture_close();
    fixture_open();
    ck_assert_int_gt(epoch(), before);
}
END_TEST

static void tell_agents(int64_t of, const char *agents)
{
    struct store_batch *b = store_batch_new();

    store_batch_host_agents(b, SAMPLE_HOST, of, agents);
    commit(b);
}

START_TEST(an_opening_says_what_it_can_run_and_no_other_does_for_it)
{
    auto_done(store_host_list) none = {0};
    auto_done(store_host_list) l = {0};
    struct err e = {0};

    ck_assert(store_read_hosts(fixture_reader, (struct store_page){0}, &none, &e));
    ck_assert_str_eq(none.rows[0].agents, "{}");
    tell_agents(epoch(), "{\"a.b\":[\"d1\"]}");
    tell_agents(epoch() + 1, "{}");
    ck_assert(store_read_hosts(fixture_reader, (struct store_page){0}, &l, &e));
    ck_assert_msg(strstr(l.rows[0].agents, "\"a.b\"") != NULL, "%s", l.rows[0].agents);
    ck_assert_msg(strstr(l.rows[0].agents, "\"d1\"") != NULL, "%s", l.rows[0].agents);
}
END_TEST

START_TEST(what_is_free_is_what_nobody_alive_has_and_goes_on)
{
    add_run_of("mine", SAMPLE_HOST, epoch());
    add_run_of("nobodys", NULL, 0);
    add_run_of("of-before", SAMPLE_HOST, GONE);
    add_run_of("of-a-stranger", "host-z", epoch());
    add_run_of("ended", "host-z", 1);
    end_run("ended");
    check_free("nobodys of-a-stranger of-before");
}
END_TEST

static int64_t runs_of(const char *owner, int64_t of_epoch)
{
    int64_t count = -1;
    struct err e = {0};

    ck_assert_msg(store_read_runs_of(fixture_reader, owner, of_epoch, &count, &e), "%s", e.msg);
    return count;
}

START_TEST(the_runs_of_an_opening_are_counted_while_they_go_on)
{
    add_run_of("one", SAMPLE_HOST, epoch());
    add_run_of("two", SAMPLE_HOST, epoch());
    add_run_of("of-before", SAMPLE_HOST, GONE);
    add_run_of("nobodys", NULL, 0);
    ck_assert_int_eq(runs_of(SAMPLE_HOST, epoch()), 2);
    ck_assert_int_eq(runs_of(SAMPLE_HOST, GONE), 1);
    end_run("one");
    ck_assert_int_eq(runs_of(SAMPLE_HOST, epoch()), 1);
    ck_assert_int_eq(runs_of("host-z", 1), 0);
}
END_TEST

START_TEST(a_claim_takes_what_is_free_and_nothing_else)
{
    struct store_batch *b = store_batch_new();

    add_run_of("mine", SAMPLE_HOST, epoch());
    add_run_of("free", "host-z", 3);
    add_run_of("ended", "host-z", 3);
    end_run("ended");
    store_batch_run_claim(b, "mine", "host-z", 4);
    store_batch_run_claim(b, "free", SAMPLE_HOST, epoch());
    store_batch_run_claim(b, "ended", SAMPLE_HOST, epoch());
    store_batch_run_claim(b, "nowhere", SAMPLE_HOST, epoch());
    commit(b);
    check_owner("mine", SAMPLE_HOST, epoch());
    check_owner("free", SAMPLE_HOST, epoch());
    check_owner("ended", "host-z", 3);
    check_free("");
}
END_TEST

START_TEST(what_an_opening_had_is_free_when_its_home_opens_again)
{
    int64_t before = epoch();

    add_run_of("r1", SAMPLE_HOST, before);
    check_free("");
    fixture_close();
    fixture_open();
    check_free("r1");
    claim("r1", SAMPLE_HOST, epoch());
    check_owner("r1", SAMPLE_HOST, epoch());
    check_free("");
}
END_TEST

START_TEST(a_run_is_released_by_who_has_it_alone)
{
    struct store_batch *b = store_batch_new();

    add_run_of("r1", SAMPLE_HOST, epoch());
    add_run_of("r2", SAMPLE_HOST, epoch());
    store_batch_run_release(b, "r1", SAMPLE_HOST, epoch());
    store_batch_run_release(b, "r2", SAMPLE_HOST, epoch() + 1);
    store_batch_run_release(b, "nowhere", SAMPLE_HOST, epoch());
    commit(b);
    check_owner("r1", NULL, 0);
    check_owner("r2", SAMPLE_HOST, epoch());
    check_free("r1");
    claim("r1", SAMPLE_HOST, epoch());
    check_owner("r1", SAMPLE_HOST, epoch());
}
END_TEST

START_TEST(an_opening_reads_its_own_unfinished_runs)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    add_run_of("mine", SAMPLE_HOST, epoch());
    add_run_of("free", SAMPLE_HOST, GONE);
    add_run_of("ended", SAMPLE_HOST, epoch());
    end_run("ended");
    ck_assert_msg(store_read_unfinished(fixture_reader, SAMPLE_HOST, epoch(),
                                        (struct store_page){0}, &l, &e),
                  "%s", e.msg);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.rows[0].run_id, "mine");
    ck_assert_ptr_null(l.rows[0].input); /* heads only */
}
END_TEST

static enum err_code reopen_code(const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_reopen(b, SAMPLE_TENANT, run_id, SAMPLE_HOST, epoch());
    return commit_code(b);
}

START_TEST(a_run_that_goes_on_is_not_reopened)
{
    add_run_of("mine", SAMPLE_HOST, epoch());
    add_run_of("free", "host-z", 1);
    ck_assert_int_eq(reopen_code("mine"), ERR_CONFLICT);
    ck_assert_int_eq(reopen_code("free"), ERR_CONFLICT);
    ck_assert_int_eq(reopen_code("nowhere"), ERR_NOT_FOUND);
}
END_TEST

static void end_failed(const char *run_id)
{
    struct store_batch *b = store_batch_new();
    struct store_run_end end = sample_run_end(run_id);

    end.status = STORE_RUN_FAILED;
    store_batch_run_end(b, &end);
    commit(b);
}

START_TEST(a_reopened_run_is_its_reopeners)
{
    struct store_batch *b = store_batch_new();

    add_run_of("r1", "host-z", 7);
    end_failed("r1");
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, epoch());
    commit(b);
    check_owner("r1", SAMPLE_HOST, epoch());
    check_free("");
}
END_TEST

static void claim_job(const char *name, const char *owner, int64_t of_epoch)
{
    struct store_batch *b = store_batch_new();

    store_batch_job_claim(b, name, owner, of_epoch);
    commit(b);
}

static void check_job(size_t at, const char *name, const char *owner, bool is_free)
{
    auto_done(store_job_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_jobs(fixture_reader, (struct store_page){0}, &l, &e), "%s", e.msg);
    ck_assert_uint_gt(l.count, at);
    ck_assert_str_eq(l.rows[at].job, name);
    ck_assert_str_eq(l.rows[at].lease_owner, owner);
    ck_assert_int_eq(l.rows[at].is_free, is_free);
}

START_TEST(a_job_is_its_claimers_until_that_one_is_gone)
{
    claim_job("heads", SAMPLE_HOST, epoch());
    claim_job("heads", "host-z", 9);
    claim_job("purge", "host-z", 9);
    check_job(0, "heads", SAMPLE_HOST, false);
    check_job(1, "purge", "host-z", true);
    claim_job("purge", SAMPLE_HOST, epoch());
    check_job(1, "purge", SAMPLE_HOST, false);
    fixture_close();
    fixture_open();
    check_job(0, "heads", SAMPLE_HOST, true);
    claim_job("heads", SAMPLE_HOST, epoch());
    check_job(0, "heads", SAMPLE_HOST, false);
}
END_TEST

static struct store_order order_of(const char *run_id, const char *verb)
{
    return (struct store_order){.tenant = SAMPLE_TENANT,
                                .run_id = run_id,
                                .verb = verb,
                                .said = "{\"actor\":\"op\"}",
                                .created_us = SAMPLE_TIME};
}

static void put_order(const char *run_id, const char *verb)
{
    struct store_batch *b = store_batch_new();
    const struct store_order order = order_of(run_id, verb);

    store_batch_order_put(b, &order);
    commit(b);
}

static void read_orders(struct store_order_list *ret)
{
    struct err e = {0};

    ck_assert_msg(store_read_orders(fixture_reader, SAMPLE_HOST, epoch(),
                                    (struct store_page){.size = 10}, ret, &e),
                  "%s", e.msg);
}

START_TEST(orders_are_read_by_who_has_the_run_and_deleted_when_they_are_done)
{
    auto_done(store_order_list) l = {0};
    auto_done(store_order_list) left = {0};
    struct store_batch *b = store_batch_new();

    add_run_of("r1", SAMPLE_HOST, epoch());
    add_run_of("r2", "host-z", 1);
    put_order("r1", "pause");
    put_order("r2", "cancel");
    put_order("r1", "unpause");
    read_orders(&l);
    ck_assert_uint_eq(l.count, 2);
    ck_assert_str_eq(l.rows[0].verb, "pause");
    ck_assert_str_eq(l.rows[0].run_id, "r1");
    ck_assert_str_eq(l.rows[0].tenant, SAMPLE_TENANT);
    ck_assert_str_eq(l.rows[0].said, "{\"actor\":\"op\"}");
    ck_assert_int_eq(l.rows[0].created_us, SAMPLE_TIME);
    ck_assert_str_eq(l.rows[1].verb, "unpause");
    store_batch_order_done(b, SAMPLE_TENANT, "r1", l.rows[0].order_no);
    store_batch_order_done(b, SAMPLE_TENANT, "r2", l.rows[1].order_no); /* not that run's */
    commit(b);
    claim("r2", SAMPLE_HOST, epoch());
    read_orders(&left);
    ck_assert_uint_eq(left.count, 2);
    ck_assert_str_eq(left.rows[0].verb, "cancel");
    ck_assert_str_eq(left.rows[1].verb, "unpause");
}
END_TEST

START_TEST(an_order_needs_a_run_that_goes_on_and_a_verb)
{
    struct store_batch *b[4] = {store_batch_new(), store_batch_new(), store_batch_new(),
                                store_batch_new()};
    struct store_order orders[] = {order_of("ended", "pause"), order_of("nowhere", "pause"),
                                   order_of("r1", "explode"), order_of("r1", "pause")};
    static const enum err_code codes[] = {ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_INVALID, ERR_NOT_FOUND};

    orders[3].tenant = "other";
    add_run_of("r1", SAMPLE_HOST, epoch());
    add_run_of("ended", SAMPLE_HOST, epoch());
    end_run("ended");
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        store_batch_order_put(b[i], &orders[i]);
        ck_assert_int_eq(commit_code(b[i]), codes[i]);
    }
}
END_TEST

START_TEST(orders_that_came_too_late_go)
{
    struct store_batch *b = store_batch_new();

    add_run_of("r1", SAMPLE_HOST, epoch());
    add_run_of("r2", SAMPLE_HOST, epoch());
    add_run_of("r3", SAMPLE_HOST, epoch());
    put_order("r1", "cancel");
    put_order("r2", "cancel");
    put_order("r3", "cancel");
    end_failed("r1");
    end_failed("r2");
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, epoch());
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_orders"), 2);
    b = store_batch_new();
    store_batch_purge_expired(b, SAMPLE_TIME);
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_orders"), 1);
}
END_TEST

static void count_events(void *arg, const struct store_news *news)
{
    *(int *)arg += news->kind == STORE_NEWS_EVENTS ? 1 : 0;
}

START_TEST(what_an_opening_writes_is_no_news_to_it)
{
    int told = 0;

    store_listen(fixture_store, count_events, &told);
    for (int i = 1; i <= 3; i++) {
        struct store_batch *b = store_batch_new();
        const struct store_event event = sample_event("r1", i, "step.updated");

        store_batch_event_append(b, &event);
        commit(b);
        poll(NULL, 0, 20);
        store_turn(fixture_store);
    }
    store_listen(fixture_store, NULL, NULL);
    ck_assert_int_eq(told, 0);
}
END_TEST

TCase *hosts_cases(void)
{
    TCase *c = tcase_create("hosts");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, an_opening_knows_who_it_is_and_holds);
    tcase_add_test(c, an_opening_says_what_it_can_run_and_no_other_does_for_it);
    tcase_add_test(c, what_is_free_is_what_nobody_alive_has_and_goes_on);
    tcase_add_test(c, the_runs_of_an_opening_are_counted_while_they_go_on);
    tcase_add_test(c, a_claim_takes_what_is_free_and_nothing_else);
    tcase_add_test(c, what_an_opening_had_is_free_when_its_home_opens_again);
    tcase_add_test(c, a_run_is_released_by_who_has_it_alone);
    tcase_add_test(c, an_opening_reads_its_own_unfinished_runs);
    tcase_add_test(c, a_run_that_goes_on_is_not_reopened);
    tcase_add_test(c, a_reopened_run_is_its_reopeners);
    tcase_add_test(c, a_job_is_its_claimers_until_that_one_is_gone);
    tcase_add_test(c, orders_are_read_by_who_has_the_run_and_deleted_when_they_are_done);
    tcase_add_test(c, an_order_needs_a_run_that_goes_on_and_a_verb);
    tcase_add_test(c, orders_that_came_too_late_go);
    tcase_add_test(c, what_an_opening_writes_is_no_news_to_it);
    tcase_set_timeout(c, 60);
    return c;
}
