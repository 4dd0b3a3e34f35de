/* owners_test.c -- whose run it is: what a host does that may have lost what it has, what it takes
 * of what is free, and what it is told of runs that it does not have. */
#include "suites.h"

#include "base/mem.h"
#include "engine/evidence/statements.h"
#include "store/driver.h"
#include "store/hosts.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static void start_chain(void)
{
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
}

static void drift(enum store_hold hold)
{
    store_testing_set_hold(rig.store, hold);
    engine_turn(rig.engine, rig_mono_ns);
}

static void held_again(void)
{
    store_testing_set_hold(rig.store, STORE_HELD);
    rig_settle(&rig);
}

/* The host lets the run go, and the row says that nobody, or another host, has it. */
static void lose_to(const char *owner)
{
    auto_mem char *sql =
        mem_printf("UPDATE dag_executions SET lease_owner = %s, lease_epoch = 9", owner);

    drift(STORE_ADRIFT);
    outside_sql(sql);
    held_again();
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
}

static void tell(enum store_news_kind kind)
{
    engine_on_news(rig.engine, &(struct store_news){.kind = kind});
    rig_settle(&rig);
}

static const char *owner_of(const char *run_id)
{
    static char owner[128];
    auto_done(store_run_list) rows = {0};
    struct err e;

    ck_assert_msg(store_read_run_head(rig.reader, RIG_TENANT, run_id, &rows, &e), "%s", e.msg);
    snprintf(owner, sizeof owner, "%s",
             rows.rows[0].lease_owner != NULL ? rows.rows[0].lease_owner : "");
    return owner;
}

typedef void change_fn(struct control *ctl, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg);

static struct rig_answer ask(change_fn *call)
{
    struct rig_answer a = {0};

    call(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

/* ---- adrift ---- */

START_TEST(a_host_that_is_adrift_kills_what_runs_and_begins_nothing)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    start_chain();
    drift(STORE_ADRIFT);
    ck_assert(rig.sandbox.attempts[0].killed);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    ck_assert_uint_eq(engine_counts(rig.engine).attempts_running, 0);
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
    ck_assert_uint_eq(rig.sandbox.count, 1);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_host_that_is_held_again_goes_on_from_the_rows_and_no_attempt_counts)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    start_chain();
    rig_ok(&rig, "first");
    drift(STORE_ADRIFT);
    held_again();
    ck_assert_uint_eq(rig_open_attempt(&rig, "second")->attempt, 2);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(rig.sandbox.count, 3); /* the first node ran once */
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "second", &rows, &e));
    ck_assert_int_eq(rows.rows[0].tally_used, 1);
    check_chain(id);
}
END_TEST

START_TEST(what_had_ended_before_is_committed_and_not_made_again)
{
    start_chain();
    store_testing_hold(rig.store, true);
    rig_tell_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_OK, "{}");
    drift(STORE_ADRIFT);
    store_testing_hold(rig.store, false);
    rig_settle(&rig);
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_COMPLETED);
    ck_assert_uint_eq(rig.sandbox.count, 1); /* what it decided was not begun */
    held_again();
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

/* A halt of the whole host comes between a commit and its acts, and its first turn is not the one
 * that looks. */
START_TEST(what_a_halted_host_had_decided_is_not_begun_behind_the_halt)
{
    start_chain();
    rig_tell_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_OK, "{}");
    rig_drain(&rig);
    store_testing_set_hold(rig.store, STORE_ADRIFT);
    engine_store_turn(rig.engine);
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_COMPLETED);
    ck_assert_uint_eq(rig.sandbox.count, 1);
    held_again();
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(adrift_again_and_again_ends_no_run)
{
    start_chain();
    for (int i = 0; i < 6; i++) {
        drift(STORE_ADRIFT);
        held_again();
    }
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_run_that_another_host_took_meanwhile_is_not_built)
{
    start_chain();
    lose_to("'other'");
    rig_pass(10 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 1); /* killed, and not told yet */
    ck_assert_uint_eq(rig.sandbox.count, 1);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    ck_assert_int_eq(rig.fatal.code, ERR_NONE);
}
END_TEST

START_TEST(a_host_that_is_fenced_kills_its_attempts_before_it_ends)
{
    start_chain();
    store_testing_set_hold(rig.store, STORE_FENCED);
    store_testing_fail_commit(rig.store, 1);
    rig_begin(&rig, rig_open_attempt(&rig, "first"));
    ck_assert(rig.sandbox.attempts[0].killed);
    ck_assert_uint_eq(rig.sandbox.count, 1);
}
END_TEST

/* ---- free runs ---- */

START_TEST(a_run_that_is_free_goes_on_here_when_news_say_so)
{
    start_chain();
    rig_ok(&rig, "first");
    lose_to("NULL");
    rig_pass(60 * RIG_S); /* a store of one host has no timer for it */
    rig_settle(&rig);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    tell(STORE_NEWS_FREE);
    ck_assert_str_eq(owner_of(id), store_host_id(rig.store));
    ck_assert_uint_eq(rig_open_attempt(&rig, "second")->attempt, 2);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(a_host_takes_no_more_than_it_has_room_for)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 2});
    start_chain();
    run_of("chain");
    run_of("chain");
    lose_to("NULL");
    tell(STORE_NEWS_MISSED);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 2);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 0);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    tell(STORE_NEWS_MISSED);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 2);
}
END_TEST

START_TEST(what_a_drained_host_gives_back_is_nobodys)
{
    start_chain();
    engine_drain(rig.engine);
    rig_settle(&rig);
    engine_stop(rig.engine);
    engine_release(rig.engine);
    rig_drain(&rig);
    ck_assert_str_eq(owner_of(id), "");
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    ck_assert_str_eq(owner_of(id), store_host_id(rig.store));
}
END_TEST

/* ---- orders ---- */

static void put_order(const char *verb)
{
    struct store_batch *batch = store_batch_new();
    struct err e;

    store_batch_order_put(batch, &(struct store_order){.tenant = RIG_TENANT,
                                                       .run_id = id,
                                                       .verb = verb,
                                                       .said = "{\"actor\":\"bob\"}",
                                                       .created_us = rig_wall_us});
    ck_assert_msg(store_commit_wait(rig.store, &batch, NULL, &e), "%s", e.msg);
}

static size_t orders_left(void)
{
    auto_done(store_order_list) rows = {0};
    struct err e;

    ck_assert_msg(store_read_orders(rig.reader, store_host_id(rig.store),
                                    store_host_epoch(rig.store), (struct store_page){0}, &rows, &e),
                  "%s", e.msg);
    return rows.count;
}

START_TEST(an_order_for_a_run_that_is_here_is_carried_out_once)
{
    start_chain();
    put_order("pause");
    tell(STORE_NEWS_ORDERS);
    ck_assert_uint_eq(count_events(id, "run.updated", "pausing"), 1);
    rig_ok(&rig, "first");
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    ck_assert_uint_eq(orders_left(), 0);
    put_order("unpause");
    put_order("cancel");
    tell(STORE_NEWS_MISSED);
    ck_assert_uint_eq(count_events(id, "run.updated", "unpausing"), 1);
    ck_assert_uint_eq(count_events(id, "run.updated", "cancelling"), 1);
    ck_assert_uint_eq(orders_left(), 0);
}
END_TEST

START_TEST(an_order_that_the_machine_refuses_is_dropped)
{
    start_chain();
    put_order("unpause");
    tell(STORE_NEWS_ORDERS);
    ck_assert_uint_eq(orders_left(), 0);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_cancel_that_was_ordered_is_carried_out_at_the_recovery_before_anything_begins)
{
    start_chain();
    put_order("cancel");
    rig_forget(&rig);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(count_events(id, "run.updated", "cancelling"), 1);
    check_chain(id);
}
END_TEST

START_TEST(a_cancel_of_a_run_that_nobody_has_ends_it)
{
    start_chain();
    lose_to("NULL");
    ck_assert_int_eq(ask(control_cancel).code, ERR_NONE);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(count_events(id, "run.updated", "cancelling"), 1);
    ck_assert_uint_eq(rig.sandbox.count, 1);
    ck_assert_int_eq(ask(control_cancel).code, ERR_CONFLICT);
    check_chain(id);
}
END_TEST

START_TEST(what_needs_the_machine_of_a_run_that_is_elsewhere_is_refused)
{
    static change_fn *const calls[] = {control_resume, control_checkpoints_delete};

    start_chain();
    lose_to("NULL");
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        struct rig_answer a = ask(calls[i]);

        ck_assert_int_eq(a.code, ERR_CONFLICT);
        ck_assert_ptr_nonnull(strstr(a.msg, "is still going on"));
    }
}
END_TEST

/* ---- what a host that is gone left unsigned ---- */

static bool no_rows(struct store_reader *base unused_arg, const struct question *q unused_arg,
                    struct answer *answer unused_arg, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "the database is away");
}

static struct rig_answer cancelled;

static void cancel_what_is_only_stored(void)
{
    cancelled = (struct rig_answer){0};
    start_chain();
    drift(STORE_ADRIFT);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &cancelled);
    rig_beside(&rig);
    engine_turn(rig.engine, rig_mono_ns);
}

START_TEST(a_database_that_is_away_leaves_no_ended_run_for_good)
{
    static const struct store_driver lame = {.rows = no_rows};
    struct store_reader reader = {&lame};

    cancel_what_is_only_stored();
    rig_drain(&rig);
    rig.env.reader = &reader;
    engine_store_turn(rig.engine);
    rig_pass(5 * RIG_S);
    engine_turn(rig.engine, rig_mono_ns); /* away it is still */
    rig.env.reader = rig.reader;
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(statements_left(engine_statements(rig.engine)), 0);
    ck_assert_uint_eq(rig.authority.count, 0);
    rig_pass(5 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig.authority.count, 1);
}
END_TEST

START_TEST(ends_by_rows_alone_are_streamed_in_the_order_of_the_ledger)
{
    auto_json inputs = json_object();
    struct rig_answer started = {0};
    int64_t last = 0;

    cancel_what_is_only_stored(); /* its end, then the next run's beginning, in one turn */
    store_testing_set_hold(rig.store, STORE_HELD);
    engine_turn(rig.engine, rig_mono_ns);
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered,
                  &started);
    rig_drain(&rig);
    engine_store_turn(rig.engine);
    ck_assert_uint_eq(cancelled.told, 1);
    ck_assert_uint_eq(started.told, 1);
    for (size_t i = 0; i < rig.event_count; i++) {
        ck_assert_int_gt(rig.events[i].seq, last);
        last = rig.events[i].seq;
    }
}
END_TEST

TCase *owners_cases(void)
{
    TCase *tc = tcase_create("owners");

    tcase_add_test(tc, a_host_that_is_adrift_kills_what_runs_and_begins_nothing);
    tcase_add_test(tc, a_host_that_is_held_again_goes_on_from_the_rows_and_no_attempt_counts);
    tcase_add_test(tc, what_had_ended_before_is_committed_and_not_made_again);
    tcase_add_test(tc, what_a_halted_host_had_decided_is_not_begun_behind_the_halt);
    tcase_add_test(tc, adrift_again_and_again_ends_no_run);
    tcase_add_test(tc, a_run_that_another_host_took_meanwhile_is_not_built);
    tcase_add_test(tc, a_host_that_is_fenced_kills_its_attempts_before_it_ends);
    tcase_add_test(tc, a_run_that_is_free_goes_on_here_when_news_say_so);
    tcase_add_test(tc, a_host_takes_no_more_than_it_has_room_for);
    tcase_add_test(tc, what_a_drained_host_gives_back_is_nobodys);
    tcase_add_test(tc, an_order_for_a_run_that_is_here_is_carried_out_once);
    tcase_add_test(tc, an_order_that_the_machine_refuses_is_dropped);
    tcase_add_test(tc,
                   a_cancel_that_was_ordered_is_carried_out_at_the_recovery_before_anything_begins);
    tcase_add_test(tc, a_cancel_of_a_run_that_nobody_has_ends_it);
    tcase_add_test(tc, what_needs_the_machine_of_a_run_that_is_elsewhere_is_refused);
    tcase_add_test(tc, a_database_that_is_away_leaves_no_ended_run_for_good);
    tcase_add_test(tc, ends_by_rows_alone_are_streamed_in_the_order_of_the_ledger);
    return tc;
}
