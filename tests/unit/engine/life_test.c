/* life_test.c -- the life of a task in its run's ledger: each status once, in order, with what a
 * reader needs of it; and no commit more for a task that is short. */
#include "suites.h"
#include "task_steps.h"

#include "base/json.h"
#include "engine/control/control.h"

#include <string.h>

#define LANE                                                                                       \
    "{\"agent_id\":\"a\",\"slots\":1,\"retry_policy\":{\"max_retries\":1,\"jitter\":false}}"

static void read_all(const char *run_id, struct store_event_list *ret)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = run_id};
    int64_t next;
    struct err e = {0};

    ck_assert(store_read_events(rig.reader, &filter, 0, STORE_PAGE_ROWS_MAX, ret, &next, &e));
}

/* "ATTEMPT STATUS, ..." of what is durable, and told, of the run. */
static void lives(const char *run_id, const char *want)
{
    auto_done(store_event_list) rows = {0};
    auto_done(buf) text = {0};
    int64_t at_us = 0;

    read_all(run_id, &rows);
    for (size_t i = 0; i < rows.count; i++) {
        const struct store_event *row = &rows.rows[i];

        ck_assert_int_ge(row->at_us, at_us);
        at_us = row->at_us;
        if (strcmp(row->type, "task.updated") != 0)
            continue;
        ck_assert_ptr_null(row->node_id);
        buf_addf(&text, "%s%d %s", text.len > 0 ? ", " : "", (int)row->attempt, row->status);
    }
    ck_assert_str_eq(buf_text(&text), want);
    check_chain(run_id);
}

/* The newest of this status. */
static json_t *data_owned(const char *run_id, const char *status)
{
    auto_done(store_event_list) rows = {0};
    const char *payload = NULL;

    read_all(run_id, &rows);
    for (size_t i = 0; i < rows.count; i++) {
        if (strcmp(rows.rows[i].type, "task.updated") == 0 &&
            strcmp(rows.rows[i].status, status) == 0)
            payload = rows.rows[i].payload;
    }
    ck_assert_ptr_nonnull(payload);
    return json_loads(payload, 0, NULL);
}

/* "": nothing. */
static void says(const char *run_id, const char *status, const char *member, const char *want)
{
    auto_json data = data_owned(run_id, status);

    ck_assert_str_eq(json_text_of(data, member), want);
}

static void begins(void)
{
    rig_begin(&rig, rig_open_attempt(&rig, "task"));
}

static void passes(void)
{
    rig_pass(20 * RIG_MS);
    rig_settle(&rig);
}

START_TEST(each_status_is_told_in_order_and_says_what_it_is_of)
{
    struct rig_answer a;

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    lives(a.run_id, "1 queued");
    says(a.run_id, "queued", "lane", "ml");
    says(a.run_id, "queued", "task_id", "t");
    says(a.run_id, "queued", "worker", "");
    begins();
    lives(a.run_id, "1 queued");
    passes();
    lives(a.run_id, "1 queued, 1 leased, 1 running");
    says(a.run_id, "leased", "worker", "pool_ml_0");
    says(a.run_id, "running", "worker", "pool_ml_0");
    ck_assert_uint_eq(count_events(a.run_id, "task.updated", "running"), 1);
    rig_ok(&rig, "task");
    lives(a.run_id, "1 queued, 1 leased, 1 running, 1 completed");
    says(a.run_id, "completed", "worker", "");
}
END_TEST

/* One that has its worker is not told of until it has begun: then at once with its end, too. */
START_TEST(a_short_one_costs_no_commit_and_has_its_own_times)
{
    auto_done(store_event_list) rows = {0};
    struct rig_answer a;

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    rig_pass(RIG_MS);
    begins();
    rig_pass(RIG_MS);
    ck_assert_uint_eq(store_pending(rig.store), 0);
    rig_ok(&rig, "task");
    lives(a.run_id, "1 queued, 1 leased, 1 running, 1 completed");
    read_all(a.run_id, &rows);
    ck_assert_str_eq(rows.rows[rows.count - 1].type, "run.completed");
    for (size_t i = 0; i + 1 < rows.count; i++) {
        if (strcmp(rows.rows[i].status, "leased") == 0)
            ck_assert_int_eq(rows.rows[i + 1].at_us - rows.rows[i].at_us, 1000);
    }
}
END_TEST

START_TEST(between_two_attempts_it_is_queued)
{
    struct rig_answer a;

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    begins();
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    lives(a.run_id, "1 queued, 1 leased, 1 running, 2 queued");
    rig_pass(60 * 1000 * RIG_MS);
    rig_settle(&rig);
    lives(a.run_id, "1 queued, 1 leased, 1 running, 2 queued");
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT); /* it never began */
    lives(a.run_id, "1 queued, 1 leased, 1 running, 2 queued, 2 leased, 2 dead");
}
END_TEST

START_TEST(a_retry_by_hand_begins_another_life)
{
    struct rig_answer a, again = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":0}}");
    a = task_add("ml", "t", "{}");
    begins();
    rig_fails(&rig, "task", OUTCOME_PLUGIN_TRANSIENT);
    control_resume(task_control(), &rig_actor, a.run_id, rig_answered, &again);
    rig_settle(&rig);
    ck_assert_str_eq(rig_open_attempt(&rig, "task")->input, "{}"); /* as the first time */
    begins();
    rig_ok(&rig, "task");
    lives(a.run_id, "1 queued, 1 leased, 1 running, 1 dead, "
                    "2 queued, 2 leased, 2 running, 2 completed");
}
END_TEST

START_TEST(one_that_is_cancelled_while_it_waits_had_no_worker)
{
    struct rig_answer a, asked = {0};

    task_lane_put("ml", "{\"agent_id\":\"a\",\"paused\":true}");
    a = task_add("ml", "t", "{}");
    control_cancel(task_control(), &rig_actor, a.run_id, rig_answered, &asked);
    rig_settle(&rig);
    lives(a.run_id, "1 queued, 1 cancelled");
}
END_TEST

START_TEST(behind_a_crash_it_is_queued_again)
{
    struct rig_answer a;

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    begins();
    passes();
    rig_crash(&rig);
    lives(a.run_id, "1 queued, 1 leased, 1 running, 2 queued");
    begins();
    rig_ok(&rig, "task");
    lives(a.run_id, "1 queued, 1 leased, 1 running, 2 queued, 2 leased, 2 running, 2 completed");
}
END_TEST

START_TEST(one_that_is_ended_by_its_rows_is_told_so_too)
{
    struct rig_answer a;

    task_lane_put("ml", LANE);
    a = task_add("ml", "t", "{}");
    rig_die(&rig);
    outside_unguarded("UPDATE dag_executions SET input_data = 'x'");
    rig_forget(&rig);
    rig_start(&rig);
    lives(a.run_id, "1 queued, 0 dead");
    says(a.run_id, "dead", "lane", "ml");
    ck_assert_uint_eq(count_events(a.run_id, "task.updated", "dead"), 1);
    ck_assert_str_eq(last_event(a.run_id)->type, "run.failed");
}
END_TEST

START_TEST(a_run_of_a_dag_has_none)
{
    char run_id[UUID_TEXT_BYTES];

    run_chain(run_id);
    lives(run_id, "");
}
END_TEST

TCase *life_cases(void)
{
    TCase *tc = tcase_create("life");

    tcase_add_test(tc, each_status_is_told_in_order_and_says_what_it_is_of);
    tcase_add_test(tc, a_short_one_costs_no_commit_and_has_its_own_times);
    tcase_add_test(tc, between_two_attempts_it_is_queued);
    tcase_add_test(tc, a_retry_by_hand_begins_another_life);
    tcase_add_test(tc, one_that_is_cancelled_while_it_waits_had_no_worker);
    tcase_add_test(tc, behind_a_crash_it_is_queued_again);
    tcase_add_test(tc, one_that_is_ended_by_its_rows_is_told_so_too);
    tcase_add_test(tc, a_run_of_a_dag_has_none);
    return tc;
}
