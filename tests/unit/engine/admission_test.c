/* admission_test.c -- how many runs go on, wait, or are refused. */
#include "suites.h"

#include <string.h>

static void again(struct rig_options options)
{
    rig_close(&rig);
    rig_open(&rig, options);
    publish_chain();
}

START_TEST(a_run_over_the_limit_waits_and_begins_when_one_has_ended)
{
    char waiting[UUID_TEXT_BYTES];

    again((struct rig_options){.runs_active_max = 1});
    run_of("chain");
    snprintf(waiting, sizeof waiting, "%s", run_of("chain"));
    ck_assert_int_eq(rig_status(&rig, waiting), STORE_RUN_PENDING);
    ck_assert_str_eq(last_event(waiting)->status, "pending");
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 1);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, waiting), STORE_RUN_RUNNING);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 0);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
    check_chain(waiting);
}
END_TEST

/* How many events of the run's have the text, and whether its first is one of them. */
static unsigned told_in(const char *run_id, const char *text, bool *ret_first)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = run_id};
    auto_done(store_event_list) rows = {0};
    unsigned count = 0;
    int64_t next;
    struct err e = {0};

    ck_assert(store_read_events(rig.reader, &filter, 0, STORE_PAGE_ROWS_MAX, &rows, &next, &e));
    ck_assert_uint_gt(rows.count, 0);
    *ret_first = strstr(rows.rows[0].payload, text) != NULL;
    for (size_t i = 0; i < rows.count; i++)
        count += strstr(rows.rows[i].payload, text) != NULL;
    return count;
}

START_TEST(a_run_that_waits_says_in_its_first_event_who_asked_for_it_and_why)
{
    static const char *const words[] = {"\"actor\":\"alice\"", "\"reason\":\"night shift\"",
                                        "\"ticket\":\"OPS-7\""};
    struct api_actor who = rig_actor;
    auto_json inputs = json_object();
    struct rig_answer a = {0};
    bool first;

    again((struct rig_options){.runs_active_max = 1});
    run_of("chain");
    who.reason = "night shift";
    who.ticket = "OPS-7";
    control_start(engine_control(rig.engine), &who,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_PENDING);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        ck_assert_uint_eq(told_in(a.run_id, words[i], &first), 1);
        ck_assert(first);
    }
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, a.run_id), STORE_RUN_RUNNING);
    ck_assert_uint_eq(told_in(a.run_id, "night shift", &first), 1);
}
END_TEST

START_TEST(what_waits_is_counted_by_tenant)
{
    auto_json depth = NULL;

    again((struct rig_options){.runs_active_max = 1});
    for (int i = 0; i < 3; i++)
        run_of("chain");
    depth = engine_queue_depth_owned(rig.engine);
    ck_assert_int_eq(json_integer_value(json_object_get(depth, RIG_TENANT)), 2);
}
END_TEST

START_TEST(a_run_that_can_neither_begin_nor_wait_is_refused)
{
    struct rig_answer a;

    again((struct rig_options){.runs_active_max = 1, .runs_waiting_max = 1});
    run_of("chain");
    run_of("chain");
    a = rig_run(&rig, "chain", "{}");
    ck_assert_int_eq(a.code, ERR_LIMIT);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 1);
}
END_TEST

START_TEST(a_host_that_takes_no_runs_says_why)
{
    struct rig_answer a;

    again((struct rig_options){.closed = true});
    ck_assert(!engine_accepting(rig.engine));
    a = rig_run(&rig, "chain", "{}");
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(a.msg, "accept-runs is false"));
    engine_accept(rig.engine, true);
    ck_assert(engine_accepting(rig.engine));
    engine_drain(rig.engine);
    ck_assert(engine_draining(rig.engine) && !engine_accepting(rig.engine));
    a = rig_run(&rig, "chain", "{}");
    ck_assert_ptr_nonnull(strstr(a.msg, "it is draining"));
}
END_TEST

START_TEST(a_cancelled_run_that_waits_ends_without_an_attempt)
{
    char waiting[UUID_TEXT_BYTES];
    struct rig_answer a = {0};

    again((struct rig_options){.runs_active_max = 1});
    run_of("chain");
    snprintf(waiting, sizeof waiting, "%s", run_of("chain"));
    control_cancel(engine_control(rig.engine), &rig_actor, waiting, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, waiting), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 0);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
    ck_assert_uint_eq(rig.sandbox.count, 1);
}
END_TEST

enum { CHAINS = 5, ENDS = CHAINS * 2 };

/* The run whose node the one worker has, of so many with two nodes each. */
static int at_work(char ids[CHAINS][UUID_TEXT_BYTES], const char **ret_node)
{
    const struct rig_attempt *open = rig_open_attempt(&rig, "first");

    ck_assert_uint_eq(rig_open_count(&rig), 1);
    *ret_node = open != NULL ? "first" : "second";
    open = rig_open_attempt(&rig, *ret_node);
    for (int i = 0; i < CHAINS; i++) {
        if (strcmp(open->run_id, ids[i]) == 0)
            return i;
    }
    ck_abort_msg("a run of nobody");
}

/* How many were begun and not finished at the same time. */
static int begun_at_most(bool finish_first, int crash_at)
{
    char ids[CHAINS][UUID_TEXT_BYTES];
    int ends[CHAINS] = {0}, begun = 0, most = 0;
    const char *node;

    again((struct rig_options){.attempts_max = 1, .finish_first = finish_first});
    for (int i = 0; i < CHAINS; i++)
        snprintf(ids[i], sizeof ids[i], "%s", run_of("chain"));
    for (int at = 0; at < ENDS; at++) {
        int run = at_work(ids, &node);

        begun += ends[run] == 0;
        most = begun > most ? begun : most;
        begun -= ++ends[run] == 2;
        rig_ok(&rig, node);
        if (at == crash_at)
            rig_crash(&rig);
    }
    for (int i = 0; i < CHAINS; i++)
        ck_assert_int_eq(rig_status(&rig, ids[i]), STORE_RUN_COMPLETED);
    return most;
}

/* One more than there are workers: who ends is not waited for until its next node is durable. */
START_TEST(what_has_begun_is_finished_first_where_the_host_is_set_so)
{
    ck_assert_int_eq(begun_at_most(true, -1), 2);
}
END_TEST

START_TEST(else_all_are_begun_before_one_is_finished)
{
    ck_assert_int_eq(begun_at_most(false, -1), CHAINS);
}
END_TEST

/* The next host knows by the attempts that ended which had begun. */
START_TEST(what_has_begun_is_known_after_a_crash)
{
    ck_assert_int_le(begun_at_most(true, 2), 3);
}
END_TEST

TCase *admission_cases(void)
{
    TCase *tc = tcase_create("admission");

    tcase_add_test(tc, a_run_over_the_limit_waits_and_begins_when_one_has_ended);
    tcase_add_test(tc, a_run_that_waits_says_in_its_first_event_who_asked_for_it_and_why);
    tcase_add_test(tc, what_waits_is_counted_by_tenant);
    tcase_add_test(tc, a_run_that_can_neither_begin_nor_wait_is_refused);
    tcase_add_test(tc, a_host_that_takes_no_runs_says_why);
    tcase_add_test(tc, a_cancelled_run_that_waits_ends_without_an_attempt);
    tcase_add_test(tc, what_has_begun_is_finished_first_where_the_host_is_set_so);
    tcase_add_test(tc, else_all_are_begun_before_one_is_finished);
    tcase_add_test(tc, what_has_begun_is_known_after_a_crash);
    return tc;
}
