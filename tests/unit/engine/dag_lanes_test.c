/* dag_lanes_test.c -- a task of a lane that runs a DAG: it has one of the lane's workers from its
 * first attempt to its end, and is a task in every other way. */
#include "suites.h"
#include "task_steps.h"

#include "base/json.h"
#include "engine/catalog/definitions.h"
#include "engine/control/control.h"

#include <string.h>

#define NODE(id, more) "\"" id "\":{\"agent_id\":\"a\"" more "}"
#define ONCE ",\"retry_policy\":{\"max_retries\":0}"
#define LANE "{\"dag_id\":\"d\",\"slots\":1}"

static void publish(const char *version, const char *nodes, const char *more)
{
    auto_done(buf) text = {0};

    buf_addf(&text, "{\"name\":\"d\",\"dag_id\":\"d\",\"version\":\"%s\",\"nodes\":{%s}%s}",
             version, nodes, more);
    rig_publish(&rig, buf_text(&text));
}

static void chain(void)
{
    publish("1.0.0",
            NODE("a",
                 ",\"input_mapping\":{\"v\":\"input.v\"}" ONCE) "," NODE("b",
                                                                         ",\"depends_on\":[\"a\"]"),
            "");
    task_lane_put("ml", LANE);
}

static struct api_task_now now_of(const struct rig_answer *a)
{
    const struct api_task_of of = {RIG_TENANT, a->run_id, "ml", 5, true};
    struct api_task_now now;

    engine_task_now(rig.engine, &of, &now);
    return now;
}

static void runs(const struct rig_answer *a)
{
    struct api_task_now now = now_of(a);

    ck_assert(now.here && now.runs && now.position == 0);
    ck_assert_int_ne(now.started_us, 0);
    ck_assert_uint_eq(now.worker.number, 1);
}

static void waits(const struct rig_answer *a, uint32_t position)
{
    struct api_task_now now = now_of(a);

    ck_assert(now.here && !now.runs);
    ck_assert_uint_eq(now.position, position);
}

/* Of the run's open attempt; "": none. */
static const char *open_node(const struct rig_answer *a)
{
    for (size_t i = 0; i < rig.sandbox.count; i++) {
        const struct rig_attempt *attempt = &rig.sandbox.attempts[i];

        if (attempt->open && strcmp(attempt->run_id, a->run_id) == 0)
            return attempt->node_id;
    }
    return "";
}

static size_t told(const struct rig_answer *a, const char *status)
{
    return count_events(a->run_id, "task.updated", status);
}

static void letter_is(const char *want)
{
    const struct store_dead_filter filter = {.tenant = RIG_TENANT};
    auto_done(store_dead_letter_list) l = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert(store_read_dead_letters(rig.reader, &filter, (struct store_page){0}, &l, &e));
    for (size_t i = 0; i < l.count; i++)
        buf_addf(&text, "%s %s %s %s %d", l.rows[i].task_id, l.rows[i].lane, l.rows[i].reason,
                 l.rows[i].error_class, (int)l.rows[i].attempts);
    ck_assert_str_eq(buf_text(&text), want);
}

START_TEST(a_task_has_one_worker_of_its_lane_until_its_run_has_ended)
{
    auto_done(store_run_list) rows = {0};
    struct rig_answer a, b;
    struct err e = {0};

    chain();
    a = task_add("ml", "t1", "{\"v\":7}");
    b = task_add("ml", "t2", "{\"v\":8}");
    runs(&a);
    waits(&b, 1);
    ck_assert_str_eq(rig_open_attempt(&rig, "a")->input, "{\"v\":7}");
    ck_assert_str_eq(open_node(&b), "");
    rig_begin(&rig, rig_open_attempt(&rig, "a"));
    rig_ok(&rig, "a");
    ck_assert_str_eq(open_node(&a), "b");
    waits(&b, 1);
    rig_begin(&rig, rig_open_attempt(&rig, "b"));
    rig_ok(&rig, "b");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    runs(&b);
    ck_assert_str_eq(rig_open_attempt(&rig, "a")->input, "{\"v\":8}");
    ck_assert(store_read_task(rig.reader, RIG_TENANT, "t1", &rows, &e));
    ck_assert_str_eq(rows.rows[0].dag_id, "d");
    ck_assert_str_eq(rows.rows[0].task_lane, "ml");
    ck_assert_uint_eq(told(&a, "queued"), 1);
    ck_assert_uint_eq(told(&a, "leased"), 1);
    ck_assert_uint_eq(told(&a, "running"), 1);
    ck_assert_uint_eq(told(&a, "completed"), 1);
    ck_assert_uint_eq(told(&b, "leased"), 0); /* not yet */
    check_chain(a.run_id);
}
END_TEST

START_TEST(it_is_of_the_version_that_there_was_when_it_came)
{
    auto_done(store_run_list) rows = {0};
    struct rig_answer again;
    struct err e = {0};

    chain();
    task_lane_put("ml", "{\"paused\":true}");
    task_add("ml", "t", "{\"v\":1}");
    publish("2.0.0", NODE("other", ""), "");
    task_lane_put("ml", "{\"agent_id\":\"a\"}"); /* and the lane runs something else by now */
    again = task_add("ml", "t", "{\"v\":1}");
    ck_assert(again.code == ERR_NONE && !again.created);
    task_lane_put("ml", "{\"paused\":false}");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "a"));
    ck_assert(store_read_task(rig.reader, RIG_TENANT, "t", &rows, &e));
    ck_assert_str_eq(rows.rows[0].dag_version, "1.0.0");
}
END_TEST

START_TEST(what_cannot_be_is_refused_by_name)
{
    const struct api_actor who = {.tenant = RIG_TENANT, .subject = "s", .trace_id = "t"};
    struct rig_answer a, own = {0}, off = {0};
    auto_json retry = json_pack("{s:i}", "max_retries", 1);

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    task_refused(&a, ERR_NOT_FOUND, "DAG_NOT_FOUND");
    chain();
    task_give(&(struct api_task){.lane = "ml", .task_id = "t", .retry = retry}, "{}", &own);
    ck_assert_int_eq(own.code, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(own.msg, "no 'retry'"));
    own = (struct rig_answer){0};
    task_give(&(struct api_task){.lane = "ml", .task_id = "t", .timeout_s = 3}, "{}", &own);
    ck_assert_int_eq(own.code, ERR_INVALID);
    task_lane_put("ml", "{\"draining\":true}");
    a = task_add("ml", "t", "{}");
    task_refused(&a, ERR_UNAVAILABLE, "LANE_DRAINING");
    task_lane_put("ml", "{\"draining\":false,\"paused\":true,\"max_depth\":1}");
    task_add("ml", "first", "{\"v\":1}");
    a = task_add("ml", "t", "{\"v\":1}");
    task_refused(&a, ERR_LIMIT, "LANE_FULL");
    a = task_add("ml", "first", "{\"v\":1}"); /* that is there */
    ck_assert(a.code == ERR_NONE && !a.created);
    a = task_add("codegen", "first", "{\"v\":1}");
    task_refused(&a, ERR_CONFLICT, "TASK_CONFLICT");
    task_lane_put("ml", "{\"max_depth\":9}");
    definitions_disable(&rig.env, &who, "d", "1.0.0", rig_answered, &off);
    rig_settle(&rig);
    a = task_add("ml", "t", "{}");
    task_refused(&a, ERR_NOT_FOUND, "DAG_NOT_FOUND");
}
END_TEST

static void cancel(const struct rig_answer *a)
{
    struct rig_answer asked = {0};

    control_cancel(task_control(), &rig_actor, a->run_id, rig_answered, &asked);
    rig_settle(&rig);
    ck_assert_int_eq(asked.code, ERR_NONE);
}

START_TEST(who_is_cancelled_leaves_its_place_in_the_lane_or_its_worker)
{
    struct rig_answer a, b, c;

    chain();
    a = task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    c = task_add("ml", "t3", "{\"v\":1}");
    waits(&c, 2);
    cancel(&b);
    ck_assert_int_eq(rig_status(&rig, b.run_id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(told(&b, "leased"), 0);
    waits(&c, 1);
    cancel(&a);
    waits(&c, 1); /* its attempt has not ended */
    rig_fails(&rig, "a", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_CANCELLED);
    runs(&c);
    letter_is("");
}
END_TEST

START_TEST(one_that_waits_is_given_another_priority_and_one_that_runs_is_not)
{
    struct rig_answer a, b, c, asked = {0};
    struct api_task_priority what = {.priority = 9};

    chain();
    a = task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    c = task_add("ml", "t3", "{\"v\":1}");
    what.run_id = c.run_id;
    control_prioritize(task_control(), &rig_actor, &what, rig_answered, &asked);
    rig_settle(&rig);
    ck_assert_int_eq(asked.code, ERR_NONE);
    waits(&c, 1);
    waits(&b, 2);
    what.run_id = a.run_id;
    asked = (struct rig_answer){0};
    control_prioritize(task_control(), &rig_actor, &what, rig_answered, &asked);
    ck_assert_int_eq(asked.code, ERR_CONFLICT);
}
END_TEST

/* One attempt at a time, whoever's turn it is, until there is none. */
static void all_end(unsigned attempts)
{
    for (unsigned i = 0; i < attempts; i++) {
        ck_assert_uint_eq(rig_open_count(&rig), 1);
        rig_ok(&rig, rig_open_attempt(&rig, "a") != NULL ? "a" : "b");
    }
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}

/* Which of them is read first, and finds the worker free, is not said. */
START_TEST(behind_a_crash_each_waits_for_a_worker_again)
{
    struct rig_answer a, b;

    chain();
    a = task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    rig_ok(&rig, "a");
    rig_crash(&rig);
    all_end(3);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    ck_assert_int_eq(rig_status(&rig, b.run_id), STORE_RUN_COMPLETED);
    check_chain(b.run_id);
}
END_TEST

START_TEST(one_whose_run_fails_is_dead_and_waits_again_when_it_is_tried_again)
{
    struct rig_answer a, b, again = {0};

    chain();
    a = task_add("ml", "t1", "{\"v\":1}");
    rig_fails(&rig, "a", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_FAILED);
    letter_is("t1 ml retries_exhausted RuntimeError 1");
    ck_assert_uint_eq(told(&a, "dead"), 1);
    b = task_add("ml", "t2", "{\"v\":1}");
    control_resume(task_control(), &rig_actor, a.run_id, rig_answered, &again);
    rig_settle(&rig);
    ck_assert_int_eq(again.code, ERR_NONE);
    runs(&b);
    waits(&a, 1);
    rig_ok(&rig, "a");
    rig_ok(&rig, "b");
    runs(&a);
    ck_assert_str_eq(rig_open_attempt(&rig, "a")->input, "{\"v\":1}");
    rig_ok(&rig, "a");
    rig_ok(&rig, "b");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    letter_is("");
}
END_TEST

START_TEST(a_run_whose_time_is_up_leaves_a_letter_too)
{
    struct rig_answer a;

    publish("1.0.0", NODE("a", ""), ",\"run_timeout_seconds\":5");
    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    rig_pass(6 * RIG_S);
    rig_settle(&rig);
    rig_fails(&rig, "a", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_FAILED);
    letter_is("t ml permanent_error RunFailed 1");
}
END_TEST

/* Nobody who has a worker of such a lane waits for another one of it. */
START_TEST(no_node_waits_in_a_lane_that_runs_a_dag)
{
    struct rig_answer a;

    publish("1.0.0", NODE("a", ",\"lane\":\"ml\"") "," NODE("c", ",\"lane\":\"codegen\""), "");
    task_lane_put("codegen", "{\"dag_id\":\"d\",\"slots\":1}");
    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    rig_fails(&rig, "a", OUTCOME_CRASH); /* of its own lane not, whatever that runs by now */
    rig_pass(120 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    rig_ok(&rig, "a");
    rig_ok(&rig, "c");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(the_share_of_a_tenant_is_of_attempts_not_of_tasks_that_hold_a_worker)
{
    struct rig_answer a, b;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.tenant_attempts_max = 1});
    chain();
    task_lane_put("ml", "{\"slots\":2}");
    a = task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    all_end(4);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    ck_assert_int_eq(rig_status(&rig, b.run_id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_host_that_ends_gives_back_what_waits)
{
    struct rig_answer b;

    chain();
    task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    engine_drain(rig.engine);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, b.run_id), STORE_RUN_RUNNING);
    rig_crash(&rig);
    all_end(4);
    ck_assert_int_eq(rig_status(&rig, b.run_id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(its_worker_says_what_it_has_and_why_says_what_it_waits_for)
{
    auto_json status = NULL;
    auto_json why = NULL;
    struct rig_answer b;
    const json_t *worker, *reason;

    chain();
    task_add("ml", "t1", "{\"v\":1}");
    b = task_add("ml", "t2", "{\"v\":1}");
    status = engine_workers_owned(rig.engine);
    for (size_t i = 0; i < json_array_size(json_object_get(status, "workers")); i++) {
        worker = json_array_get(json_object_get(status, "workers"), i);
        if (strcmp(json_text_of(worker, "id"), "pool_ml_0") != 0)
            continue;
        ck_assert_str_eq(json_text_of(worker, "current_task"), "t1");
        ck_assert(json_is_null(json_object_get(worker, "pid")));
    }
    why = engine_run_why_owned(rig.engine, RIG_TENANT, b.run_id, 5);
    reason = json_array_get(json_object_get(why, "reasons"), 0);
    ck_assert_str_eq(json_text_of(reason, "reason"), "lane_full");
    ck_assert_str_eq(json_text_of(reason, "detail"),
                     "the task is number 1 in lane 'ml': lane_full");
}
END_TEST

TCase *dag_lanes_cases(void)
{
    TCase *tc = tcase_create("dag_lanes");

    tcase_add_test(tc, a_task_has_one_worker_of_its_lane_until_its_run_has_ended);
    tcase_add_test(tc, it_is_of_the_version_that_there_was_when_it_came);
    tcase_add_test(tc, what_cannot_be_is_refused_by_name);
    tcase_add_test(tc, who_is_cancelled_leaves_its_place_in_the_lane_or_its_worker);
    tcase_add_test(tc, one_that_waits_is_given_another_priority_and_one_that_runs_is_not);
    tcase_add_test(tc, behind_a_crash_each_waits_for_a_worker_again);
    tcase_add_test(tc, one_whose_run_fails_is_dead_and_waits_again_when_it_is_tried_again);
    tcase_add_test(tc, a_run_whose_time_is_up_leaves_a_letter_too);
    tcase_add_test(tc, no_node_waits_in_a_lane_that_runs_a_dag);
    tcase_add_test(tc, the_share_of_a_tenant_is_of_attempts_not_of_tasks_that_hold_a_worker);
    tcase_add_test(tc, a_host_that_ends_gives_back_what_waits);
    tcase_add_test(tc, its_worker_says_what_it_has_and_why_says_what_it_waits_for);
    return tc;
}
