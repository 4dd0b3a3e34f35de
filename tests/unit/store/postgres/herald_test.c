/* herald_test.c -- news between hosts: the thread that tells and hears them. The other host of
 * these tests is a herald of the test's own. */
#include "fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sql.h"
#include "store/hosts.h"
#include "store/postgres/herald.h"
#include "store/postgres/line.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

enum { PATIENCE_MS = 30000 };

/* What the store's listener was told. */
struct heard {
    int64_t number; /* of the tenant's events */
    int events, missed, known[STORE_KNOWN_COUNT], free, orders;
};

static void note(void *arg, const struct store_news *news)
{
    struct heard *h = arg;

    h->events += news->kind == STORE_NEWS_EVENTS ? 1 : 0;
    h->missed += news->kind == STORE_NEWS_MISSED ? 1 : 0;
    h->free += news->kind == STORE_NEWS_FREE ? 1 : 0;
    h->orders += news->kind == STORE_NEWS_ORDERS ? 1 : 0;
    if (news->kind == STORE_NEWS_KNOWN)
        h->known[news->number]++;
    if (news->kind == STORE_NEWS_EVENTS && strcmp(news->tenant, SAMPLE_TENANT) == 0)
        h->number = news->number;
}

/* Turns the store until it was told of one. */
static void turn_until(const int *count)
{
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL;
    struct pollfd p = {.fd = store_poll_fd(fixture_store), .events = POLLIN};

    while (*count == 0 && clock_mono_ns() < until) {
        (void)!poll(&p, 1, 100);
        store_turn(fixture_store);
    }
    ck_assert_int_ge(*count, 1);
}

static void notify(const char *payload)
{
    auto_mem char *sql = mem_printf("SELECT pg_notify('orchestrator.news', '%s')", payload);

    ck_assert_int_eq(outside_sql(sql), 0);
}

/* As whoever commits while the connection is made anew: what is lost meanwhile is looked for. */
static void notify_until_heard(struct heard *heard, int64_t number)
{
    auto_mem char *told = mem_printf("events %lld " SAMPLE_TENANT, (long long)number);
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL;

    while (heard->number < number && clock_mono_ns() < until) {
        notify(told);
        poll(NULL, 0, 20);
        store_turn(fixture_store);
    }
    ck_assert_int_eq(heard->number, number);
}

/* The other host: its row, and a herald that hears into an inbox. */
static struct other {
    int wake_fd;
    struct inbox *inbox;
    struct herald *herald;
    struct heard heard;
    int events; /* so many were committed for it */
} other;

static void other_comes(void)
{
    struct err e = {0};

    /* Nobody renews its row: it is to count for as long as the test takes. */
    ck_assert_int_eq(outside_sql("INSERT INTO hosts (host_id, version, several, lease_ttl)"
                                 " VALUES ('other', 'x', true, '1 hour')"),
                     0);
    other = (struct other){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    other.inbox = inbox_new(other.wake_fd);
    ck_assert_msg(herald_start(fixture_url, NULL, &other.herald, &e), "%s", e.msg);
    herald_listen(other.herald, other.inbox);
}

static void other_goes(void)
{
    herald_listen(other.herald, NULL);
    herald_free(take(other.herald));
    inbox_free(take(other.inbox));
    close(other.wake_fd);
}

static void other_turns(void)
{
    struct pollfd p = {.fd = other.wake_fd, .events = POLLIN};
    eventfd_t seen;

    (void)!poll(&p, 1, 100);
    (void)eventfd_read(other.wake_fd, &seen);
    inbox_deliver(other.inbox, note, &other.heard);
}

static void other_hears(const int *count)
{
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL;

    while (*count == 0 && clock_mono_ns() < until)
        other_turns();
    ck_assert_int_ge(*count, 1);
}

static int64_t add_event(int n)
{
    struct store_batch *b = store_batch_new();
    const struct store_event event = sample_event("r1", n, "step.updated");

    store_batch_event_append(b, &event);
    return commit(b).last_event;
}

/* A host tells nobody until it knows of another: what is committed before is told as MISSED. */
static void other_hears_of_events(void)
{
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL, seq;

    do {
        seq = add_event(++other.events);
        other_turns();
    } while (other.heard.number < seq && clock_mono_ns() < until);
    ck_assert_int_eq(other.heard.number, seq);
}

static void other_hears_of_tokens(void)
{
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL;

    for (int n = 1; other.heard.known[STORE_KNOWN_TOKENS] == 0 && clock_mono_ns() < until; n++) {
        auto_mem char *id = mem_printf("t%d", n);
        struct store_batch *b = store_batch_new();

        store_batch_token_revoke(b, &(struct store_revoked_token){.token_id = id,
                                                                  .tenant = SAMPLE_TENANT,
                                                                  .reason = "",
                                                                  .revoked_us = 1,
                                                                  .expires_us = 2});
        commit(b);
        other_turns();
    }
    ck_assert_int_ge(other.heard.known[STORE_KNOWN_TOKENS], 1);
}

/* Of one who closes. False: a look was due meanwhile, and its MISSED stands for all beside it. */
static bool other_hears_of_what_is_free(void)
{
    int64_t until = clock_mono_ns() + PATIENCE_MS * 1000000LL;

    other.heard.missed = 0;
    fixture_close();
    while (other.heard.free == 0 && other.heard.missed == 0 && clock_mono_ns() < until)
        other_turns();
    ck_assert_int_ge(other.heard.free + other.heard.missed, 1);
    return other.heard.free > 0;
}

START_TEST(what_another_notifies_is_delivered_by_turns)
{
    struct heard heard = {0};

    store_listen(fixture_store, note, &heard);
    notify_until_heard(&heard, 1); /* it listens */
    notify("events 77 " SAMPLE_TENANT "\nfree\nknown tokens");
    turn_until(&heard.known[STORE_KNOWN_TOKENS]); /* the last: the others came before it */
    ck_assert_int_eq(heard.number, 77);
    ck_assert_int_eq(heard.free, 1);
    heard.missed = 0;
    notify("who knows");
    turn_until(&heard.missed);
    store_listen(fixture_store, NULL, NULL);
    notify("events 78 " SAMPLE_TENANT);
    store_turn(fixture_store);
    ck_assert_int_eq(heard.number, 77);
}
END_TEST

START_TEST(what_a_hand_sets_is_an_order_that_is_heard)
{
    struct heard heard = {0};

    add_run("r1");
    store_listen(fixture_store, note, &heard);
    notify_until_heard(&heard, 1); /* it listens */
    ck_assert_int_eq(outside_sql("UPDATE dag_executions SET status = 'cancelled'"), 0);
    turn_until(&heard.orders);
}
END_TEST

START_TEST(what_is_durable_is_told_to_the_others_and_not_to_oneself)
{
    struct heard own = {0};

    store_listen(fixture_store, note, &own);
    turn_until(&own.missed);
    other_comes();
    other_hears(&other.heard.missed);
    other_hears_of_events();
    other_hears_of_tokens();
    for (int tries = 1; !other_hears_of_what_is_free(); tries++) {
        ck_assert_int_lt(tries, 10);
        fixture_open();
        store_listen(fixture_store, note, &own);
        other_hears_of_events();
    }
    other_goes();
    ck_assert_int_eq(own.events, 0);
}
END_TEST

START_TEST(a_connection_that_is_ended_is_followed_by_another_and_a_look)
{
    struct heard own = {0};

    store_listen(fixture_store, note, &own);
    for (int64_t i = 5; i < 8; i++) {
        notify_until_heard(&own, i);
        own.missed = 0;
        ck_assert_int_eq(outside_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                     " WHERE application_name LIKE 'orchestrator:%:herald'"
                                     " AND datname = current_database()"),
                         0);
        turn_until(&own.missed);
    }
    notify_until_heard(&own, 8);
}
END_TEST

/* Nobody would hear them: an idle transaction a commit is no small thing. */
START_TEST(a_host_that_is_alone_notifies_nothing)
{
    struct heard own = {0};

    store_listen(fixture_store, note, &own);
    turn_until(&own.missed);
    poll(NULL, 0, 500); /* it has counted the others */
    for (int i = 1; i <= 5; i++)
        add_event(i);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                                 " 'orchestrator:%:herald' AND query LIKE '%pg_notify%'"
                                 " AND datname = current_database()"),
                     0);
}
END_TEST

static bool has_others(struct line *line)
{
    struct err e = {0};
    bool others;

    ck_assert_msg(line_has_others(line, &others, &e), "%s", e.msg);
    return others;
}

static void nothing(void *arg unused_arg, const char *payload unused_arg, bool own unused_arg)
{
}

/* The setting lease-ttl of that host, which it wrote there. */
START_TEST(others_are_counted_by_the_silence_that_their_own_rows_allow)
{
    int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), end_fd = eventfd(0, EFD_CLOEXEC);
    const struct line_options options = {fixture_url, NULL, wake_fd, end_fd, nothing, NULL};
    struct err e = {0};
    auto_obj(line) line = NULL;

    ck_assert_msg(line_open(&options, &line, &e), "%s", e.msg);
    ck_assert(!has_others(line));
    ck_assert_int_eq(outside_sql("INSERT INTO hosts (host_id, version, heartbeat_at, lease_ttl)"
                                 " VALUES ('other', 'x', now() - interval '20 s', '1 hour')"),
                     0);
    ck_assert(has_others(line));
    ck_assert_int_eq(outside_sql("UPDATE hosts SET lease_ttl = '15 s' WHERE host_id = 'other'"), 0);
    ck_assert(!has_others(line));
    close(wake_fd);
    close(end_fd);
}
END_TEST

/* Every payload that came so far is names and numbers; true: told is one of them. */
static bool stranger_heard(PGconn *conn, const char *told)
{
    PGnotify *n;
    bool found = false;

    ck_assert_int_eq(PQconsumeInput(conn), 1);
    while ((n = PQnotifies(conn)) != NULL) {
        auto_mem char *again = bulletin_again_owned(n->extra);

        ck_assert_str_eq(again, n->extra);
        found = found || strstr(n->extra, told) != NULL;
        PQfreemem(n);
    }
    return found;
}

static PGconn *stranger_listens(void)
{
    auto_mem char *url = fixture_direct_url();
    PGconn *conn = sql_connect(url);

    sql_run(conn, "DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN NULL;"
                  " END $$");
    sql_run(conn, "SET SESSION AUTHORIZATION stranger");
    sql_run(conn, "LISTEN \"orchestrator.news\"");
    return conn;
}

START_TEST(a_stranger_hears_names_and_numbers_and_reads_nothing)
{
    PGconn *conn = stranger_listens();
    auto_mem char *told = NULL;
    struct heard own = {0};

    store_listen(fixture_store, note, &own);
    turn_until(&own.missed);
    other_comes();
    other_hears(&other.heard.missed);
    own.missed = 0;
    turn_until(&own.missed); /* it has heard of the other */
    told = mem_printf("events %lld " SAMPLE_TENANT, (long long)add_event(1));
    for (int ms = 0; !stranger_heard(conn, told); ms += 20) {
        ck_assert_int_lt(ms, PATIENCE_MS);
        poll(NULL, 0, 20);
    }
    ck_assert_str_eq(sql_state(conn, "SELECT 1 FROM orchestrator.run_events"), "42501");
    ck_assert_str_eq(sql_state(conn, "SELECT 1 FROM orchestrator.hosts"), "42501");
    ck_assert_str_eq(sql_state(conn, "SELECT orchestrator.make_partitions(1)"), "42501");
    PQfinish(conn);
    other_goes();
}
END_TEST

TCase *herald_cases(void)
{
    TCase *tc = tcase_create("herald");

    tcase_set_tags(tc, "threads");
    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_another_notifies_is_delivered_by_turns);
    tcase_add_test(tc, what_a_hand_sets_is_an_order_that_is_heard);
    tcase_add_test(tc, what_is_durable_is_told_to_the_others_and_not_to_oneself);
    tcase_add_test(tc, a_connection_that_is_ended_is_followed_by_another_and_a_look);
    tcase_add_test(tc, a_host_that_is_alone_notifies_nothing);
    tcase_add_test(tc, others_are_counted_by_the_silence_that_their_own_rows_allow);
    tcase_add_test(tc, a_stranger_hears_names_and_numbers_and_reads_nothing);
    return tc;
}
