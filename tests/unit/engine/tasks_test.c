/* tasks_test.c -- what a lane is given to run is a run: once for its id, with the payload as it is,
 * by what the lane said when it was enqueued. */
#include "suites.h"
#include "task_steps.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/catalog/definitions.h"
#include "engine/lanes/change.h"
#include "engine/lanes/tasks.h"
#include "lanes/members.h"

#include <string.h>

static size_t versions_of(const char *dag_id)
{
    auto_done(store_dag_list) rows = {0};
    struct err e = {0};

    ck_assert(store_read_dags(rig.reader,
                              &(struct store_dag_filter){.tenant = RIG_TENANT, .dag_id = dag_id},
                              (struct store_page){.size = 100}, &rows, &e));
    return rows.count;
}

static struct api_task_now now_of(const char *run_id, int32_t priority)
{
    const struct api_task_of of = {RIG_TENANT, run_id, "ml", priority, true};
    struct api_task_now now;

    engine_task_now(rig.engine, &of, &now);
    return now;
}

static void has_worker(const char *run_id, int32_t priority, const char *name)
{
    auto_mem char *worker = lane_worker_name_owned(now_of(run_id, priority).worker, "ml");

    ck_assert_pstr_eq(worker, name);
}

static void attempt_had(const char *run_id, size_t attempt, const char *name)
{
    auto_done(store_attempt_list) rows = {0};
    auto_json detail = NULL;
    struct err e = {0};

    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, run_id, "task",
                                  (struct store_page){.size = 100}, &rows, &e));
    ck_assert_uint_gt(rows.count, attempt);
    detail = json_loads(rows.rows[attempt].detail, 0, NULL);
    ck_assert_pstr_eq(json_string_value(json_object_get(detail, "worker")), name);
}

START_TEST(a_task_says_which_worker_has_it_and_its_attempt_which_had)
{
    struct rig_answer regular, express, waits;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1}");
    regular = task_add_with("regular", 5);
    waits = task_add_with("waits", 6);
    express = task_add_with("express", 12);
    has_worker(regular.run_id, 5, "pool_ml_0");
    has_worker(express.run_id, 12, "express_ml_0");
    has_worker(waits.run_id, 6, NULL);
    rig_ok(&rig, "task"); /* the express one, which came last */
    rig_fails(&rig, "task", OUTCOME_CRASH);
    has_worker(regular.run_id, 5, NULL);
    attempt_had(regular.run_id, 0, "pool_ml_0");
    attempt_had(express.run_id, 0, "express_ml_0");
    has_worker(waits.run_id, 6, "pool_ml_0");
}
END_TEST

START_TEST(a_task_is_a_run_of_its_lane_and_the_agent_gets_the_payload)
{
    auto_done(store_run_list) rows = {0};
    const struct rig_attempt *attempt;
    struct rig_answer a;
    struct err e = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\",\"config\":{\"n\":1}}");
    a = task_add("ml", "t 1", "{\"x\":[1,{}]}");
    ck_assert(a.code == ERR_NONE && a.created);
    attempt = rig_open_attempt(&rig, "task");
    ck_assert_ptr_nonnull(attempt);
    ck_assert_str_eq(attempt->agent_id, "a");
    ck_assert_str_eq(attempt->input, "{\"x\":[1,{}]}");
    ck_assert_str_eq(attempt->config, "{\"n\":1}");
    ck_assert(now_of(a.run_id, 5).runs);
    rig_ok(&rig, "task");
    ck_assert(store_read_task(rig.reader, RIG_TENANT, "t 1", &rows, &e));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_str_eq(rows.rows[0].run_id, a.run_id);
    ck_assert_str_eq(rows.rows[0].dag_id, "lane.ml");
    ck_assert_int_eq(rows.rows[0].status, STORE_RUN_COMPLETED);
    ck_assert_int_eq(rows.rows[0].task_priority, 5);
}
END_TEST

START_TEST(the_same_again_is_its_run_and_another_of_its_id_a_conflict)
{
    struct rig_answer first, again, other;

    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    task_lane_put("codegen", "{\"agent_id\":\"a\"}");
    first = task_add("ml", "t", "{\"x\":1,\"y\":2}");
    again = task_add("ml", "t", "{\"y\":2,\"x\":1}");
    ck_assert(again.code == ERR_NONE && !again.created);
    ck_assert_str_eq(again.run_id, first.run_id);
    other = task_add("ml", "t", "{\"x\":2}");
    task_refused(&other, ERR_CONFLICT, "TASK_CONFLICT");
    other = task_add("codegen", "t", "{\"x\":1,\"y\":2}");
    task_refused(&other, ERR_CONFLICT, "TASK_CONFLICT");
    rig_ok(&rig, "task");
    task_lane_put("ml", "{\"agent_id\":null}"); /* that is there does not need it */
    again = task_add("ml", "t", "{\"x\":1,\"y\":2}");
    ck_assert(again.code == ERR_NONE && !again.created);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

/* The definition is being stored when the others come. */
START_TEST(those_that_come_at_once_are_one_run_and_store_one_definition)
{
    enum { COUNT = 20 };
    struct rig_answer a[COUNT] = {{0}}, other = {0};
    size_t created = 0;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":100}");
    for (size_t i = 0; i < COUNT; i++)
        task_give(&(struct api_task){.lane = "ml", .task_id = "t"}, "{\"x\":1}", &a[i]);
    task_give(&(struct api_task){.lane = "ml", .task_id = "t"}, "{\"x\":2}", &other);
    rig_settle(&rig);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(a[i].told, 1);
        ck_assert_int_eq(a[i].code, ERR_NONE);
        ck_assert_str_eq(a[i].run_id, a[0].run_id);
        created += a[i].created;
    }
    ck_assert_uint_eq(created, 1);
    task_refused(&other, ERR_CONFLICT, "TASK_CONFLICT");
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    ck_assert_uint_eq(versions_of("lane.ml"), 1);
}
END_TEST

START_TEST(a_lane_that_is_not_there_and_one_without_an_agent_refuse)
{
    struct rig_answer a = task_add("nowhere", "t", "{}");

    task_refused(&a, ERR_NOT_FOUND, "LANE_NOT_FOUND");
    a = task_add("ml", "t", "{}");
    task_refused(&a, ERR_UNPROCESSABLE, "LANE_HAS_NO_AGENT");
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    ck_assert(task_add("ml", "t", "{}").created);
}
END_TEST

/* In whatever order: those that waited when the host died are read beside the loop. */
static void ends_one_of(const struct rig_answer *ones, const struct rig_answer *two)
{
    const struct rig_attempt *attempt = rig_open_attempt(&rig, "task");
    bool is_two = strcmp(attempt->run_id, two->run_id) == 0;

    ck_assert(is_two || strcmp(attempt->run_id, ones[0].run_id) == 0 ||
              strcmp(attempt->run_id, ones[1].run_id) == 0);
    ck_assert_str_eq(attempt->config, is_two ? "{\"n\":2}" : "{\"n\":1}");
    rig_ok(&rig, "task");
}

START_TEST(what_a_lane_says_later_is_for_later_tasks)
{
    struct rig_answer ones[2], two;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"config\":{\"n\":1},\"paused\":true}");
    ones[0] = task_add("ml", "one", "{}");
    task_lane_put("ml", "{\"config\":{\"n\":2}}");
    two = task_add("ml", "two", "{}");
    task_lane_put("ml", "{\"config\":{\"n\":1}}");
    ones[1] = task_add("ml", "three", "{}");
    ck_assert_uint_eq(versions_of("lane.ml"), 2); /* what is the same has one */
    rig_crash(&rig);
    task_lane_put("ml", "{\"paused\":false}");
    for (int i = 0; i < 3; i++)
        ends_one_of(ones, &two);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
}
END_TEST

START_TEST(a_tasks_own_policies_go_over_the_lanes)
{
    auto_json retry = json_loads("{\"max_retries\":0}", 0, NULL);
    auto_json bad = json_loads("{\"max_retries\":-1}", 0, NULL);
    struct rig_answer a = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\",\"timeout_policy\":{\"timeout_seconds\":9}}");
    task_give(&(struct api_task){.lane = "ml", .task_id = "t", .retry = retry, .timeout_s = 3},
              "{}", &a);
    rig_settle(&rig);
    ck_assert_int_eq(rig_open_attempt(&rig, "task")->deadline_ns - rig_mono_ns, 3 * RIG_S);
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_FAILED);
    a = (struct rig_answer){0};
    task_give(&(struct api_task){.lane = "ml", .task_id = "u", .retry = bad}, "{}", &a);
    rig_settle(&rig);
    ck_assert(a.code == ERR_UNPROCESSABLE && a.findings > 0);
}
END_TEST

START_TEST(the_higher_priority_is_next_also_after_a_crash)
{
    struct rig_answer low, high;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"paused\":true}");
    low = task_add_with("low", 3);
    high = task_add_with("high", 9);
    ck_assert_uint_eq(now_of(low.run_id, 3).position, 2);
    ck_assert_uint_eq(now_of(high.run_id, 9).position, 1);
    ck_assert(now_of(high.run_id, 12).express && !now_of(high.run_id, 9).express);
    rig_crash(&rig);
    ck_assert_uint_eq(now_of(low.run_id, 3).position, 2);
    ck_assert_int_eq(now_of(high.run_id, 9).priority, 9);
    task_lane_put("ml", "{\"paused\":false}");
    ck_assert_str_eq(rig_open_attempt(&rig, "task")->run_id, high.run_id);
    ck_assert(now_of(high.run_id, 9).runs && !now_of(low.run_id, 3).runs);
}
END_TEST

START_TEST(a_task_in_front_is_the_first_of_its_priority_until_it_comes_again)
{
    struct rig_answer old, first = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1,\"paused\":true}");
    old = task_add_with("old", 5);
    rig_pass(RIG_MS);
    task_give(&(struct api_task){.lane = "ml", .task_id = "first", .first = true}, "{}", &first);
    rig_settle(&rig);
    ck_assert_int_eq(first.code, ERR_NONE);
    ck_assert_uint_eq(now_of(first.run_id, 5).position, 1);
    ck_assert_uint_eq(now_of(old.run_id, 5).position, 2);
    rig_crash(&rig);
    ck_assert_uint_eq(now_of(old.run_id, 5).position, 1);
    ck_assert_uint_eq(now_of(first.run_id, 5).position, 2);
}
END_TEST

static struct rig_answer prioritize(const char *run_id, int32_t priority)
{
    struct rig_answer answer = {0};

    control_prioritize(task_control(), &rig_actor, &(struct api_task_priority){run_id, priority},
                       rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    return answer;
}

static void does_not_wait(const char *run_id, const char *why)
{
    struct rig_answer a = prioritize(run_id, 9);

    ck_assert_int_eq(a.code, ERR_CONFLICT);
    ck_assert_msg(strstr(a.msg, why) != NULL, "%s", a.msg);
}

START_TEST(a_task_that_waits_is_given_another_priority_also_after_a_crash)
{
    struct rig_answer first, second;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1,\"paused\":true}");
    first = task_add_with("first", 5);
    second = task_add_with("second", 5);
    ck_assert_int_eq(prioritize(second.run_id, 12).code, ERR_NONE);
    ck_assert_uint_eq(now_of(second.run_id, 12).position, 1);
    rig_crash(&rig);
    ck_assert_int_eq(now_of(second.run_id, 12).priority, 12);
    ck_assert_uint_eq(now_of(first.run_id, 5).position, 2);
    task_lane_put("ml", "{\"paused\":false}");
    ck_assert_uint_eq(rig_open_count(&rig), 2); /* one on an express worker */
    does_not_wait(first.run_id, "running");
    rig_ok(&rig, "task");
    rig_ok(&rig, "task");
    does_not_wait(first.run_id, "completed");
}
END_TEST

START_TEST(a_task_between_two_attempts_waits_and_one_that_is_none_is_not_there)
{
    struct rig_answer a;

    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    a = task_add_with("t", 5);
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    ck_assert_int_eq(prioritize(a.run_id, 9).code, ERR_NONE);
    ck_assert_int_eq(prioritize("nobody", 9).code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(tasks_that_wait_in_a_lane_take_no_place_of_the_runs)
{
    struct rig_answer a;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1, .runs_waiting_max = 2});
    task_lane_put("ml", "{\"agent_id\":\"a\",\"paused\":true}");
    task_add("ml", "one", "{}");
    task_add("ml", "two", "{}");
    a = task_add("ml", "three", "{}");
    ck_assert_int_eq(a.code, ERR_LIMIT);
    ck_assert(!task_add("ml", "two", "{}").created); /* what is there is answered */
    publish_chain();
    run_of("chain");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "first"));
    task_lane_put("ml", "{\"paused\":false}");
    rig_ok(&rig, "task");
    ck_assert(task_add("ml", "three", "{}").created);
}
END_TEST

START_TEST(the_ids_of_lanes_are_kept_for_them_and_a_task_is_not_restarted)
{
    struct rig_answer publishing = {0}, restart = {0}, a;

    definitions_publish(engine_definitions(rig.engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_TEXT,
                                              .json = json_string(
                                                  "{\"name\":\"n\",\"dag_id\":\"lane.ml\","
                                                  "\"nodes\":{\"task\":{\"agent_id\":\"a\"}}}")},
                        rig_answered, &publishing);
    rig_settle(&rig);
    ck_assert_int_eq(publishing.code, ERR_UNPROCESSABLE);
    ck_assert_msg(strstr(publishing.msg, "kept for the tasks of lanes") != NULL, "%s",
                  publishing.msg);
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    a = task_add("ml", "t", "{}");
    rig_ok(&rig, "task");
    control_restart(task_control(), &rig_actor, &(struct api_run_restart){.run_id = a.run_id},
                    rig_answered, &restart);
    rig_settle(&rig);
    ck_assert_int_eq(restart.code, ERR_CONFLICT);
    ck_assert_msg(strstr(restart.msg, "task 't'") != NULL, "%s", restart.msg);
}
END_TEST

/* Nobody is answered, and nothing is left of them. */
START_TEST(an_engine_that_is_freed_leaves_no_task_behind)
{
    struct rig_answer a = {0}, b = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    task_give(&(struct api_task){.lane = "ml", .task_id = "one"}, "{}", &a);
    task_give(&(struct api_task){.lane = "ml", .task_id = "two"}, "{}", &b);
    rig_die(&rig);
    ck_assert_uint_eq(a.told + b.told, 0);
    rig_start(&rig);
    ck_assert(task_add("ml", "one", "{}").created);
}
END_TEST

TCase *tasks_cases(void)
{
    TCase *c = tcase_create("tasks");

    tcase_add_test(c, a_task_is_a_run_of_its_lane_and_the_agent_gets_the_payload);
    tcase_add_test(c, a_task_says_which_worker_has_it_and_its_attempt_which_had);
    tcase_add_test(c, the_same_again_is_its_run_and_another_of_its_id_a_conflict);
    tcase_add_test(c, those_that_come_at_once_are_one_run_and_store_one_definition);
    tcase_add_test(c, a_lane_that_is_not_there_and_one_without_an_agent_refuse);
    tcase_add_test(c, what_a_lane_says_later_is_for_later_tasks);
    tcase_add_test(c, a_tasks_own_policies_go_over_the_lanes);
    tcase_add_test(c, the_higher_priority_is_next_also_after_a_crash);
    tcase_add_test(c, a_task_in_front_is_the_first_of_its_priority_until_it_comes_again);
    tcase_add_test(c, a_task_that_waits_is_given_another_priority_also_after_a_crash);
    tcase_add_test(c, a_task_between_two_attempts_waits_and_one_that_is_none_is_not_there);
    tcase_add_test(c, tasks_that_wait_in_a_lane_take_no_place_of_the_runs);
    tcase_add_test(c, the_ids_of_lanes_are_kept_for_them_and_a_task_is_not_restarted);
    tcase_add_test(c, an_engine_that_is_freed_leaves_no_task_behind);
    return c;
}
