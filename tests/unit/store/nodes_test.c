/* nodes_test.c -- nodes, attempts, checkpoints, provenance and logs of a run. */
#include "suites.h"

#include <string.h>

static const struct store_node_filter whole = {SAMPLE_TENANT, "r1", .outputs = true};

START_TEST(a_step_reads_back_as_it_was_written)
{
    auto_done(store_node_list) nodes = {0};
    auto_done(store_attempt_list) attempts = {0};
    auto_done(store_checkpoint_list) checkpoints = {0};
    auto_done(store_provenance_list) provenance = {0};
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    add_run("r1");
    sample_step(b, "r1", "n1", 1);
    commit(b);
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &nodes, &e));
    ck_assert_int_eq(nodes.rows[0].status, STORE_NODE_COMPLETED);
    ck_assert_str_eq(nodes.rows[0].agent_id, "emissions.scope1");
    ck_assert_double_eq_tol(nodes.rows[0].duration_ms, 12.5, 1e-9);
    ck_assert_int_eq(nodes.rows[0].level, 2);
    ck_assert_ptr_null(nodes.rows[0].error);
    ck_assert_str_eq(nodes.rows[0].sandbox, sample_node("", "").sandbox);
    ck_assert(store_read_attempts(fixture_reader, SAMPLE_TENANT, "r1", "n1", (struct store_page){0},
                                  &attempts, &e));
    ck_assert_uint_eq(attempts.count, 1);
    ck_assert_str_eq(attempts.rows[0].outcome, "ok");
    ck_assert_str_eq(attempts.rows[0].detail, sample_attempt("", "", 1).detail);
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1", (struct store_page){0},
                                     &checkpoints, &e));
    ck_assert_str_eq(checkpoints.rows[0].outputs, "{\"kg_co2e\":1234.5}");
    ck_assert_str_eq(checkpoints.rows[0].output_hash, SAMPLE_HASH_B);
    ck_assert(store_read_provenance(fixture_reader, SAMPLE_TENANT, "r1", (struct store_page){0},
                                    &provenance, &e));
    ck_assert_str_eq(provenance.rows[0].record, sample_provenance("", "").record);
    ck_assert_str_eq(provenance.rows[0].record_hash, SAMPLE_HASH_B);
}
END_TEST

START_TEST(a_nodes_outputs_come_from_its_checkpoint_unless_it_has_its_own)
{
    auto_done(store_node_list) shared = {0};
    auto_done(store_node_list) own = {0};
    auto_done(store_node_list) gone = {0};
    struct store_batch *b = store_batch_new();
    struct store_node node = sample_node("r1", "n2");
    struct err e = {0};

    node.outputs = "{\"own\":true}";
    add_run("r1");
    sample_step(b, "r1", "n1", 1);
    store_batch_node_upsert(b, &node);
    commit(b);
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &shared, &e));
    ck_assert_str_eq(shared.rows[0].outputs, "{\"kg_co2e\":1234.5}");
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n2", &own, &e));
    ck_assert_str_eq(own.rows[0].outputs, "{\"own\":true}");
    b = store_batch_new();
    store_batch_checkpoint_delete(b, SAMPLE_TENANT, "r1", NULL);
    commit(b);
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &gone, &e));
    ck_assert_ptr_null(gone.rows[0].outputs);
}
END_TEST

START_TEST(the_last_write_of_a_node_wins)
{
    auto_done(store_node_list) l = {0};
    struct store_batch *b = store_batch_new();
    struct store_node node = sample_node("r1", "n1");
    struct err e = {0};

    node.status = STORE_NODE_RUNNING;
    node.output_hash = NULL;
    add_run("r1");
    store_batch_node_upsert(b, &node);
    node.status = STORE_NODE_TIMED_OUT;
    node.error = "Node 'n1' timed out after 0.05s";
    node.attempts = 3;
    store_batch_node_upsert(b, &node);
    commit(b);
    ck_assert(store_read_nodes(fixture_reader, &whole, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.rows[0].status, STORE_NODE_TIMED_OUT);
    ck_assert_int_eq(l.rows[0].attempts, 3);
    ck_assert_str_eq(l.rows[0].error, node.error);
}
END_TEST

START_TEST(nodes_page_by_level_then_id)
{
    struct store_batch *b = store_batch_new();
    auto_done(buf) ids = {0};
    auto_mem char *token = NULL;
    int pages = 0;

    add_run("r1");
    for (int i = 0; i < 30; i++) {
        char id[8];
        struct store_node node = sample_node("r1", id);

        snprintf(id, sizeof id, "n%02d", i);
        node.level = i % 3;
        store_batch_node_upsert(b, &node);
    }
    commit(b);
    do {
        auto_done(store_node_list) l = {0};
        struct err e = {0};

        ck_assert(store_read_nodes(fixture_reader, &whole, (struct store_page){token, 7}, &l, &e));
        for (size_t i = 0; i < l.count; i++)
            buf_addf(&ids, "%s ", l.rows[i].node_id);
        free(token);
        token = mem_str(l.next_page);
        pages++;
    } while (token != NULL);
    ck_assert_int_eq(pages, 5);
    ck_assert_str_eq(buf_text(&ids),
                     "n00 n03 n06 n09 n12 n15 n18 n21 n24 n27 n01 n04 n07 n10 n13 n16 n19 n22 n25 "
                     "n28 n02 n05 n08 n11 n14 n17 n20 n23 n26 n29 ");
}
END_TEST

/* All attempts of the run, or of one node, two a page. */
static void read_attempts(const char *node_id, struct buf *text)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_attempt_list) l = {0};
        struct err e = {0};

        ck_assert(store_read_attempts(fixture_reader, SAMPLE_TENANT, "r1", node_id,
                                      (struct store_page){token, 2}, &l, &e));
        for (size_t i = 0; i < l.count; i++)
            buf_addf(text, "%s%s%d ", l.rows[i].node_id, l.rows[i].compensation ? "c" : "",
                     (int)l.rows[i].attempt);
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
}

START_TEST(attempts_list_by_node_then_number_with_compensations_last)
{
    auto_done(buf) all = {0};
    auto_done(buf) one = {0};
    struct store_batch *b = store_batch_new();

    add_run("r1");
    for (int i = 3; i >= 1; i--) {
        struct store_attempt a = sample_attempt("r1", i % 2 == 0 ? "a" : "b", i);

        store_batch_attempt_upsert(b, &a);
        a.compensation = true;
        a.attempt = 1;
        store_batch_attempt_upsert(b, &a);
        store_batch_attempt_upsert(b, &a);
    }
    commit(b);
    read_attempts(NULL, &all);
    ck_assert_str_eq(buf_text(&all), "a2 ac1 b1 b3 bc1 ");
    read_attempts("b", &one);
    ck_assert_str_eq(buf_text(&one), "b1 b3 bc1 ");
}
END_TEST

START_TEST(checkpoints_and_provenance_list_by_node_id_and_may_vanish)
{
    auto_done(store_checkpoint_list) two = {0};
    auto_done(store_checkpoint_list) rest = {0};
    auto_done(store_checkpoint_list) none = {0};
    auto_done(store_provenance_list) one = {0};
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    add_run("r1");
    sample_step(b, "r1", "c", 1);
    sample_step(b, "r1", "a", 3);
    sample_step(b, "r1", "b", 5);
    commit(b);
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1",
                                     (struct store_page){.size = 2}, &two, &e));
    ck_assert_str_eq(two.rows[0].node_id, "a");
    ck_assert_str_eq(two.rows[1].node_id, "b");
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1",
                                     (struct store_page){two.next_page, 2}, &rest, &e));
    ck_assert_uint_eq(rest.count, 1);
    ck_assert_str_eq(rest.rows[0].node_id, "c");
    ck_assert_int_eq(outside_sql("DELETE FROM dag_checkpoints WHERE execution_id = 'r1'"), 0);
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1", (struct store_page){0},
                                     &none, &e));
    ck_assert_uint_eq(none.count, 0);
    b = store_batch_new();
    store_batch_checkpoint_delete(b, SAMPLE_TENANT, "r1", "a");
    store_batch_provenance_delete(b, SAMPLE_TENANT, "r1", "a");
    store_batch_provenance_delete(b, SAMPLE_TENANT, "r1", "b");
    store_batch_provenance_delete(b, "other", "r1", NULL);
    commit(b);
    ck_assert(store_read_provenance(fixture_reader, SAMPLE_TENANT, "r1", (struct store_page){0},
                                    &one, &e));
    ck_assert_uint_eq(one.count, 1);
    ck_assert_str_eq(one.rows[0].node_id, "c");
}
END_TEST

START_TEST(rows_of_a_run_that_is_not_there_or_anothers_are_refused)
{
    struct store_batch *b = store_batch_new();
    struct store_node node = sample_node("nowhere", "n1");
    struct store_checkpoint checkpoint = sample_checkpoint("r1", "n1");

    add_run("r1");
    store_batch_node_upsert(b, &node);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
    b = store_batch_new();
    store_batch_checkpoint_put(b, &checkpoint);
    commit(b);
    checkpoint.tenant = "other";
    b = store_batch_new();
    store_batch_checkpoint_put(b, &checkpoint);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_checkpoint_of_a_running_node_is_refused)
{
    struct store_batch *b = store_batch_new();
    struct store_checkpoint checkpoint = sample_checkpoint("r1", "n1");

    add_run("r1");
    checkpoint.status = STORE_NODE_RUNNING;
    store_batch_checkpoint_put(b, &checkpoint);
    ck_assert_int_eq(commit_code(b), ERR_INVALID);
}
END_TEST

START_TEST(logs_go_on_from_their_cursor_and_filter)
{
    auto_done(store_log_list) first = {0};
    auto_done(store_log_list) rest = {0};
    auto_done(store_log_list) node = {0};
    auto_done(store_log_list) none = {0};
    struct store_log_filter filter = {.tenant = SAMPLE_TENANT, .run_id = "r1"};
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    add_run("r1");
    for (int i = 0; i < 6; i++) {
        char text[16];
        struct store_log log = sample_log("r1", i % 2 == 0 ? "a" : "b", text);

        snprintf(text, sizeof text, "line %d", i);
        log.attempt = 1 + i / 4;
        store_batch_log_append(b, &log);
    }
    commit(b);
    ck_assert(store_read_logs(fixture_reader, &filter, 4, &first, &e));
    ck_assert_uint_eq(first.count, 4);
    ck_assert_str_eq(first.rows[3].text, "line 3");
    filter.after_id = first.rows[3].id;
    ck_assert(store_read_logs(fixture_reader, &filter, 4, &rest, &e));
    ck_assert_uint_eq(rest.count, 2);
    ck_assert_str_eq(rest.rows[0].text, "line 4");
    filter = (struct store_log_filter){SAMPLE_TENANT, "r1", "b", 1, 0};
    ck_assert(store_read_logs(fixture_reader, &filter, 0, &node, &e));
    ck_assert_uint_eq(node.count, 2);
    ck_assert_str_eq(node.rows[1].text, "line 3");
    filter.tenant = "other";
    ck_assert(store_read_logs(fixture_reader, &filter, 0, &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

START_TEST(a_page_ends_early_when_its_rows_are_large)
{
    enum { OUTPUT_BYTES = 4 * 1024 * 1024, NODES = 6 };
    auto_mem char *large = mem_alloc(OUTPUT_BYTES + 1);
    auto_done(store_checkpoint_list) some = {0};
    auto_done(store_checkpoint_list) rest = {0};
    struct err e = {0};

    memset(large, 'x', OUTPUT_BYTES);
    large[0] = large[OUTPUT_BYTES - 1] = '"';
    large[OUTPUT_BYTES] = '\0';
    add_run("r1");
    for (int i = 0; i < NODES; i++) {
        struct store_batch *b = store_batch_new();
        char id[8];
        struct store_checkpoint checkpoint = sample_checkpoint("r1", id);

        snprintf(id, sizeof id, "n%d", i);
        checkpoint.outputs = large;
        store_batch_checkpoint_put(b, &checkpoint);
        commit(b);
    }
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1", (struct store_page){0},
                                     &some, &e));
    ck_assert_uint_lt(some.count, NODES);
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1",
                                     (struct store_page){some.next_page, 0}, &rest, &e));
    ck_assert_uint_eq(some.count + rest.count, NODES);
    ck_assert_str_eq(rest.rows[rest.count - 1].outputs, large);
}
END_TEST

TCase *nodes_cases(void)
{
    TCase *c = tcase_create("nodes");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_step_reads_back_as_it_was_written);
    tcase_add_test(c, a_nodes_outputs_come_from_its_checkpoint_unless_it_has_its_own);
    tcase_add_test(c, the_last_write_of_a_node_wins);
    tcase_add_test(c, nodes_page_by_level_then_id);
    tcase_add_test(c, attempts_list_by_node_then_number_with_compensations_last);
    tcase_add_test(c, checkpoints_and_provenance_list_by_node_id_and_may_vanish);
    tcase_add_test(c, rows_of_a_run_that_is_not_there_or_anothers_are_refused);
    tcase_add_test(c, a_checkpoint_of_a_running_node_is_refused);
    tcase_add_test(c, logs_go_on_from_their_cursor_and_filter);
    tcase_add_test(c, a_page_ends_early_when_its_rows_are_large);
    tcase_set_timeout(c, 60);
    return c;
}
