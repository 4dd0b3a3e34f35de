/* entries_test.c -- a task of a lane with a backend: its entry is added behind its commit, claimed
 * before it runs and acknowledged behind its end, whatever becomes of the backend meanwhile. */
#include "entry_steps.h"

#include "base/mem.h"
#include "engine/catalog/dag_cache.h"

#include <string.h>

static size_t open_attempts(void)
{
    return rig_open_count(&rig);
}

static struct rig_attempt *attempt(void)
{
    return rig_open_attempt(&rig, "task");
}

/* A task whose attempt runs, with entry "1-0". */
static struct rig_answer running(const char *task_id, int32_t priority)
{
    struct rig_answer a = task_add_with(task_id, priority);
    bool express = priority >= 12;

    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, task_id);
    bridge_added(task_id, express ? "1-0!" : "1-0");
    host_says(BRIDGE_TAKE, express ? "1-0!" : "1-0");
    host_claims(express ? "1-0!" : "1-0", express ? "express_ml_0" : "pool_ml_0");
    bridge_claimed(express ? "1-0!" : "1-0", 1);
    ck_assert_uint_eq(open_attempts(), 1);
    return a;
}

static void lane_is(const char *text)
{
    auto_json lanes = engine_lanes_owned(rig.engine);
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        auto_mem char *got = NULL;

        if (strcmp(json_string_value(json_object_get(lane, "name")), "ml") != 0)
            continue;
        got = json_dumps(json_object_get(lane, "depth"), JSON_COMPACT);
        ck_assert_str_eq(got, text);
        return;
    }
    ck_abort_msg("no lane ml");
}

static void waits_for(const char *run_id, const char *reason)
{
    auto_json why = engine_run_why_owned(rig.engine, RIG_TENANT, run_id, 10);
    const json_t *first = json_array_get(json_object_get(why, "reasons"), 0);

    ck_assert_str_eq(json_string_value(json_object_get(first, "reason")), reason);
}

START_TEST(it_is_added_claimed_and_done)
{
    entries_open();
    struct rig_answer a = task_add_with("t1", 15);
    const struct bridge_task *added = host_says_task(BRIDGE_ADD);

    ck_assert(added->entry.queue.express);
    ck_assert_str_eq(added->tenant, RIG_TENANT);
    ck_assert_str_eq(added->task_id, "t1");
    ck_assert_str_eq(added->priority, "15");
    ck_assert_uint_eq(added->payload_bytes, 2);
    ck_assert_mem_eq(added->payload, "{}", 2);
    ck_assert_uint_eq(open_attempts(), 0);
    waits_for(a.run_id, "claiming");
    bridge_added("t1", "7-0!");
    host_says(BRIDGE_TAKE, "7-0!");
    host_claims("7-0!", "express_ml_0");
    ck_assert_uint_eq(open_attempts(), 0);
    bridge_claimed("7-0!", 1);
    ck_assert_uint_eq(open_attempts(), 1);
    host_says_nothing();
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    host_says(BRIDGE_DONE, "7-0!");
    host_says_nothing();
}
END_TEST

START_TEST(one_that_dies_is_said_so_with_why)
{
    entries_open();
    const struct bridge_task *dead;

    running("t1", 5);
    rig.error = "broken pipe 7";
    rig_end(&rig, attempt(), OUTCOME_PLUGIN_TRANSIENT, NULL);
    rig.error = NULL;
    dead = host_says_task(BRIDGE_DEAD);
    ck_assert_str_eq(dead->entry.id, "1-0");
    ck_assert_str_eq(dead->task_id, "t1");
    ck_assert_str_eq(dead->consumer, "pool_ml_0");
    ck_assert_ptr_nonnull(strstr(dead->fault, "broken pipe 7"));
    ck_assert_uint_eq(dead->retries, 0);
    ck_assert_uint_gt(strlen(dead->failed_at), 0);
    host_says_nothing();
}
END_TEST

START_TEST(while_the_backend_is_away_nothing_begins_and_no_task_is_taken)
{
    entries_open();
    struct rig_answer a = running("t1", 5), b, c = {0};

    b = task_add_with("t2", 5);
    host_says_task(BRIDGE_ADD);
    bridge_added("t2", "2-0");
    host_says(BRIDGE_TAKE, "2-0");
    bridge_state(false);
    rig_pass(RIG_S);
    task_give(&(struct api_task){.lane = "ml", .task_id = "t3"}, "{}", &c);
    rig_settle(&rig);
    task_refused(&c, ERR_UNAVAILABLE, "BACKEND_DOWN");
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(open_attempts(), 0);
    waits_for(b.run_id, "backend_down");
    host_says(BRIDGE_DONE, "1-0"); /* for when it is back */
    host_says_nothing();
    bridge_state(true);
    bridge_entry("2-0", RIG_TENANT, "t2", "{}");
    host_says(BRIDGE_TAKE, "2-0");
    bridge_scanned();
    host_claims("2-0", "pool_ml_0");
    bridge_claimed("2-0", 1);
    ck_assert_uint_eq(open_attempts(), 1);
}
END_TEST

START_TEST(one_that_is_away_for_a_moment_takes_tasks_all_the_same)
{
    entries_open();
    bridge_state(false);
    rig_pass(RIG_S / 2);
    task_add_with("t1", 5);
    host_says_nothing();
    bridge_comes();
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
}
END_TEST

START_TEST(an_answer_that_was_lost_with_the_backend_is_not_waited_for)
{
    entries_open();
    task_add_with("t1", 5);
    host_says_task(BRIDGE_ADD);
    bridge_state(false);
    host_says_nothing();
    bridge_comes();
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
    bridge_added("t1", "1-0");
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    bridge_state(false); /* and what was claimed is asked for again */
    bridge_claimed("1-0", 0);
    bridge_state(true);
    bridge_entry("1-0", RIG_TENANT, "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
    bridge_scanned();
    host_claims("1-0", "pool_ml_0");
    bridge_claimed("1-0", 1);
    ck_assert_uint_eq(open_attempts(), 1);
    bridge_state(false); /* what runs is claimed again, and added if it is not there */
    bridge_state(true);
    bridge_entry("1-0", RIG_TENANT, "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    bridge_state(false);
    bridge_comes();
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
    bridge_added("t1", "3-0");
    host_says(BRIDGE_TAKE, "3-0");
    host_claims("3-0", "pool_ml_0");
    ck_assert_uint_eq(open_attempts(), 1);
}
END_TEST

START_TEST(a_claim_that_was_lost_with_the_bridge_is_asked_again)
{
    entries_open();
    struct rig_answer a = task_add_with("t1", 5);

    host_says_task(BRIDGE_ADD);
    bridge_added("t1", "1-0");
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    bridge_leaves();
    waits_for(a.run_id, "claimed_elsewhere");
    bridge_attaches();
    host_reads(true);
    bridge_state(true);
    bridge_entry("1-0", RIG_TENANT, "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
    bridge_scanned();
    host_claims("1-0", "pool_ml_0");
    bridge_claimed("1-0", 2);
    ck_assert_uint_eq(open_attempts(), 1);
}
END_TEST

START_TEST(what_runs_is_claimed_again_by_a_fresh_bridge)
{
    entries_open();
    running("t1", 5);
    bridge_leaves();
    ck_assert_uint_eq(open_attempts(), 1);
    bridge_attaches();
    host_reads(true);
    bridge_comes();
    host_says_task(BRIDGE_ADD);
    bridge_added("t1", "9-0");
    host_says(BRIDGE_TAKE, "9-0");
    host_claims("9-0", "pool_ml_0");
    bridge_claimed("9-0", 1);
    ck_assert_uint_eq(open_attempts(), 1);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    host_says(BRIDGE_DONE, "9-0");
}
END_TEST

START_TEST(what_somebody_else_has_waits_without_a_worker)
{
    entries_open();
    struct rig_answer a = task_add_with("t1", 5), b;

    host_says_task(BRIDGE_ADD);
    bridge_added("t1", "1-0");
    host_says(BRIDGE_TAKE, "1-0");
    host_claims("1-0", "pool_ml_0");
    bridge_claimed("1-0", 0);
    waits_for(a.run_id, "claimed_elsewhere");
    b = task_add_with("t2", 5); /* the worker is free */
    host_says_task(BRIDGE_ADD);
    bridge_added("t2", "2-0");
    host_says(BRIDGE_TAKE, "2-0");
    host_claims("2-0", "pool_ml_0");
    bridge_claimed("2-0", 1);
    ck_assert_uint_eq(open_attempts(), 1);
    ck_assert_str_eq(attempt()->run_id, b.run_id);
    bridge_depth(false, 2);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    host_claims("1-0", "pool_ml_0");
    host_says(BRIDGE_DONE, "2-0");
    bridge_claimed("1-0", 2);
    ck_assert_str_eq(attempt()->run_id, a.run_id);
}
END_TEST

START_TEST(one_that_is_gone_is_added_again)
{
    entries_open();
    running("t1", 5);
    bridge_gone("1-0");
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
    bridge_added("t1", "2-0");
    host_says(BRIDGE_TAKE, "2-0");
    host_claims("2-0", "pool_ml_0");
    bridge_claimed("2-0", 1);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    host_says(BRIDGE_DONE, "2-0");
}
END_TEST

START_TEST(one_that_is_refused_is_added_at_the_next_look)
{
    entries_open();
    task_add_with("t1", 5);
    host_says_task(BRIDGE_ADD);
    bridge_added("t1", "");
    host_says_nothing();
    bridge_depth(false, 0);
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
}
END_TEST

START_TEST(an_answer_that_comes_too_late_is_acknowledged)
{
    entries_open();
    struct rig_answer a = task_add_with("t1", 5), stopped = {0};

    host_says_task(BRIDGE_ADD);
    control_cancel(task_control(), &rig_actor, a.run_id, rig_answered, &stopped);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_CANCELLED);
    host_says_nothing();
    bridge_added("t1", "1-0");
    host_says(BRIDGE_DONE, "1-0");
}
END_TEST

START_TEST(a_second_entry_of_a_task_is_a_duplicate)
{
    entries_open();
    running("t1", 5);
    bridge_added("t1", "2-0");
    host_says(BRIDGE_DONE, "2-0");
    bridge_entry("3-0!", RIG_TENANT, "t1", "{}");
    host_says(BRIDGE_DONE, "3-0!");
    ck_assert_uint_eq(open_attempts(), 1);
}
END_TEST

START_TEST(a_retry_keeps_its_entry_and_names_its_worker)
{
    entries_open();
    struct rig_answer a;

    task_lane_put("ml", "{\"slots\":2,\"retry_policy\":{\"max_retries\":1,\"base_delay\":0.1,"
                        "\"jitter\":false}}");
    a = running("t1", 5);
    rig_end(&rig, attempt(), OUTCOME_PLUGIN_TRANSIENT, NULL);
    host_says_nothing();
    rig_pass(RIG_S);
    rig_settle(&rig);
    host_claims("1-0", "pool_ml_0");
    ck_assert_uint_eq(open_attempts(), 1);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    host_says(BRIDGE_DONE, "1-0");
}
END_TEST

START_TEST(a_lane_that_goes_back_to_the_store_takes_its_entries_away)
{
    entries_open();
    struct rig_answer a = running("t1", 5);

    task_add_with("t2", 5);
    host_says_task(BRIDGE_ADD);
    bridge_added("t2", "2-0");
    host_says(BRIDGE_TAKE, "2-0");
    task_lane_put("ml", "{\"backend\":\"store\"}");
    host_says(BRIDGE_DONE, "1-0");
    host_says(BRIDGE_DONE, "2-0");
    host_says(BRIDGE_LANE, NULL);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(open_attempts(), 1);
    host_says_nothing();
}
END_TEST

START_TEST(what_waits_is_added_when_the_lane_gets_a_backend)
{
    entries_open();
    task_lane_put("ml", "{\"backend\":\"store\",\"paused\":true}");
    host_says(BRIDGE_LANE, NULL);
    task_add_with("t1", 5);
    host_says_nothing();
    task_lane_put("ml", "{\"backend\":\"redis\"}");
    host_reads(false);
    bridge_scanned();
    ck_assert_str_eq(host_says_task(BRIDGE_ADD)->task_id, "t1");
}
END_TEST

START_TEST(a_host_that_died_adds_what_it_finds_unfinished)
{
    entries_open();
    struct rig_answer a = running("t1", 5);

    rig_crash(&rig);
    bridge_attaches();
    host_reads(true);
    bridge_state(true);
    bridge_entry("1-0", RIG_TENANT, "t1", "{}");
    host_says(BRIDGE_TAKE, "1-0");
    bridge_scanned();
    host_claims("1-0", "pool_ml_0");
    bridge_claimed("1-0", 2);
    rig_end(&rig, attempt(), OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_COMPLETED);
    host_says(BRIDGE_DONE, "1-0");
}
END_TEST

START_TEST(a_paused_lane_reads_nothing_and_tells_what_is_there)
{
    entries_open();
    task_lane_put("ml", "{\"paused\":true}");
    host_reads(false);
    bridge_depth(true, 600);
    bridge_depth(false, 2);
    lane_is("{\"regular\":2,\"express\":600,\"total\":602,\"delayed\":0}");
    task_add_with("t1", 15);
    host_says_task(BRIDGE_ADD);
    bridge_added("t1", "1-0!");
    bridge_depth(true, 601);
    lane_is("{\"regular\":2,\"express\":601,\"total\":603,\"delayed\":0}");
    task_lane_put("ml", "{\"paused\":false}");
    host_says(BRIDGE_TAKE, "1-0!");
    host_claims("1-0!", "express_ml_0");
    host_reads(true);
}
END_TEST

static void tells(const char *line)
{
    auto_done(buf) text = {0};

    engine_gauges(rig.engine);
    metrics_text(rig.metrics, &text);
    ck_assert_msg(strstr(buf_text(&text), line) != NULL, "lacks %s", line);
}

START_TEST(a_definition_is_shown_while_the_host_keeps_it)
{
    struct bridge_keep keep;
    char key[BRIDGE_KEY_BYTES_MAX];
    struct err e = {0};

    entries_open();
    publish_chain();
    run_of("chain");
    ck_assert(bridge_keep_unpack(host_shows(BRIDGE_KEEP), &keep, &e));
    ck_assert_str_eq(keep.key, "gl:orchestrator:dag:" RIG_TENANT ":chain:1.0.0");
    ck_assert_uint_eq(keep.ttl_ms, 3600000);
    ck_assert_uint_gt(keep.value_bytes, 2);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    dag_cache_clear(engine_dags(rig.engine));
    ck_assert(bridge_forget_unpack(host_shows(BRIDGE_FORGET), key, &e));
    ck_assert_str_eq(key, keep.key);
}
END_TEST

START_TEST(acknowledgements_are_counted)
{
    entries_open();
    bridge_acked("1-0", 1);
    bridge_acked("2-0", 0);
    bridge_acked("3-0", 3);
    bridge_acked("4-0!", 0);
    tells("\nmcp_ack_failures_total 2\n");
    tells("\nmcp_ack_success_rate 0.5\n");
    rig_pass(6 * 60 * RIG_S);
    tells("\nmcp_ack_success_rate 1\n");
}
END_TEST

TCase *entries_cases(void)
{
    TCase *tc = tcase_create("entries");

    tcase_add_checked_fixture(tc, NULL, entries_close);
    tcase_add_test(tc, it_is_added_claimed_and_done);
    tcase_add_test(tc, one_that_dies_is_said_so_with_why);
    tcase_add_test(tc, while_the_backend_is_away_nothing_begins_and_no_task_is_taken);
    tcase_add_test(tc, one_that_is_away_for_a_moment_takes_tasks_all_the_same);
    tcase_add_test(tc, an_answer_that_was_lost_with_the_backend_is_not_waited_for);
    tcase_add_test(tc, a_claim_that_was_lost_with_the_bridge_is_asked_again);
    tcase_add_test(tc, what_runs_is_claimed_again_by_a_fresh_bridge);
    tcase_add_test(tc, what_somebody_else_has_waits_without_a_worker);
    tcase_add_test(tc, one_that_is_gone_is_added_again);
    tcase_add_test(tc, one_that_is_refused_is_added_at_the_next_look);
    tcase_add_test(tc, an_answer_that_comes_too_late_is_acknowledged);
    tcase_add_test(tc, a_second_entry_of_a_task_is_a_duplicate);
    tcase_add_test(tc, a_retry_keeps_its_entry_and_names_its_worker);
    tcase_add_test(tc, a_lane_that_goes_back_to_the_store_takes_its_entries_away);
    tcase_add_test(tc, what_waits_is_added_when_the_lane_gets_a_backend);
    tcase_add_test(tc, a_host_that_died_adds_what_it_finds_unfinished);
    tcase_add_test(tc, a_paused_lane_reads_nothing_and_tells_what_is_there);
    tcase_add_test(tc, a_definition_is_shown_while_the_host_keeps_it);
    tcase_add_test(tc, acknowledgements_are_counted);
    return tc;
}
