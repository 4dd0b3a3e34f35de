/* preempt_test.c -- a task makes room for an express one: it costs it nothing, whatever becomes of
 * the host meanwhile, and the ledger says what was done. */
#include "suites.h"
#include "task_steps.h"

#include "engine/control/control.h"
#include "engine/lanes/preempt.h"

#include <string.h>

#define LANE "{\"agent_id\":\"a\",\"slots\":1,\"retry_policy\":{\"max_retries\":0}}"

/* The newest attempt of the run, open or not. */
static struct rig_attempt *attempt_of(const char *run_id)
{
    struct rig_attempt *found = NULL;

    for (size_t i = 0; i < rig.sandbox.count; i++) {
        if (strcmp(rig.sandbox.attempts[i].run_id, run_id) == 0)
            found = &rig.sandbox.attempts[i];
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

/* Both workers have something, the regular one the low task. */
static struct rig_answer full(const char *lane)
{
    struct rig_answer low;

    task_lane_put("ml", lane);
    task_add_with("express", 12);
    low = task_add_with("low", 1);
    ck_assert(attempt_of(low.run_id)->open);
    return low;
}

/* "OUTCOME OUTCOME ..." of the run's attempts that ended, in order. */
static void attempts_ended(const char *run_id, const char *want)
{
    auto_done(store_attempt_list) rows = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, run_id, "task",
                                  (struct store_page){.size = 100}, &rows, &e));
    for (size_t i = 0; i < rows.count; i++)
        buf_addf(&text, "%s%d %s", i > 0 ? ", " : "", (int)rows.rows[i].attempt,
                 rows.rows[i].outcome);
    ck_assert_str_eq(buf_text(&text), want);
}

static int64_t counted(const char *run_id)
{
    auto_done(store_node_list) rows = {0};
    struct err e = {0};

    ck_assert(store_read_node(rig.reader, RIG_TENANT, run_id, "task", &rows, &e));
    return rows.rows[0].attempts;
}

START_TEST(the_low_one_is_stopped_waits_again_and_has_lost_nothing)
{
    struct rig_answer low = full(LANE), urgent;

    urgent = task_add_with("urgent", 20);
    ck_assert(attempt_of(low.run_id)->cancelled && !attempt_of(low.run_id)->killed);
    ck_assert_uint_eq(count_events(low.run_id, "run.updated", "preempting"), 1);
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    rig_end(&rig, attempt_of(low.run_id), OUTCOME_CANCELLED, NULL);
    ck_assert(attempt_of(urgent.run_id)->open);
    attempts_ended(low.run_id, "1 preempted");
    ck_assert_int_eq(rig_status(&rig, low.run_id), STORE_RUN_RUNNING);
    rig_end(&rig, attempt_of(urgent.run_id), OUTCOME_OK, "{}");
    ck_assert_uint_eq(attempt_of(low.run_id)->attempt, 2);
    ck_assert_int_eq(counted(low.run_id), 1);
    rig_end(&rig, attempt_of(low.run_id), OUTCOME_OK, "{}");
    attempts_ended(low.run_id, "1 preempted, 2 ok");
    ck_assert_int_eq(counted(low.run_id), 1);
    ck_assert_int_eq(rig_status(&rig, low.run_id), STORE_RUN_COMPLETED);
    check_chain(low.run_id);
}
END_TEST

START_TEST(who_does_not_stop_is_killed_and_who_crashes_then_has_not_failed)
{
    struct rig_answer low = full(LANE);

    task_add_with("urgent", 20);
    rig_pass(60 * 1000 * RIG_MS);
    rig_settle(&rig);
    ck_assert(attempt_of(low.run_id)->killed);
    rig_end(&rig, attempt_of(low.run_id), OUTCOME_CRASH, NULL);
    attempts_ended(low.run_id, "1 preempted");
    ck_assert_int_eq(rig_status(&rig, low.run_id), STORE_RUN_RUNNING);
}
END_TEST

START_TEST(a_host_that_dies_meanwhile_costs_no_attempt_either)
{
    struct rig_answer low = full(LANE);

    task_add_with("urgent", 20);
    rig_crash(&rig);
    attempts_ended(low.run_id, "1 infra");
    ck_assert_int_eq(counted(low.run_id), 1); /* that of the second */
    rig_ok(&rig, "task");
    rig_ok(&rig, "task");
    rig_ok(&rig, "task");
    attempts_ended(low.run_id, "1 infra, 2 ok");
    ck_assert_int_eq(rig_status(&rig, low.run_id), STORE_RUN_COMPLETED);
    check_chain(low.run_id);
}
END_TEST

START_TEST(a_host_that_dies_behind_it_knows_that_it_was)
{
    struct rig_answer low = full(LANE), urgent = task_add_with("urgent", 20);

    static const char *const next[] = {"second", "third", "fourth"};

    for (uint32_t i = 0; i < LANE_YIELDS_MAX; i++) {
        ck_assert(attempt_of(low.run_id)->cancelled);
        rig_end(&rig, attempt_of(low.run_id), OUTCOME_CANCELLED, NULL);
        rig_end(&rig, attempt_of(urgent.run_id), OUTCOME_OK, "{}");
        rig_crash(&rig);
        ck_assert(attempt_of(low.run_id)->open);
        urgent = task_add_with(next[i], 20);
    }
    ck_assert(!attempt_of(low.run_id)->cancelled); /* three times is enough */
}
END_TEST

START_TEST(a_cancel_of_the_one_that_is_stopped_is_a_cancel)
{
    struct rig_answer low = full(LANE), a = {0};

    task_add_with("urgent", 20);
    control_cancel(task_control(), &rig_actor, low.run_id, rig_answered, &a);
    rig_settle(&rig);
    rig_end(&rig, attempt_of(low.run_id), OUTCOME_CANCELLED, NULL);
    ck_assert_int_eq(rig_status(&rig, low.run_id), STORE_RUN_CANCELLED);
    attempts_ended(low.run_id, "1 cancelled");
}
END_TEST

START_TEST(an_agent_that_is_not_idempotent_is_left_alone)
{
    struct rig_answer low = full("{\"agent_id\":\"once\",\"slots\":1}");

    task_add_with("urgent", 20);
    ck_assert(!attempt_of(low.run_id)->cancelled);
}
END_TEST

START_TEST(a_lane_that_does_not_preempt_lets_it_wait)
{
    struct rig_answer low = full("{\"agent_id\":\"a\",\"slots\":1,\"preempt\":false}");

    task_add_with("urgent", 20);
    ck_assert(!attempt_of(low.run_id)->cancelled);
}
END_TEST

static struct rig_answer by_hand(const char *lane)
{
    struct rig_answer a = {0};

    preempt_by_hand(task_control(), &rig_actor, lane, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

START_TEST(an_operator_has_the_least_important_stopped)
{
    struct rig_answer low = full(LANE), a = by_hand("ml");

    ck_assert_str_eq(a.run_id, low.run_id);
    ck_assert(attempt_of(low.run_id)->cancelled);
    ck_assert_str_eq(by_hand("ml").run_id, ""); /* nobody else is left */
    rig_end(&rig, attempt_of(low.run_id), OUTCOME_PLUGIN_FATAL, NULL);
    attempts_ended(low.run_id, "1 preempted");
    ck_assert(attempt_of(low.run_id)->open); /* its worker is free */
    a = by_hand("nowhere");
    ck_assert_int_eq(a.code, ERR_NOT_FOUND);
    ck_assert_str_eq(a.refusal, "LANE_NOT_FOUND");
    engine_drain(rig.engine);
    ck_assert_str_eq(by_hand("ml").run_id, "");
}
END_TEST

TCase *preempt_cases(void)
{
    TCase *tc = tcase_create("preempt");

    tcase_add_test(tc, the_low_one_is_stopped_waits_again_and_has_lost_nothing);
    tcase_add_test(tc, who_does_not_stop_is_killed_and_who_crashes_then_has_not_failed);
    tcase_add_test(tc, a_host_that_dies_meanwhile_costs_no_attempt_either);
    tcase_add_test(tc, a_host_that_dies_behind_it_knows_that_it_was);
    tcase_add_test(tc, a_cancel_of_the_one_that_is_stopped_is_a_cancel);
    tcase_add_test(tc, an_agent_that_is_not_idempotent_is_left_alone);
    tcase_add_test(tc, a_lane_that_does_not_preempt_lets_it_wait);
    tcase_add_test(tc, an_operator_has_the_least_important_stopped);
    return tc;
}
