/* backfills_test.c -- due times of the past are run again: in order, so many at once, behind what
 * is due, over a crash, until an operator says otherwise. */
#include "schedule_steps.h"

#include "engine/control/control.h"
#include "engine/schedules/keep.h"

#include <string.h>

#define BID "b-1"

/* Of a schedule that is paused: minutes from to to, of which -1 was its creation. */
static void backfill(int64_t from, int64_t to, int64_t max_parallel)
{
    struct rig_answer answer = {0};
    int64_t first_us = anchor_us + from * EVERY_US;

    keep_backfill(engine_control(rig.engine)->schedules, &rig_actor,
                  &(struct store_backfill){.tenant = RIG_TENANT,
                                           .backfill_id = BID,
                                           .schedule_id = ID,
                                           .status = "pending",
                                           .reason = "late data",
                                           .ticket = "T-1",
                                           .created_by = "me",
                                           .max_parallel = max_parallel,
                                           .total = to - from + 1,
                                           .from_us = first_us,
                                           .to_us = anchor_us + to * EVERY_US,
                                           .next_due_us = first_us,
                                           .created_us = rig_wall_us,
                                           .updated_us = rig_wall_us},
                  rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
}

static void say(const char *status)
{
    const struct store_backfill_mark mark = {RIG_TENANT, BID, ID, status, rig_wall_us};
    struct rig_answer answer = {0};

    keep_mark(engine_control(rig.engine)->schedules, &rig_actor, &mark, rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
}

/* "STATUS COMPLETED/FAILED/SKIPPED RUNNING". */
static void check_backfill(const char *want)
{
    auto_done(store_backfill_list) l = {0};
    auto_done(buf) text = {0};
    struct err e = {0};
    int64_t runs;

    ck_assert(store_read_backfill(rig.reader, RIG_TENANT, BID, &l, &e));
    ck_assert(store_read_backfill_runs(rig.reader, RIG_TENANT, BID, &runs, &e));
    buf_addf(&text, "%s %lld/%lld/%lld %lld", l.rows[0].status, (long long)l.rows[0].completed,
             (long long)l.rows[0].failed, (long long)l.rows[0].skipped, (long long)runs);
    ck_assert_str_eq(buf_text(&text), want);
}

/* Its times pass by: what is fired is what is run again. */
static void put_paused(void)
{
    struct store_schedule row = every_minute();

    row.paused = true;
    put_schedule(&row);
    pass_minutes(6);
}

START_TEST(a_backfill_runs_due_times_in_their_order_so_many_at_once)
{
    auto_done(store_run_list) runs = {0};
    struct err e = {0};

    put_paused();
    backfill(1, 3, 2);
    check_firings("1 fired, 2 fired");
    check_backfill("running 0/0/0 2");
    ck_assert(store_read_runs(rig.reader, &(struct store_run_filter){.tenant = RIG_TENANT},
                              (struct store_page){.size = 5}, &runs, &e));
    ck_assert_str_eq(runs.rows[0].created_by, "backfill:" BID);
    run_ends();
    check_firings("1 fired, 2 fired, 3 fired");
    check_backfill("running 1/0/0 2");
    run_ends();
    run_ends();
    check_backfill("completed 3/0/0 0");
    ck_assert_uint_eq(runs_there(), 3);
}
END_TEST

START_TEST(a_backfill_skips_what_fired_and_runs_what_was_missed)
{
    struct store_schedule row = every_minute();

    row.missed_policy = "none";
    put_schedule(&row);
    pass_minutes(1);
    be_away_for(2);
    check_firings("1 fired, 2 missed, 3 missed");
    backfill(1, 2, 5);
    check_firings("1 fired, 2 fired, 3 missed");
    check_backfill("running 0/0/1 1");
    run_ends();
    run_ends();
    check_backfill("completed 1/0/1 0");
}
END_TEST

START_TEST(a_backfill_of_what_all_fired_is_completed_at_once)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    pass_minutes(2);
    backfill(1, 2, 1);
    check_backfill("completed 0/0/2 0");
    ck_assert_uint_eq(runs_there(), 2);
}
END_TEST

START_TEST(a_backfill_is_paused_goes_on_and_is_cancelled)
{
    put_paused();
    backfill(1, 4, 1);
    say("paused");
    run_ends();
    check_firings("1 fired");
    check_backfill("paused 1/0/0 0");
    say("running");
    check_firings("1 fired, 2 fired");
    say("cancelled");
    run_ends();
    check_firings("1 fired, 2 fired");
    check_backfill("cancelled 2/0/0 0");
}
END_TEST

START_TEST(a_backfill_goes_on_behind_a_crash)
{
    put_paused();
    backfill(1, 2, 1);
    rig_crash(&rig);
    rig_settle(&rig);
    check_backfill("running 0/0/0 1");
    run_ends();
    check_firings("1 fired, 2 fired");
    run_ends();
    check_backfill("completed 2/0/0 0");
    ck_assert_uint_eq(runs_there(), 2);
}
END_TEST

START_TEST(a_run_of_a_backfill_that_fails_is_counted_so)
{
    put_paused();
    backfill(1, 1, 1);
    rig_fails(&rig, "first", OUTCOME_PLUGIN_FATAL);
    pass_minutes(1);
    check_backfill("completed 0/1/0 0");
}
END_TEST

START_TEST(what_is_due_goes_before_what_is_run_again)
{
    struct store_schedule row = every_minute();
    auto_done(store_run_list) runs = {0};
    struct err e = {0};

    row.next_due_us = row.next_fire_us = anchor_us + 6 * EVERY_US;
    put_schedule(&row);
    rig.env.set.runs_active_max = 1;
    engine_accept(rig.engine, false);
    pass_minutes(6); /* the sixth is due, and one is said to be run again */
    backfill(1, 1, 1);
    check_firings("");
    engine_accept(rig.engine, true);
    rig_settle(&rig);
    check_firings("1 fired, 6 fired");
    ck_assert(store_read_runs(rig.reader, &(struct store_run_filter){.tenant = RIG_TENANT},
                              (struct store_page){.size = 5}, &runs, &e));
    ck_assert_uint_eq(runs.count, 2);
    for (size_t k = 0; k < 2; k++) /* one at a time: the other waits for it */
        ck_assert_int_eq(runs.rows[k].status, strcmp(runs.rows[k].created_by, "backfill:" BID) == 0
                                                  ? STORE_RUN_PENDING
                                                  : STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_backfill_of_a_disabled_dag_waits)
{
    put_paused();
    outside_unguarded("UPDATE dag_workflows SET enabled = 0");
    backfill(1, 1, 1);
    check_backfill("pending 0/0/0 0");
    outside_unguarded("UPDATE dag_workflows SET enabled = 1");
    pass_minutes(1);
    check_firings("1 fired");
}
END_TEST

TCase *backfills_cases(void)
{
    TCase *c = tcase_create("backfills");

    tcase_add_test(c, a_backfill_runs_due_times_in_their_order_so_many_at_once);
    tcase_add_test(c, a_backfill_skips_what_fired_and_runs_what_was_missed);
    tcase_add_test(c, a_backfill_of_what_all_fired_is_completed_at_once);
    tcase_add_test(c, a_backfill_is_paused_goes_on_and_is_cancelled);
    tcase_add_test(c, a_backfill_goes_on_behind_a_crash);
    tcase_add_test(c, a_run_of_a_backfill_that_fails_is_counted_so);
    tcase_add_test(c, what_is_due_goes_before_what_is_run_again);
    tcase_add_test(c, a_backfill_of_a_disabled_dag_waits);
    return c;
}
