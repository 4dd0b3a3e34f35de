/* place_test.c -- rows that are addressed by numbers (schema 13), and those from before. */
#include "files.h"

#include "base/mem.h"
#include "store/sqlite/migrate.h"

/* What the rows of r1's nodes say, by V021's names and by the reader. */
static void tell_rows(struct buf *ret)
{
    auto_done(store_checkpoint_list) checkpoints = {0};
    auto_done(store_provenance_list) records = {0};
    auto_done(store_attempt_list) attempts = {0};
    auto_done(store_node_list) nodes = {0};
    const struct store_node_filter whole = {SAMPLE_TENANT, "r1", .outputs = true};
    const struct store_page page = {0};
    struct err e = {0};

    ck_assert(store_read_nodes(fixture_reader, &whole, page, &nodes, &e));
    for (size_t i = 0; i < nodes.count; i++)
        buf_addf(ret, "node %s %s %s %s %s %d\n", nodes.rows[i].node_id, nodes.rows[i].agent_id,
                 nodes.rows[i].input_hash, nodes.rows[i].output_hash, nodes.rows[i].outputs,
                 (int)nodes.rows[i].level);
    ck_assert(store_read_attempts(fixture_reader, SAMPLE_TENANT, "r1", NULL, page, &attempts, &e));
    for (size_t i = 0; i < attempts.count; i++)
        buf_addf(ret, "attempt %s %d %d %s %s\n", attempts.rows[i].node_id,
                 attempts.rows[i].compensation, (int)attempts.rows[i].attempt,
                 attempts.rows[i].outcome, attempts.rows[i].detail);
    ck_assert(store_read_checkpoints(fixture_reader, SAMPLE_TENANT, "r1", page, &checkpoints, &e));
    for (size_t i = 0; i < checkpoints.count; i++)
        buf_addf(ret, "checkpoint %s %s %s\n", checkpoints.rows[i].node_id,
                 checkpoints.rows[i].output_hash, checkpoints.rows[i].outputs);
    ck_assert(store_read_provenance(fixture_reader, SAMPLE_TENANT, "r1", page, &records, &e));
    for (size_t i = 0; i < records.count; i++)
        buf_addf(ret, "record %s %s %s %s %s\n", records.rows[i].node_id,
                 records.rows[i].input_hash, records.rows[i].chain_hash,
                 records.rows[i].parent_hashes, records.rows[i].record);
}

/* Also of nodes that have a record and no trace, and hashes that are none. */
static void fill_nodes(void)
{
    struct store_batch *b = store_batch_new();
    struct store_attempt undo = sample_attempt("r1", "compensate_n1", 2);
    struct store_checkpoint alone = sample_checkpoint("r1", "alone");
    struct store_node odd = sample_node("r1", "odd");

    undo.compensation = true;
    alone.output_hash = NULL;
    odd.input_hash = "none";
    odd.outputs = "{}";
    add_run("r1");
    sample_step(b, "r1", "n2", 1);
    sample_step(b, "r1", "n1", 3);
    store_batch_attempt_upsert(b, &undo);
    store_batch_checkpoint_put(b, &alone);
    store_batch_node_upsert(b, &odd);
    commit(b);
}

START_TEST(the_rows_of_nodes_stay_what_they_are_on_the_way_down_and_up)
{
    static const char *const counts[] = {"node_traces", "node_attempts", "dag_checkpoints",
                                         "execution_provenance"};
    static const int rows[] = {3, 3, 3, 2};
    auto_done(buf) before = {0}, after = {0};
    struct err e = {0};

    fill_nodes();
    tell_rows(&before);
    fixture_close();
    ck_assert_msg(store_migrate(fixture_path, 12, &e), "%s", e.msg);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        auto_mem char *sql = mem_printf("SELECT count(*) FROM %s", counts[i]);

        ck_assert_int_eq(outside_int(sql), rows[i]);
    }
    ck_assert_int_eq(outside_int("SELECT count(*) FROM node_traces WHERE output_hash = '" //
                                 SAMPLE_HASH_B "'"),
                     3);
    fixture_open();
    tell_rows(&after);
    ck_assert_str_eq(buf_text(&after), buf_text(&before));
}
END_TEST

/* Every object's text, by its name. */
static void tell_shape(sqlite3 *db, struct buf *ret)
{
    sqlite3_stmt *stmt = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(db,
                                        "SELECT type || ' ' || name || ': ' || coalesce(sql, '')"
                                        " FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"
                                        " ORDER BY 1",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        buf_addf(ret, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
}

/* Otherwise the program of one release before takes it for a store that somebody changed. */
START_TEST(the_way_down_leaves_to_the_letter_what_the_older_program_makes)
{
    auto_done(buf) made = {0}, left = {0};
    sqlite3 *db = NULL;
    struct err e = {0};
    int before = store_schema_version() - 1;

    ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    ck_assert_msg(migrate_to(db, before, &e), "%s", e.msg);
    tell_shape(db, &made);
    ck_assert_msg(migrate_to(db, before + 1, &e) && migrate_to(db, before, &e), "%s", e.msg);
    tell_shape(db, &left);
    ck_assert_str_eq(buf_text(&left), buf_text(&made));
    sqlite3_close(db);
}
END_TEST

START_TEST(the_number_of_a_nodes_records_is_never_given_again)
{
    struct store_batch *b = store_batch_new();
    struct store_checkpoint newer = sample_checkpoint("r1", "newer");

    add_run("r1");
    sample_step(b, "r1", "n1", 1);
    commit(b);
    ck_assert_int_eq(outside_sql("DELETE FROM node_records"), 0);
    fixture_close();
    fixture_open();
    b = store_batch_new();
    store_batch_checkpoint_put(b, &newer);
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_checkpoints"), 1);
    ck_assert_int_eq(outside_int("SELECT count(DISTINCT records_no) FROM nodes"), 2);
}
END_TEST

START_TEST(a_run_takes_the_rows_of_its_nodes_along)
{
    struct store_batch *b = store_batch_new();

    add_run("r1");
    add_run("r2");
    sample_step(b, "r1", "n1", 1);
    sample_step(b, "r2", "n1", 1);
    commit(b);
    ck_assert_int_eq(outside_sql("PRAGMA foreign_keys = ON;"
                                 "DELETE FROM dag_executions WHERE execution_id = 'r1'"),
                     0);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM nodes"), 1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM node_records"), 3);
}
END_TEST

TCase *place_cases(void)
{
    TCase *c = tcase_create("place");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, the_rows_of_nodes_stay_what_they_are_on_the_way_down_and_up);
    tcase_add_test(c, the_way_down_leaves_to_the_letter_what_the_older_program_makes);
    tcase_add_test(c, the_number_of_a_nodes_records_is_never_given_again);
    tcase_add_test(c, a_run_takes_the_rows_of_its_nodes_along);
    tcase_set_timeout(c, 60);
    return c;
}
