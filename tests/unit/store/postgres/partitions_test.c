/* partitions_test.c -- months of runs are made ahead, filled, and dropped when nothing keeps them.
 */
#include "suites.h"

#include "base/mem.h"
#include "store/cluster_schema.h"

#include <stdlib.h>
#include <string.h>

#define PARENTS "node_attempts attempt_logs run_events"

/* A run, an attempt, a line and an event of it, by a host. */
static void add_run(PGconn *conn, const char *run_id, const char *status)
{
    auto_mem char *sql = mem_printf(
        "INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version, inputs_hash,"
        " trace_id, status) VALUES ('%1$s', 'a', 'd', '1', '', '', '%2$s');"
        "INSERT INTO node_attempts (execution_id, node_id, attempt, tenant_id, outcome)"
        " VALUES ('%1$s', 'n', 1, 'a', 'ok');"
        "INSERT INTO attempt_logs (execution_id, node_id, attempt, tenant_id, at, level, text)"
        " VALUES ('%1$s', 'n', 1, 'a', now(), 'info', '');"
        "INSERT INTO event_heads VALUES ('a', 1) ON CONFLICT (tenant_id) DO UPDATE"
        " SET last_seq = event_heads.last_seq + 1;"
        "INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, at, trace_id,"
        " payload, prev_hash, hash) SELECT last_seq, 'a', '%1$s', 1, 'd', '', '', now(), '', '{}',"
        " '', '' FROM event_heads WHERE tenant_id = 'a'",
        run_id, status);

    sql_run(conn, sql);
}

/* As if the host had run since the first of the month. */
static void make_month(PGconn *owner, const char *month)
{
    auto_mem char *sql =
        mem_printf("SELECT make_partition(p, '%s') FROM unnest(string_to_array('" PARENTS
                   "', ' ')) AS p",
                   month);

    sql_run(owner, sql);
}

static char *dropped(PGconn *conn, const char *table)
{
    auto_mem char *sql =
        mem_printf("SELECT string_agg(d, ' ') FROM drop_partitions('%s', now()) AS d", table);

    return sql_text(conn, sql);
}

static PGconn *as_host(void)
{
    PGconn *conn = fixture_as("of_app");

    sql_run(conn, "SET app.is_admin = 'true'");
    sql_run(conn, "SET application_name = 'orchestrator:here:writer'");
    return conn;
}

START_TEST(a_months_bounds_are_the_ids_of_its_runs)
{
    PGconn *conn = as_host();
    auto_mem char *from = sql_text(conn, "SELECT run_id_from('2026-11-29 13:00:00+00')");
    auto_mem char *zero = sql_text(conn, "SELECT run_id_from('1970-01-01 00:00:00+00')");

    ck_assert_str_eq(from, "01a22764-1480"); /* date -d ... +%s000, in hex */
    ck_assert_str_eq(zero, "00000000-0000");
    PQfinish(conn);
}
END_TEST

START_TEST(a_host_makes_months_ahead_and_no_table_else)
{
    PGconn *conn = as_host();
    auto_mem char *none = sql_text(conn, "SELECT make_partitions()");
    auto_mem char *more = sql_text(conn, "SELECT make_partitions(5)");

    ck_assert_str_eq(none, "0"); /* the migration made them */
    ck_assert_str_eq(more, "6"); /* two months of three tables */
    ck_assert_str_eq(sql_state(conn, "CREATE TABLE orchestrator.x (y integer)"), "42501");
    ck_assert_str_eq(sql_state(conn, "SELECT make_partition('run_events', now())"), "42501");
    ck_assert_str_eq(sql_state(conn, "SELECT drop_partitions('dag_executions', now())"), "22023");
    auto_mem char *admin = sql_text(conn, "SELECT current_setting('app.is_admin')");
    ck_assert_str_eq(admin, "true");
    PQfinish(conn);
}
END_TEST

START_TEST(a_runs_rows_are_in_the_month_of_its_start)
{
    PGconn *conn = as_host();
    auto_mem char *sql = NULL;
    auto_mem char *id = sql_text(conn, "SELECT run_id_from(now()) || '-7000-8000-000000000000'");
    auto_mem char *month = sql_text(conn, "SELECT to_char(now() AT TIME ZONE 'UTC', '_YYYYMM')");

    add_run(conn, id, "running");
    add_run(conn, "r1", "running"); /* no id of ours */
    sql = mem_printf("SELECT string_agg(at::text, ' ' ORDER BY at::text) FROM"
                     " (SELECT tableoid::regclass AS at FROM node_attempts UNION ALL"
                     " SELECT tableoid::regclass FROM attempt_logs UNION ALL"
                     " SELECT tableoid::regclass FROM run_events) AS x");
    auto_mem char *where = sql_text(conn, sql);
    auto_mem char *want =
        mem_printf("attempt_logs%1$s attempt_logs_other node_attempts%1$s node_attempts_other"
                   " run_events%1$s run_events_other",
                   month);

    ck_assert_str_eq(where, want);
    PQfinish(conn);
}
END_TEST

/* February 2020: 1580515200000 to 1583020800000. */
#define OLD_RUN "01700000-0000-7000-8000-000000000000"
#define END_RUN "UPDATE dag_executions SET status = 'completed'"
#define SIGN                                                                                       \
    "INSERT INTO ledger_heads (tenant_id, tree_size, last_seq, root_hash, envelope, created_at)"   \
    " VALUES ('a', 1, 1, '', '', now())"

START_TEST(what_is_of_an_unfinished_or_unsigned_run_is_never_dropped)
{
    static const char *const unfinished[] = {"pending", "running", "paused"};
    PGconn *owner = fixture_as("keeper"), *conn = as_host();

    make_month(owner, "2020-02-01 00:00+00");
    add_run(conn, OLD_RUN, "running");
    sql_run(conn, SIGN);
    for (size_t i = 0; i < ARRAY_LEN(unfinished); i++) {
        auto_mem char *set = mem_printf("UPDATE dag_executions SET status = '%s'", unfinished[i]);
        auto_mem char *none = NULL;

        sql_run(conn, set);
        none = dropped(conn, "attempt_logs");
        ck_assert_str_eq(none, "");
    }
    sql_run(conn, END_RUN ", statement_due = true");
    auto_mem char *unsigned_run = dropped(conn, "run_events");
    ck_assert_str_eq(unsigned_run, "");
    sql_run(conn, "UPDATE dag_executions SET statement_due = false");
    auto_mem char *logs = dropped(conn, "attempt_logs");
    auto_mem char *attempts = dropped(conn, "node_attempts");
    auto_mem char *events = dropped(conn, "run_events");
    ck_assert_str_eq(logs, "attempt_logs_202002");
    ck_assert_str_eq(attempts, "node_attempts_202002");
    ck_assert_str_eq(events, "run_events_202002");
    PQfinish(owner);
    PQfinish(conn);
}
END_TEST

START_TEST(an_event_under_no_signed_head_is_never_dropped)
{
    PGconn *owner = fixture_as("keeper"), *conn = as_host();

    make_month(owner, "2020-02-01 00:00+00");
    add_run(conn, OLD_RUN, "completed");
    auto_mem char *none = dropped(conn, "run_events");
    ck_assert_str_eq(none, "");
    sql_run(conn, SIGN);
    auto_mem char *events = dropped(conn, "run_events");
    ck_assert_str_eq(events, "run_events_202002");
    PQfinish(owner);
    PQfinish(conn);
}
END_TEST

START_TEST(neither_this_month_nor_one_ahead_is_dropped)
{
    PGconn *conn = as_host();
    auto_mem char *none =
        sql_text(conn, "SELECT string_agg(d, ' ') FROM drop_partitions('run_events',"
                       " '2100-01-01') AS d");

    ck_assert_str_eq(none, "");
    PQfinish(conn);
}
END_TEST

START_TEST(a_run_that_is_deleted_takes_its_rows_from_every_month)
{
    PGconn *owner = fixture_as("keeper"), *conn = as_host();

    make_month(owner, "2020-02-01 00:00+00");
    add_run(conn, OLD_RUN, "completed");
    sql_run(conn, "DELETE FROM dag_executions");
    auto_mem char *left = sql_text(conn, "SELECT (SELECT count(*) FROM node_attempts) + (SELECT"
                                         " count(*) FROM attempt_logs)");
    auto_mem char *events = sql_text(conn, "SELECT count(*) FROM run_events");
    ck_assert_str_eq(left, "0");
    ck_assert_str_eq(events, "1");
    PQfinish(owner);
    PQfinish(conn);
}
END_TEST

START_TEST(summaries_are_of_whole_hours_and_once)
{
    PGconn *conn = as_host();

    add_run(conn, "r1", "running");
    sql_run(conn, "INSERT INTO node_traces (execution_id, node_id, tenant_id, agent_id, status,"
                  " level_index, attempt_count, duration_ms, started_at) VALUES"
                  " ('r1', 'x', 'a', '', 'completed', 0, 1, 10, date_trunc('hour', now()"
                  " - interval '1 hour')),"
                  " ('r1', 'y', 'a', '', 'timed_out', 0, 3, 30, date_trunc('hour', now()"
                  " - interval '1 hour') + interval '59 min'),"
                  " ('r1', 'z', 'a', '', 'skipped', 0, 0, 0, NULL)");
    sql_run(conn, "SELECT refresh_hourly_node_summaries(now() - interval '3 hours', now())");
    sql_run(conn, "UPDATE node_traces SET duration_ms = 20 WHERE node_id = 'x'");
    sql_run(conn, "SELECT refresh_hourly_node_summaries(now() - interval '3 hours', now())");
    auto_mem char *row =
        sql_text(conn,
                 "SELECT string_agg(format('%s %s %s %s %s %s %s', node_count, avg_duration_ms,"
                 " min_duration_ms, max_duration_ms, success_rate_percent, total_retries,"
                 " timeout_count), ';') FROM hourly_node_summaries");

    ck_assert_str_eq(row, "2 25 20 30 50 2 1");
    PQfinish(conn);
}
END_TEST

TCase *partitions_cases(void)
{
    TCase *c = tcase_create("partitions");

    tcase_add_checked_fixture(c, fixture_migrated, NULL);
    tcase_add_test(c, a_months_bounds_are_the_ids_of_its_runs);
    tcase_add_test(c, a_host_makes_months_ahead_and_no_table_else);
    tcase_add_test(c, a_runs_rows_are_in_the_month_of_its_start);
    tcase_add_test(c, what_is_of_an_unfinished_or_unsigned_run_is_never_dropped);
    tcase_add_test(c, an_event_under_no_signed_head_is_never_dropped);
    tcase_add_test(c, neither_this_month_nor_one_ahead_is_dropped);
    tcase_add_test(c, a_run_that_is_deleted_takes_its_rows_from_every_month);
    tcase_add_test(c, summaries_are_of_whole_hours_and_once);
    tcase_set_timeout(c, 120);
    return c;
}
