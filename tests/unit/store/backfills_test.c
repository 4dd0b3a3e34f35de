/* backfills_test.c -- where backfills stand, their runs, and who may begin one. */
#include "suites.h"

#define ID "s-1"
#define DUE (SAMPLE_TIME + 1000000)

static enum err_code code_of(struct store_batch *b)
{
    struct err e = {0};

    if (!store_commit_wait(fixture_store, &b, NULL, &e))
        store_batch_free(b);
    return e.code;
}

static void put_schedule(void)
{
    struct store_batch *b = store_batch_new();

    store_batch_schedule_put(b, &(struct store_schedule){.tenant = SAMPLE_TENANT,
                                                         .schedule_id = ID,
                                                         .dag_id = SAMPLE_DAG,
                                                         .rule_kind = "every",
                                                         .rule = "1s",
                                                         .timezone = "UTC",
                                                         .dst_policy = "shift",
                                                         .missed_policy = "last",
                                                         .overlap_policy = "skip",
                                                         .inputs = "{}",
                                                         .missed_max = 1,
                                                         .created_us = SAMPLE_TIME,
                                                         .updated_us = SAMPLE_TIME});
    commit(b);
}

#define BID "b-1"

static struct store_backfill backfill(const char *id, int64_t max_parallel)
{
    return (struct store_backfill){.tenant = SAMPLE_TENANT,
                                   .backfill_id = id,
                                   .schedule_id = ID,
                                   .status = "pending",
                                   .reason = "late data",
                                   .ticket = "T-1",
                                   .created_by = "me",
                                   .max_parallel = max_parallel,
                                   .total = 3,
                                   .from_us = DUE,
                                   .to_us = DUE + 2,
                                   .next_due_us = DUE,
                                   .created_us = SAMPLE_TIME,
                                   .updated_us = SAMPLE_TIME};
}

static void put_backfill(const char *id, int64_t max_parallel)
{
    struct store_batch *b = store_batch_new();
    const struct store_backfill row = backfill(id, max_parallel);

    store_batch_backfill_put(b, &row);
    commit(b);
}

/* A run of the due time begins, and the backfill moves on. */
static enum err_code begin_run(int64_t due_us, int64_t next_us, const char *run_id)
{
    struct store_batch *b = store_batch_new();
    const struct store_backfill_run run = {SAMPLE_TENANT, BID, due_us, ID, run_id};

    store_batch_backfill_run_put(b, &run);
    store_batch_backfill_move(b, &(struct store_backfill_move){SAMPLE_TENANT, BID, ID, due_us,
                                                               next_us, .updated_us = due_us});
    return code_of(b);
}

static enum err_code count_run(int64_t due_us, bool well)
{
    struct store_batch *b = store_batch_new();
    const struct store_backfill_run run = {SAMPLE_TENANT, BID, due_us, ID, "r"};

    store_batch_backfill_run_done(b, &run);
    store_batch_backfill_move(b, &(struct store_backfill_move){SAMPLE_TENANT, BID, ID,
                                                               .completed = well, .failed = !well,
                                                               .updated_us = due_us});
    return code_of(b);
}

static enum err_code mark(const char *status)
{
    struct store_batch *b = store_batch_new();
    const struct store_backfill_mark row = {SAMPLE_TENANT, BID, ID, status, DUE};

    store_batch_backfill_mark(b, &row);
    return code_of(b);
}

/* "STATUS NEXT COMPLETED/FAILED/SKIPPED RUNS". */
static void check_backfill(const char *want)
{
    auto_done(store_backfill_list) l = {0};
    auto_done(buf) text = {0};
    struct err e = {0};
    int64_t runs;

    ck_assert(store_read_backfill(fixture_reader, SAMPLE_TENANT, BID, &l, &e));
    ck_assert(store_read_backfill_runs(fixture_reader, SAMPLE_TENANT, BID, &runs, &e));
    buf_addf(&text, "%s %lld %lld/%lld/%lld %lld", l.rows[0].status,
             l.rows[0].next_due_us == 0 ? -1LL : (long long)(l.rows[0].next_due_us - DUE),
             (long long)l.rows[0].completed, (long long)l.rows[0].failed,
             (long long)l.rows[0].skipped, (long long)runs);
    ck_assert_str_eq(buf_text(&text), want);
}

START_TEST(a_backfill_goes_on_by_its_due_times_and_ends_with_its_last_run)
{
    put_schedule();
    put_backfill(BID, 2);
    check_backfill("pending 0 0/0/0 0");
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r"), ERR_NONE);
    check_backfill("running 1 0/0/0 1");
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r"), ERR_CONFLICT); /* it stands elsewhere */
    ck_assert_int_eq(begin_run(DUE + 1, 0, "r"), ERR_NONE);
    check_backfill("running -1 0/0/0 2");
    ck_assert_int_eq(count_run(DUE, true), ERR_NONE);
    ck_assert_int_eq(count_run(DUE, true), ERR_CONFLICT); /* once */
    check_backfill("running -1 1/0/0 1");
    ck_assert_int_eq(count_run(DUE + 1, false), ERR_NONE);
    check_backfill("completed -1 1/1/0 0");
    ck_assert_int_eq(mark("cancelled"), ERR_CONFLICT); /* it is over */
}
END_TEST

START_TEST(a_backfill_that_is_paused_begins_nothing_and_counts_what_it_began)
{
    put_schedule();
    put_backfill(BID, 2);
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r"), ERR_NONE);
    ck_assert_int_eq(mark("paused"), ERR_NONE);
    ck_assert_int_eq(begin_run(DUE + 1, 0, "r"), ERR_CONFLICT);
    ck_assert_int_eq(count_run(DUE, true), ERR_NONE);
    check_backfill("paused 1 1/0/0 0");
    ck_assert_int_eq(mark("running"), ERR_NONE);
    ck_assert_int_eq(begin_run(DUE + 1, DUE + 2, "r"), ERR_NONE);
    ck_assert_int_eq(mark("cancelled"), ERR_NONE);
    ck_assert_int_eq(begin_run(DUE + 2, 0, "r"), ERR_CONFLICT);
    ck_assert_int_eq(count_run(DUE + 1, true), ERR_NONE);
    check_backfill("cancelled 2 2/0/0 0");
}
END_TEST

/* "ID " of those that may begin a run; and whether anything waits. */
static void check_begin(const char *want, bool want_wait)
{
    auto_done(store_backfill_list) l = {0};
    auto_done(buf) text = {0};
    struct err e = {0};
    bool wait;

    ck_assert_msg(store_read_backfills_begin(fixture_reader, 10, &l, &e), "%s", e.msg);
    for (size_t i = 0; i < l.count; i++)
        buf_addf(&text, "%s ", l.rows[i].backfill_id);
    ck_assert_str_eq(buf_text(&text), want);
    ck_assert_msg(store_read_backfills_wait(fixture_reader, &wait, &e), "%s", e.msg);
    ck_assert_int_eq(wait, want_wait);
}

START_TEST(backfills_begin_runs_by_turns_within_what_may_go_on_at_once)
{
    put_schedule();
    check_begin("", false);
    put_backfill(BID, 1);
    put_backfill("b-2", 1);
    check_begin("b-1 b-2 ", true);
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r"), ERR_NONE);
    check_begin("b-2 ", true);
    ck_assert_int_eq(count_run(DUE, true), ERR_NONE);
    check_begin("b-2 b-1 ", true);
    ck_assert_int_eq(mark("paused"), ERR_NONE);
    check_begin("b-2 ", true);
}
END_TEST

START_TEST(runs_of_backfills_are_over_when_they_ended_or_are_gone)
{
    auto_done(store_backfill_run_list) over = {0};
    struct err e = {0};

    put_schedule();
    put_backfill(BID, 2);
    add_run("r1");
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r1"), ERR_NONE);
    ck_assert_int_eq(begin_run(DUE + 1, 0, "r-gone"), ERR_NONE);
    ck_assert_msg(store_read_backfill_runs_over(fixture_reader, 10, &over, &e), "%s", e.msg);
    ck_assert_uint_eq(over.count, 1);
    ck_assert_str_eq(over.rows[0].run_id, "r-gone");
    ck_assert_int_eq(over.rows[0].due_us, DUE + 1);
}
END_TEST

START_TEST(backfills_are_listed_newest_first_and_go_with_their_schedule)
{
    auto_done(store_backfill_list) l = {0}, rest = {0}, none = {0};
    struct store_batch *b;
    struct err e = {0};

    put_schedule();
    put_backfill(BID, 1);
    put_backfill("b-2", 1);
    put_backfill("b-3", 1);
    ck_assert_int_eq(begin_run(DUE, DUE + 1, "r"), ERR_NONE);
    ck_assert(store_read_backfills(fixture_reader, SAMPLE_TENANT, ID,
                                   (struct store_page){.size = 2}, &l, &e));
    ck_assert_uint_eq(l.count, 2);
    ck_assert_str_eq(l.rows[0].backfill_id, "b-3");
    ck_assert(store_read_backfills(fixture_reader, SAMPLE_TENANT, ID,
                                   (struct store_page){l.next_page, 2}, &rest, &e));
    ck_assert_uint_eq(rest.count, 1);
    ck_assert_str_eq(rest.rows[0].reason, "late data");
    ck_assert(!store_read_backfill(fixture_reader, "other", BID, &none, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    b = store_batch_new();
    store_batch_schedule_delete(b, SAMPLE_TENANT, ID);
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM backfills"), 0);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM backfill_runs"), 0);
}
END_TEST

TCase *backfills_cases(void)
{
    TCase *c = tcase_create("backfills");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_backfill_goes_on_by_its_due_times_and_ends_with_its_last_run);
    tcase_add_test(c, a_backfill_that_is_paused_begins_nothing_and_counts_what_it_began);
    tcase_add_test(c, backfills_begin_runs_by_turns_within_what_may_go_on_at_once);
    tcase_add_test(c, runs_of_backfills_are_over_when_they_ended_or_are_gone);
    tcase_add_test(c, backfills_are_listed_newest_first_and_go_with_their_schedule);
    return c;
}
