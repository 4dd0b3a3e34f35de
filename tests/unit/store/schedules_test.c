/* schedules_test.c -- schedules, where they stand, and what became of their due times. */
#include "suites.h"

#include <string.h>

#define ID "s-1"
#define DUE (SAMPLE_TIME + 1000000)

static struct store_schedule schedule(const char *id, const char *dag_id)
{
    return (struct store_schedule){.tenant = SAMPLE_TENANT,
                                   .schedule_id = id,
                                   .dag_id = dag_id,
                                   .rule_kind = "every",
                                   .rule = "1s",
                                   .timezone = "UTC",
                                   .dst_policy = "shift",
                                   .missed_policy = "last",
                                   .overlap_policy = "skip",
                                   .inputs = "{\"a\": 1.0}",
                                   .created_by = "me",
                                   .missed_max = 10,
                                   .jitter_s = 3,
                                   .anchor_us = SAMPLE_TIME,
                                   .next_due_us = DUE,
                                   .next_fire_us = DUE + 5,
                                   .created_us = SAMPLE_TIME,
                                   .updated_us = SAMPLE_TIME};
}

static enum err_code code_of(struct store_batch *b)
{
    struct err e = {0};

    if (!store_commit_wait(fixture_store, &b, NULL, &e))
        store_batch_free(b);
    return e.code;
}

static void put(const char *id, const char *dag_id)
{
    struct store_batch *b = store_batch_new();
    const struct store_schedule row = schedule(id, dag_id);

    store_batch_schedule_put(b, &row);
    commit(b);
}

static struct store_firing firing(int64_t due_us, const char *outcome)
{
    return (struct store_firing){.tenant = SAMPLE_TENANT,
                                 .schedule_id = ID,
                                 .due_us = due_us,
                                 .outcome = outcome,
                                 .reason = "overlap"};
}

/* "DUE NEXT FIRE RUN", where the schedule stands, from DUE. */
static char *stands(void)
{
    auto_done(store_schedule_list) l = {0};
    struct err e = {0};

    if (!store_read_schedule(fixture_reader, SAMPLE_TENANT, ID, &l, &e))
        return mem_str("none");
    return mem_printf("%lld %lld %s%s", (long long)(l.rows[0].next_due_us - DUE),
                      (long long)(l.rows[0].next_fire_us - DUE),
                      l.rows[0].last_run_id != NULL ? l.rows[0].last_run_id : "-",
                      l.rows[0].paused ? " paused" : "");
}

static void check_stands(const char *want)
{
    auto_mem char *text = stands();

    ck_assert_str_eq(text, want);
}

static enum err_code move(int64_t from_us, int64_t next_us, const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_schedule_move(b, &(struct store_schedule_move){.tenant = SAMPLE_TENANT,
                                                               .schedule_id = ID,
                                                               .from_us = from_us,
                                                               .next_due_us = next_us,
                                                               .next_fire_us =
                                                                   next_us != 0 ? next_us + 1 : 0,
                                                               .run_id = run_id});
    return code_of(b);
}

static enum err_code set_paused(bool paused, int64_t next_us)
{
    struct store_batch *b = store_batch_new();

    store_batch_schedule_pause(b, &(struct store_schedule_move){.tenant = SAMPLE_TENANT,
                                                                .schedule_id = ID,
                                                                .paused = paused,
                                                                .next_due_us = next_us,
                                                                .next_fire_us = next_us,
                                                                .updated_us = DUE});
    return code_of(b);
}

START_TEST(a_schedule_is_kept_as_it_is_put)
{
    auto_done(store_schedule_list) l = {0}, other = {0};
    struct err e = {0};

    put(ID, SAMPLE_DAG);
    ck_assert(store_read_schedule(fixture_reader, SAMPLE_TENANT, ID, &l, &e));
    ck_assert_str_eq(l.rows[0].dag_id, SAMPLE_DAG);
    ck_assert_ptr_null(l.rows[0].dag_version);
    ck_assert_str_eq(l.rows[0].inputs, "{\"a\": 1.0}");
    ck_assert_str_eq(l.rows[0].overlap_policy, "skip");
    ck_assert_int_eq(l.rows[0].jitter_s, 3);
    ck_assert_int_eq(l.rows[0].anchor_us, SAMPLE_TIME);
    ck_assert(!l.rows[0].paused);
    check_stands("0 5 -");
    ck_assert(!store_read_schedule(fixture_reader, "other", ID, &other, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(schedules_are_listed_page_by_page_of_a_dag_or_of_all)
{
    static const char *const dags[] = {NULL, "d1", "d2", "none"};
    static const char *const want[] = {"a b c d e ", "a c e ", "b d ", ""};

    for (char id[] = "a"; id[0] <= 'e'; id[0]++)
        put(id, id[0] % 2 == 1 ? "d1" : "d2");
    for (size_t i = 0; i < ARRAY_LEN(dags); i++) {
        auto_mem char *token = NULL;
        auto_done(buf) text = {0};

        do {
            auto_done(store_schedule_list) l = {0};
            struct err e = {0};

            ck_assert(store_read_schedules(fixture_reader, SAMPLE_TENANT, dags[i],
                                           (struct store_page){token, 2}, &l, &e));
            for (size_t k = 0; k < l.count; k++)
                buf_addf(&text, "%s ", l.rows[k].schedule_id);
            free(token);
            token = l.next_page != NULL ? mem_str(l.next_page) : NULL;
        } while (token != NULL);
        ck_assert_str_eq(buf_text(&text), want[i]);
    }
}
END_TEST

static size_t waiting(int64_t before_us)
{
    auto_done(store_schedule_list) l = {0};
    struct err e = {0};

    ck_assert(store_read_schedules_next(fixture_reader, before_us, 10, &l, &e));
    return l.count;
}

START_TEST(what_waits_is_found_by_its_time_and_not_while_it_is_paused)
{
    put(ID, SAMPLE_DAG);
    ck_assert_uint_eq(waiting(DUE + 5), 0);
    ck_assert_uint_eq(waiting(DUE + 6), 1);
    ck_assert_int_eq(set_paused(true, 0), ERR_NONE);
    ck_assert_uint_eq(waiting(DUE + 6), 0);
    ck_assert_int_eq(set_paused(false, DUE + 100), ERR_NONE);
    check_stands("100 100 -");
    ck_assert_int_eq(move(DUE + 100, 0, NULL), ERR_NONE); /* it was the last */
    ck_assert_uint_eq(waiting(INT64_MAX), 0);
}
END_TEST

START_TEST(a_schedule_moves_on_once_from_each_due_time)
{
    put(ID, SAMPLE_DAG);
    ck_assert_int_eq(move(DUE, DUE + 10, "r1"), ERR_NONE);
    check_stands("10 11 r1");
    ck_assert_int_eq(move(DUE, DUE + 90, NULL), ERR_NONE); /* it does not wait for that one */
    check_stands("10 11 r1");
    ck_assert_int_eq(set_paused(true, DUE + 20), ERR_NONE);
    ck_assert_int_eq(move(DUE + 20, DUE + 30, "r2"), ERR_NONE); /* begun before */
    check_stands("30 31 r2 paused");
    ck_assert_int_eq(move(0, 0, "r3"), ERR_NONE);
    check_stands("30 31 r3 paused");
}
END_TEST

START_TEST(a_due_time_is_reached_once)
{
    static const char *const outcomes[] = {"fired", "missed", "skipped"};
    auto_done(store_firing_list) one = {0}, none = {0};
    struct err e = {0};

    put(ID, SAMPLE_DAG);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        struct store_batch *b = store_batch_new();
        const struct store_firing row = firing(DUE, outcomes[i]);

        store_batch_firing_put(b, &row);
        ck_assert_int_eq(code_of(b), i == 0 ? ERR_NONE : ERR_CONFLICT);
        b = store_batch_new();
        store_batch_firing_note(b, &row);
        ck_assert_int_eq(code_of(b), ERR_NONE);
    }
    ck_assert(store_read_firing(fixture_reader, SAMPLE_TENANT, ID, DUE, &one, &e));
    ck_assert_uint_eq(one.count, 1);
    ck_assert_str_eq(one.rows[0].outcome, "fired");
    ck_assert(store_read_firing(fixture_reader, SAMPLE_TENANT, ID, DUE + 1, &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

static enum err_code take_firing(int64_t due_us, const char *outcome)
{
    struct store_batch *b = store_batch_new();
    const struct store_firing row = firing(due_us, outcome);

    store_batch_firing_take(b, &row);
    return code_of(b);
}

START_TEST(what_became_of_a_due_time_is_replaced_until_it_has_its_run)
{
    auto_done(store_firing_list) one = {0};
    struct err e = {0};

    put(ID, SAMPLE_DAG);
    ck_assert_int_eq(take_firing(DUE, "queued"), ERR_NONE);
    ck_assert_int_eq(take_firing(DUE, "skipped"), ERR_NONE);
    ck_assert_int_eq(take_firing(DUE, "fired"), ERR_NONE);
    ck_assert_int_eq(take_firing(DUE, "fired"), ERR_CONFLICT);
    ck_assert(store_read_firing(fixture_reader, SAMPLE_TENANT, ID, DUE, &one, &e));
    ck_assert_uint_eq(one.count, 1);
    ck_assert_str_eq(one.rows[0].outcome, "fired");
}
END_TEST

static void put_queued(const char *id, int64_t due_us)
{
    struct store_batch *b = store_batch_new();
    struct store_firing row = firing(due_us, "queued");

    row.schedule_id = id;
    store_batch_firing_put(b, &row);
    commit(b);
}

/* "ID FIRST COUNT, ": what no longer waits. */
static void check_queued(const char *want)
{
    auto_done(store_schedule_list) l = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert_msg(store_read_schedules_queued(fixture_reader, 10, &l, &e), "%s", e.msg);
    for (size_t i = 0; i < l.count; i++) {
        auto_done(store_firing_list) first = {0};
        const char *id = l.rows[i].schedule_id;
        int64_t queued;

        ck_assert(store_read_firing_queued(fixture_reader, SAMPLE_TENANT, id, &first, &e));
        ck_assert(store_read_firings_queued(fixture_reader, SAMPLE_TENANT, id, &queued, &e));
        buf_addf(&text, "%s %lld %lld, ", id, (long long)(first.rows[0].due_us - DUE),
                 (long long)queued);
    }
    ck_assert_str_eq(buf_text(&text), want);
}

static bool anything_waits(void)
{
    bool wait;
    struct err e = {0};

    ck_assert_msg(store_read_firings_wait(fixture_reader, &wait, &e), "%s", e.msg);
    return wait;
}

START_TEST(what_is_queued_waits_for_the_run_before_and_is_not_purged)
{
    struct store_batch *b;

    put(ID, SAMPLE_DAG);
    put("s-2", "d2");
    ck_assert(!anything_waits());
    check_queued("");
    put_queued(ID, DUE + 7);
    put_queued(ID, DUE + 4);
    ck_assert(anything_waits());
    check_queued("s-1 4 2, ");
    add_run("r1");
    ck_assert_int_eq(move(0, 0, "r1"), ERR_NONE);
    check_queued("");
    ck_assert_int_eq(move(0, 0, "r-gone"), ERR_NONE);
    b = store_batch_new();
    store_batch_firings_purge(b, SAMPLE_TENANT, ID, DUE + 100);
    commit(b);
    check_queued("s-1 4 2, ");
    ck_assert_int_eq(set_paused(true, 0), ERR_NONE);
    check_queued("");
    ck_assert(anything_waits());
}
END_TEST

START_TEST(firings_are_listed_latest_first_and_go_with_their_schedule)
{
    auto_mem char *token = NULL;
    auto_done(buf) text = {0};
    struct store_batch *b = store_batch_new();

    put(ID, SAMPLE_DAG);
    for (int64_t i = 0; i < 5; i++) {
        const struct store_firing row = firing(DUE + i, "missed");

        store_batch_firing_put(b, &row);
    }
    commit(b);
    do {
        auto_done(store_firing_list) l = {0};
        struct err e = {0};

        ck_assert(store_read_firings(fixture_reader, SAMPLE_TENANT, ID,
                                     (struct store_page){token, 2}, &l, &e));
        for (size_t k = 0; k < l.count; k++)
            buf_addf(&text, "%lld ", (long long)(l.rows[k].due_us - DUE));
        free(token);
        token = l.next_page != NULL ? mem_str(l.next_page) : NULL;
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&text), "4 3 2 1 0 ");
    b = store_batch_new();
    store_batch_schedule_delete(b, SAMPLE_TENANT, ID);
    commit(b);
    check_stands("none");
    ck_assert_int_eq(outside_int("SELECT count(*) FROM schedule_firings"), 0);
    b = store_batch_new();
    store_batch_schedule_delete(b, SAMPLE_TENANT, ID);
    ck_assert_int_eq(code_of(b), ERR_NOT_FOUND);
}
END_TEST

static int64_t firings_of(const char *id)
{
    auto_done(store_firing_list) l = {0};
    struct err e = {0};

    ck_assert(
        store_read_firings(fixture_reader, SAMPLE_TENANT, id, (struct store_page){0}, &l, &e));
    return (int64_t)l.count;
}

START_TEST(what_is_told_of_old_due_times_is_purged_and_the_rest_stays)
{
    struct store_firing late = firing(DUE - 9, "fired");
    struct store_batch *b = store_batch_new();

    put(ID, SAMPLE_DAG);
    put("s-2", "d2");
    for (int64_t i = 0; i < 5; i++) {
        struct store_firing row = firing(DUE + i, "missed");

        store_batch_firing_put(b, &row);
        row.schedule_id = "s-2";
        row.due_us += 2;
        store_batch_firing_put(b, &row);
    }
    late.fired_us = DUE + 3; /* by hand, of a due time long ago */
    store_batch_firing_put(b, &late);
    commit(b);
    b = store_batch_new();
    store_batch_firings_purge(b, SAMPLE_TENANT, ID, DUE + 3);
    commit(b);
    ck_assert_int_eq(firings_of(ID), 3);
    ck_assert_int_eq(firings_of("s-2"), 5);
    check_stands("0 5 -");
    b = store_batch_new();
    store_batch_firings_purge(b, SAMPLE_TENANT, ID, DUE + 3);
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM schedule_firings"), 8);
}
END_TEST

static void check_due(const char *last_run_id, const char *overlap_policy, bool known, bool goes_on)
{
    struct store_schedule row = schedule(ID, "dag");
    struct store_due due = {0};
    struct err e = {0};

    row.last_run_id = last_run_id;
    row.overlap_policy = overlap_policy;
    ck_assert_msg(store_read_due(fixture_reader, &row, DUE, &due, &e), "%s", e.msg);
    ck_assert_int_eq(e.code, ERR_NONE);
    ck_assert_int_eq(due.dag, STORE_DAG_IS_GONE);
    ck_assert_int_eq(due.known, known);
    ck_assert_int_eq(due.goes_on, goes_on);
}

START_TEST(what_stands_against_a_due_time_is_what_was_reached_and_what_goes_on)
{
    struct store_batch *b = store_batch_new();
    const struct store_firing reached = firing(DUE, "missed");

    add_run("r1");
    check_due(NULL, "skip", false, false);
    check_due("r1", "skip", false, true);
    check_due("r1", "cancel-previous", false, true);
    check_due("r1", "allow", false, false);
    check_due("r-gone", "skip", false, false); /* it ended, and went */
    store_batch_firing_note(b, &reached);
    commit(b);
    check_due("r1", "skip", true, true);
}
END_TEST

TCase *schedules_cases(void)
{
    TCase *c = tcase_create("schedules");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_schedule_is_kept_as_it_is_put);
    tcase_add_test(c, schedules_are_listed_page_by_page_of_a_dag_or_of_all);
    tcase_add_test(c, what_waits_is_found_by_its_time_and_not_while_it_is_paused);
    tcase_add_test(c, a_schedule_moves_on_once_from_each_due_time);
    tcase_add_test(c, a_due_time_is_reached_once);
    tcase_add_test(c, what_stands_against_a_due_time_is_what_was_reached_and_what_goes_on);
    tcase_add_test(c, what_became_of_a_due_time_is_replaced_until_it_has_its_run);
    tcase_add_test(c, what_is_queued_waits_for_the_run_before_and_is_not_purged);
    tcase_add_test(c, firings_are_listed_latest_first_and_go_with_their_schedule);
    tcase_add_test(c, what_is_told_of_old_due_times_is_purged_and_the_rest_stays);
    return c;
}
