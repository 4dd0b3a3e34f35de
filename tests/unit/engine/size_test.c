/* size_test.c -- results and runs over what a batch, a page or an input holds. */
#include "suites.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* {"text": as many bytes} */
static char *big_output(size_t bytes)
{
    char *text = malloc(bytes + 32);
    size_t len = (size_t)sprintf(text, "{\"text\":\"");

    memset(text + len, 'x', bytes);
    strcpy(text + len + bytes, "\"}");
    return text;
}

START_TEST(outputs_of_more_than_a_page_are_built_anew)
{
    enum { NODES = 5 };
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64); /* 20 MiB in all, a page holds 16 */
    char id[UUID_TEXT_BYTES];

    publish_wide(NODES + 1, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (unsigned i = 0; i < NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, big);
    rig_settle(&rig);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_end(&rig, &rig.sandbox.attempts[rig.sandbox.count - 1], OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    free(big);
}
END_TEST

START_TEST(an_input_that_is_too_large_fails_its_node)
{
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64);
    char id[UUID_TEXT_BYTES];

    rig_publish(&rig, "{\"name\":\"join\",\"dag_id\":\"join\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\"},\"two\":{\"agent_id\":\"a\"},"
                      "\"join\":{\"agent_id\":\"a\",\"depends_on\":[\"one\",\"two\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("join"));
    rig_end(&rig, rig_open_attempt(&rig, "one"), OUTCOME_OK, big);
    rig_end(&rig, rig_open_attempt(&rig, "two"), OUTCOME_OK, big);
    ck_assert_int_eq(rig_node_status(&rig, id, "join"), STORE_NODE_FAILED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    free(big);
}
END_TEST

/* The run's output is that of its sinks: with enough of them it would be more than a batch holds.
 */
START_TEST(an_output_that_the_run_has_no_room_for_fails_its_node)
{
    enum { NODES = RUN_OUTPUT_BYTES_MAX / NODE_OUTPUT_BYTES_MAX + 1 };
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64);
    char id[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];
    auto_done(store_node_list) rows = {0};
    struct err e;

    publish_chain();
    publish_wide(NODES, "");
    snprintf(other, sizeof other, "%s", run_of("chain"));
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (unsigned i = 1; i <= NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, big);
    free(big);
    rig_settle(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_int_eq(rig_node_status(&rig, id, "n0007"), STORE_NODE_COMPLETED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n0008", &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_NODE_FAILED);
    ck_assert_str_eq(rows.rows[0].error_class, "RunOutputTooLarge");
    ck_assert_uint_eq(rows.rows[0].attempts, 1);
    ck_assert_uint_eq(count_events(id, "run.updated", "recovered"), 0);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, other), STORE_RUN_COMPLETED);
}
END_TEST

/* A restart keeps what an earlier run gave, in its first commit. */
START_TEST(a_restart_that_keeps_more_than_a_batch_holds_is_refused_and_leaves_no_run)
{
    enum { NODES = STORE_BATCH_BYTES_MAX / NODE_OUTPUT_BYTES_MAX + 1 };
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64);
    auto_done(buf) text = {0};
    char id[UUID_TEXT_BYTES];
    struct rig_answer a = {0};

    buf_adds(&text, "{\"name\":\"many\",\"dag_id\":\"many\",\"version\":\"1.0.0\","
                    "\"max_parallel_nodes\":500,\"nodes\":{\"last\":{\"agent_id\":\"a\","
                    "\"input_mapping\":{\"x\":\"$.input.x\"},\"depends_on\":[");
    for (unsigned i = 0; i < NODES; i++)
        buf_addf(&text, "%s\"n%04u\"", i > 0 ? "," : "", i);
    buf_adds(&text, "]}");
    for (unsigned i = 0; i < NODES; i++)
        buf_addf(&text, ",\"n%04u\":{\"agent_id\":\"a\"}", i);
    buf_adds(&text, "}}");
    rig_publish(&rig, buf_text(&text));
    snprintf(id, sizeof id, "%s", run_of("many"));
    for (unsigned i = 0; i < NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, big);
    free(big);
    rig_settle(&rig);
    rig_ok(&rig, "last");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = id, .from_node = "last"}, rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_TOO_LARGE);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
}
END_TEST

/* 1e20 is 4 bytes as it comes and 21 as it is kept. */
START_TEST(an_input_whose_numbers_grow_is_measured_as_it_is_kept)
{
    auto_json inputs = json_object();
    auto_json list = json_array();
    struct rig_answer a = {0};

    publish_chain();
    for (unsigned i = 0; i < 60000; i++)
        json_array_append_new(list, json_real(1e20));
    json_object_set(inputs, "x", list);
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_TOO_LARGE);
}
END_TEST

/* [{},{},...] of so many values in all */
static char *many_values(unsigned values)
{
    char *text = malloc(3 * (size_t)values + 2);
    size_t len = 0;

    text[len++] = '[';
    for (unsigned i = 1; i < values; i++)
        len += (size_t)sprintf(text + len, i > 1 ? ",{}" : "{}");
    strcpy(text + len, "]");
    return text;
}

/* Each output is what it may be; the input of their child would be three of them. */
START_TEST(an_input_of_too_many_values_fails_its_node_and_is_not_written)
{
    char *many = many_values(NODE_OUTPUT_VALUES_MAX);
    auto_done(store_node_list) rows = {0};
    char id[UUID_TEXT_BYTES];
    struct err e;

    rig_publish(&rig, "{\"name\":\"join\",\"dag_id\":\"join\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\"},\"two\":{\"agent_id\":\"a\"},"
                      "\"join\":{\"agent_id\":\"a\",\"depends_on\":[\"one\",\"two\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("join"));
    rig_end(&rig, rig_open_attempt(&rig, "one"), OUTCOME_OK, many);
    rig_end(&rig, rig_open_attempt(&rig, "two"), OUTCOME_OK, many);
    free(many);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "join", &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_NODE_FAILED);
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, "more than 150000 values"));
    ck_assert_ptr_null(rows.rows[0].input_hash);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
}
END_TEST

/* The texts of the outputs come from the thread that read them, and the run's are put together of
 * these: what is stored must be as if it had been written of the whole. */
START_TEST(a_runs_output_of_texts_is_that_of_its_values)
{
    static const char *const outputs[] = {"{\"b\":1.0,\"a\":[1e3]}", "[2.50]", "\"\\u20ac\""};
    auto_done(store_run_list) rows = {0};
    auto_json output = NULL;
    struct sha256_hex hash;
    char id[UUID_TEXT_BYTES];
    struct err e;

    publish_wide(ARRAY_LEN(outputs), "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (size_t i = ARRAY_LEN(outputs); i-- > 0;)
        rig_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, outputs[i]);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_int_eq(rows.rows[0].status, STORE_RUN_COMPLETED);
    ck_assert_str_eq(rows.rows[0].output, "{\"n0000\":{\"b\":1.0,\"a\":[1000.0]},"
                                          "\"n0001\":{\"result\":[2.5]},"
                                          "\"n0002\":{\"result\":\"\xE2\x82\xAC\"}}");
    output = json_loads(rows.rows[0].output, 0, NULL);
    ck_assert(jcs_sha256(output, &hash, &e));
    ck_assert_str_eq(rows.rows[0].outputs_hash, hash.text);
}
END_TEST

START_TEST(outputs_as_deep_as_may_be_are_loaded_again)
{
    char deep[2 * JSON_DEPTH_MAX + 1] = "", id[UUID_TEXT_BYTES];

    memset(deep, '[', JSON_DEPTH_MAX); /* not an object: one deeper where it is kept */
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_OK, deep);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

TCase *size_cases(void)
{
    TCase *tc = tcase_create("size");

    tcase_add_test(tc, outputs_of_more_than_a_page_are_built_anew);
    tcase_add_test(tc, an_input_that_is_too_large_fails_its_node);
    tcase_add_test(tc, an_input_of_too_many_values_fails_its_node_and_is_not_written);
    tcase_add_test(tc, a_runs_output_of_texts_is_that_of_its_values);
    tcase_add_test(tc, outputs_as_deep_as_may_be_are_loaded_again);
    tcase_add_test(tc, an_output_that_the_run_has_no_room_for_fails_its_node);
    tcase_add_test(tc, a_restart_that_keeps_more_than_a_batch_holds_is_refused_and_leaves_no_run);
    tcase_add_test(tc, an_input_whose_numbers_grow_is_measured_as_it_is_kept);
    return tc;
}
