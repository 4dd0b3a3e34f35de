/* several_test.c -- two hosts on one database: who is alive, and what becomes of what the other one
 * had (docs/adr/0048). "far" is behind a proxy that can stand still, "near" is not. */
#include "fixture.h"

#include "proxy.h"
#include "store/hosts.h"
#include "store/postgres/steady.h"

#include <poll.h>
#include <string.h>

enum { TTL_MS = 2000, LOOK_MS = 20, PATIENCE_MS = 40000 };

static struct host {
    struct store *store;
    struct store_reader *reader;
} far, near;
static struct proxy *proxy;

static void open_host(struct host *h, const char *url, const char *host_id)
{
    const struct store_options options = {.url = url, .host_id = host_id, .lease_ttl_ms = TTL_MS};
    struct err e = {0};

    ck_assert_msg(store_open(&options, &h->store, &e), "%s", e.msg);
    ck_assert_msg(store_reader_open(h->store, &h->reader, &e), "%s", e.msg);
}

static void close_host(struct host *h)
{
    store_reader_free(take(h->reader));
    store_close(take(h->store));
}

static void setup(void)
{
    auto_mem char *direct = NULL;

    fixture_setup();
    proxy = fixture_put_between();
    fixture_close();
    direct = fixture_direct_url();
    open_host(&far, fixture_url, "far");
    open_host(&near, direct, "near");
}

static void teardown(void)
{
    proxy_hold(proxy, false);
    close_host(&far);
    close_host(&near);
    fixture_teardown();
}

static enum err_code commit_of(struct host *h, struct store_batch *b)
{
    struct err e = {0};

    return store_commit_wait(h->store, &b, NULL, &e) ? ERR_NONE : e.code;
}

static enum err_code insert(struct host *h, const char *run_id)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run(run_id);

    run.lease_owner = store_host_id(h->store);
    run.lease_epoch = store_host_epoch(h->store);
    store_batch_run_insert(b, &run);
    return commit_of(h, b);
}

static void claim(struct host *h, const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_claim(b, run_id, store_host_id(h->store), store_host_epoch(h->store));
    ck_assert_int_eq(commit_of(h, b), ERR_NONE);
}

static size_t free_runs(struct host *h)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_free_runs(h->reader, (struct store_page){0}, &l, &e), "%s", e.msg);
    return l.count;
}

static bool is_owner(struct host *h, const char *run_id)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_run_head(near.reader, SAMPLE_TENANT, run_id, &l, &e), "%s", e.msg);
    return l.rows[0].lease_owner != NULL &&
           strcmp(l.rows[0].lease_owner, store_host_id(h->store)) == 0 &&
           l.rows[0].lease_epoch == store_host_epoch(h->store);
}

/* Until there is one. */
static void wait_for_free_run(struct host *h)
{
    for (int ms = 0; free_runs(h) == 0; ms += LOOK_MS) {
        ck_assert_int_lt(ms, PATIENCE_MS);
        poll(NULL, 0, LOOK_MS);
    }
}

static void wait_for_hold(struct host *h, enum store_hold want)
{
    for (int ms = 0; store_hold(h->store) != want; ms += LOOK_MS) {
        ck_assert_int_lt(ms, PATIENCE_MS);
        poll(NULL, 0, LOOK_MS);
    }
}

/* "": there is no such host. */
static const char *state_of(const char *host_id)
{
    auto_done(store_host_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_hosts(near.reader, (struct store_page){0}, &l, &e), "%s", e.msg);
    for (size_t i = 0; i < l.count; i++) {
        if (strcmp(l.rows[i].host_id, host_id) == 0)
            return l.rows[i].alive ? "alive" : l.rows[i].ended ? "ended" : "fenced";
    }
    return "";
}

START_TEST(two_hosts_write_side_by_side_and_neither_takes_what_the_other_has)
{
    ck_assert_int_eq(insert(&far, "r-far"), ERR_NONE);
    ck_assert_int_eq(insert(&near, "r-near"), ERR_NONE);
    ck_assert_uint_eq(free_runs(&near), 0);
    claim(&near, "r-far");
    claim(&far, "r-near");
    ck_assert(is_owner(&far, "r-far") && is_owner(&near, "r-near"));
}
END_TEST

START_TEST(a_silent_host_is_adrift_before_another_follows_it_and_then_writes_nothing)
{
    struct err why = {0};

    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    proxy_hold(proxy, true);
    wait_for_free_run(&near);
    ck_assert_int_eq(store_hold(far.store), STORE_ADRIFT);
    ck_assert_str_eq(state_of("far"), "fenced");
    claim(&near, "r1");
    ck_assert(is_owner(&near, "r1"));
    proxy_hold(proxy, false);
    ck_assert_int_eq(insert(&far, "r2"), ERR_CONFLICT);
    ck_assert_int_eq(store_hold(far.store), STORE_FENCED);
    ck_assert(store_failed(far.store, &why));
    ck_assert_int_eq(why.code, ERR_CONFLICT);
    ck_assert_int_eq(insert(&near, "r2"), ERR_NONE); /* nothing of it was there */
}
END_TEST

START_TEST(a_host_that_has_nothing_to_write_hears_that_it_was_followed)
{
    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    proxy_hold(proxy, true);
    wait_for_free_run(&near);
    proxy_hold(proxy, false);
    wait_for_hold(&far, STORE_FENCED);
    ck_assert(store_failed(far.store, NULL));
}
END_TEST

START_TEST(a_fenced_home_opens_again_as_another_opening)
{
    int64_t before = store_host_epoch(far.store);

    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    proxy_hold(proxy, true);
    wait_for_free_run(&near);
    proxy_hold(proxy, false);
    close_host(&far);
    open_host(&far, fixture_url, "far");
    ck_assert_int_gt(store_host_epoch(far.store), before);
    ck_assert_int_eq(store_hold(far.store), STORE_HELD);
    claim(&far, "r1");
    ck_assert(is_owner(&far, "r1"));
}
END_TEST

START_TEST(what_a_host_had_is_free_as_soon_as_it_ends_in_order)
{
    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    ck_assert_uint_eq(free_runs(&near), 0);
    close_host(&far);
    ck_assert_uint_eq(free_runs(&near), 1);
    ck_assert_str_eq(state_of("far"), "ended");
    open_host(&far, fixture_url, "far");
    ck_assert_str_eq(state_of("far"), "alive");
}
END_TEST

/* All rows are old when it is back, and the first to come must not fence the other for it. */
START_TEST(a_database_that_stood_still_makes_hosts_adrift_and_fences_none)
{
    close_host(&near);
    open_host(&near, fixture_url, "near"); /* both behind the proxy */
    ck_assert_int_eq(insert(&far, "r-far"), ERR_NONE);
    poll(NULL, 0, TTL_MS * 3 / 2); /* both could fence by now */
    proxy_hold(proxy, true);
    wait_for_hold(&far, STORE_ADRIFT);
    wait_for_hold(&near, STORE_ADRIFT);
    poll(NULL, 0, TTL_MS);
    proxy_hold(proxy, false);
    wait_for_hold(&far, STORE_HELD);
    wait_for_hold(&near, STORE_HELD);
    ck_assert_int_eq(insert(&far, "r-far-2"), ERR_NONE);
    ck_assert_int_eq(insert(&near, "r-near"), ERR_NONE);
    ck_assert(is_owner(&far, "r-far"));
    ck_assert_uint_eq(free_runs(&near), 0);
}
END_TEST

START_TEST(an_order_that_one_host_takes_is_carried_out_by_the_one_that_has_the_run)
{
    struct store_batch *b = store_batch_new();
    const struct store_order order = {.tenant = SAMPLE_TENANT,
                                      .run_id = "r1",
                                      .verb = "cancel",
                                      .created_us = SAMPLE_TIME};
    auto_done(store_order_list) others = {0};
    auto_done(store_order_list) own = {0};
    auto_done(store_order_list) left = {0};
    struct err e = {0};

    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    store_batch_order_put(b, &order);
    ck_assert_int_eq(commit_of(&near, b), ERR_NONE);
    ck_assert(store_read_orders(near.reader, "near", store_host_epoch(near.store),
                                (struct store_page){0}, &others, &e));
    ck_assert_uint_eq(others.count, 0);
    ck_assert(store_read_orders(far.reader, "far", store_host_epoch(far.store),
                                (struct store_page){0}, &own, &e));
    ck_assert_uint_eq(own.count, 1);
    b = store_batch_new();
    store_batch_order_done(b, SAMPLE_TENANT, "r1", own.rows[0].order_no);
    ck_assert_int_eq(commit_of(&far, b), ERR_NONE);
    ck_assert(store_read_orders(far.reader, "far", store_host_epoch(far.store),
                                (struct store_page){0}, &left, &e));
    ck_assert_uint_eq(left.count, 0);
}
END_TEST

struct fate {
    bool told;
    enum err_code code;
};

static void note(void *arg, const struct store_done *done)
{
    struct fate *f = arg;

    *f = (struct fate){true, done->err != NULL ? done->err->code : ERR_NONE};
}

/* far's group is cut as told, and far is followed before it can ask what became of it. */
static enum err_code cut_and_follow(enum proxy_cut how)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("cut");
    struct fate fate = {0};
    struct pollfd p = {.fd = store_poll_fd(far.store), .events = POLLIN};
    struct err e = {0};

    ck_assert_int_eq(insert(&far, "r1"), ERR_NONE);
    proxy_cut_writer(proxy, how, true);
    run.lease_owner = "far";
    run.lease_epoch = store_host_epoch(far.store);
    store_batch_run_insert(b, &run);
    ck_assert_msg(store_submit_take(far.store, &b, note, &fate, &e), "%s", e.msg);
    wait_for_free_run(&near);
    ck_assert_int_eq(proxy_cuts(proxy), 1);
    proxy_hold(proxy, false);
    while (!fate.told) {
        ck_assert_int_ge(poll(&p, 1, PATIENCE_MS), 0);
        store_turn(far.store);
    }
    wait_for_hold(&far, STORE_FENCED);
    return fate.code;
}

START_TEST(a_group_that_was_committed_before_its_host_was_followed_is_told_as_done)
{
    ck_assert_int_eq(cut_and_follow(PROXY_CUTS_ANSWER), ERR_NONE);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions WHERE execution_id = 'cut'"),
                     1);
    ck_assert_uint_eq(free_runs(&near), 2);
}
END_TEST

START_TEST(a_group_that_was_not_is_refused_and_leaves_nothing)
{
    ck_assert_int_eq(cut_and_follow(PROXY_CUTS_REQUEST), ERR_CONFLICT);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_executions WHERE execution_id = 'cut'"),
                     0);
}
END_TEST

START_TEST(a_gap_or_a_clock_that_jumps_begins_the_time_of_a_steady_host_again)
{
    struct steady s = {.gap_us = 300};

    ck_assert(!steady_for(&s, 0));
    for (int64_t t = 1000; t <= 2000; t += 100)
        steady_note(&s, t, 50000 + t);
    ck_assert(steady_for(&s, 1000));
    ck_assert(!steady_for(&s, 1001));
    steady_note(&s, 2301, 52301); /* a gap */
    ck_assert(!steady_for(&s, 1));
    steady_note(&s, 2400, 52400);
    ck_assert(steady_for(&s, 99));
    steady_note(&s, 2500, 62500); /* the server halted, or its clock was set */
    ck_assert(!steady_for(&s, 1));
    steady_note(&s, 2600, 52600);
    ck_assert(!steady_for(&s, 1));
}
END_TEST

TCase *several_cases(void)
{
    TCase *c = tcase_create("several");

    tcase_set_tags(c, "threads");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, two_hosts_write_side_by_side_and_neither_takes_what_the_other_has);
    tcase_add_test(c, a_silent_host_is_adrift_before_another_follows_it_and_then_writes_nothing);
    tcase_add_test(c, a_host_that_has_nothing_to_write_hears_that_it_was_followed);
    tcase_add_test(c, a_fenced_home_opens_again_as_another_opening);
    tcase_add_test(c, what_a_host_had_is_free_as_soon_as_it_ends_in_order);
    tcase_add_test(c, a_database_that_stood_still_makes_hosts_adrift_and_fences_none);
    tcase_add_test(c, an_order_that_one_host_takes_is_carried_out_by_the_one_that_has_the_run);
    tcase_add_test(c, a_group_that_was_committed_before_its_host_was_followed_is_told_as_done);
    tcase_add_test(c, a_group_that_was_not_is_refused_and_leaves_nothing);
    tcase_add_test(c, a_gap_or_a_clock_that_jumps_begins_the_time_of_a_steady_host_again);
    tcase_set_timeout(c, 120);
    return c;
}
