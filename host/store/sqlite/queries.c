/* queries.c -- every question that a reader can ask, in one table. Parameter 1 of a row with
 * bodies (columns.c) says whether they are wanted; the last parameter of a list is its LIMIT. A
 * test holds that none of them scans a table. */
#include "store/sqlite/read.h"

/* What a list of runs is sorted by: the index is over the same expression. */
#define STARTED "coalesce(started_at, created_at)"
#define WINDOW STARTED " BETWEEN ?3 AND ?4 AND (" STARTED " < ?5 OR execution_id > ?6)"
#define RUNS(filter, limit)                                                                        \
    "SELECT {read} FROM dag_executions WHERE tenant_id = ?2" filter " AND " WINDOW                 \
    " ORDER BY " STARTED " DESC, execution_id LIMIT " limit
/* Runs of several states: the index of each state is walked in order and the walks are merged, so
 * that no run of another state is looked at. ?7: ",running,paused,". */
#define RUNS_OF(status, filter)                                                                    \
    "SELECT rowid AS place, " STARTED " AS started, execution_id AS id FROM dag_executions"        \
    " WHERE instr(?7, '," status ",') > 0 AND tenant_id = ?2 AND status = '" status "'" filter     \
    " AND " WINDOW
#define RUNS_OF_STATUSES(filter, limit)                                                                                                                                \
    "SELECT {read} FROM dag_executions WHERE rowid IN (SELECT place FROM (" RUNS_OF("pending", filter) " UNION ALL " RUNS_OF("running", filter) " UNION ALL " RUNS_OF( \
        "completed",                                                                                                                                                   \
        filter) " UNION ALL " RUNS_OF("failed",                                                                                                                        \
                                      filter) " UNION ALL " RUNS_OF("cancelled",                                                                                       \
                                                                    filter) " UNION ALL " RUNS_OF("paused",                                                            \
                                                                                                  filter) " ORDER BY started DESC, id LIMIT " limit                    \
                                                                                                          "))"                                                         \
                                                                                                          " ORDER BY " STARTED                                         \
                                                                                                          " DESC, execution_id"
#define RECENT_RUNS                                                                                \
    "SELECT execution_id, dag_id, started_at, completed_at FROM dag_executions"                    \
    " WHERE tenant_id = ?1 ORDER BY " STARTED " DESC, execution_id LIMIT ?2"
#define OF_RUN " WHERE execution_id = ?2 AND tenant_id = ?1"

/* The versions of a state (enum store_dag_state), from the index that holds no others: the planner
 * cannot tell which index is the small one. */
#define LIVE "dag_workflows INDEXED BY idx_dag_workflows_live WHERE deleted_at = 0"
#define ENABLED                                                                                    \
    "dag_workflows INDEXED BY idx_dag_workflows_enabled WHERE deleted_at = 0 AND enabled = 1"
#define DISABLED                                                                                   \
    "dag_workflows INDEXED BY idx_dag_workflows_disabled WHERE deleted_at = 0 AND enabled = 0"
#define ANY "dag_workflows INDEXED BY idx_dag_workflows_versions WHERE true"
#define DAGS(state)                                                                                \
    "SELECT {read} FROM " state " AND tenant_id = ?2 AND dag_id BETWEEN ?3 AND ?4"                 \
    " AND (dag_id > ?3 OR version_key < ?5) ORDER BY dag_id, version_key DESC LIMIT ?6"
/* Only the highest version of each: from id to id, whatever number of versions lies between. */
#define IDS(state, tenant, first, last)                                                            \
    "WITH RECURSIVE ids(id) AS (SELECT min(dag_id) FROM " state " AND tenant_id = " tenant         \
    " AND dag_id >= " first " AND dag_id <= " last                                                 \
    " UNION ALL SELECT (SELECT min(dag_id) FROM " state " AND tenant_id = " tenant                 \
    " AND dag_id > id AND dag_id <= " last ") FROM ids WHERE id IS NOT NULL)"
#define DAG_HEADS(state)                                                                           \
    IDS(state, "?2", "?3", "?4")                                                                   \
    " SELECT {read} FROM ids CROSS JOIN dag_workflows AS d ON d.rowid = (SELECT rowid FROM " state \
    " AND tenant_id = ?2 AND dag_id = ids.id ORDER BY version_key DESC LIMIT 1) LIMIT ?5"

const struct statement queries[QUERY_COUNT] = {
    [Q_RUN] = {"SELECT {read} FROM dag_executions WHERE tenant_id = ?2 AND execution_id = ?3",
               &row_run},
    [Q_RUNS] = {RUNS("", "?7"), &row_run},
    [Q_RUNS_OF_DAG] = {RUNS(" AND dag_id = ?7", "?8"), &row_run},
    [Q_RUNS_OF_STATUSES] = {RUNS_OF_STATUSES("", "?8"), &row_run},
    [Q_RUNS_OF_DAG_AND_STATUSES] = {RUNS_OF_STATUSES(" AND dag_id = ?8", "?9"), &row_run},
    [Q_RUN_BY_TOKEN] = {"SELECT {read} FROM dag_executions WHERE tenant_id = ?2 AND run_token = ?3"
                        " AND dag_id = ?4 AND inputs_hash = ?5",
                        &row_run},
    /* The few that have no statement: whatever else is asked of them is looked for in their rows.
     */
    [Q_RUNS_UNSIGNED] = {"SELECT {read} FROM dag_executions INDEXED BY idx_dag_executions_unsigned"
                         " WHERE statement_due = 1 AND tenant_id = ?2"
                         " AND (?7 = '' OR instr(?7, ',' || status || ',') > 0)"
                         " AND (?8 IS NULL OR dag_id = ?8)"
                         " AND (?9 = 0 OR statement_refused IS NOT NULL) AND " WINDOW
                         " ORDER BY " STARTED " DESC, execution_id LIMIT ?10",
                         &row_run},
    [Q_UNFINISHED] = {"SELECT {read} FROM dag_executions"
                      " WHERE status IN ('pending', 'running', 'paused')"
                      " AND created_at >= ?2 AND (created_at > ?2 OR execution_id > ?3)"
                      " ORDER BY created_at, execution_id LIMIT ?4",
                      &row_run},
    [Q_UNSIGNED] = {"SELECT {read} FROM dag_executions WHERE statement_due = 1"
                    " AND execution_id > ?2 ORDER BY execution_id LIMIT ?3",
                    &row_run},
    [Q_STATUS_COUNTS] = {"SELECT status, count(*) FROM dag_executions WHERE tenant_id = ?1"
                         " GROUP BY status",
                         NULL},
    [Q_RUN_DURATION] = {"SELECT avg(completed_at - started_at) / 1000.0 FROM (" RECENT_RUNS
                        ") WHERE completed_at IS NOT NULL AND started_at IS NOT NULL",
                        NULL},
    [Q_NODE_DURATION] = {"SELECT min(ms) FROM (SELECT t.duration_ms AS ms,"
                         " cume_dist() OVER (ORDER BY t.duration_ms) AS share"
                         " FROM (" RECENT_RUNS ") AS r JOIN node_traces AS t USING (execution_id)"
                         " WHERE t.completed_at IS NOT NULL) WHERE share >= 0.99",
                         NULL},
    [Q_SLOW_NODES] = {"SELECT dag_id, node_id, count(*) AS count, avg(ms) AS avg_ms,"
                      " min(ms) FILTER (WHERE share >= 0.99) AS p99_ms"
                      " FROM (SELECT r.dag_id, t.node_id, t.duration_ms AS ms,"
                      " cume_dist() OVER (PARTITION BY r.dag_id, t.node_id"
                      " ORDER BY t.duration_ms) AS share"
                      " FROM (" RECENT_RUNS ") AS r JOIN node_traces AS t USING (execution_id)"
                      " WHERE t.completed_at IS NOT NULL)"
                      " GROUP BY dag_id, node_id ORDER BY avg_ms DESC, dag_id, node_id LIMIT 10",
                      &row_slow_node},
    /* The inner question sorts small rows, the outer one reads only those of the page. */
    [Q_NODES] = {"SELECT {read} FROM node_traces WHERE rowid IN (SELECT rowid FROM node_traces"
                 " WHERE execution_id = ?3 AND tenant_id = ?2"
                 " AND (level_index, node_id) > (?4, ?5) ORDER BY level_index, node_id LIMIT ?6)"
                 " ORDER BY level_index, node_id",
                 &row_node},
    [Q_NODE] = {"SELECT {read} FROM node_traces WHERE execution_id = ?3 AND tenant_id = ?2"
                " AND node_id = ?4",
                &row_node},
    [Q_ATTEMPTS] = {"SELECT {read} FROM node_attempts" OF_RUN
                    " AND (node_id, compensation, attempt) > (?3, ?4, ?5)"
                    " ORDER BY node_id, compensation, attempt LIMIT ?6",
                    &row_attempt},
    [Q_ATTEMPTS_OF_NODE] = {"SELECT {read} FROM node_attempts" OF_RUN
                            " AND node_id = ?3 AND (compensation, attempt) > (?4, ?5)"
                            " ORDER BY compensation, attempt LIMIT ?6",
                            &row_attempt},
    [Q_CHECKPOINTS] = {"SELECT {read} FROM dag_checkpoints" OF_RUN
                       " AND node_id > ?3 ORDER BY node_id LIMIT ?4",
                       &row_checkpoint},
    [Q_PROVENANCE] = {"SELECT {read} FROM execution_provenance" OF_RUN
                      " AND node_id > ?3 ORDER BY node_id LIMIT ?4",
                      &row_provenance},
    [Q_LOGS] = {"SELECT {read} FROM attempt_logs" OF_RUN " AND id > ?3"
                " AND (?4 = 0 OR attempt = ?4) ORDER BY id LIMIT ?5",
                &row_log},
    [Q_LOGS_OF_NODE] = {"SELECT {read} FROM attempt_logs" OF_RUN " AND node_id = ?5 AND id > ?3"
                        " AND (?4 = 0 OR attempt = ?4) ORDER BY id LIMIT ?6",
                        &row_log},
    [Q_EVENTS] = {"SELECT {read} FROM run_events WHERE seq > ?2 AND seq <= ?3"
                  " AND (?1 IS NULL OR tenant_id = ?1) AND (?4 IS NULL OR dag_id = ?4)"
                  " AND (?5 IS NULL OR status = ?5) ORDER BY seq LIMIT ?6",
                  &row_event},
    [Q_EVENTS_OF_RUN] = {"SELECT {read} FROM run_events WHERE run_id = ?7 AND seq > ?2"
                         " AND seq <= ?3 AND (?1 IS NULL OR tenant_id = ?1)"
                         " AND (?4 IS NULL OR dag_id = ?4) AND (?5 IS NULL OR status = ?5)"
                         " ORDER BY seq LIMIT ?6",
                         &row_event},
    [Q_LAST_EVENT] = {"SELECT {read} FROM run_events WHERE run_id = ?2 AND tenant_id = ?1"
                      " ORDER BY seq DESC LIMIT 1",
                      &row_event},
    [Q_EVENT_OLDEST] = {"SELECT min(seq) FROM run_events", NULL},
    [Q_EVENT_NEWEST] = {"SELECT max(seq) FROM run_events", NULL},
    [Q_LEAVES] = {"SELECT {read} FROM run_events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"
                  " LIMIT ?3",
                  &row_leaf},
    [Q_STATEMENT] = {"SELECT {read} FROM statements" OF_RUN " ORDER BY id DESC LIMIT 1",
                     &row_statement},
    [Q_LEDGER_HEAD] = {"SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                       " ORDER BY tree_size DESC LIMIT 1",
                       &row_ledger_head},
    [Q_LEDGER_HEAD_BEFORE] = {"SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                              " AND created_at < ?2 ORDER BY created_at DESC LIMIT 1",
                              &row_ledger_head},
    [Q_LEDGER_HEAD_FROM] = {"SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                            " AND created_at >= ?2 ORDER BY created_at LIMIT 1",
                            &row_ledger_head},
    [Q_LEDGER_SEALED] = {"SELECT max(last_seq) FROM ledger_heads", NULL},
    [Q_DAGS_LIVE] = {DAGS(LIVE), &row_dag},
    [Q_DAGS_ENABLED] = {DAGS(ENABLED), &row_dag},
    [Q_DAGS_DISABLED] = {DAGS(DISABLED), &row_dag},
    [Q_DAGS_ANY] = {DAGS(ANY), &row_dag},
    [Q_DAG_HEADS_LIVE] = {DAG_HEADS(LIVE), &row_dag},
    [Q_DAG_HEADS_ENABLED] = {DAG_HEADS(ENABLED), &row_dag},
    [Q_DAG_HEADS_DISABLED] = {DAG_HEADS(DISABLED), &row_dag},
    [Q_DAG_HEADS_ANY] = {DAG_HEADS(ANY), &row_dag},
    [Q_DAG_COUNT] = {IDS(LIVE, "?1", "''", "?2") " SELECT count(id) FROM ids", NULL},
    [Q_DAG] = {"SELECT {read} FROM dag_workflows WHERE tenant_id = ?2 AND dag_id = ?3"
               " AND version = ?4",
               &row_dag},
    [Q_SECRETS] = {"SELECT {read} FROM secrets AS s WHERE tenant_id = ?2 AND name > ?3"
                   " AND NOT EXISTS (SELECT 1 FROM secrets AS h WHERE h.tenant_id = s.tenant_id"
                   " AND h.name = s.name AND h.version > s.version) ORDER BY name LIMIT ?4",
                   &row_secret},
    [Q_SECRET] = {"SELECT {read} FROM secrets WHERE tenant_id = ?2 AND name = ?3"
                  " AND (?4 = 0 OR version = ?4) ORDER BY version DESC LIMIT 1",
                  &row_secret},
    [Q_PLUGINS] = {"SELECT {read} FROM plugins WHERE (?1 IS NULL OR tenant_id IN ('', ?1))"
                   " AND (plugin_id > ?2 OR (plugin_id = ?2 AND version_key < ?3)"
                   " OR (plugin_id = ?2 AND version_key = ?3 AND tenant_id > ?4))"
                   " ORDER BY plugin_id, version_key DESC, tenant_id LIMIT ?5",
                   &row_plugin},
    [Q_IDEMPOTENCY] = {"SELECT {read} FROM idempotency WHERE tenant_id = ?1 AND key = ?2"
                       " AND path = ?3 AND expires_at > ?4",
                       &row_idempotency},
    [Q_REVOKED_TOKENS] = {"SELECT {read} FROM revoked_tokens WHERE token_id > ?2"
                          " AND expires_at > ?1 ORDER BY token_id LIMIT ?3",
                          &row_revoked_token},
    [Q_IDENTITY] = {"SELECT {read} FROM store_identity ORDER BY n DESC LIMIT 1", &row_identity},
    [Q_TENANTS] = {"SELECT {read} FROM tenants WHERE tenant_id > ?1 ORDER BY tenant_id LIMIT ?2",
                   &row_tenant},
};
