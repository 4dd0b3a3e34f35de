/* sandbox_test.c -- what is remembered of an attempt's confinement: in its row, in its node's row,
 * in the record and in the statement. */
#include "suites.h"

#include "model/ledger/record.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static void started(enum isolation isolation)
{
    rig.sandbox.isolation = isolation;
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_begin(&rig, rig_open_attempt(&rig, "first"));
}

/* The node's sandbox as its row has it; NULL: unknown. */
static json_t *sandbox_of_node(const char *node_id)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, node_id, &rows, &e));
    return rows.rows[0].sandbox != NULL ? json_loads(rows.rows[0].sandbox, 0, NULL) : NULL;
}

static json_t *detail_of(const char *node_id, size_t attempt)
{
    auto_done(store_attempt_list) rows = {0};
    struct err e;

    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, id, node_id, (struct store_page){0},
                                  &rows, &e));
    ck_assert_uint_gt(rows.count, attempt);
    return json_loads(rows.rows[attempt].detail, 0, NULL);
}

/* A record of the run, checked; they are in the order of the nodes' ids. */
static json_t *record_at(const char *run_id, size_t place)
{
    auto_done(store_provenance_list) rows = {0};
    json_t *record;
    struct err e;

    ck_assert(
        store_read_provenance(rig.reader, RIG_TENANT, run_id, (struct store_page){0}, &rows, &e));
    ck_assert_uint_gt(rows.count, place);
    record = json_loads(rows.rows[place].record, 0, NULL);
    ck_assert_msg(node_record_verify(record, &e), "%s", e.msg);
    return record;
}

/* Of "first". */
static json_t *record_of(const char *run_id)
{
    return record_at(run_id, 0);
}

static bool is_cold(const struct layer_facts *facts)
{
    return facts->isolation == ISOLATION_COLD && facts->mask == RIG_LAYERS &&
           facts->said == RIG_LAYERS_SAID && facts->level == RIG_LEVEL;
}

START_TEST(an_attempt_a_node_and_a_record_say_both_parts_and_the_isolation)
{
    auto_json detail = NULL;
    auto_json row = NULL;
    auto_json record = NULL;
    struct layer_facts facts;
    struct err e;

    started(ISOLATION_UNSET);
    ck_assert_ptr_null(sandbox_of_node("first")); /* not before it has ended */
    rig_ok(&rig, "first");
    detail = detail_of("first", 0);
    row = sandbox_of_node("first");
    record = record_of(id);
    facts = layer_facts_of_row(detail);
    ck_assert(is_cold(&facts));
    facts = layer_facts_of_row(row);
    ck_assert(is_cold(&facts));
    ck_assert(layer_facts_verify(record, &facts, &e) && is_cold(&facts));
}
END_TEST

START_TEST(a_warm_node_says_in_its_row_and_its_statement_that_it_was_not_separated)
{
    static const char words[] = "attempts of this zygote are not separated from each other";
    auto_json row = NULL;

    started(ISOLATION_WARM);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    row = sandbox_of_node("first");
    ck_assert_str_eq(json_string_value(json_object_get(row, "isolation_note")), words);
    ck_assert_ptr_nonnull(strstr(rig.authority.requests[0].payloads[0], words));
}
END_TEST

START_TEST(a_failed_node_tells_it_too_and_the_next_attempt_does_not_inherit_it)
{
    auto_json first = NULL;
    auto_json second = NULL;
    auto_json row = NULL;

    rig_publish(&rig, "{\"name\":\"n\",\"dag_id\":\"n\",\"version\":\"1.0.0\",\"nodes\":{\"n\":"
                      "{\"agent_id\":\"a\",\"retry_policy\":{\"max_retries\":1,"
                      "\"base_delay\":1}}}}");
    snprintf(id, sizeof id, "%s", run_of("n"));
    rig_begin(&rig, rig_open_attempt(&rig, "n"));
    rig_fails(&rig, "n", OUTCOME_PLUGIN_TRANSIENT);
    row = sandbox_of_node("n");
    ck_assert_int_eq(layer_facts_of_row(row).isolation, ISOLATION_COLD);
    rig_pass(10 * RIG_S);
    rig_settle(&rig);
    ck_assert_ptr_null(sandbox_of_node("n"));
    rig_fails(&rig, "n", OUTCOME_PLUGIN_FATAL); /* it never began */
    first = detail_of("n", 0);
    second = detail_of("n", 1);
    ck_assert_int_eq(layer_facts_of_row(first).isolation, ISOLATION_COLD);
    ck_assert_int_eq(layer_facts_of_row(second).isolation, ISOLATION_UNSET);
    ck_assert_ptr_null(sandbox_of_node("n"));
}
END_TEST

static const char *restarted_from_second(void)
{
    static struct rig_answer a;

    a = (struct rig_answer){0};
    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = id, .from_node = "second"}, rig_answered,
                    &a);
    rig_settle(&rig);
    ck_assert_msg(a.code == ERR_NONE, "%s", a.msg);
    return a.run_id;
}

START_TEST(a_kept_node_has_the_plugin_and_the_sandbox_that_it_ran_in)
{
    auto_json old = NULL;
    auto_json kept = NULL;
    auto_json row = NULL;
    struct layer_facts facts;

    started(ISOLATION_COLD);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    old = record_of(id);
    rig_crash(&rig);
    snprintf(id, sizeof id, "%s", restarted_from_second());
    kept = record_of(id);
    ck_assert(json_equal(old, kept));
    row = sandbox_of_node("first");
    facts = layer_facts_of_row(row);
    ck_assert(is_cold(&facts));
}
END_TEST

/* What makes the run's rows those of the program before: a mask that mixes both parts, and no word
 * of isolation. */
static void add_old_rows(struct buf *sql)
{
    buf_adds(sql, "UPDATE nodes SET sandbox = NULL;");
    for (size_t i = 0; i < 2; i++) {
        auto_json record = record_at(id, i);
        auto_done(buf) text = {0};
        struct sha256_hex hash;
        struct err e = {0};

        json_object_del(record, "isolation");
        json_object_del(record, "layers");
        json_object_del(record, "record_hash");
        ck_assert(jcs_sha256(record, &hash, &e));
        json_object_set_new(record, "record_hash", json_string(hash.text));
        json_add_compact(&text, record);
        buf_addf(sql,
                 "UPDATE execution_provenance SET record = '%s', record_hash = '%s'"
                 " WHERE node_id = '%s';",
                 buf_text(&text), hash.text, json_string_value(json_object_get(record, "node_id")));
    }
}

START_TEST(rows_from_before_stay_readable_and_unknown)
{
    auto_done(buf) sql = {0};
    auto_json kept = NULL;

    started(ISOLATION_COLD);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    add_old_rows(&sql);
    rig_die(&rig);
    outside_sql(buf_text(&sql));
    rig_start(&rig);
    snprintf(id, sizeof id, "%s", restarted_from_second());
    kept = record_of(id);
    ck_assert_int_eq(json_integer_value(json_object_get(kept, "layer_mask")), RIG_LAYERS);
    ck_assert_int_eq(json_integer_value(json_object_get(kept, "level")), RIG_LEVEL);
    ck_assert_ptr_null(json_object_get(kept, "isolation"));
    ck_assert_ptr_null(json_object_get(kept, "layers"));
    ck_assert_ptr_null(sandbox_of_node("first"));
}
END_TEST

START_TEST(a_run_goes_on_after_a_crash_with_what_its_nodes_had)
{
    started(ISOLATION_COLD);
    rig_ok(&rig, "first");
    rig_crash(&rig);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_ptr_nonnull(strstr(rig.authority.requests[0].payloads[0], "\"isolation\":\"cold\""));
}
END_TEST

START_TEST(the_attempt_of_a_compensation_does_not_borrow_the_nodes_sandbox)
{
    auto_json detail = NULL;

    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo.one\"},"
                      "\"two\":{\"agent_id\":\"a\",\"depends_on\":[\"one\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("undo"));
    rig_begin(&rig, rig_open_attempt(&rig, "one"));
    rig_ok(&rig, "one");
    rig_fails(&rig, "two", OUTCOME_PLUGIN_FATAL);
    rig_ok(&rig, "compensate_one");
    detail = detail_of("compensate_one", 0);
    ck_assert_ptr_nonnull(json_object_get(detail, "tally"));
    ck_assert_ptr_null(json_object_get(detail, "layer_mask"));
    ck_assert_ptr_null(json_object_get(detail, "plugin"));
}
END_TEST

TCase *sandbox_cases(void)
{
    TCase *tc = tcase_create("sandbox");

    tcase_add_test(tc, an_attempt_a_node_and_a_record_say_both_parts_and_the_isolation);
    tcase_add_test(tc, a_warm_node_says_in_its_row_and_its_statement_that_it_was_not_separated);
    tcase_add_test(tc, a_failed_node_tells_it_too_and_the_next_attempt_does_not_inherit_it);
    tcase_add_test(tc, a_kept_node_has_the_plugin_and_the_sandbox_that_it_ran_in);
    tcase_add_test(tc, rows_from_before_stay_readable_and_unknown);
    tcase_add_test(tc, a_run_goes_on_after_a_crash_with_what_its_nodes_had);
    tcase_add_test(tc, the_attempt_of_a_compensation_does_not_borrow_the_nodes_sandbox);
    return tc;
}
