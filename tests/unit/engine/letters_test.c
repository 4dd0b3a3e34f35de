/* letters_test.c -- a task that fails leaves one dead letter, in the batch that ends its run, and
 * has it until it is dead no more. */
#include "suites.h"

#include "base/mem.h"
#include "engine/lanes/change.h"
#include "engine/lanes/clear.h"
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
                &(struct api_lane_change){.lane = "ml", .members = &members}, rig_answered,
                &answer);
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

/* ---- replayed ---- */

static void replay(const char *of, const char *id, struct rig_answer *ret)
{
    auto_json payload = json_loads("{\"n\":1}", 0, NULL);
    const struct api_task task = {
        .lane = "ml", .task_id = id, .payload = payload, .priority = 10, .replay_of = of};

    tasks_enqueue(engine_control(rig.engine)->tasks, &rig_actor, &task, rig_answered, ret);
    rig_settle(&rig);
}

/* The dead letter of task "t" and of its run. */
static struct rig_answer dies(void)
{
    struct rig_answer a;

    put("{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":0}}");
    a = add("t");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    return a;
}

static void is_replayed_by(const char *want)
{
    auto_done(store_dead_letter_list) l = {0};

    read_letters(&l, 1);
    ck_assert_str_eq(l.rows[0].replayed_by, want);
}

START_TEST(a_replay_is_another_run_that_names_the_one_that_died)
{
    struct rig_answer dead = dies(), again = {0};
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    replay(dead.run_id, "t2", &again);
    ck_assert(again.code == ERR_NONE && again.created);
    is_replayed_by("t2\n");
    is_there(dead.run_id, "t retries_exhausted RuntimeError 1/1");
    rig_ok(&rig, "task");
    ck_assert_int_eq(rig_status(&rig, again.run_id), STORE_RUN_COMPLETED);
    ck_assert_int_eq(rig_status(&rig, dead.run_id), STORE_RUN_FAILED);
    ck_assert(store_read_run_head(rig.reader, RIG_TENANT, again.run_id, &l, &e));
    ck_assert_str_eq(l.rows[0].parent_run_id, dead.run_id);
    ck_assert_str_eq(l.rows[0].parent_kind, PARENT_REPLAY);
    ck_assert_int_eq(l.rows[0].task_priority, 10);
    is_replayed_by("t2\n");
}
END_TEST

/* The link is in the batch that has the run: both are there, or neither is. */
START_TEST(a_crash_loses_a_replay_with_its_link_or_neither)
{
    struct rig_answer dead = dies(), again = {0};

    rig_crash(&rig);
    replay(dead.run_id, "t2", &again);
    rig_crash(&rig);
    is_replayed_by("t2\n");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    replay(dead.run_id, "t2", &again); /* the same again is the same task */
    ck_assert(again.code == ERR_NONE && !again.created);
    is_replayed_by("t2\n");
}
END_TEST

START_TEST(what_is_dead_no_more_is_not_replayed)
{
    struct rig_answer dead = dies(), again = {0};

    resume(dead.run_id);
    rig_ok(&rig, "task");
    none_is_there();
    replay(dead.run_id, "t2", &again);
    ck_assert_int_eq(again.code, ERR_CONFLICT);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

/* ---- cleared ---- */

static enum err_code clear(const char *id, int64_t deaths)
{
    const struct api_letter_seen seen = {id, deaths};
    const struct api_letters_clear what = {.snapshot = {.tenant = RIG_TENANT,
                                                        .snapshot_id = "s",
                                                        .reason = "over",
                                                        .items = "[]",
                                                        .sha256 = "h",
                                                        .letters = 1,
                                                        .created_us = 1},
                                           .letters = &seen,
                                           .count = 1};
    struct rig_answer answer = {0};

    letters_clear(engine_control(rig.engine)->env, &rig_actor, &what, rig_answered, &answer);
    rig_settle(&rig);
    return answer.code;
}

START_TEST(what_is_cleared_is_in_the_ledger_and_what_died_since_stays)
{
    struct rig_answer dead = dies();
    auto_done(store_event_list) events = {0};
    const struct store_event *last;
    struct err e = {0};

    resume(dead.run_id);
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(clear(dead.run_id, 1), ERR_CONFLICT);
    is_there(dead.run_id, "t retries_exhausted RuntimeError 2/2");
    ck_assert_int_eq(clear(dead.run_id, 2), ERR_NONE);
    none_is_there();
    ck_assert_int_eq(rig_status(&rig, dead.run_id), STORE_RUN_FAILED);
    ck_assert(store_read_events_after(rig.reader, RIG_TENANT, 0, 500, &events, &e));
    last = &events.rows[events.count - 1];
    ck_assert_str_eq(last->type, "audit.dead_letters_cleared");
    ck_assert_ptr_nonnull(strstr(last->payload, "\"snapshot_id\":\"s\""));
}
END_TEST

/* ---- counted ---- */

/* As a scrape finds it that comes behind another. */
static void depth_is(const char *want)
{
    auto_mem char *line =
        mem_printf("orchestrator_dlq_depth{tenant=\"" RIG_TENANT "\"} %s\n", want);
    auto_done(buf) text = {0};

    engine_gauges(rig.engine);
    rig_settle(&rig);
    metrics_text(rig.metrics, &text);
    ck_assert_msg(strstr(buf_text(&text), line) != NULL, "%s", buf_text(&text));
}

START_TEST(the_depth_of_a_tenant_rises_and_falls)
{
    struct rig_answer dead = dies();

    depth_is("1");
    resume(dead.run_id);
    rig_ok(&rig, "task");
    depth_is("0");
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
    tcase_add_test(c, a_replay_is_another_run_that_names_the_one_that_died);
    tcase_add_test(c, a_crash_loses_a_replay_with_its_link_or_neither);
    tcase_add_test(c, what_is_dead_no_more_is_not_replayed);
    tcase_add_test(c, the_depth_of_a_tenant_rises_and_falls);
    tcase_add_test(c, what_is_cleared_is_in_the_ledger_and_what_died_since_stays);
    return c;
}
