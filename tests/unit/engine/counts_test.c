/* counts_test.c -- the metrics of tasks and of their workers: once each, when it is durable. */
#include "suites.h"
#include "task_steps.h"

#include <string.h>

static void tells(const char *line)
{
    auto_done(buf) text = {0};

    engine_gauges(rig.engine);
    metrics_text(rig.metrics, &text);
    ck_assert_msg(strstr(buf_text(&text), line) != NULL, "lacks %s", line);
}

static void tell_tasks(int enqueued, int completed, int failed)
{
    char line[96];

    snprintf(line, sizeof line, "\nmcp_tasks_enqueued_total %d\n", enqueued);
    tells(line);
    snprintf(line, sizeof line, "\nmcp_tasks_completed_total %d\n", completed);
    tells(line);
    snprintf(line, sizeof line, "\nmcp_tasks_failed_total %d\n", failed);
    tells(line);
}

static void tell_times(int completed, int failed, bool timed)
{
    struct task_times_sum sum = task_times_sum(rig.task_times, rig.env.clock.mono_ns(), 3600);

    ck_assert_int_eq((int)sum.completed, completed);
    ck_assert_int_eq((int)sum.failed, failed);
    ck_assert_int_eq(sum.timed, timed);
}

static void tell_depth(int waiting, int running)
{
    char line[96];

    snprintf(line, sizeof line, "\nmcp_queue_depth %d\n", waiting);
    tells(line);
    snprintf(line, sizeof line, "\nmcp_consumer_group_lag %d\n", running);
    tells(line);
}

START_TEST(all_are_there_from_the_start)
{
    tell_tasks(0, 0, 0);
    tell_depth(0, 0);
    tells("\nmcp_active_workers 3\n");
    tells("\nmcp_worker_restarts_total 0\n");
    tells("\nmcp_ack_success_rate 1\n");
    tells("\nmcp_ack_failures_total 0\n");
    tells("\nmcp_task_latency_seconds_codegen_bucket{le=\"0.075\"} 0\n");
}
END_TEST

START_TEST(a_task_counts_once_when_it_comes_and_once_when_it_is_over)
{
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1,\"retry_policy\":{\"max_retries\":0}}");
    task_add("ml", "well", "{}");
    task_add("ml", "well", "{}");
    task_add("ml", "dies", "{}");
    tell_tasks(2, 0, 0);
    tell_depth(1, 1);
    rig_pass(60 * RIG_MS);
    rig_ok(&rig, "task");
    tell_tasks(2, 1, 0);
    tells("\nmcp_task_latency_seconds_ml_bucket{le=\"0.05\"} 0\n");
    tells("\nmcp_task_latency_seconds_ml_bucket{le=\"0.075\"} 1\n");
    tells("\nmcp_task_latency_seconds_reasoning_count 0\n");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    tell_tasks(2, 1, 1);
    tells("\nmcp_task_latency_seconds_ml_count 2\n");
    tell_depth(0, 0);
    tell_times(1, 1, true);
}
END_TEST

START_TEST(what_is_tried_again_later_waits_and_has_not_failed)
{
    task_lane_put("ml", "{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":3}}");
    task_add("ml", "t", "{}");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    tell_depth(1, 0);
    tell_tasks(1, 0, 0);
}
END_TEST

START_TEST(what_is_cancelled_and_what_is_no_task_counts_nowhere)
{
    struct rig_answer off = {0}, a;

    task_lane_put("ml", "{\"agent_id\":\"a\",\"paused\":true}");
    a = task_add("ml", "off", "{}");
    control_cancel(task_control(), &rig_actor, a.run_id, rig_answered, &off);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_CANCELLED);
    publish_chain();
    run_of("chain");
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_BAD_INPUT);
    tell_tasks(1, 0, 0);
    tell_times(0, 0, false);
}
END_TEST

START_TEST(what_the_store_refused_was_not_enqueued)
{
    struct rig_answer a = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    task_add("ml", "first", "{}"); /* its definition is there */
    rig_refuse(&rig);
    task_give(&(struct api_task){.lane = "ml", .task_id = "t"}, "{}", &a);
    rig_take_again(&rig);
    rig_settle(&rig);
    ck_assert(a.told == 1 && a.code != ERR_NONE);
    tell_tasks(1, 0, 0);
}
END_TEST

START_TEST(a_task_that_is_ended_by_its_rows_has_failed)
{
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    task_add("ml", "t", "{}");
    rig_die(&rig);
    outside_unguarded("UPDATE dag_executions SET input_data = 'x'");
    rig_forget(&rig);
    rig_start(&rig);
    tells("\nmcp_tasks_failed_total 1\n");
    tell_times(0, 1, false);
}
END_TEST

/* A worker is a lane's; the lane of all others has none that an operator looks after. */
START_TEST(a_crash_is_a_restart_of_a_worker)
{
    task_lane_put("ml", "{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":3}}");
    task_add("ml", "t", "{}");
    rig_fails(&rig, "task", OUTCOME_CRASH);
    tells("\nmcp_worker_restarts_total 1\n");
    publish_chain();
    run_of("chain");
    rig_fails(&rig, "first", OUTCOME_CRASH);
    tells("\nmcp_worker_restarts_total 1\n");
}
END_TEST

START_TEST(a_host_that_is_told_to_end_has_those_that_still_run)
{
    task_lane_put("ml", "{\"agent_id\":\"a\"}");
    task_add_with("t", 12);
    engine_drain(rig.engine);
    tells("\nmcp_active_workers 1\n");
}
END_TEST

TCase *counts_cases(void)
{
    TCase *c = tcase_create("counts");

    tcase_add_test(c, all_are_there_from_the_start);
    tcase_add_test(c, a_task_counts_once_when_it_comes_and_once_when_it_is_over);
    tcase_add_test(c, what_is_tried_again_later_waits_and_has_not_failed);
    tcase_add_test(c, what_is_cancelled_and_what_is_no_task_counts_nowhere);
    tcase_add_test(c, what_the_store_refused_was_not_enqueued);
    tcase_add_test(c, a_task_that_is_ended_by_its_rows_has_failed);
    tcase_add_test(c, a_crash_is_a_restart_of_a_worker);
    tcase_add_test(c, a_host_that_is_told_to_end_has_those_that_still_run);
    return c;
}
