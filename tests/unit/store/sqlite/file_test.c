/* file_test.c -- the file: its lock, its mode, its versions of the schema, its copy. */
#include "files.h"

#include "store/sqlite/read.h"
#include "store/sqlite/shape.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static enum err_code open_code(const char *path)
{
    const struct store_options options = {.url = path};
    struct store *store = NULL;
    struct err e = {0};

    if (store_open(&options, &store, &e)) {
        store_close(store);
        return ERR_NONE;
    }
    ck_assert_ptr_null(store);
    return e.code;
}

START_TEST(a_second_opener_is_refused_until_the_first_closes)
{
    pid_t child;
    int status;

    ck_assert_int_eq(open_code(fixture_path), ERR_CONFLICT);
    child = fork();
    if (child == 0)
        _exit(open_code(fixture_path) == ERR_CONFLICT ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    fixture_close();
    ck_assert_int_eq(open_code(fixture_path), ERR_NONE);
}
END_TEST

START_TEST(the_file_and_its_wal_are_the_owners_alone)
{
    auto_mem char *wal = mem_printf("%s-wal", fixture_path);
    struct stat st;

    add_run("r1");
    ck_assert_int_eq(stat(fixture_path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(wal, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    fixture_close();
    ck_assert_int_eq(chmod(fixture_path, 0640), 0);
    ck_assert_int_eq(open_code(fixture_path), ERR_DENIED);
}
END_TEST

START_TEST(a_symbolic_link_is_not_opened)
{
    auto_mem char *link = mem_printf("%s/link.db", fixture_folder);

    fixture_close();
    ck_assert_int_eq(symlink(fixture_path, link), 0);
    ck_assert_int_ne(open_code(link), ERR_NONE);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    struct err e = {0};

    ck_assert_msg(file_write_atomic(path, text, strlen(text), 0600, &e), "%s", e.msg);
}

START_TEST(a_file_that_is_no_database_and_another_programs_are_refused)
{
    auto_mem char *path = mem_printf("%s/other.db", fixture_folder);
    auto_mem char *own = fixture_path;

    write_file(path, "this is no database, it only has its name, and it is long enough to read as "
                     "one: a header is a hundred bytes.");
    ck_assert_int_eq(open_code(path), ERR_CORRUPT);
    ck_assert_int_eq(unlink(path), 0);
    write_file(path, "");
    fixture_path = path;
    ck_assert_int_eq(outside_sql("CREATE TABLE theirs (x)"), 0);
    ck_assert_int_eq(open_code(path), ERR_UNSUPPORTED);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM sqlite_schema"), 1);
    fixture_path = take(own);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
    fixture_close();
    ck_assert_int_eq(outside_sql("PRAGMA user_version = 99"), 0);
    ck_assert_int_eq(open_code(fixture_path), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(damage_is_found_at_open)
{
    static const char noise[4096] = "noise";
    auto_fd fd = -1;

    for (int i = 0; i < 60; i++) {
        char id[8];

        snprintf(id, sizeof id, "r%d", i);
        add_run(id);
    }
    fixture_close();
    fd = open(fixture_path, O_RDWR | O_CLOEXEC);
    for (off_t page = 3; page < 8; page++)
        ck_assert_int_eq(pwrite(fd, noise, sizeof noise, page * 4096), sizeof noise);
    ck_assert_int_eq(open_code(fixture_path), ERR_CORRUPT);
}
END_TEST

static void fill_all_tables(void)
{
    struct store_batch *b = store_batch_new();
    const struct store_dag dag = sample_dag("d", "1");
    const struct store_log log = sample_log("r1", "n1", "line");
    const struct store_statement statement = {0, "r1", SAMPLE_TENANT, "h", "{}", 1};
    const struct store_ledger_head head = {0, SAMPLE_TENANT, 2, 2, "h", "{}", 1};
    const struct store_secret secret = {SAMPLE_TENANT, "s", 1, "x", 1, NULL, 1};
    const struct store_plugin plugin = {"", "p", "1", "h", "{}", "k", "a", 1};
    const struct store_bundle bundle = {"", "p", "1", "k", "h", "h", 1, 1, 0, 0};
    const struct store_bundle_part part = {"", "h", 0, "x", 1};
    const struct store_idempotency key = {SAMPLE_TENANT, "k", "/p", "h", 201, "{}", 1, 50};
    const struct store_revoked_token token = {"jti", SAMPLE_TENANT, "lost", 1, 50};
    const struct store_tenant tenant = {SAMPLE_TENANT, "Acme", "{}", true, 1};

    add_run("r1");
    sample_step(b, "r1", "n1", 1);
    store_batch_dag_put(b, &dag);
    store_batch_log_append(b, &log);
    store_batch_statement_put(b, &statement);
    store_batch_ledger_head_put(b, &head);
    store_batch_secret_put(b, &secret);
    store_batch_plugin_put(b, &plugin);
    store_batch_bundle_part_put(b, &part);
    store_batch_bundle_put(b, &bundle);
    store_batch_idempotency_put(b, &key);
    store_batch_token_revoke(b, &token);
    store_batch_tenant_put(b, &tenant);
    commit(b);
}

static int64_t table_count(void)
{
    return outside_int("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                       " AND name NOT LIKE 'sqlite_%'");
}

START_TEST(a_full_database_goes_down_step_by_step_and_up_again)
{
    static const int tables_at[] = {0,  7,  10, 15, 15, 15, 15, 15, 15, 15, 16, 17, 17,
                                    15, 16, 18, 20, 20, 22, 24, 26, 26, 28, 29, 29, 30};
    struct err e = {0};

    ck_assert_int_eq(store_schema_version(), ARRAY_LEN(tables_at) - 1);
    fill_all_tables();
    fixture_close();
    for (int v = store_schema_version(); v >= 0; v--) {
        ck_assert_msg(store_migrate(fixture_path, v, &e), "%s", e.msg);
        ck_assert_int_eq(outside_int("PRAGMA user_version"), v);
        ck_assert_int_eq(table_count(), tables_at[v]);
        if (v == 1) /* what the older schema knows is still there */
            ck_assert_int_eq(outside_int("SELECT count(*) FROM dag_checkpoints"), 1);
    }
    ck_assert_msg(store_migrate(fixture_path, -1, &e), "%s", e.msg);
    ck_assert_int_eq(table_count(), tables_at[store_schema_version()]);
    fixture_open();
    fill_all_tables();
}
END_TEST

START_TEST(going_down_below_a_table_and_up_keeps_the_other_tables_rows)
{
    auto_done(store_event_list) events = {0};
    const struct store_event_filter all = {.tenant = SAMPLE_TENANT};
    struct err e = {0};
    int64_t next;

    fill_all_tables();
    fixture_close();
    ck_assert(store_migrate(fixture_path, 2, &e)); /* before secrets */
    fixture_open();                                /* opening is the way up */
    ck_assert_int_eq(outside_int("SELECT count(*) FROM execution_provenance"), 1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM secrets"), 0);
    ck_assert(store_read_events(fixture_reader, &all, 0, 0, &events, &next, &e));
    ck_assert_uint_eq(events.count, 2);
}
END_TEST

static void append_event(const char *tenant, const char *run_id, int64_t n, int64_t seq)
{
    struct store_batch *b = store_batch_new();
    struct store_event event = sample_event(run_id, n, "step.updated");

    event.tenant = tenant;
    store_batch_event_append(b, &event);
    ck_assert_int_eq(commit(b).first_event, seq);
}

START_TEST(events_keep_their_numbers_on_the_way_up_and_the_next_go_on_behind_all)
{
    static const char old[] =
        "INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, at, trace_id,"
        " payload, prev_hash, hash) VALUES"
        " (1, 'a', 'ra', 1, 'd', 't', 's', 1, 't', '{}', 'x', 'y'),"
        " (2, 'b', 'rb', 1, 'd', 't', 's', 1, 't', '{}', 'x', 'y'),"
        " (3, 'a', 'ra', 2, 'd', 't', 's', 1, 't', '{}', 'x', 'y')";
    struct err e = {0};

    fixture_close();
    ck_assert(store_migrate(fixture_path, 13, &e));
    ck_assert_int_eq(outside_sql(old), 0);
    fixture_open();
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events WHERE (tenant_id, run_id, n, seq)"
                                 " IN (VALUES ('a', 'ra', 1, 1), ('b', 'rb', 1, 2),"
                                 " ('a', 'ra', 2, 3))"),
                     3);
    append_event("a", "ra", 3, 4);
    append_event("b", "rb", 2, 4);
    append_event("new", "rn", 1, 4); /* a reader of it may have been told that the newest is 3 */
    fixture_close();
    fixture_open();
    append_event("a", "ra", 4, 5);
}
END_TEST

/* What refuses the way back from the schema in which each tenant has its own numbers. */
static void refuses_to_go_back(const char *why)
{
    struct err e = {0};

    fixture_close();
    ck_assert(!store_migrate(fixture_path, 13, &e));
    ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
    ck_assert_int_eq(outside_int("PRAGMA user_version"), 14);
    fixture_open();
}

START_TEST(a_store_whose_tenants_have_the_same_numbers_does_not_go_back)
{
    append_event("a", "ra", 1, 1);
    append_event("b", "rb", 1, 1);
    refuses_to_go_back("the same number");
    append_event("a", "ra", 2, 2);
}
END_TEST

START_TEST(a_store_with_an_event_that_no_head_would_be_over_does_not_go_back)
{
    const struct store_ledger_head head = {0, "b", 1, 2, "h", "{}", 1};
    struct store_batch *b = store_batch_new();

    append_event("a", "ra", 1, 1);
    store_batch_ledger_head_put(b, &head);
    commit(b);
    refuses_to_go_back("seal its ledgers first");
}
END_TEST

/* Rows as the program of schema 4 left them: rc2 below rc10, and one key for 1.0.1 and 1.0.01. */
#define OLD_ROW(version, key)                                                                      \
    "INSERT INTO dag_workflows (tenant_id, dag_id, version, version_key, name, definition, hash,"  \
    " created_at, updated_at) VALUES ('" SAMPLE_TENANT "', 'old', '" version "', '" key            \
    "', 'old', '{}', '" SAMPLE_HASH_A "', 1, 1);"

START_TEST(the_way_up_makes_the_keys_of_versions_anew)
{
    auto_done(store_dag_list) l = {0};
    const struct store_dag_filter filter = {.tenant = SAMPLE_TENANT, .dag_id = "old"};
    static const char *const falling[] = {"1.0.01", "1.0.1", "1.0.1-rc2", "1.0.1-rc10"};
    struct err e = {0};

    fixture_close();
    ck_assert_msg(store_migrate(fixture_path, 4, &e), "%s", e.msg);
    ck_assert_int_eq(outside_sql(
                         OLD_ROW("1.0.1-rc2", "0000000001.0000000000.0000000001!rc0000000002#")
                             OLD_ROW("1.0.1-rc10", "0000000001.0000000000.0000000001!rc0000000010#")
                                 OLD_ROW("1.0.1", "0000000001.0000000000.0000000001#")
                                     OLD_ROW("1.0.01", "0000000001.0000000000.0000000001#")),
                     0);
    fixture_open();
    ck_assert(store_read_dags(fixture_reader, &filter, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, ARRAY_LEN(falling));
    for (size_t i = 0; i < l.count; i++)
        ck_assert_str_eq(l.rows[i].version, falling[i]);
    ck_assert_int_ne(outside_sql("UPDATE dag_workflows SET version_key = ''"), 0);
}
END_TEST

START_TEST(a_node_from_before_schema_6_has_a_sandbox_that_is_not_known)
{
    auto_done(store_node_list) old = {0};
    auto_done(store_node_list) now = {0};
    struct store_node again = sample_node("r1", "n1");
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    fill_all_tables();
    fixture_close();
    ck_assert_msg(store_migrate(fixture_path, 5, &e), "%s", e.msg);
    fixture_open();
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &old, &e));
    ck_assert_int_eq(old.rows[0].status, STORE_NODE_COMPLETED);
    ck_assert_ptr_null(old.rows[0].sandbox);
    store_batch_node_upsert(b, &again);
    commit(b);
    ck_assert(store_read_node(fixture_reader, SAMPLE_TENANT, "r1", "n1", &now, &e));
    ck_assert_str_eq(now.rows[0].sandbox, again.sandbox);
}
END_TEST

#define OLD_ATTEMPT(number, outcome, error)                                                        \
    "INSERT INTO node_attempts (execution_id, node_id, attempt, tenant_id, outcome, error)"        \
    " VALUES ('r1', 'n1', " number ", '" SAMPLE_TENANT "', '" outcome "', " error ");"

static bool source_of_attempt_is(int attempt, const char *source)
{
    auto_mem char *sql =
        mem_printf("SELECT coalesce(error_source, 'none') = '%s' FROM node_attempts"
                   " WHERE attempt = %d",
                   source, attempt);

    return outside_int(sql) == 1;
}

/* Rows as the program of schema 5 left them. */
START_TEST(the_way_up_says_whose_words_an_old_error_is)
{
    struct err e = {0};

    fill_all_tables();
    fixture_close();
    ck_assert_msg(store_migrate(fixture_path, 5, &e), "%s", e.msg);
    ck_assert_int_eq(outside_sql(
                         OLD_ATTEMPT("2", "crash", "'it crashed'")
                             OLD_ATTEMPT("3", "plugin-fatal", "'I give up'")
                                 OLD_ATTEMPT("4", "running",
                                             "NULL") "UPDATE node_traces SET error = 'I give up'"),
                     0);
    fixture_open();
    ck_assert(source_of_attempt_is(2, "host"));
    ck_assert(source_of_attempt_is(3, "agent"));
    ck_assert(source_of_attempt_is(4, "none"));
    ck_assert_int_eq(outside_int("SELECT error_source = 'agent' FROM node_traces"), 1);
    ck_assert_int_ne(outside_sql("UPDATE node_traces SET error_source = 'somebody'"), 0);
}
END_TEST

START_TEST(v021s_tables_and_columns_are_there)
{
    static const struct {
        const char *table;
        const char *columns;
    } rows[] = {
        {"dag_workflows", "dag_id name description version definition hash enabled "
                          "max_parallel_nodes default_retry_policy default_timeout_policy "
                          "on_failure created_at updated_at created_by tenant_id"},
        {"dag_executions", "execution_id dag_id status input_data output_data topology_levels "
                           "started_at completed_at error provenance_chain_hash deterministic_mode "
                           "checkpoint_enabled total_nodes completed_nodes failed_nodes "
                           "skipped_nodes tenant_id created_at"},
        {"node_traces", "trace_id execution_id node_id status input_hash output_hash duration_ms "
                        "attempt_count level_index error provenance_hash started_at completed_at "
                        "tenant_id"},
        {"dag_checkpoints", "checkpoint_id execution_id node_id status outputs output_hash "
                            "attempt_count created_at tenant_id"},
        {"execution_provenance", "provenance_id execution_id node_id input_hash output_hash "
                                 "duration_ms attempt_count parent_hashes chain_hash created_at "
                                 "tenant_id"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_mem char *columns = mem_str(rows[i].columns);
        char *rest = columns;

        for (char *name = strsep(&rest, " "); name != NULL; name = strsep(&rest, " ")) {
            auto_mem char *sql =
                mem_printf("SELECT count(*) FROM pragma_table_xinfo('%s') WHERE name = '%s'",
                           rows[i].table, name);

            ck_assert_msg(outside_int(sql) == 1, "%s has no %s", rows[i].table, name);
        }
    }
}
END_TEST

/* Otherwise each start makes the whole schema anew to compare with. */
START_TEST(the_digest_of_the_schema_is_of_what_the_migrations_make)
{
    struct err e = {0};
    struct sha256_hex digest;
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open_v2(fixture_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert(shape_digest(db, &digest, &e));
    sqlite3_close(db);
    ck_assert_msg(strcmp(digest.text, shape_expected) == 0,
                  "host/store/sqlite/schema/shape.sha256 should say %s", digest.text);
}
END_TEST

START_TEST(a_migration_to_an_unknown_version_or_of_an_open_store_is_refused)
{
    struct err e = {0};

    ck_assert(!store_migrate(fixture_path, 1, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    fixture_close();
    ck_assert(!store_migrate(fixture_path, store_schema_version() + 1, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(a_backup_is_a_store_of_its_own_and_never_overwrites)
{
    auto_mem char *path = mem_printf("%s/backup.db", fixture_folder);
    const struct store_options options = {.url = path};
    auto_done(store_run_list) l = {0};
    auto_obj(store_reader) reader = NULL;
    struct store *copy = NULL;
    struct err e = {0};

    fill_all_tables();
    ck_assert_msg(store_backup(fixture_store, path, &e), "%s", e.msg);
    add_run("later");
    ck_assert(!store_backup(fixture_store, path, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert_msg(store_open(&options, &copy, &e), "%s", e.msg);
    ck_assert(store_reader_open(copy, &reader, &e));
    ck_assert(store_read_run(reader, SAMPLE_TENANT, "r1", &l, &e));
    store_run_list_done(&l);
    ck_assert(!store_read_run(reader, SAMPLE_TENANT, "later", &l, &e));
    store_reader_free(take(reader));
    store_close(copy);
}
END_TEST

START_TEST(a_readers_connection_cannot_write)
{
    ck_assert_int_ne(sqlite3_exec(sqlite_reader_of(fixture_reader)->db, "DELETE FROM tenants", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
}
END_TEST

TCase *file_cases(void)
{
    TCase *c = tcase_create("file");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_second_opener_is_refused_until_the_first_closes);
    tcase_add_test(c, the_file_and_its_wal_are_the_owners_alone);
    tcase_add_test(c, a_symbolic_link_is_not_opened);
    tcase_add_test(c, a_file_that_is_no_database_and_another_programs_are_refused);
    tcase_add_test(c, a_newer_schema_is_refused);
    tcase_add_test(c, damage_is_found_at_open);
    tcase_add_test(c, a_full_database_goes_down_step_by_step_and_up_again);
    tcase_add_test(c, going_down_below_a_table_and_up_keeps_the_other_tables_rows);
    tcase_add_test(c, events_keep_their_numbers_on_the_way_up_and_the_next_go_on_behind_all);
    tcase_add_test(c, a_store_whose_tenants_have_the_same_numbers_does_not_go_back);
    tcase_add_test(c, a_store_with_an_event_that_no_head_would_be_over_does_not_go_back);
    tcase_add_test(c, the_way_up_makes_the_keys_of_versions_anew);
    tcase_add_test(c, a_node_from_before_schema_6_has_a_sandbox_that_is_not_known);
    tcase_add_test(c, the_way_up_says_whose_words_an_old_error_is);
    tcase_add_test(c, v021s_tables_and_columns_are_there);
    tcase_add_test(c, the_digest_of_the_schema_is_of_what_the_migrations_make);
    tcase_add_test(c, a_migration_to_an_unknown_version_or_of_an_open_store_is_refused);
    tcase_add_test(c, a_backup_is_a_store_of_its_own_and_never_overwrites);
    tcase_add_test(c, a_readers_connection_cannot_write);
    tcase_set_timeout(c, 60);
    return c;
}
