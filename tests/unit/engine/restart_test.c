/* restart_test.c -- a new run that keeps what is not behind a node of an old one. */
#include "suites.h"

#include <string.h>

static char old_id[UUID_TEXT_BYTES];

static void old_run(void)
{
    publish_chain();
    snprintf(old_id, sizeof old_id, "%s", run_of("chain"));
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    rig_forget(&rig);
}

static struct rig_answer restart(const char *from, json_t *inputs)
{
    struct rig_answer a = {0};

    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = old_id,
                                              .from_node = from,
                                              .inputs = inputs},
                    rig_answered, &a);
    json_decref(inputs);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

START_TEST(a_restart_from_a_node_keeps_what_is_before_it)
{
    struct rig_answer a;
    auto_done(store_run_list) rows = {0};
    auto_done(store_provenance_list) records = {0};
    struct err e;

    old_run();
    a = restart("second", NULL);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert(a.created);
    ck_assert_str_ne(a.run_id, old_id);
    ck_assert_ptr_null(rig_open_attempt(&rig, "first"));
    rig_ok(&rig, "second");
    ck_assert(store_read_run(rig.reader, RIG_TENANT, a.run_id, &rows, &e));
    ck_assert_str_eq(rows.rows[0].parent_run_id, old_id);
    ck_assert_str_eq(rows.rows[0].parent_kind, "restart");
    ck_assert_int_eq(rows.rows[0].status, STORE_RUN_COMPLETED);
    ck_assert(store_read_provenance(rig.reader, RIG_TENANT, a.run_id, (struct store_page){0},
                                    &records, &e));
    ck_assert_uint_eq(records.count, 2);
    check_chain(a.run_id);
}
END_TEST

START_TEST(a_restart_from_the_start_keeps_nothing_and_may_have_other_inputs)
{
    struct rig_answer a;

    old_run();
    a = restart(NULL, json_pack("{s:i}", "year", 2026));
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_ptr_nonnull(strstr(rig_open_attempt(&rig, "first")->input, "2026"));
}
END_TEST

START_TEST(a_restart_that_cannot_be_is_refused)
{
    old_run();
    ck_assert_int_eq(restart("nowhere", NULL).code, ERR_UNPROCESSABLE);
    ck_assert_int_eq(restart(NULL, json_array()).code, ERR_INVALID);
    snprintf(old_id, sizeof old_id, "%s", run_of("chain"));
    ck_assert_int_eq(restart(NULL, NULL).code, ERR_CONFLICT);
    strcpy(old_id, "01890000-0000-7000-8000-000000000000");
    ck_assert_int_eq(restart(NULL, NULL).code, ERR_NOT_FOUND);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
}
END_TEST

TCase *restart_cases(void)
{
    TCase *tc = tcase_create("restart");

    tcase_add_test(tc, a_restart_from_a_node_keeps_what_is_before_it);
    tcase_add_test(tc, a_restart_from_the_start_keeps_nothing_and_may_have_other_inputs);
    tcase_add_test(tc, a_restart_that_cannot_be_is_refused);
    return tc;
}
