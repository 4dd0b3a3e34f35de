/* letters_test.c -- a task that fails leaves one dead letter, in the batch that ends its run, and
 * has it until it is dead no more. */
#include "suites.h"

#include "engine/lanes/change.h"
#include "engine/lanes/tasks.h"
#include "lanes/fingerprint.h"
#include "lanes/members.h"

#include <string.h>

static void put(const char *text)
{
    auto_json object = json_loads(text, 0, NULL);
    auto_done(lane_members) members = {0};
    struct rig_answer answer = {0};
    struct err e = {0};

    ck_assert_msg(lane_members_read("ml", object, &members, &e), "%s", e.msg);
    lane_change(engine_control(rig.engine)->lanes, &rig_actor,
                &(struct api_lane_change){"ml", &members, false}, rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_int_eq(answer.code, ERR_NONE);
}

static struct rig_answer add(const char *id)
{
    auto_json payload = json_loads("{\"n\":1}", 0, NULL);
    struct rig_answer answer = {0};

    tasks_enqueue(
        engine_control(rig.engine)->tasks, &rig_actor,
        &(struct api_task){.lane = "ml", .task_id = id, .payload = payload, .priority = 6},
        rig_answered, &answer);
    rig_settle(&rig);
    ck_assert(answer.code == ERR_NONE && answer.created);
    return answer;
}

static void resume(const char *run_id)
{
    struct rig_answer answer = {0};

    control_resume(engine_control(rig.engine), &rig_actor, run_id, rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_int_eq(answer.code, ERR_NONE);
}

static void read_letters(struct store_dead_letter_list *ret, size_t count)
{
    const struct store_dead_filter filter = {.tenant = RIG_TENANT};
    struct err e = {0};

    ck_assert_msg(store_read_dead_letters(rig.reader, &filter, (struct store_page){0}, ret, &e),
                  "%s", e.msg);
    ck_assert_uint_eq(ret->count, count);
}

static void none_is_there(void)
{
    auto_done(store_dead_letter_list) l = {0};

    read_letters(&l, 0);
}

/* Of the one letter: "TASK REASON CLASS DEATHS/ATTEMPTS". */
static void is_there(const char *run_id, const char *want)
{
    auto_done(store_dead_letter_list) l = {0};
    auto_done(buf) text = {0};
    const struct store_dead_letter *row;

    read_letters(&l, 1);
    row = &l.rows[0];
    buf_addf(&text, "%s %s %s %d/%d", row->task_id, row->reason, row->error_class, (int)row->deaths,
             (int)row->attempts);
    ck_assert_str_eq(buf_text(&text), want);
    ck_assert_str_eq(row->dead_letter_id, run_id);
    ck_assert_str_eq(row->run_id, run_id);
    ck_assert_str_eq(row->lane, "ml");
    ck_assert_int_eq(row->priority, 6);
    ck_assert_str_eq(row->fingerprint, fingerprint_of(row->error_class, row->message).text);
}

START_TEST(a_task_whose_retries_are_spent_leaves_a_letter)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":1,\"base_delay\":1,"
        "\"jitter\":false}}");
    a = add("t");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    none_is_there(); /* another attempt follows */
    rig_pass(2 * RIG_S);
    rig_settle(&rig);
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    is_there(a.run_id, "t retries_exhausted RuntimeError 1/2");
}
END_TEST

START_TEST(a_permanent_error_leaves_one_at_once)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":3}}");
    a = add("t");
    rig_fails(&rig, "task", OUTCOME_BAD_INPUT);
    is_there(a.run_id, "t permanent_error ValueError 1/1");
}
END_TEST

START_TEST(what_ends_otherwise_leaves_none_and_a_run_of_a_dag_neither)
{
    struct rig_answer off = {0}, a;

    put("{\"agent_id\":\"a\"}");
    add("over");
    rig_ok(&rig, "task");
    a = add("off");
    control_cancel(engine_control(rig.engine), &rig_actor, a.run_id, rig_answered, &off);
    rig_settle(&rig);
    rig_fails(&rig, "task", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_CANCELLED);
    publish_chain();
    run_of("chain");
    rig_fails(&rig, "first", OUTCOME_BAD_INPUT);
    none_is_there();
}
END_TEST

START_TEST(one_that_dies_again_is_counted_and_one_that_is_dead_no_more_has_none)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":0}}");
    a = add("t");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    resume(a.run_id);
    is_there(a.run_id, "t retries_exhausted RuntimeError 1/1"); /* it goes on, and counts */
    rig_fails(&rig, "task", OUTCOME_BAD_INPUT);
    is_there(a.run_id, "t permanent_error ValueError 2/2");
    resume(a.run_id);
    rig_ok(&rig, "task");
    none_is_there();
}
END_TEST

/* The batch that the disk has is all of it, or nothing. */
START_TEST(a_crash_neither_loses_a_letter_nor_writes_it_twice)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":0}}");
    a = add("t");
    rig_crash(&rig);
    none_is_there();
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    rig_crash(&rig);
    is_there(a.run_id, "t retries_exhausted RuntimeError 1/1");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_FAILED);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

START_TEST(a_task_that_cannot_be_built_anew_leaves_one)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\"}");
    a = add("t");
    rig_die(&rig);
    outside_unguarded("UPDATE dag_executions SET input_data = 'x'");
    rig_forget(&rig);
    rig_start(&rig);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_FAILED);
    is_there(a.run_id, "t permanent_error RunNotRecoverable 1/1");
}
END_TEST

TCase *letters_cases(void)
{
    TCase *c = tcase_create("letters");

    tcase_add_test(c, a_task_whose_retries_are_spent_leaves_a_letter);
    tcase_add_test(c, a_permanent_error_leaves_one_at_once);
    tcase_add_test(c, what_ends_otherwise_leaves_none_and_a_run_of_a_dag_neither);
    tcase_add_test(c, one_that_dies_again_is_counted_and_one_that_is_dead_no_more_has_none);
    tcase_add_test(c, a_crash_neither_loses_a_letter_nor_writes_it_twice);
    tcase_add_test(c, a_task_that_cannot_be_built_anew_leaves_one);
    return c;
}
