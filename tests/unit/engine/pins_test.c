/* pins_test.c -- a run is pinned to the plugins of its start: whatever serves later, and whoever
 * carries it, its attempts run those libraries, or wait for them. */
#include "suites.h"

#include "engine/runs/pins.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static void begin_chain(void)
{
    rig_serves = 'a';
    rig_lacks = 0;
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
}

/* Of the node's open attempt. */
static char library_of(const char *node)
{
    return rig_open_attempt(&rig, node)->digest.text[0];
}

/* So that a test that fails leaves nothing for the next. */
static void as_ever(void)
{
    rig_serves = 'a';
    rig_lacks = 0;
}

START_TEST(a_run_keeps_the_plugin_of_its_start_when_another_one_serves)
{
    char later[UUID_TEXT_BYTES];

    begin_chain();
    rig_serves = 'b';
    rig_ok(&rig, "first");
    ck_assert_int_eq(library_of("second"), 'a');
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    snprintf(later, sizeof later, "%s", run_of("chain"));
    ck_assert_int_eq(library_of("first"), 'b');
    ck_assert_str_ne(later, id);
}
END_TEST

START_TEST(another_host_and_a_resume_keep_it_and_a_restart_takes_what_serves)
{
    struct rig_answer a = {0};

    begin_chain();
    rig_serves = 'b';
    rig_crash(&rig);
    ck_assert_int_eq(library_of("first"), 'a');
    rig_fails(&rig, "first", OUTCOME_BAD_INPUT);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    control_resume(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(library_of("first"), 'a');
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    a = (struct rig_answer){0};
    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = id, .from_node = "second"}, rig_answered,
                    &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(library_of("second"), 'b');
}
END_TEST

START_TEST(a_run_whose_plugin_is_not_here_is_held_with_the_reason_until_it_is)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    begin_chain();
    rig_serves = 'b';
    rig_lacks = 'a';
    rig_ok(&rig, "first");
    for (int i = 0; i < 5; i++) {
        rig_pass(11 * RIG_S);
        rig_settle(&rig);
    }
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "second", &rows, &e));
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, "the plugin of its start is not here"));
    ck_assert_ptr_nonnull(
        strstr(engine_counts(rig.engine).held_reason, "the plugin of its start is not here"));
    rig_lacks = 0;
    rig_pass(11 * RIG_S);
    rig_settle(&rig);
    ck_assert_int_eq(library_of("second"), 'a');
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_run_that_a_host_of_before_began_takes_what_serves)
{
    begin_chain();
    outside_sql("UPDATE dag_executions SET agent_digests = NULL");
    rig_serves = 'b';
    rig_crash(&rig);
    ck_assert_int_eq(library_of("first"), 'b');
}
END_TEST

static const char *const damaged[] = {"[]", "{", "{\"a\":\"short\"}", "{\"a\":1}"};

START_TEST(pins_that_are_none_end_the_run_with_that_word)
{
    auto_done(store_run_list) rows = {0};
    char sql[256];
    struct err e;

    begin_chain();
    snprintf(sql, sizeof sql, "UPDATE dag_executions SET agent_digests = '%s'", damaged[_i]);
    outside_sql(sql);
    rig_crash(&rig);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_msg(strstr(rows.rows[0].error, "agent_digests") != NULL, "%s", rows.rows[0].error);
}
END_TEST

START_TEST(an_agent_that_nobody_had_at_the_start_is_in_the_row_and_free)
{
    auto_done(store_run_list) rows = {0};
    auto_json pins = NULL;
    struct err e;

    as_ever();
    rig_awaited_came = false;
    rig_publish(&rig, "{\"dag_id\":\"gone\",\"nodes\":{\"n\":{\"agent_id\":\"awaited.x\"},"
                      "\"m\":{\"agent_id\":\"a\",\"depends_on\":[\"n\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("gone"));
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert(pins_read(rows.rows[0].agent_digests, &pins, &e));
    ck_assert_int_eq(pins_digest(pins, "a")[0], 'a');
    ck_assert(json_is_null(json_object_get(pins, "awaited.x")));
    ck_assert(!pins_here(&rig.env, RIG_TENANT, pins));
    rig_awaited_came = true;
    rig_serves = 'b';
    ck_assert(pins_here(&rig.env, RIG_TENANT, pins));
    rig_lacks = 'a';
    ck_assert(!pins_here(&rig.env, RIG_TENANT, pins));
    rig_pass(11 * RIG_S);
    rig_settle(&rig);
    ck_assert_int_eq(library_of("n"), 'b');
}
END_TEST

TCase *pins_cases(void)
{
    TCase *tc = tcase_create("pins");

    tcase_add_checked_fixture(tc, NULL, as_ever);
    tcase_add_test(tc, a_run_keeps_the_plugin_of_its_start_when_another_one_serves);
    tcase_add_test(tc, another_host_and_a_resume_keep_it_and_a_restart_takes_what_serves);
    tcase_add_test(tc, a_run_whose_plugin_is_not_here_is_held_with_the_reason_until_it_is);
    tcase_add_test(tc, a_run_that_a_host_of_before_began_takes_what_serves);
    tcase_add_loop_test(tc, pins_that_are_none_end_the_run_with_that_word, 0, 4);
    tcase_add_test(tc, an_agent_that_nobody_had_at_the_start_is_in_the_row_and_free);
    return tc;
}
