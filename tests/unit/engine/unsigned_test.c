/* unsigned_test.c -- runs that ended and have no statement: which they are, and why. */
#include "suites.h"

#include "engine/evidence/statements.h"
#include "model/ledger/statement.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

/* The runs that ended without a statement, as the list has them. */
static size_t unsigned_runs(int which, char why[256])
{
    auto_done(store_run_list) rows = {0};
    struct store_run_filter filter = {.tenant = RIG_TENANT, .statement = which};
    struct err e = {0};

    ck_assert_msg(store_read_runs(rig.reader, &filter, (struct store_page){0}, &rows, &e), "%s",
                  e.msg);
    snprintf(why, 256, "%s",
             rows.count > 0 && rows.rows[0].statement_refused != NULL
                 ? rows.rows[0].statement_refused
                 : "");
    return rows.count;
}

START_TEST(a_run_whose_statement_was_refused_is_listed_with_the_reason_until_it_is_signed)
{
    char why[256];

    run_chain(id);
    ck_assert_uint_eq(unsigned_runs(STORE_UNSIGNED, why), 1); /* it waits */
    ck_assert_uint_eq(unsigned_runs(STORE_REFUSED, why), 0);
    rig_authority_answers(&rig, ERR_DENIED);
    rig_settle(&rig);
    ck_assert_uint_eq(unsigned_runs(STORE_REFUSED, why), 1);
    ck_assert_str_ne(why, "");
    ck_assert_ptr_nonnull(strstr(statements_left_why(engine_statements(rig.engine))->msg, why));
    rig_crash(&rig); /* the reason outlives the host, which tries again */
    ck_assert_uint_eq(unsigned_runs(STORE_REFUSED, why), 1);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(unsigned_runs(STORE_UNSIGNED, why), 0);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
}
END_TEST

/* Runbook C by hand: one node's checkpoint is deleted and its child's is not, so that the node runs
 * again and returns something else than the child was given. */
START_TEST(a_run_whose_records_contradict_each_other_is_not_signed)
{
    char why[256];

    rig_publish(&rig, "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"first\":{\"agent_id\":\"a\"},"
                      "\"second\":{\"agent_id\":\"a\",\"depends_on\":[\"first\"]},"
                      "\"third\":{\"agent_id\":\"a\",\"depends_on\":[\"second\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("c"));
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    rig_die(&rig);
    outside_sql("DELETE FROM dag_checkpoints WHERE node_id = 'first'");
    rig_start(&rig);
    rig_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_OK, "{\"other\":1}");
    rig_ok(&rig, "third");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_uint_eq(rig.authority.count, 0);
    ck_assert_uint_eq(unsigned_runs(STORE_REFUSED, why), 1);
    ck_assert_msg(strstr(why, "node 'second': parent hash not found") != NULL, "%s", why);
}
END_TEST

/* Both before the authority has signed; then the host dies, and the next one makes it anew. */
static void ended_and_changed(const char *sql)
{
    run_chain(id);
    rig_die(&rig);
    outside_sql(sql);
    rig_start(&rig);
}

START_TEST(a_statement_tells_of_nodes_whose_outputs_were_deleted_before_it_was_signed)
{
    auto_json statement = NULL;
    struct statement_facts facts;
    struct err e = {0};

    ended_and_changed("DELETE FROM dag_checkpoints");
    ck_assert_uint_eq(rig.authority.count, 1);
    statement = json_loads(rig.authority.requests[0].payloads[0], 0, NULL);
    ck_assert_msg(statement_verify(statement, &facts, &e), "%s", e.msg);
    ck_assert_uint_eq(facts.node_count, 2);
}
END_TEST

START_TEST(a_run_whose_records_are_not_those_of_its_end_is_not_signed)
{
    char why[256];

    ended_and_changed("DELETE FROM execution_provenance WHERE node_id = 'second'");
    rig_settle(&rig);
    ck_assert_uint_eq(rig.authority.count, 0);
    ck_assert_uint_eq(unsigned_runs(STORE_REFUSED, why), 1);
    ck_assert_msg(strstr(why, "its records have") != NULL, "%s", why);
}
END_TEST

TCase *unsigned_cases(void)
{
    TCase *tc = tcase_create("unsigned");

    tcase_add_test(tc,
                   a_run_whose_statement_was_refused_is_listed_with_the_reason_until_it_is_signed);
    tcase_add_test(tc, a_run_whose_records_contradict_each_other_is_not_signed);
    tcase_add_test(tc, a_statement_tells_of_nodes_whose_outputs_were_deleted_before_it_was_signed);
    tcase_add_test(tc, a_run_whose_records_are_not_those_of_its_end_is_not_signed);
    return tc;
}
