/* deadline_test.c -- deadlines of runs and nodes are told of, once, and stop nothing. */
#include "suites.h"

#include "engine/runs/deadlines.h"

#include <stdlib.h>
#include <string.h>

static char id[UUID_TEXT_BYTES];

/* A run with a minute, and a second node that ought to have ended after half of it. */
static void publish_late(void)
{
    rig_publish(&rig, "{\"name\":\"late\",\"dag_id\":\"late\",\"version\":\"1.0.0\","
                      "\"deadline\":{\"within\":60,\"warn_before\":20},\"nodes\":{"
                      "\"first\":{\"agent_id\":\"a\"},"
                      "\"second\":{\"agent_id\":\"a\",\"depends_on\":[\"first\"],"
                      "\"deadline\":{\"within\":30}}}}");
}

static void start_late(void)
{
    publish_late();
    snprintf(id, sizeof id, "%s", run_of("late"));
}

static void pass(int64_t seconds)
{
    rig_pass(seconds * RIG_S);
    rig_settle(&rig);
}

static unsigned told(const char *type)
{
    unsigned count = 0;

    for (size_t i = 0; i < rig.event_count; i++)
        count += strcmp(rig.events[i].type, type) == 0 && strcmp(rig.events[i].run_id, id) == 0;
    return count;
}

static void assert_metric(const char *line)
{
    auto_done(buf) text = {0};

    metrics_text(rig.metrics, &text);
    ck_assert_msg(strstr(buf_text(&text), line) != NULL, "%s", line);
}

static char *options_owned(void)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    ck_assert_msg(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e), "%s", e.msg);
    return rows.rows[0].options != NULL ? strdup(rows.rows[0].options) : NULL;
}

START_TEST(each_is_told_once_and_nothing_is_stopped)
{
    start_late();
    pass(29);
    ck_assert_uint_eq(told("deadline.missed") + told("deadline.warning"), 0);
    pass(1);
    ck_assert_uint_eq(told("deadline.missed"), 1);
    ck_assert_str_eq(last_event(id)->step, "second");
    ck_assert_str_eq(last_event(id)->status, "pending");
    pass(10);
    ck_assert_uint_eq(told("deadline.warning"), 1);
    ck_assert_str_eq(last_event(id)->step, "");
    ck_assert_str_eq(last_event(id)->status, "running");
    pass(20);
    pass(600);
    ck_assert_uint_eq(told("deadline.missed"), 2);
    ck_assert_uint_eq(told("deadline.warning"), 1);
    assert_metric("orch_deadlines_missed_total{scope=\"node\"} 1\n");
    assert_metric("orch_deadlines_missed_total{scope=\"run\"} 1\n");
    assert_metric("orch_deadline_warnings_total{scope=\"run\"} 1\n");
    assert_metric("orch_deadline_warnings_total{scope=\"node\"} 0\n");
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(what_ends_in_time_tells_nothing)
{
    start_late();
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    pass(3600);
    ck_assert_uint_eq(told("deadline.missed") + told("deadline.warning"), 0);
}
END_TEST

/* The node's was not missed; the run's is. */
START_TEST(a_node_that_has_ended_is_not_late)
{
    start_late();
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_CRASH);
    pass(29);
    rig_ok(&rig, "second");
    start_late();
    rig_ok(&rig, "first");
    pass(90);
    ck_assert_uint_eq(told("deadline.missed"), 2);
}
END_TEST

/* The host was away while two of the three fell due: the run's warning is not told afterwards. */
START_TEST(a_start_tells_what_fell_due_meanwhile_and_nothing_twice)
{
    start_late();
    pass(31);
    ck_assert_uint_eq(told("deadline.missed"), 1);
    rig_crash(&rig);
    ck_assert_uint_eq(told("deadline.missed"), 1);
    rig_pass(100 * RIG_S);
    rig_crash(&rig);
    ck_assert_uint_eq(told("deadline.missed"), 2);
    ck_assert_uint_eq(told("deadline.warning"), 0);
    rig_crash(&rig);
    pass(1000);
    ck_assert_uint_eq(told("deadline.missed"), 2);
    check_chain(id);
}
END_TEST

START_TEST(a_run_that_waits_is_late_too)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    publish_late();
    run_of("late");
    snprintf(id, sizeof id, "%s", run_of("late"));
    pass(60);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_PENDING);
    ck_assert_uint_eq(told("deadline.missed"), 2);
    ck_assert_str_eq(last_event(id)->status, "pending");
    check_chain(id);
}
END_TEST

/* An end that comes as late as the alarm does is behind it. */
START_TEST(an_end_that_is_late_is_told_as_late)
{
    start_late();
    rig_ok(&rig, "first");
    rig_pass(60 * RIG_S);
    rig_ok(&rig, "second");
    ck_assert_uint_eq(told("deadline.missed"), 2);
    ck_assert_str_eq(last_event(id)->type, "run.completed");
    check_chain(id);
}
END_TEST

static struct rig_answer start_with(const char *dag_id, const struct deadline *deadline)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = inputs,
                                          .checkpoint_enabled = true,
                                          .deadline = deadline},
                  rig_answered, &a);
    rig_settle(&rig);
    snprintf(id, sizeof id, "%s", a.run_id);
    return a;
}

START_TEST(a_start_sets_its_own)
{
    struct deadline deadline = {.by_us = rig_wall_us + 5000000, .warn_before_s = 10};

    publish_late();
    ck_assert_int_eq(start_with("late", &deadline).code, ERR_NONE);
    ck_assert_uint_eq(told("deadline.warning"), 1); /* there is less time than that */
    pass(5);
    ck_assert_uint_eq(told("deadline.missed"), 1);
    publish_chain();
    rig_crash(&rig); /* the definition is read again: the start waits for it */
    deadline.by_us = rig_wall_us + 5000000;
    ck_assert_int_eq(start_with("chain", &deadline).code, ERR_NONE);
    pass(5);
    ck_assert_uint_eq(told("deadline.missed"), 1);
}
END_TEST

START_TEST(one_that_has_passed_is_refused)
{
    const struct deadline deadline = {.by_us = rig_wall_us};
    struct rig_answer a;

    publish_chain();
    a = start_with("chain", &deadline);
    ck_assert_int_eq(a.code, ERR_INVALID);
    ck_assert_str_eq(a.msg, "deadline.by has passed already");
}
END_TEST

START_TEST(without_one_nothing_is_kept)
{
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    ck_assert_ptr_null(options_owned());
    start_late();
    auto_mem char *options = options_owned();
    ck_assert_ptr_nonnull(strstr(options, "\"node\":\"second\""));
}
END_TEST

/* The machine slept: its timers stood, the run's own time did not. */
START_TEST(a_deadline_far_away_is_looked_for_again)
{
    const struct deadline deadline = {.by_us = rig_wall_us + 40LL * 86400 * 1000000};

    publish_chain();
    ck_assert_int_eq(start_with("chain", &deadline).code, ERR_NONE);
    pass(31LL * 86400);
    ck_assert_uint_eq(told("deadline.missed"), 0);
    pass(9LL * 86400);
    ck_assert_uint_eq(told("deadline.missed"), 1);
}
END_TEST

START_TEST(damaged_options_are_named)
{
    static const char *const damaged[] = {"[", "{\"deadlines\":[]}",
                                          "{\"deadlines\":[{\"node\":\"gone\",\"at\":1}]}",
                                          "{\"deadlines\":[{\"at\":0}]}"};
    struct dag_node node = {.node_id = "a"};
    const struct dag dag = {.nodes = &node, .node_count = 1};
    struct run_deadlines *d;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        ck_assert(!deadlines_read(&dag, damaged[i], &d, &e));
        ck_assert_int_eq(e.code, ERR_CORRUPT);
        ck_assert_ptr_null(d);
    }
    ck_assert(deadlines_read(&dag, NULL, &d, &e) && d == NULL);
    ck_assert(deadlines_read(&dag, "{}", &d, &e) && d == NULL);
    ck_assert(deadlines_read(&dag, "{\"deadlines\":[{\"at\":7,\"warn\":5}]}", &d, &e));
    ck_assert_int_eq(deadlines_next_us(d), 5);
    ck_assert_int_eq(deadline_due(&d->marks[0], 5), DEADLINE_WARNS);
    ck_assert_int_eq(deadline_due(&d->marks[0], 7), DEADLINE_MISSED);
    free(d);
}
END_TEST

TCase *deadline_cases(void)
{
    TCase *tc = tcase_create("deadline");

    tcase_add_test(tc, each_is_told_once_and_nothing_is_stopped);
    tcase_add_test(tc, what_ends_in_time_tells_nothing);
    tcase_add_test(tc, a_node_that_has_ended_is_not_late);
    tcase_add_test(tc, a_start_tells_what_fell_due_meanwhile_and_nothing_twice);
    tcase_add_test(tc, a_run_that_waits_is_late_too);
    tcase_add_test(tc, an_end_that_is_late_is_told_as_late);
    tcase_add_test(tc, a_start_sets_its_own);
    tcase_add_test(tc, one_that_has_passed_is_refused);
    tcase_add_test(tc, without_one_nothing_is_kept);
    tcase_add_test(tc, a_deadline_far_away_is_looked_for_again);
    tcase_add_test(tc, damaged_options_are_named);
    return tc;
}
