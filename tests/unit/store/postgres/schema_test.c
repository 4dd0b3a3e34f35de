/* schema_test.c -- what the tables hold and refuse by themselves. */
#include "suites.h"

#include "base/mem.h"

#define REFUSED "23000"
#define CHECKED "23514"

static PGconn *as_host(void)
{
    PGconn *conn = fixture_as("of_app");

    sql_run(conn, "SET app.is_admin = 'true'");
    sql_run(conn, "SET application_name = 'orchestrator:here:writer'");
    return conn;
}

static void add_run(PGconn *conn, const char *status)
{
    auto_mem char *sql =
        mem_printf("INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version,"
                   " inputs_hash, trace_id, status) VALUES ('r1', 'a', 'd', '1', '', '', '%s')",
                   status);

    sql_run(conn, sql);
}

#define EVENT(run, n)                                                                              \
    "INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, at, trace_id,"       \
    " payload, prev_hash, hash) VALUES (1, 'a', '" run "', " n ", 'd', '', '', now(), '', '{}',"   \
    " '', '')"

START_TEST(an_event_follows_the_last_one_of_its_run)
{
    static const struct {
        const char *sql, *state;
    } wrong[] = {{EVENT("r1", "1"), "23505"},
                 {EVENT("r1", "2"), "23505"},
                 {EVENT("r1", "4"), REFUSED},
                 {EVENT("r1", "0"), CHECKED},
                 {EVENT("r2", "2"), REFUSED}};
    PGconn *conn = as_host();

    sql_run(conn, EVENT("r1", "1"));
    sql_run(conn, EVENT("r1", "2"));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_str_eq(sql_state(conn, wrong[i].sql), wrong[i].state);
    ck_assert_str_eq(sql_state(conn, EVENT("r1", "3") ", (1, 'a', 'r1', 5, 'd', '', '', now(), '',"
                                                      " '{}', '', '')"),
                     REFUSED);
    sql_run(conn, EVENT("r1", "3") ", (1, 'a', 'r1', 4, 'd', '', '', now(), '', '{}', '', '')");
    PQfinish(conn);
}
END_TEST

/* Plans that are made while a table is new, and are kept, take its key and no other index: else
 * each row of the first minute walks all those of its tenant. */
START_TEST(a_new_store_is_looked_at_by_its_keys)
{
    PGconn *conn = as_host();

    sql_run(conn, "BEGIN");
    add_run(conn, "running");
    for (int i = 0; i < 20; i++) {
        auto_mem char *event =
            mem_printf("INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status,"
                       " at, trace_id, payload, prev_hash, hash) SELECT 1, 'a', 'r1', %d + g, 'd',"
                       " '', '', now(), '', '{}', '', '' FROM generate_series(1, 5) AS g",
                       i * 5);
        auto_mem char *line =
            mem_printf("INSERT INTO attempt_logs (execution_id, node_id, attempt, tenant_id, at,"
                       " level, text) VALUES ('r1', 'n', %d, 'a', now(), 'info', '')",
                       i);

        sql_run(conn, event);
        sql_run(conn, line);
        sql_run(conn, "INSERT INTO statements (execution_id, tenant_id, chain_hash, envelope,"
                      " created_at) VALUES ('r1', 'a', '', '', now())");
    }
    auto_mem char *scans = sql_text(
        conn, "SELECT string_agg(c.relname || ' ' || pg_stat_get_xact_numscans(c.oid), ', ' ORDER"
              " BY c.relname COLLATE \"C\") FROM pg_class AS c WHERE c.relkind IN ('r', 'i') AND"
              " c.relnamespace = 'orchestrator'::regnamespace AND"
              " pg_stat_get_xact_numscans(c.oid) > 0");
    sql_run(conn, "COMMIT");

    /* 20 of the foreign key and 20 of the statements; 19 events that follow one */
    ck_assert_str_eq(scans, "dag_executions_pkey 40, run_events_other_pkey 19");
    PQfinish(conn);
}
END_TEST

START_TEST(json_is_kept_as_it_is_given)
{
    static const char odd[] = "{\"b\": 1.0,  \"a\":1e2, \"a\":\"\\u0000\"}";
    PGconn *conn = as_host();
    auto_mem char *set = mem_printf("UPDATE dag_executions SET input_data = '%s'", odd);

    add_run(conn, "running");
    sql_run(conn, set);
    auto_mem char *got = sql_text(conn, "SELECT input_data FROM dag_executions");
    sql_run(conn, "UPDATE dag_executions SET input_data = '{\"b\": 1.0}'");
    auto_mem char *number = sql_text(conn, "SELECT input_data ->> 'b' FROM dag_executions");

    ck_assert_str_eq(got, odd);
    ck_assert_str_eq(number, "1.0");
    PQfinish(conn);
}
END_TEST

START_TEST(a_time_is_kept_to_the_microsecond)
{
    PGconn *conn = as_host();

    add_run(conn, "running");
    sql_run(conn, "UPDATE dag_executions SET started_at = to_timestamp(1780000000123457 / 1e6)");
    auto_mem char *got = sql_text(conn, "SELECT (extract(epoch FROM started_at) * 1000000)::bigint"
                                        " FROM dag_executions");

    ck_assert_str_eq(got, "1780000000123457");
    PQfinish(conn);
}
END_TEST

START_TEST(names_are_in_the_order_of_their_code_points)
{
    PGconn *conn = as_host();

    add_run(conn, "running");
    sql_run(conn, "INSERT INTO node_traces (execution_id, node_id, tenant_id, agent_id, status,"
                  " level_index) SELECT 'r1', n, 'a', '', 'pending', 0 FROM"
                  " unnest(ARRAY['a', 'B', '_x', '10', '2', U&'\\00e9']) AS n");
    auto_mem char *order =
        sql_text(conn, "SELECT string_agg(node_id, ' ' ORDER BY node_id) FROM node_traces");

    ck_assert_str_eq(order, "10 2 B _x a \xc3\xa9");
    PQfinish(conn);
}
END_TEST

START_TEST(what_a_run_has_is_of_its_tenant)
{
    PGconn *conn = as_host();

    add_run(conn, "running");
    ck_assert_str_eq(sql_state(conn, "INSERT INTO dag_checkpoints (execution_id, node_id,"
                                     " tenant_id, status) VALUES ('r1', 'n', 'b', 'completed')"),
                     "23503");
    ck_assert_str_eq(sql_state(conn, "INSERT INTO attempt_logs (execution_id, node_id, attempt,"
                                     " tenant_id, at, level, text) VALUES ('r2', 'n', 1, 'a',"
                                     " now(), 'info', '')"),
                     "23503");
    PQfinish(conn);
}
END_TEST

static void says(PGconn *conn, const char *sql, const char *want)
{
    auto_mem char *text = sql_text(conn, sql);

    ck_assert_str_eq(text, want);
}

/* What somebody types is his host's to do, and the run's end all the same. */
START_TEST(a_status_that_is_edited_becomes_an_order_and_the_end_of_the_run)
{
    PGconn *conn = fixture_as("of_operator"), *host = as_host();

    add_run(host, "running");
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_executions SET status = 'completed'"), CHECKED);
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_executions SET status = 'pending'"), CHECKED);
    sql_run(conn, "UPDATE dag_executions SET status = 'cancelled'");
    sql_run(conn, "UPDATE dag_executions SET status = 'failed', error = 'as I say'");
    says(conn, "SELECT status || coalesce(error, '') FROM dag_executions", "running");
    says(conn, "SELECT string_agg(verb || (said::json ->> 'actor'), ' ') FROM run_orders",
         "canceldatabase:of_operator canceldatabase:of_operator");
    sql_run(host, "UPDATE dag_executions SET status = 'running'");
    sql_run(host, "UPDATE dag_executions SET status = 'completed', completed_at = now()");
    says(conn, "SELECT status || error FROM dag_executions", "failedas I say");
    says(conn,
         "SELECT string_agg(new_status || ' ' || ended_as, ', ' ORDER BY edit_no)"
         " FROM outside_edits WHERE said_by = 'of_operator' AND applied_at IS NOT NULL",
         "cancelled completed, failed completed");
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_executions SET status = 'running'"), CHECKED);
    ck_assert_str_eq(sql_state(conn, "DELETE FROM outside_edits"), "42501");
    sql_run(host, "UPDATE dag_executions SET status = 'running', completed_at = NULL");
    sql_run(host, "UPDATE dag_executions SET status = 'completed', completed_at = now()");
    says(conn, "SELECT status FROM dag_executions", "completed"); /* a word counts once */
    PQfinish(conn);
    PQfinish(host);
}
END_TEST

START_TEST(a_status_is_edited_and_a_completed_run_is_not_started_again)
{
    PGconn *conn = fixture_as("of_operator"), *host = as_host();

    add_run(host, "running");
    sql_run(host, "UPDATE dag_executions SET status = 'cancelled', completed_at = now()");
    sql_run(conn, "UPDATE dag_executions SET status = 'completed'");
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_executions SET status = 'running'"), REFUSED);
    ck_assert_str_eq(sql_state(host, "UPDATE dag_executions SET status = 'pending'"), REFUSED);
    sql_run(conn, "UPDATE dag_executions SET status = 'failed', error = 'Checkpoint corruption"
                  " detected - re-execution required'");
    sql_run(host, "UPDATE dag_executions SET status = 'running'");
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_executions SET status = 'done'"), CHECKED);
    PQfinish(conn);
    PQfinish(host);
}
END_TEST

#define DAG(version)                                                                               \
    "INSERT INTO dag_workflows (tenant_id, dag_id, version, version_key, name, definition, hash)"  \
    " VALUES ('a', 'd', '" version "', '', '', '{}', '')"

START_TEST(a_dag_version_is_immutable_and_pinned_by_its_runs)
{
    PGconn *conn = as_host();

    sql_run(conn, DAG("1"));
    sql_run(conn, DAG("2"));
    add_run(conn, "running");
    ck_assert_str_eq(sql_state(conn, "UPDATE dag_workflows SET definition = '[]'"), REFUSED);
    ck_assert_str_eq(sql_state(conn, "DELETE FROM dag_workflows WHERE version = '1'"), REFUSED);
    ck_assert_str_eq(sql_state(conn, "DELETE FROM dag_workflows WHERE version = '2'"), "");
    PQfinish(conn);
}
END_TEST

START_TEST(a_change_has_the_hosts_time_or_else_the_databases)
{
    PGconn *conn = as_host();

    sql_run(conn, DAG("1"));
    sql_run(conn, "UPDATE dag_workflows SET enabled = false, updated_at = '2020-01-01 00:00+00'");
    auto_mem char *own = sql_text(conn, "SELECT updated_at = '2020-01-01 00:00+00' FROM"
                                        " dag_workflows");
    sql_run(conn, "UPDATE dag_workflows SET enabled = true");
    auto_mem char *later = sql_text(conn, "SELECT updated_at > '2020-01-01 00:00+00' FROM"
                                          " dag_workflows");

    ck_assert_str_eq(own, "t");
    ck_assert_str_eq(later, "t");
    PQfinish(conn);
}
END_TEST

START_TEST(a_statement_that_is_stored_is_no_longer_due)
{
    PGconn *conn = as_host();

    add_run(conn, "failed");
    sql_run(conn, "UPDATE dag_executions SET statement_due = true");
    sql_run(conn, "INSERT INTO statements (execution_id, tenant_id, chain_hash, envelope,"
                  " created_at) VALUES ('r1', 'a', '', '', now())");
    auto_mem char *due = sql_text(conn, "SELECT statement_due FROM dag_executions");

    ck_assert_str_eq(due, "f");
    PQfinish(conn);
}
END_TEST

/* contract/greenlang.md 9: the five tables and their columns, by these names. */
START_TEST(the_contracts_columns_are_there)
{
    static const char *const columns[] = {
        "dag_workflows.dag_id name description version definition hash enabled max_parallel_nodes"
        " default_retry_policy default_timeout_policy on_failure created_at updated_at created_by"
        " tenant_id",
        "dag_executions.execution_id dag_id status input_data output_data topology_levels"
        " started_at completed_at error provenance_chain_hash deterministic_mode"
        " checkpoint_enabled total_nodes completed_nodes failed_nodes skipped_nodes tenant_id"
        " created_at",
        "node_traces.trace_id execution_id node_id status input_hash output_hash duration_ms"
        " attempt_count level_index error provenance_hash started_at completed_at tenant_id",
        "dag_checkpoints.checkpoint_id execution_id node_id status outputs output_hash"
        " attempt_count created_at tenant_id",
        "execution_provenance.provenance_id execution_id node_id input_hash output_hash"
        " duration_ms attempt_count parent_hashes chain_hash created_at tenant_id",
        "hourly_node_summaries.bucket execution_id node_count avg_duration_ms min_duration_ms"
        " max_duration_ms success_rate_percent total_retries timeout_count"};
    PGconn *conn = fixture_as("postgres");

    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        auto_mem char *sql = mem_printf(
            "SELECT string_agg(c, ' ') FROM unnest(string_to_array(split_part('%1$s', '.', 2),"
            " ' ')) AS c WHERE NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE"
            " table_schema = 'orchestrator' AND table_name = split_part('%1$s', '.', 1) AND"
            " column_name = c)",
            columns[i]);
        auto_mem char *missing = sql_text(conn, sql);

        ck_assert_msg(*missing == '\0', "%s: %s", columns[i], missing);
    }
    PQfinish(conn);
}
END_TEST

/* A tenant's question walks no other tenant's rows. What is left out is for the hosts' own work. */
START_TEST(every_index_of_tenants_rows_leads_with_the_tenant)
{
    PGconn *conn = fixture_as("postgres");
    auto_mem char *others = sql_text(
        conn,
        "SELECT string_agg(i.indexrelid::regclass::text, ' ' ORDER BY i.indexrelid::regclass::text"
        " COLLATE \"C\") FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid JOIN"
        " pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'tenant_id' WHERE"
        " t.relnamespace = 'orchestrator'::regnamespace AND NOT t.relispartition AND"
        " i.indkey[0] <> a.attnum");

    ck_assert_str_eq(
        others,
        "dag_executions_pkey idx_backfills_begin idx_dag_executions_free idx_dag_executions_opening"
        " idx_dag_executions_statement_due"
        " idx_idempotency_expires idx_node_traces_started idx_plugins_versions"
        " idx_revoked_tokens_expires idx_schedules_next ledger_heads_pkey "
        "outside_edits_pkey quotas_pkey revoked_tokens_pkey"
        " run_gates_pkey run_orders_pkey statements_pkey");
    PQfinish(conn);
}
END_TEST

TCase *schema_cases(void)
{
    TCase *c = tcase_create("schema");

    tcase_add_checked_fixture(c, fixture_migrated, NULL);
    tcase_add_test(c, an_event_follows_the_last_one_of_its_run);
    tcase_add_test(c, a_new_store_is_looked_at_by_its_keys);
    tcase_add_test(c, json_is_kept_as_it_is_given);
    tcase_add_test(c, a_time_is_kept_to_the_microsecond);
    tcase_add_test(c, names_are_in_the_order_of_their_code_points);
    tcase_add_test(c, what_a_run_has_is_of_its_tenant);
    tcase_add_test(c, a_status_that_is_edited_becomes_an_order_and_the_end_of_the_run);
    tcase_add_test(c, a_status_is_edited_and_a_completed_run_is_not_started_again);
    tcase_add_test(c, a_dag_version_is_immutable_and_pinned_by_its_runs);
    tcase_add_test(c, a_change_has_the_hosts_time_or_else_the_databases);
    tcase_add_test(c, a_statement_that_is_stored_is_no_longer_due);
    tcase_add_test(c, the_contracts_columns_are_there);
    tcase_add_test(c, every_index_of_tenants_rows_leads_with_the_tenant);
    tcase_set_timeout(c, 120);
    return c;
}
