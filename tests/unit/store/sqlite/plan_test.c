/* plan_test.c -- what a question costs: the index it walks, and nothing that grows with the table.
 */
#include "files.h"

#include "store/sqlite/read.h"

#include <string.h>

/* What a plan may do beside searching an index, and why it stays small. */
static const struct {
    enum query query;
    const char *step;
    const char *why;
} allowed_steps[] = {
    {Q_RUNS_OF_STATUSES, "USE TEMP B-TREE FOR ORDER BY", "the rows of one page"},
    {Q_RUNS_OF_DAG_AND_STATUSES, "USE TEMP B-TREE FOR ORDER BY", "the rows of one page"},
    {Q_RUNS_OF_STATUSES, "SCAN (subquery", "the walks that are merged, up to one page"},
    {Q_RUNS_OF_DAG_AND_STATUSES, "SCAN (subquery", "the same"},
    {Q_RUNS_OF_LANE, "USE TEMP B-TREE FOR ORDER BY", "the rows of one page"},
    {Q_RUNS_OF_LANE_AND_STATUSES, "USE TEMP B-TREE FOR ORDER BY", "the rows of one page"},
    {Q_RUNS_OF_LANE, "SCAN (subquery", "the walks that are merged, up to one page"},
    {Q_RUNS_OF_LANE_AND_STATUSES, "SCAN (subquery", "the same"},
    {Q_NODES, "USE TEMP B-TREE FOR ORDER BY", "one run's nodes, without their outputs"},
    {Q_RUN_DURATION, "SCAN (subquery", "STORE_STATS_RUNS_MAX runs"},
    {Q_NODE_DURATION, "SCAN ", "what STORE_STATS_RUNS_MAX runs executed"},
    {Q_NODE_DURATION, "USE TEMP B-TREE FOR ORDER BY", "the same"},
    {Q_SLOW_NODES, "SCAN ", "the same"},
    {Q_SLOW_NODES, "USE TEMP B-TREE FOR ", "the same"},
    {Q_DAG_HEADS_LIVE, "SCAN ids", "steps from DAG to DAG, as many as the page has"},
    {Q_DAG_HEADS_ENABLED, "SCAN ids", "the same"},
    {Q_DAG_HEADS_DISABLED, "SCAN ids", "the same"},
    {Q_DAG_HEADS_ANY, "SCAN ids", "the same"},
    {Q_DAG_COUNT, "SCAN ids", "steps from DAG to DAG, whatever their versions"},
    {Q_PLUGINS, "SCAN plugins", "as many rows as plugins are installed"},
    {Q_PLUGINS, "USE TEMP B-TREE FOR ", "the same"},
    {Q_IDENTITY, "SCAN store_identity", "a row each time that the store is bound: one"},
    {Q_RUNS_OF_HOST, "SCAN dag_executions USING INDEX idx_dag_executions_unfinished",
     "the runs that have not ended"},
    {Q_FIRINGS_QUEUED, "SCAN (subquery", "STORE_QUEUED_MAX of one schedule"},
    {Q_DEAD_DEPTHS, "SCAN dead_letters USING COVERING INDEX",
     "all letters, once a scrape, on a thread"},
    {Q_DEAD_TOTALS, "SCAN (subquery", "STORE_DEAD_COUNTED_MAX letters of the tenant"},
    {Q_DEAD_BY_LANE, "SCAN (subquery", "the same"},
    {Q_DEAD_BY_LANE, "USE TEMP B-TREE FOR ", "the same"},
    {Q_DEAD_BY_CLASS, "SCAN (subquery", "the same"},
    {Q_DEAD_BY_CLASS, "USE TEMP B-TREE FOR ", "the same"},
    {Q_DEAD_GROUPS, "SCAN (subquery", "the same"},
    {Q_DEAD_GROUPS, "USE TEMP B-TREE FOR ", "the same"},
    {Q_JOB_COUNTS, "SCAN (subquery", "STORE_JOBS_COUNTED_MAX tasks at most"},
    {Q_JOB_COUNTS, "USE TEMP B-TREE FOR ", "the same"},
    {Q_JOB_COUNTS_OF_LANE, "SCAN (subquery", "the same"},
    {Q_JOB_COUNTS_OF_LANE, "USE TEMP B-TREE FOR ", "the same"},
    {Q_GATES_HELD, "USE TEMP B-TREE FOR ", "as many as go on of a key"},
};

static bool step_allowed(enum query query, const char *step)
{
    for (size_t i = 0; i < ARRAY_LEN(allowed_steps); i++) {
        if (allowed_steps[i].query == query &&
            strncmp(step, allowed_steps[i].step, strlen(allowed_steps[i].step)) == 0)
            return true;
    }
    return false;
}

static sqlite3 *db(void)
{
    return sqlite_reader_of(fixture_reader)->db;
}

static sqlite3_stmt *prepared(enum query query)
{
    const struct statement s = {queries[query], query_rows[query]};
    sqlite3_stmt *stmt = NULL;
    struct err e = {0};

    ck_assert_msg(sqlite_db_prepare(db(), &s, &stmt, &e), "%s", e.msg);
    return stmt;
}

/* The steps of a plan that read a whole table, or sort in a temporary one, or search by nothing. */
static void slow_steps(enum query query, const char *sql, struct buf *ret)
{
    auto_mem char *explain = mem_printf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *stmt = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(db(), explain, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(stmt, 3);
        bool slow = strncmp(step, "SCAN ", 5) == 0 || strstr(step, "TEMP B-TREE") != NULL ||
                    (strncmp(step, "SEARCH ", 7) == 0 && strchr(step, '(') == NULL);

        if (slow && strcmp(step, "SCAN CONSTANT ROW") != 0 && !step_allowed(query, step))
            buf_addf(ret, "%s; ", step);
    }
    sqlite3_finalize(stmt);
}

START_TEST(no_question_scans_a_table_that_grows)
{
    for (int q = 0; q < QUERY_COUNT; q++) {
        auto_done(buf) steps = {0};

        sqlite3_stmt *stmt = prepared(q);

        slow_steps(q, sqlite3_sql(stmt), &steps);
        sqlite3_finalize(stmt);
        ck_assert_msg(steps.len == 0, "question %d: %s", q, buf_text(&steps));
    }
}
END_TEST

/* EXPLAIN QUERY PLAN tells nothing of triggers: what the chain's asks for is cut out of it. */
START_TEST(the_chain_of_a_runs_events_goes_on_from_an_index)
{
    static const char from[] = "coalesce((", upto[] = "), 0)", row[] = "NEW.run_id";
    sqlite3_stmt *stmt = NULL;
    auto_done(buf) ask = {0}, steps = {0};
    const char *at, *end;

    ck_assert_int_eq(sqlite3_prepare_v2(db(),
                                        "SELECT sql FROM sqlite_schema WHERE name ="
                                        " 'trg_run_events_chain'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    at = strstr((const char *)sqlite3_column_text(stmt, 0), from);
    ck_assert_ptr_nonnull(at);
    at += strlen(from);
    end = strstr(at, upto);
    ck_assert_ptr_nonnull(end);
    for (const char *next; (next = strstr(at, row)) != NULL && next < end;
         at = next + strlen(row)) {
        buf_add(&ask, at, (size_t)(next - at));
        buf_adds(&ask, "'r1'");
    }
    buf_add(&ask, at, (size_t)(end - at));
    sqlite3_finalize(stmt);
    slow_steps(QUERY_COUNT, buf_text(&ask), &steps);
    ck_assert_msg(steps.len == 0, "%s: %s", buf_text(&ask), buf_text(&steps));
}
END_TEST

#define TIMES(n) "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < " n ")"
/* Runs that ended, of one DAG; its versions; lines of another node. */
#define OLD_ROWS(n)                                                                                \
    TIMES(n)                                                                                       \
    " INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version, status,"           \
    " inputs_hash, trace_id, created_at, started_at)"                                              \
    " SELECT 'old' || n, '" SAMPLE_TENANT "', '" SAMPLE_DAG "', '1', 'completed', '', '', n, n"    \
    " FROM k;" TIMES(n) " INSERT INTO dag_workflows (tenant_id, dag_id, version, version_key,"     \
                        " name, hash, created_at, updated_at, definition) SELECT '" SAMPLE_TENANT  \
                        "', 'd', n, printf('%09d', n), 'd', '', 1, 1, '{}' FROM k;" TIMES(         \
                            n) " INSERT INTO attempt_logs (execution_id, node_id, attempt, "       \
                               "tenant_id, at, level,"                                             \
                               " text) SELECT 'r1', 'busy', 1, '" SAMPLE_TENANT                    \
                               "', 1, 'info', 'x' FROM k"

/* Steps of SQLite's machine since the last time it was asked. */
static int steps_taken(void)
{
    int steps = 0;

    for (int q = 0; q < QUERY_COUNT; q++) {
        sqlite3_stmt *stmt = sqlite_reader_of(fixture_reader)->stmts[q];

        steps += stmt == NULL ? 0 : sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return steps;
}

enum { LISTS = 9 };

/* Asks every list with a filter that finds few rows among many, and says what each cost. */
static void ask_lists(int ret_cost[LISTS])
{
    const struct store_page page = {.size = 10};
    const uint32_t open =
        1u << STORE_RUN_PENDING | 1u << STORE_RUN_RUNNING | 1u << STORE_RUN_PAUSED;
    const struct store_run_filter runs[] = {
        {.tenant = SAMPLE_TENANT, .statuses = open},
        {.tenant = SAMPLE_TENANT, .dag_id = SAMPLE_DAG, .statuses = open},
        {.tenant = SAMPLE_TENANT, .dag_id = "none"},
        {.tenant = SAMPLE_TENANT, .from_us = SAMPLE_TIME},
        {.tenant = SAMPLE_TENANT, .dag_id = SAMPLE_DAG, .from_us = SAMPLE_TIME},
    };
    const struct store_dag_filter dags[] = {
        {.tenant = SAMPLE_TENANT, .state = STORE_DAG_DISABLED},
        {.tenant = SAMPLE_TENANT, .heads = true},
    };
    const struct store_log_filter logs = {.tenant = SAMPLE_TENANT, .run_id = "r1", .node_id = "n1"};
    struct err e = {0};
    int64_t count;
    int at = 0;

    (void)steps_taken();
    for (size_t i = 0; i < ARRAY_LEN(runs); i++, ret_cost[at++] = steps_taken()) {
        auto_done(store_run_list) l = {0};

        ck_assert(store_read_runs(fixture_reader, &runs[i], page, &l, &e));
    }
    for (size_t i = 0; i < ARRAY_LEN(dags); i++, ret_cost[at++] = steps_taken()) {
        auto_done(store_dag_list) l = {0};

        ck_assert(store_read_dags(fixture_reader, &dags[i], page, &l, &e));
    }
    ck_assert(store_read_dag_count(fixture_reader, SAMPLE_TENANT, &count, &e));
    ret_cost[at++] = steps_taken();
    {
        auto_done(store_log_list) l = {0};

        ck_assert(store_read_logs(fixture_reader, &logs, 10, &l, &e));
    }
    ret_cost[at++] = steps_taken();
    ck_assert_int_eq(at, LISTS);
}

START_TEST(a_list_costs_what_it_finds_whatever_the_table_holds)
{
    int few[LISTS], many[LISTS];

    add_run("r1");
    ck_assert_int_eq(outside_sql(OLD_ROWS("5")), 0);
    ask_lists(few);
    ck_assert_int_eq(outside_sql("DELETE FROM dag_executions WHERE execution_id LIKE 'old%';"
                                 "DELETE FROM dag_workflows"),
                     0);
    ck_assert_int_eq(outside_sql(OLD_ROWS("5000")), 0);
    ask_lists(many);
    for (int i = 0; i < LISTS; i++)
        ck_assert_msg(many[i] <= few[i] + 50, "list %d: %d steps among 5, %d among 5000", i, few[i],
                      many[i]);
}
END_TEST

TCase *plan_cases(void)
{
    TCase *c = tcase_create("plan");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, no_question_scans_a_table_that_grows);
    tcase_add_test(c, the_chain_of_a_runs_events_goes_on_from_an_index);
    tcase_add_test(c, a_list_costs_what_it_finds_whatever_the_table_holds);
    tcase_set_timeout(c, 60);
    return c;
}
