/* schedules_test.c -- what is due by the calendar is started once, by hand of a clock that is the
 * test's: on time, late, while the run before goes on, over a crash. */
#include "schedule_steps.h"

#include "base/mem.h"
#include "engine/control/control.h"
#include "engine/schedules/keep.h"
#include "engine/schedules/plan.h"
#include "engine/schedules/schedules.h"
#include "model/schedule/due_words.h"

#include <string.h>

START_TEST(each_due_time_starts_one_run_with_its_token)
{
    const struct store_schedule row = every_minute();
    auto_done(store_run_list) runs = {0};
    char due[DUE_TEXT_BYTES];
    struct err e = {0};

    put_schedule(&row);
    check_firings("");
    pass_minutes(3);
    check_firings("1 fired, 2 fired, 3 fired");
    ck_assert_uint_eq(runs_there(), 3);
    ck_assert(store_read_runs(rig.reader, &(struct store_run_filter){.tenant = RIG_TENANT},
                              (struct store_page){.size = 1}, &runs, &e));
    due_utc_text(&(struct due){.utc_us = anchor_us + 3 * EVERY_US}, due);
    ck_assert_ptr_nonnull(strstr(runs.rows[0].run_token, "schedule:" ID ":"));
    ck_assert_str_eq(runs.rows[0].run_token + strlen("schedule:" ID ":"), due);
    ck_assert_str_eq(runs.rows[0].created_by, "schedule:" ID);
}
END_TEST

START_TEST(what_became_of_old_due_times_is_forgotten_and_does_not_fire_again)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    pass_minutes(4);
    check_firings("1 fired, 2 fired, 3 fired, 4 fired");
    rig.env.set.firings_keep_us = 2 * EVERY_US;
    pass_minutes(3);
    check_firings("5 fired, 6 fired, 7 fired");
    ck_assert_uint_eq(runs_there(), 7);
}
END_TEST

START_TEST(the_latest_of_the_missed_is_made_up_for)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    be_away_for(4);
    check_firings("1 missed, 2 missed, 3 missed, 4 fired");
    pass_minutes(1);
    check_firings("1 missed, 2 missed, 3 missed, 4 fired, 5 fired");
}
END_TEST

START_TEST(all_of_the_missed_are_made_up_for_to_their_number)
{
    struct store_schedule row = every_minute();

    row.missed_policy = "all";
    row.missed_max = 2;
    put_schedule(&row);
    be_away_for(4);
    check_firings("1 missed, 2 missed, 3 fired, 4 fired");
    ck_assert_uint_eq(runs_there(), 2);
}
END_TEST

START_TEST(none_of_the_missed_is_made_up_for)
{
    struct store_schedule row = every_minute();

    row.missed_policy = "none";
    put_schedule(&row);
    be_away_for(3);
    check_firings("1 missed, 2 missed, 3 missed");
    ck_assert_uint_eq(runs_there(), 0);
}
END_TEST

START_TEST(a_due_time_within_the_grace_is_not_missed)
{
    struct store_schedule row = every_minute();

    row.missed_policy = "none";
    put_schedule(&row);
    rig_pass(MINUTE + 9 * RIG_S);
    rig_settle(&rig);
    check_firings("1 fired");
}
END_TEST

START_TEST(while_the_run_before_goes_on_the_next_is_skipped)
{
    struct store_schedule row = every_minute();

    row.overlap_policy = "skip";
    put_schedule(&row);
    pass_minutes(2);
    check_firings("1 fired, 2 skipped overlap");
    run_ends();
    pass_minutes(1);
    check_firings("1 fired, 2 skipped overlap, 3 fired");
}
END_TEST

START_TEST(while_its_key_is_taken_a_due_time_is_skipped)
{
    struct store_schedule row = every_minute();

    rig_publish(&rig,
                "{\"name\":\"c\",\"dag_id\":\"chain\",\"version\":\"2.0.0\",\"nodes\":{\"first\":{"
                "\"agent_id\":\"a\"},\"second\":{\"agent_id\":\"a\",\"depends_on\":[\"first\"]}},"
                "\"concurrency\":{\"on_conflict\":\"skip\"}}");
    row.overlap_policy = "allow";
    put_schedule(&row);
    pass_minutes(2);
    check_firings("1 fired, 2 skipped concurrency");
    run_ends();
    pass_minutes(1);
    check_firings("1 fired, 2 skipped concurrency, 3 fired");
}
END_TEST

static struct store_schedule queues(void)
{
    struct store_schedule row = every_minute();

    row.overlap_policy = "queue";
    return row;
}

START_TEST(what_is_queued_fires_in_its_order_when_the_run_before_ends)
{
    const struct store_schedule row = queues();

    put_schedule(&row);
    pass_minutes(3);
    check_firings("1 fired, 2 queued, 3 queued");
    ck_assert_uint_eq(runs_there(), 1);
    run_ends();
    check_firings("1 fired, 2 fired, 3 queued");
    pass_minutes(1);
    check_firings("1 fired, 2 fired, 3 queued, 4 queued");
    for (int i = 0; i < 3; i++)
        run_ends();
    check_firings("1 fired, 2 fired, 3 fired, 4 fired");
    ck_assert_uint_eq(runs_there(), 4);
}
END_TEST

START_TEST(what_is_queued_fires_behind_a_crash)
{
    const struct store_schedule row = queues();

    put_schedule(&row);
    pass_minutes(3);
    rig_crash(&rig);
    rig_settle(&rig);
    check_firings("1 fired, 2 queued, 3 queued");
    run_ends();
    check_firings("1 fired, 2 fired, 3 queued");
}
END_TEST

START_TEST(what_is_queued_waits_while_the_schedule_is_paused)
{
    const struct store_schedule row = queues();
    struct store_schedule_move move = {.tenant = RIG_TENANT,
                                       .schedule_id = ID,
                                       .paused = true,
                                       .updated_us = 1};
    struct rig_answer paused = {0}, resumed = {0};

    put_schedule(&row);
    pass_minutes(2);
    keep_pause(engine_control(rig.engine)->schedules, &rig_actor, &move, rig_answered, &paused);
    run_ends();
    check_firings("1 fired, 2 queued");
    move.paused = false;
    keep_pause(engine_control(rig.engine)->schedules, &rig_actor, &move, rig_answered, &resumed);
    rig_settle(&rig);
    check_firings("1 fired, 2 fired");
}
END_TEST

START_TEST(what_is_queued_is_skipped_where_the_dag_was_disabled)
{
    const struct store_schedule row = queues();

    put_schedule(&row);
    pass_minutes(2);
    outside_unguarded("UPDATE dag_workflows SET enabled = 0");
    run_ends();
    check_firings("1 fired, 2 skipped dag_disabled");
}
END_TEST

START_TEST(no_more_is_queued_than_its_number)
{
    const struct store_schedule row = queues();
    auto_done(store_firing_list) rows = {0};
    struct err e = {0};

    put_schedule(&row);
    pass_minutes(STORE_QUEUED_MAX + 2);
    ck_assert(store_read_firings(rig.reader, RIG_TENANT, ID, (struct store_page){.size = 200},
                                 &rows, &e));
    ck_assert_uint_eq(rows.count, STORE_QUEUED_MAX + 2);
    ck_assert_str_eq(rows.rows[0].reason, "queue_full");
    ck_assert_str_eq(rows.rows[0].outcome, "skipped");
    for (size_t i = 1; i < rows.count - 1; i++)
        ck_assert_str_eq(rows.rows[i].outcome, "queued");
}
END_TEST

START_TEST(the_run_before_is_cancelled)
{
    struct store_schedule row = every_minute();
    auto_done(store_run_list) runs = {0};
    struct err e = {0};

    row.overlap_policy = "cancel-previous";
    put_schedule(&row);
    pass_minutes(2);
    check_firings("1 fired, 2 fired");
    ck_assert(store_read_runs(rig.reader, &(struct store_run_filter){.tenant = RIG_TENANT},
                              (struct store_page){.size = 2}, &runs, &e));
    ck_assert(runs.rows[1].cancel_requested);
    ck_assert(!runs.rows[0].cancel_requested);
}
END_TEST

START_TEST(a_paused_schedule_lets_its_times_pass_by)
{
    const struct store_schedule row = every_minute();
    struct store_schedule_move move = {.tenant = RIG_TENANT,
                                       .schedule_id = ID,
                                       .paused = true,
                                       .updated_us = 1};
    struct rig_answer paused = {0}, resumed = {0};

    put_schedule(&row);
    keep_pause(engine_control(rig.engine)->schedules, &rig_actor, &move, rig_answered, &paused);
    pass_minutes(3);
    check_firings("");
    move.paused = false;
    move.next_due_us = move.next_fire_us = anchor_us + 4 * EVERY_US;
    keep_pause(engine_control(rig.engine)->schedules, &rig_actor, &move, rig_answered, &resumed);
    pass_minutes(1);
    check_firings("4 fired");
}
END_TEST

START_TEST(a_disabled_dag_starts_nothing_and_says_so)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    outside_unguarded("UPDATE dag_workflows SET enabled = 0");
    pass_minutes(1);
    check_firings("1 skipped dag_disabled");
    ck_assert_uint_eq(runs_there(), 0);
}
END_TEST

START_TEST(a_crash_makes_no_due_time_fire_twice)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    pass_minutes(2);
    rig_crash(&rig);
    pass_minutes(1);
    check_firings("1 fired, 2 fired, 3 fired");
    ck_assert_uint_eq(runs_there(), 3);
}
END_TEST

START_TEST(a_clock_that_is_put_back_fires_nothing_again)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    pass_minutes(2);
    rig_wall_us -= EVERY_US;
    pass_minutes(1);
    check_firings("1 fired, 2 fired");
    pass_minutes(1);
    check_firings("1 fired, 2 fired, 3 fired");
}
END_TEST

START_TEST(a_deleted_schedule_fires_no_more)
{
    const struct store_schedule row = every_minute();
    struct rig_answer answer = {0};

    put_schedule(&row);
    pass_minutes(1);
    keep_delete(engine_control(rig.engine)->schedules, &rig_actor, ID, rig_answered, &answer);
    pass_minutes(3);
    ck_assert_uint_eq(runs_there(), 1);
}
END_TEST

START_TEST(a_host_that_takes_no_runs_fires_when_it_does)
{
    const struct store_schedule row = every_minute();

    put_schedule(&row);
    engine_accept(rig.engine, false);
    pass_minutes(2);
    check_firings("");
    engine_accept(rig.engine, true);
    rig_settle(&rig);
    check_firings("1 fired, 2 fired"); /* the latest that was missed, and the one that is due */
}
END_TEST

/* ---- the plan alone ---- */

START_TEST(a_plan_tells_of_the_latest_missed_and_of_no_more)
{
    const struct due_words words = {.every = "1s"};
    auto_done(due_read) due = {0};
    auto_mem struct plan *plan = mem_new(struct plan);
    struct err e = {0};
    const char *code;

    ck_assert(due_words_read(&words, 0, &due, &code, &e));
    plan_make(&(struct plan_of){.rule = &due.rule,
                                .name = ID,
                                .waits_us = 1000000,
                                .keep = plan_keep("last", 10),
                                .grace_us = 1,
                                .now_us = 5000LL * 1000000 + 500000},
              plan);
    ck_assert_uint_eq(plan->missed_count, PLAN_MISSED_MAX - 1);
    ck_assert_int_eq(plan->missed[0], (5000LL - PLAN_MISSED_MAX + 1) * 1000000);
    ck_assert_int_eq(plan->missed[plan->missed_count - 1], 4999LL * 1000000);
    ck_assert_uint_eq(plan->fire_count, 1);
    ck_assert_int_eq(plan->fires[0], 5000LL * 1000000);
    ck_assert_int_eq(plan->next_us, 5001LL * 1000000);
}
END_TEST

START_TEST(jitter_is_within_its_bound_and_always_the_same)
{
    bool differs = false;

    for (int64_t due = 0; due < 100; due++) {
        int64_t at = due_jitter_us(ID, due, 5);

        ck_assert_int_ge(at, due);
        ck_assert_int_le(at, due + 5000000);
        ck_assert_int_eq(at, due_jitter_us(ID, due, 5));
        differs |= at - due != due_jitter_us(ID, 0, 5);
    }
    ck_assert(differs);
    ck_assert_int_eq(due_jitter_us(ID, 7, 0), 7);
}
END_TEST

TCase *schedules_cases(void)
{
    TCase *c = tcase_create("schedules");

    tcase_add_test(c, each_due_time_starts_one_run_with_its_token);
    tcase_add_test(c, what_became_of_old_due_times_is_forgotten_and_does_not_fire_again);
    tcase_add_test(c, the_latest_of_the_missed_is_made_up_for);
    tcase_add_test(c, all_of_the_missed_are_made_up_for_to_their_number);
    tcase_add_test(c, none_of_the_missed_is_made_up_for);
    tcase_add_test(c, a_due_time_within_the_grace_is_not_missed);
    tcase_add_test(c, while_the_run_before_goes_on_the_next_is_skipped);
    tcase_add_test(c, while_its_key_is_taken_a_due_time_is_skipped);
    tcase_add_test(c, what_is_queued_fires_in_its_order_when_the_run_before_ends);
    tcase_add_test(c, what_is_queued_fires_behind_a_crash);
    tcase_add_test(c, what_is_queued_waits_while_the_schedule_is_paused);
    tcase_add_test(c, what_is_queued_is_skipped_where_the_dag_was_disabled);
    tcase_add_test(c, no_more_is_queued_than_its_number);
    tcase_add_test(c, the_run_before_is_cancelled);
    tcase_add_test(c, a_paused_schedule_lets_its_times_pass_by);
    tcase_add_test(c, a_disabled_dag_starts_nothing_and_says_so);
    tcase_add_test(c, a_crash_makes_no_due_time_fire_twice);
    tcase_add_test(c, a_clock_that_is_put_back_fires_nothing_again);
    tcase_add_test(c, a_deleted_schedule_fires_no_more);
    tcase_add_test(c, a_host_that_takes_no_runs_fires_when_it_does);
    tcase_add_test(c, a_plan_tells_of_the_latest_missed_and_of_no_more);
    tcase_add_test(c, jitter_is_within_its_bound_and_always_the_same);
    return c;
}
