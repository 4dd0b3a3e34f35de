/* held_test.c -- what the host cannot run: held with its reason, tried again, ended by an operator.
 */
#include "suites.h"

#include <string.h>

static void one_node(const char *more)
{
    char text[1024];

    snprintf(text, sizeof text,
             "{\"name\":\"one\",\"dag_id\":\"one\",\"version\":\"1.0.0\",\"nodes\":{"
             "\"n\":{\"agent_id\":\"a\"%s}}}",
             more);
    rig_publish(&rig, text);
}

/* The time that the tries of a held node need to come. */
static void tries(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        rig_pass(11 * RIG_S);
        rig_settle(&rig);
    }
}

static void check_held(const char *id, const char *why)
{
    auto_done(store_node_list) rows = {0};
    struct engine_counts counts = engine_counts(rig.engine);
    struct err e;

    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_NODE_RETRYING);
    ck_assert_int_eq(rows.rows[0].attempts, 0);
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, why));
    ck_assert_uint_eq(counts.nodes_held, 1);
    ck_assert_ptr_nonnull(strstr(counts.held_reason, why));
}

static const enum err_code troubles[] = {ERR_SYSTEM, ERR_UNAVAILABLE, ERR_NOT_FOUND, ERR_TIMEOUT};

START_TEST(what_the_sandbox_cannot_do_now_holds_the_node_until_it_can)
{
    char id[UUID_TEXT_BYTES];

    one_node(",\"idempotent\":false,\"retry_policy\":{\"max_retries\":0}");
    rig.sandbox.refuse = troubles[_i];
    snprintf(id, sizeof id, "%s", run_of("one"));
    tries(20);
    check_held(id, "refused");
    rig.sandbox.refuse = ERR_NONE;
    tries(1);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(engine_counts(rig.engine).nodes_held, 0);
    check_chain(id);
}
END_TEST

START_TEST(an_agent_whose_bundle_is_not_there_yet_holds_the_node_also_over_a_restart)
{
    char id[UUID_TEXT_BYTES];

    rig_awaited_came = false;
    rig_publish(&rig, "{\"dag_id\":\"gone\",\"nodes\":{\"n\":{\"agent_id\":\"awaited.x\"}}}");
    snprintf(id, sizeof id, "%s", run_of("gone"));
    tries(5);
    check_held(id, "its bundle is damaged");
    rig_crash(&rig);
    tries(5);
    check_held(id, "its bundle is damaged");
    rig_awaited_came = true;
    tries(1);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

START_TEST(a_cancel_ends_a_held_node)
{
    struct rig_answer a = {0};
    char id[UUID_TEXT_BYTES];

    one_node("");
    rig.sandbox.refuse = ERR_SYSTEM;
    snprintf(id, sizeof id, "%s", run_of("one"));
    tries(3);
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_uint_eq(engine_counts(rig.engine).nodes_held, 0);
}
END_TEST

START_TEST(clean_restarts_do_not_fail_a_long_node)
{
    char id[UUID_TEXT_BYTES];

    one_node(",\"retry_policy\":{\"max_retries\":0}");
    snprintf(id, sizeof id, "%s", run_of("one"));
    for (int i = 0; i < 15; i++) {
        rig_begin(&rig, rig_open_attempt(&rig, "n"));
        engine_drain(rig.engine);
        rig_settle(&rig);
        rig_crash(&rig);
    }
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

TCase *held_cases(void)
{
    TCase *tc = tcase_create("held");

    tcase_add_loop_test(tc, what_the_sandbox_cannot_do_now_holds_the_node_until_it_can, 0,
                        (int)ARRAY_LEN(troubles));
    tcase_add_test(tc, an_agent_whose_bundle_is_not_there_yet_holds_the_node_also_over_a_restart);
    tcase_add_test(tc, a_cancel_ends_a_held_node);
    tcase_add_test(tc, clean_restarts_do_not_fail_a_long_node);
    return tc;
}
