/* budget_test.c -- the budget of a run's bytes: what it may keep of all nodes, and that the lists
 * at its end say so when they are cut. */
#include "suites.h"

#include "base/limits.h"
#include "engine/runs/active_run.h"

#include <stdlib.h>
#include <string.h>

static uint32_t index_of(const struct active_run *ar, const char *node_id)
{
    return dag_index(ar->dag, dag_find(ar->dag, node_id));
}

/* An output of "two" beside one of "one" that has so many bytes. */
static bool has_room_beside(size_t bytes, size_t *ret_bytes, struct err *e)
{
    auto_json input = json_object();
    auto_json value = json_pack("{s:s}", "text", "x");
    auto_obj(active_run) ar = NULL;
    struct json_read read = rig_read_of(value);
    const struct dag_key key = {RIG_TENANT, "join", "1.0.0"};
    struct dag_use *use;
    bool taken;

    *ret_bytes = outputs_bytes(&read.canonical, &read.compact);
    ck_assert(dag_cache_get(engine_dags(rig.engine), &key, &use, e));
    ar = active_run_new(&rig.env, RIG_TENANT, &use, input);
    active_run_keep(ar, index_of(ar, "one"), bytes);
    taken = active_run_take_output(ar, index_of(ar, "two"), &read, e);
    json_read_done(&read);
    return taken;
}

START_TEST(a_run_keeps_256_mib_of_its_nodes_and_not_a_byte_more)
{
    struct err e = {0};
    size_t bytes;

    ck_assert_uint_eq(RUN_KEPT_BYTES_MAX, 256u * 1024 * 1024);
    rig_publish(&rig, "{\"name\":\"join\",\"dag_id\":\"join\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\"},\"two\":{\"agent_id\":\"a\"},"
                      "\"join\":{\"agent_id\":\"a\",\"depends_on\":[\"one\",\"two\"]}}}");
    run_of("join"); /* reads it */
    ck_assert(has_room_beside(0, &bytes, &e));
    ck_assert_msg(has_room_beside(RUN_KEPT_BYTES_MAX - bytes, &bytes, &e), "%s", e.msg);
    ck_assert(!has_room_beside(RUN_KEPT_BYTES_MAX - bytes + 1, &bytes, &e));
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(e.msg, "at most 268435456 are kept of a run"));
}
END_TEST

START_TEST(a_list_of_errors_that_is_cut_says_how_many_are_left_out)
{
    enum { NODES = 60 };
    char *text = malloc(ERROR_TEXT_BYTES_MAX + 1);
    auto_done(store_run_list) rows = {0};
    auto_done(store_node_list) nodes = {0};
    auto_json errors = NULL;
    char id[UUID_TEXT_BYTES], more[64];
    struct err e = {0};
    size_t count;

    memset(text, 1, ERROR_TEXT_BYTES_MAX); /* six bytes each in a list */
    text[ERROR_TEXT_BYTES_MAX] = '\0';
    publish_wide(NODES, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    rig.error = text;
    for (unsigned i = 0; i < NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_PLUGIN_FATAL, NULL);
    rig_settle(&rig);
    rig.error = NULL;
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_uint_le(strlen(rows.rows[0].errors), RUN_ERRORS_BYTES_MAX);
    errors = json_loads(rows.rows[0].errors, 0, NULL);
    count = json_array_size(errors);
    ck_assert_uint_gt(count, 10);
    ck_assert_uint_lt(count, NODES);
    snprintf(more, sizeof more, "%zu more: each is in its node", NODES - (count - 1));
    ck_assert_str_eq(json_string_value(json_array_get(errors, count - 1)), more);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n0059", &nodes, &e));
    ck_assert_str_eq(nodes.rows[0].error, text); /* so it is */
    free(text);
}
END_TEST

/* {"text": 1.9 MB}: two fit into the list, three do not fit into the input of their child. */
static void end_with_much(const char *node_id)
{
    enum { BYTES = 1900 * 1000 };
    char *text = malloc(BYTES + 1);
    auto_json output = NULL;
    auto_done(buf) b = {0};

    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    output = json_pack("{s:s}", "text", text);
    json_add_compact(&b, output);
    rig_end(&rig, rig_open_attempt(&rig, node_id), OUTCOME_OK, buf_text(&b));
    free(text);
}

START_TEST(a_compensation_that_is_cut_says_so_and_is_whole_in_its_attempt)
{
    static const char *const names[] = {"one", "two", "three"};
    auto_done(store_run_list) rows = {0};
    auto_done(store_attempt_list) attempts = {0};
    auto_json list = NULL;
    const json_t *entry;
    char id[UUID_TEXT_BYTES];
    struct err e = {0};
    size_t i, cut = 0;

    rig_publish(&rig, "{\"name\":\"undo\",\"dag_id\":\"undo\",\"version\":\"1.0.0\","
                      "\"on_failure\":\"compensate\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo\"},"
                      "\"two\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo\"},"
                      "\"three\":{\"agent_id\":\"a\",\"compensation_handler\":\"undo\"},"
                      "\"last\":{\"agent_id\":\"a\",\"depends_on\":[\"one\",\"two\",\"three\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("undo"));
    for (i = 0; i < ARRAY_LEN(names); i++)
        end_with_much(names[i]);
    while (rig_open_count(&rig) > 0)
        rig_end(&rig, &rig.sandbox.attempts[rig.sandbox.count - 1], OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &rows, &e));
    ck_assert_uint_le(strlen(rows.rows[0].compensations), RUN_COMPENSATIONS_BYTES_MAX);
    list = json_loads(rows.rows[0].compensations, 0, NULL);
    ck_assert_uint_eq(json_array_size(list), ARRAY_LEN(names));
    json_array_foreach(list, i, entry)
    {
        bool is_cut = json_is_true(json_object_get(entry, "cut"));

        ck_assert_int_eq(is_cut, json_is_null(json_object_get(entry, "input")) ||
                                     json_object_get(entry, "input") == NULL);
        cut += is_cut;
    }
    ck_assert_uint_eq(cut, 1);
    ck_assert(store_read_attempts(rig.reader, RIG_TENANT, id, NULL, (struct store_page){0},
                                  &attempts, &e));
    ck_assert_uint_ge(attempts.count, 2 * ARRAY_LEN(names));
}
END_TEST

TCase *budget_cases(void)
{
    TCase *tc = tcase_create("budget");

    tcase_add_test(tc, a_run_keeps_256_mib_of_its_nodes_and_not_a_byte_more);
    tcase_add_test(tc, a_list_of_errors_that_is_cut_says_how_many_are_left_out);
    tcase_add_test(tc, a_compensation_that_is_cut_says_so_and_is_whole_in_its_attempt);
    return tc;
}
