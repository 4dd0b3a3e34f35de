/* shed_test.c -- an operator's switch against too much work: nothing new, and nothing that is there
 * is touched. */
#include "suites.h"
#include "task_steps.h"

#include "base/buf.h"
#include "base/mem.h"
#include "engine/control/shed.h"

#include <string.h>

#define REFUSED "Rate limit exceeded. Retry after 30 seconds."

static void turn_it(bool on, const char *reason)
{
    struct api_actor who = rig_actor;
    struct rig_answer answer = {0};

    who.reason = reason;
    shed_switch(task_control()->shed, &who, on, rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    ck_assert_int_eq(answer.code, ERR_NONE);
}

static void is_refused(const struct rig_answer *a)
{
    task_refused(a, ERR_LIMIT, "RATE_LIMITED");
    ck_assert_str_eq(a->msg, REFUSED);
}

START_TEST(new_runs_and_tasks_are_refused_and_what_is_there_goes_on)
{
    struct rig_answer there, a;

    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    publish_chain();
    there = task_add("ml", "there", "{}");
    turn_it(true, "too much");
    a = task_add("ml", "new", "{}");
    is_refused(&a);
    a = rig_run(&rig, "chain", "{}");
    is_refused(&a);
    a = task_add("ml", "there", "{}");
    ck_assert(a.code == ERR_NONE && !a.created);
    ck_assert_str_eq(a.run_id, there.run_id);
    rig_ok(&rig, "task");
    ck_assert_int_eq(rig_status(&rig, there.run_id), STORE_RUN_COMPLETED);
    turn_it(false, "");
    ck_assert(task_add("ml", "new", "{}").created);
    ck_assert(rig_run(&rig, "chain", "{}").created);
}
END_TEST

START_TEST(a_run_is_not_begun_again_meanwhile)
{
    char id[UUID_TEXT_BYTES];
    struct rig_answer a = {0};

    run_chain(id);
    turn_it(true, "");
    control_restart(task_control(), &rig_actor, &(struct api_run_restart){.run_id = id},
                    rig_answered, &a);
    rig_settle(&rig);
    is_refused(&a);
}
END_TEST

static size_t entries(const char *type)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT};
    auto_done(store_event_list) rows = {0};
    size_t count = 0;
    int64_t next;
    struct err e = {0};

    ck_assert(store_read_events(rig.reader, &filter, 0, STORE_PAGE_ROWS_MAX, &rows, &next, &e));
    for (size_t i = 0; i < rows.count; i++)
        count += strcmp(rows.rows[i].type, type) == 0;
    return count;
}

START_TEST(it_is_said_once_and_what_is_so_already_stays)
{
    struct api_shed shed;

    ck_assert(!shed_now(task_control()->shed).on);
    turn_it(true, "first");
    rig_pass(RIG_S);
    turn_it(true, "second");
    shed = shed_now(task_control()->shed);
    ck_assert(shed.on);
    ck_assert_str_eq(shed.reason, "first");
    ck_assert_int_eq(shed.since_us, rig_wall_us - 1000000);
    ck_assert_uint_eq(entries("audit.rate_limit_enabled"), 1);
    turn_it(false, "");
    turn_it(false, "");
    shed = shed_now(task_control()->shed);
    ck_assert(!shed.on && shed.reason == NULL && shed.since_us == 0);
    ck_assert_uint_eq(entries("audit.rate_limit_disabled"), 1);
}
END_TEST

START_TEST(what_the_ledger_did_not_take_does_not_hold)
{
    struct rig_answer answer = {0};

    rig_refuse(&rig);
    shed_switch(task_control()->shed, &rig_actor, true, rig_answered, &answer);
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert(answer.told == 1 && answer.code != ERR_NONE);
    ck_assert(!shed_now(task_control()->shed).on);
}
END_TEST

static void is_told(const char *word, bool on)
{
    auto_mem char *want =
        mem_printf("orch_admission_shedding{reason=\"%s\"} %d\n", word, on ? 1 : 0);
    auto_done(buf) text = {0};

    engine_gauges(rig.engine);
    metrics_text(rig.metrics, &text);
    ck_assert_msg(strstr(buf_text(&text), want) != NULL, "no %s", want);
}

START_TEST(too_much_that_waits_lets_nothing_new_in_until_less_does)
{
    struct rig_answer a;
    struct api_shed shed;
    int64_t since_us;

    rig.env.set.shed_marks.of[LOAD_DEPTH] = 3;
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":0}");
    for (char id[] = "t0"; id[1] < '4'; id[1]++)
        ck_assert(task_add("ml", id, "{}").created);
    is_told("depth", false);
    rig_pass(RIG_S);
    a = task_add("ml", "new", "{}");
    is_refused(&a);
    shed = shed_now(task_control()->shed);
    ck_assert(shed.on && shed.automatic && shed.since_us > 0);
    ck_assert_str_eq(shed.reason, "4 runs and attempts wait, and the mark is 3");
    since_us = shed.since_us;
    is_told("depth", true);
    turn_it(true, "mine");
    shed = shed_now(task_control()->shed);
    ck_assert(shed.on && !shed.automatic);
    is_told("operator", true);
    turn_it(false, "");
    shed = shed_now(task_control()->shed);
    ck_assert(shed.on && shed.automatic && shed.since_us == since_us);
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":2}");
    rig_pass(RIG_S);
    ck_assert(!shed_now(task_control()->shed).on);
    is_told("depth", false);
    ck_assert(task_add("ml", "new", "{}").created);
}
END_TEST

TCase *shed_cases(void)
{
    TCase *c = tcase_create("shed");

    tcase_add_test(c, new_runs_and_tasks_are_refused_and_what_is_there_goes_on);
    tcase_add_test(c, a_run_is_not_begun_again_meanwhile);
    tcase_add_test(c, too_much_that_waits_lets_nothing_new_in_until_less_does);
    tcase_add_test(c, it_is_said_once_and_what_is_so_already_stays);
    tcase_add_test(c, what_the_ledger_did_not_take_does_not_hold);
    return c;
}
