/* queries.c -- every question that a reader can ask, in one table. Parameter 1 of a row with
 * bodies (columns.c) says whether they are wanted; the last parameter of a list is its LIMIT. A
 * test holds that none of them scans a table. */
#include "store/sqlite/ledgers.h"
#include "store/sqlite/read.h"
#include "store/sqlite/writes.h"

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
#define EACH_STATUS(filter)                                                                                 \
    RUNS_OF("pending", filter)                                                                              \
    " UNION ALL " RUNS_OF("running", filter) " UNION ALL " RUNS_OF(                                         \
        "completed",                                                                                        \
        filter) " UNION ALL " RUNS_OF("failed",                                                             \
                                      filter) " UNION ALL " RUNS_OF("cancelled",                            \
                                                                    filter) " UNION ALL " RUNS_OF("paused", \
                                                                                                  filter)
#define MERGED(walks, limit)                                                                       \
    "SELECT {read} FROM dag_executions WHERE rowid IN (SELECT place FROM (" walks                  \
    " ORDER BY started DESC, id LIMIT " limit ")) ORDER BY " STARTED " DESC, execution_id"
#define RUNS_OF_STATUSES(filter, limit) MERGED(EACH_STATUS(filter), limit)
/* Tasks of a lane: runs of the lane's own DAG, and those that say the lane. */
#define WALK(filter)                                                                               \
    "SELECT rowid AS place, " STARTED " AS started, execution_id AS id FROM dag_executions"        \
    " WHERE tenant_id = ?2" filter " AND " WINDOW
#define UNFINISHED                                                                                 \
    "SELECT {read} FROM dag_executions WHERE " GOES_ON                                             \
    " AND created_at >= ?2 AND (created_at > ?2 OR execution_id > ?3) AND "
#define JOBS(filter)                                                                               \
    "SELECT status FROM dag_executions WHERE tenant_id = ?1" filter " ORDER BY " STARTED           \
    " DESC, execution_id LIMIT ?4"
#define OLDEST_FIRST " ORDER BY created_at, execution_id LIMIT "
#define RECENT_RUNS                                                                                \
    "SELECT run_no, dag_id, started_at, completed_at FROM dag_executions"                          \
    " WHERE tenant_id = ?1 ORDER BY " STARTED " DESC, execution_id LIMIT ?2"
/* The index has the start of the id alone. Without the plus SQLite would put the parameter for the
 * column in both terms and know no index for the first. */
#define EVENTS_OF(run) " WHERE substr(run_id, 1, 18) = substr(" run ", 1, 18) AND +run_id = " run
/* A ledger's events stand together (ledgers.h). */
#define OF_LEDGER(after, upto)                                                                     \
    " WHERE event_no > (SELECT ledger_no << 40 FROM ledgers WHERE tenant_id = ?1) + " after        \
    " AND event_no <= (SELECT ledger_no << 40 FROM ledgers WHERE tenant_id = ?1) + " upto          \
    " AND tenant_id = ?1"
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

/* Of the tenant; parameter 2 bounds what is looked at. */
#define YOUNGEST_LETTERS                                                                           \
    "SELECT * FROM dead_letters WHERE tenant_id = ?1 ORDER BY dead_letter_id DESC LIMIT ?2"
#define SAMPLE(n) " max(dead_letter_id || ' ' || task_id) FILTER (WHERE nth = " n ") AS sample_" n

const char *const queries[QUERY_COUNT] = {
    [Q_RUN] = "SELECT {read} FROM dag_executions WHERE tenant_id = ?2 AND execution_id = ?3",
    [Q_RUNS] = RUNS("", "?7"),
    [Q_RUNS_OF_DAG] = RUNS(" AND dag_id = ?7", "?8"),
    [Q_RUNS_OF_STATUSES] = RUNS_OF_STATUSES("", "?8"),
    [Q_RUNS_OF_DAG_AND_STATUSES] = RUNS_OF_STATUSES(" AND dag_id = ?8", "?9"),
    [Q_RUNS_OF_LANE] =
        MERGED(WALK(" AND dag_id = ?7") " UNION ALL " WALK(" AND task_lane = ?8"), "?9"),
    [Q_RUNS_OF_LANE_AND_STATUSES] =
        MERGED(EACH_STATUS(" AND dag_id = ?8") " UNION ALL " WALK(
                   " AND instr(?7, ',' || status || ',') > 0 AND task_lane = ?9"),
               "?10"),
    [Q_RUN_BY_TOKEN] = "SELECT {read} FROM dag_executions WHERE tenant_id = ?2 AND run_token = ?3"
                       " AND dag_id = ?4 AND inputs_hash = ?5",
    [Q_TASK] = "SELECT {read} FROM dag_executions WHERE tenant_id = ?2 AND run_token = ?3"
               " AND task_priority > 0",
    /* The few that have no statement: whatever else is asked of them is looked for in their rows.
     */
    [Q_RUNS_UNSIGNED] = "SELECT {read} FROM dag_executions INDEXED BY idx_dag_executions_unsigned"
                        " WHERE statement_due = 1 AND tenant_id = ?2"
                        " AND (?7 = '' OR instr(?7, ',' || status || ',') > 0)"
                        " AND (?8 IS NULL OR dag_id = ?8)"
                        " AND (?9 = 0 OR statement_refused IS NOT NULL) AND " WINDOW
                        " ORDER BY " STARTED " DESC, execution_id LIMIT ?10",
    [Q_UNFINISHED] = UNFINISHED "lease_owner = ?4 AND lease_epoch = ?5" OLDEST_FIRST "?6",
    [Q_FREE_RUNS] = UNFINISHED "NOT " WHO_HAS_IT_LIVES("dag_executions") OLDEST_FIRST "?4",
    [Q_ORDERS] = "SELECT {read} FROM run_orders AS o WHERE order_no > ?1 AND EXISTS"
                 " (SELECT 1 FROM dag_executions AS e WHERE e.execution_id = o.execution_id"
                 " AND e.tenant_id = o.tenant_id AND e.completed_at IS NULL AND " GOES_ON
                 " AND e.lease_owner = ?2 AND e.lease_epoch = ?3) ORDER BY order_no LIMIT ?4",
    [Q_JOBS] = "SELECT job, lease_owner, lease_epoch, NOT " WHO_HAS_IT_LIVES(
        "job_leases") " AS is_free FROM job_leases WHERE job > ?1 ORDER BY job LIMIT ?2",
    /* The one that is open; that somebody asks is its sign of life. */
    [Q_HOSTS] = "SELECT host_id, lease_epoch AS epoch, true AS alive, false AS ended, started_at,"
                " CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) AS heartbeat_at,"
                " 0 AS silent,"
                " version, address, coalesce(agents, json_object()) AS agents FROM store_fence "
                "WHERE id = 1 AND host_id > ?1 LIMIT ?2",
    [Q_RUNS_OF_HOST] = "SELECT count(*) FROM dag_executions WHERE " GOES_ON
                       " AND lease_owner = ?1 AND lease_epoch = ?2",
    [Q_UNSIGNED] = "SELECT {read} FROM dag_executions WHERE statement_due = 1"
                   " AND execution_id > ?2 AND NOT " WHO_HAS_IT_LIVES(
                       "dag_executions") " ORDER BY execution_id LIMIT ?3",
    [Q_STATUS_COUNTS] = "SELECT status, count(*) AS count FROM dag_executions WHERE tenant_id = ?1"
                        " GROUP BY status",
    [Q_RUN_DURATION] = "SELECT avg(completed_at - started_at) / 1000.0 FROM (" RECENT_RUNS
                       ") WHERE completed_at IS NOT NULL AND started_at IS NOT NULL",
    [Q_NODE_DURATION] = "SELECT min(ms) FROM (SELECT t.duration_ms AS ms,"
                        " cume_dist() OVER (ORDER BY t.duration_ms) AS share"
                        " FROM (" RECENT_RUNS ") AS r JOIN nodes AS t USING (run_no)"
                        " WHERE t.completed_at IS NOT NULL) WHERE share >= 0.99",
    [Q_SLOW_NODES] = "SELECT dag_id, node_id, count(*) AS count, avg(ms) AS avg_ms,"
                     " min(ms) FILTER (WHERE share >= 0.99) AS p99_ms"
                     " FROM (SELECT r.dag_id, t.node_id, t.duration_ms AS ms,"
                     " cume_dist() OVER (PARTITION BY r.dag_id, t.node_id"
                     " ORDER BY t.duration_ms) AS share"
                     " FROM (" RECENT_RUNS ") AS r JOIN nodes AS t USING (run_no)"
                     " WHERE t.completed_at IS NOT NULL)"
                     " GROUP BY dag_id, node_id ORDER BY avg_ms DESC, dag_id, node_id LIMIT 10",
    /* The inner question sorts small rows, the outer one reads only those of the page. */
    [Q_NODES] = "SELECT {read} FROM node_traces WHERE execution_id = ?3 AND node_no IN"
                " (SELECT node_no FROM node_traces WHERE execution_id = ?3 AND tenant_id = ?2"
                " AND (level_index, node_id) > (?4, ?5) ORDER BY level_index, node_id LIMIT ?6)"
                " ORDER BY level_index, node_id",
    [Q_NODE] = "SELECT {read} FROM node_traces WHERE execution_id = ?3 AND tenant_id = ?2"
               " AND node_id = ?4",
    /* record_no is in the order of (compensation, attempt). */
    [Q_ATTEMPTS] = "SELECT {read} FROM node_attempts" OF_RUN
                   " AND node_id >= ?3 AND (node_id > ?3 OR (compensation, attempt) > (?4, ?5))"
                   " ORDER BY node_id, record_no LIMIT ?6",
    [Q_ATTEMPTS_OF_NODE] = "SELECT {read} FROM node_attempts" OF_RUN
                           " AND node_id = ?3 AND (compensation, attempt) > (?4, ?5)"
                           " ORDER BY record_no LIMIT ?6",
    [Q_CHECKPOINTS] =
        "SELECT {read} FROM dag_checkpoints" OF_RUN " AND node_id > ?3 ORDER BY node_id LIMIT ?4",
    [Q_PROVENANCE] = "SELECT {read} FROM execution_provenance" OF_RUN
                     " AND node_id > ?3 ORDER BY node_id LIMIT ?4",
    [Q_LOGS] = "SELECT {read} FROM attempt_logs" OF_RUN " AND id > ?3"
               " AND (?4 = 0 OR attempt = ?4) ORDER BY id LIMIT ?5",
    [Q_LOGS_OF_NODE] = "SELECT {read} FROM attempt_logs" OF_RUN " AND node_id = ?5 AND id > ?3"
                       " AND (?4 = 0 OR attempt = ?4) ORDER BY id LIMIT ?6",
    [Q_EVENTS] = "SELECT {read} FROM run_events" OF_LEDGER(
        "?2", "?3") " AND (?4 IS NULL OR dag_id = ?4)"
                    " AND (?5 IS NULL OR status = ?5) ORDER BY event_no LIMIT ?6",
    [Q_EVENTS_OF_RUN] = "SELECT {read} FROM run_events" EVENTS_OF(
        "?7") " AND seq > ?2"
              " AND seq <= ?3 AND tenant_id = ?1"
              " AND (?4 IS NULL OR dag_id = ?4) AND (?5 IS NULL OR status = ?5)"
              " ORDER BY event_no LIMIT ?6",
    [Q_LAST_EVENT] = "SELECT {read} FROM run_events" EVENTS_OF(
        "?2") " AND tenant_id = ?1 ORDER BY event_no DESC LIMIT 1",
    [Q_EVENT_OLDEST] =
        "SELECT min(event_no) & " LEDGER_SEQ_MAX " FROM run_events" OF_LEDGER("0", LEDGER_SEQ_MAX),
    [Q_EVENT_NEWEST] = "SELECT (SELECT " LEDGER_NEWEST " FROM ledgers WHERE tenant_id = ?1)",
    [Q_LEDGERS] =
        "SELECT tenant_id, " LEDGER_NEWEST_EVENT " AS newest,"
        " coalesce((SELECT last_seq FROM ledger_heads AS h WHERE h.tenant_id = l.tenant_id"
        " ORDER BY tree_size DESC LIMIT 1), 0) AS sealed"
        " FROM ledgers AS l WHERE tenant_id > ?1 ORDER BY tenant_id LIMIT ?2",
    [Q_LEAVES] = "SELECT {read} FROM run_events" OF_LEDGER("?2", "?3") " ORDER BY event_no"
                                                                       " LIMIT ?4",
    [Q_STATEMENT] = "SELECT {read} FROM statements" OF_RUN " ORDER BY id DESC LIMIT 1",
    [Q_LEDGER_HEAD] = "SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                      " ORDER BY tree_size DESC LIMIT 1",
    [Q_LEDGER_HEAD_BEFORE] = "SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                             " AND created_at < ?2 ORDER BY created_at DESC LIMIT 1",
    [Q_LEDGER_HEAD_FROM] = "SELECT {read} FROM ledger_heads WHERE tenant_id = ?1"
                           " AND created_at >= ?2 ORDER BY created_at LIMIT 1",
    [Q_DAGS_LIVE] = DAGS(LIVE),
    [Q_DAGS_ENABLED] = DAGS(ENABLED),
    [Q_DAGS_DISABLED] = DAGS(DISABLED),
    [Q_DAGS_ANY] = DAGS(ANY),
    [Q_DAG_HEADS_LIVE] = DAG_HEADS(LIVE),
    [Q_DAG_HEADS_ENABLED] = DAG_HEADS(ENABLED),
    [Q_DAG_HEADS_DISABLED] = DAG_HEADS(DISABLED),
    [Q_DAG_HEADS_ANY] = DAG_HEADS(ANY),
    [Q_DAG_COUNT] = IDS(LIVE, "?1", "''", "?2") " SELECT count(id) FROM ids",
    [Q_DAG] = "SELECT {read} FROM dag_workflows WHERE tenant_id = ?2 AND dag_id = ?3"
              " AND version = ?4",
    [Q_SECRETS] = "SELECT {read} FROM secrets AS s WHERE tenant_id = ?2 AND name > ?3"
                  " AND NOT EXISTS (SELECT 1 FROM secrets AS h WHERE h.tenant_id = s.tenant_id"
                  " AND h.name = s.name AND h.version > s.version) ORDER BY name LIMIT ?4",
    [Q_SECRET] = "SELECT {read} FROM secrets WHERE tenant_id = ?2 AND name = ?3"
                 " AND (?4 = 0 OR version = ?4) ORDER BY version DESC LIMIT 1",
    [Q_PLUGINS] = "SELECT {read} FROM plugins WHERE (?1 IS NULL OR tenant_id IN ('', ?1))"
                  " AND (plugin_id > ?2 OR (plugin_id = ?2 AND version_key < ?3)"
                  " OR (plugin_id = ?2 AND version_key = ?3 AND tenant_id > ?4))"
                  " ORDER BY plugin_id, version_key DESC, tenant_id LIMIT ?5",
    [Q_BUNDLES] = "SELECT {read} FROM plugin_bundles WHERE tenant_id = ''"
                  " AND (plugin_id, version, key_id) > (?1, ?2, ?3)"
                  " ORDER BY plugin_id, version, key_id LIMIT ?4",
    [Q_BUNDLE_PART] = "SELECT {read} FROM plugin_bundle_parts WHERE tenant_id = ''"
                      " AND bundle_hash = ?1 AND part = ?2",
    [Q_IDEMPOTENCY] = "SELECT {read} FROM idempotency WHERE tenant_id = ?1 AND key = ?2"
                      " AND path = ?3 AND expires_at > ?4",
    [Q_REVOKED_TOKENS] = "SELECT {read} FROM revoked_tokens WHERE token_id > ?2"
                         " AND expires_at > ?1 ORDER BY token_id LIMIT ?3",
    [Q_IDENTITY] = "SELECT {read} FROM store_identity ORDER BY n DESC LIMIT 1",
    [Q_TENANTS] = "SELECT {read} FROM tenants WHERE tenant_id > ?1 ORDER BY tenant_id LIMIT ?2",
    [Q_SCHEDULES] = "SELECT {read} FROM schedules WHERE tenant_id = ?1 AND schedule_id > ?2"
                    " ORDER BY schedule_id LIMIT ?3",
    [Q_SCHEDULES_OF_DAG] = "SELECT {read} FROM schedules WHERE tenant_id = ?1 AND dag_id = ?2"
                           " AND schedule_id > ?3 ORDER BY dag_id, schedule_id LIMIT ?4",
    [Q_SCHEDULE] = "SELECT {read} FROM schedules WHERE tenant_id = ?1 AND schedule_id = ?2",
    [Q_SCHEDULES_NEXT] =
        "SELECT {read} FROM schedules INDEXED BY idx_schedules_next WHERE paused = 0"
        " AND next_fire_at < ?1 ORDER BY next_fire_at LIMIT ?2",
    [Q_FIRINGS] = "SELECT {read} FROM schedule_firings WHERE tenant_id = ?1"
                  " AND schedule_id = ?2 AND due_at < ?3 ORDER BY due_at DESC LIMIT ?4",
    [Q_FIRING] = "SELECT {read} FROM schedule_firings WHERE tenant_id = ?1"
                 " AND schedule_id = ?2 AND due_at = ?3",
    [Q_SCHEDULES_QUEUED] =
        "SELECT {read} FROM schedules AS s WHERE (tenant_id, schedule_id) IN"
        " (SELECT tenant_id, schedule_id FROM schedule_firings INDEXED BY idx_firings_queued"
        " WHERE outcome = 'queued' AND tenant_id >= '') AND paused = 0 AND NOT EXISTS"
        " (SELECT 1 FROM dag_executions AS r WHERE r.execution_id = s.last_run_id"
        " AND r.completed_at IS NULL) LIMIT ?1",
    [Q_FIRING_QUEUED] = "SELECT {read} FROM schedule_firings INDEXED BY idx_firings_queued"
                        " WHERE tenant_id = ?1 AND schedule_id = ?2 AND outcome = 'queued'"
                        " ORDER BY due_at LIMIT 1",
    [Q_FIRINGS_QUEUED] = "SELECT count(*) FROM (SELECT 1 FROM schedule_firings INDEXED BY"
                         " idx_firings_queued WHERE tenant_id = ?1 AND schedule_id = ?2"
                         " AND outcome = 'queued' LIMIT ?3)",
    [Q_FIRINGS_WAIT] = "SELECT EXISTS (SELECT 1 FROM schedule_firings INDEXED BY"
                       " idx_firings_queued WHERE outcome = 'queued' AND tenant_id >= '')",
    [Q_BACKFILLS] = "SELECT {read} FROM backfills INDEXED BY idx_backfills_schedule"
                    " WHERE tenant_id = ?1 AND schedule_id = ?2 AND backfill_id < ?3"
                    " ORDER BY backfill_id DESC LIMIT ?4",
    [Q_BACKFILL] = "SELECT {read} FROM backfills WHERE tenant_id = ?1 AND backfill_id = ?2",
    [Q_BACKFILLS_BEGIN] =
        "SELECT {read} FROM backfills AS b INDEXED BY idx_backfills_begin"
        " WHERE next_due_at IS NOT NULL AND status IN ('pending', 'running') AND updated_at >= 0"
        " AND (SELECT count(*) FROM backfill_runs AS r WHERE r.tenant_id = b.tenant_id"
        " AND r.backfill_id = b.backfill_id) < max_parallel ORDER BY updated_at LIMIT ?1",
    [Q_BACKFILL_RUNS] = "SELECT count(*) FROM backfill_runs WHERE tenant_id = ?1"
                        " AND backfill_id = ?2",
    [Q_BACKFILL_RUNS_OVER] =
        "SELECT {read} FROM backfill_runs AS b WHERE tenant_id >= '' AND NOT EXISTS"
        " (SELECT 1 FROM dag_executions AS e WHERE e.execution_id = b.run_id"
        " AND e.completed_at IS NULL) LIMIT ?1",
    [Q_BACKFILLS_WAIT] =
        "SELECT EXISTS (SELECT 1 FROM backfill_runs WHERE tenant_id >= '') OR EXISTS"
        " (SELECT 1 FROM backfills INDEXED BY idx_backfills_begin WHERE next_due_at IS NOT NULL"
        " AND status IN ('pending', 'running') AND updated_at >= 0)",
    [Q_LANES] = "SELECT {read} FROM lanes WHERE lane_name > ?1 ORDER BY lane_name LIMIT ?2",
    [Q_LANE] = "SELECT {read} FROM lanes WHERE lane_name = ?1",
    [Q_LANE_VERSIONS] = "SELECT {read} FROM lane_versions WHERE lane_name = ?1 AND version < ?2"
                        " ORDER BY version DESC LIMIT ?3",
    [Q_DEAD_LETTERS] =
        "SELECT {read} FROM dead_letters WHERE tenant_id = ?1 AND dead_letter_id < ?2"
        " AND (?3 IS NULL OR lane = ?3) AND (?4 IS NULL OR error_class = ?4)"
        " ORDER BY dead_letter_id DESC LIMIT ?5",
    [Q_DEAD_LETTERS_ALIKE] =
        "SELECT {read} FROM dead_letters WHERE tenant_id = ?1 AND dead_letter_id < ?2"
        " AND (?3 IS NULL OR lane = ?3) AND (?4 IS NULL OR error_class = ?4)"
        " AND fingerprint = ?5 ORDER BY dead_letter_id DESC LIMIT ?6",
    [Q_DEAD_LETTER] = "SELECT {read} FROM dead_letters WHERE tenant_id = ?1"
                      " AND dead_letter_id = ?2",
    [Q_DEAD_SNAPSHOT] = "SELECT {read} FROM dead_letter_snapshots WHERE tenant_id = ?1"
                        " AND snapshot_id = ?2",
    [Q_DEAD_TOTALS] =
        "SELECT count(*) AS letters, count(*) FILTER (WHERE reason IN ('retries_exhausted',"
        " 'deliveries_exhausted')) AS retryable, min(first_seen_at) AS oldest_at,"
        " max(last_seen_at) AS newest_at FROM (" YOUNGEST_LETTERS ")",
    [Q_DEAD_BY_LANE] = "SELECT lane AS name, count(*) AS letters FROM (" YOUNGEST_LETTERS
                       ") GROUP BY lane ORDER BY letters DESC, name LIMIT ?3",
    [Q_DEAD_BY_CLASS] = "SELECT error_class AS name, count(*) AS letters FROM (" YOUNGEST_LETTERS
                        ") GROUP BY error_class ORDER BY letters DESC, name LIMIT ?3",
    /* Of a group the youngest letter is the first. */
    [Q_DEAD_GROUPS] =
        "SELECT lane, fingerprint, min(error_class) AS error_class,"
        " max(message) FILTER (WHERE nth = 1) AS message," SAMPLE("1") "," SAMPLE("2") "," SAMPLE(
            "3") ", count(*) AS letters, min(first_seen_at) AS first_seen_at,"
                 " max(last_seen_at) AS last_seen_at FROM (SELECT *, row_number() OVER"
                 " (PARTITION BY lane, fingerprint ORDER BY dead_letter_id DESC) AS nth"
                 " FROM (" YOUNGEST_LETTERS ") WHERE ?3 IS NULL OR lane = ?3)"
                 " GROUP BY lane, fingerprint ORDER BY letters DESC, lane, fingerprint LIMIT ?4",
    [Q_QUOTAS] = "SELECT {read} FROM quotas WHERE tenant_id = ?1 AND job_type > ?2"
                 " AND (?3 < 0 OR paused = ?3) ORDER BY job_type LIMIT ?4",
    [Q_QUOTAS_OF_TYPE] = "SELECT {read} FROM quotas WHERE tenant_id = ?1 AND job_type = ?2"
                         " AND (?3 < 0 OR paused = ?3)",
    [Q_QUOTAS_OF_ALL] = "SELECT {read} FROM quotas WHERE (tenant_id, job_type) > (?1, ?2)"
                        " ORDER BY tenant_id, job_type LIMIT ?3",
    [Q_QUOTA] = "SELECT {read} FROM quotas WHERE tenant_id = ?1 AND quota_id = ?2",
    [Q_JOB_COUNTS] = "SELECT status, count(*) AS count FROM (SELECT status FROM dag_executions"
                     " WHERE tenant_id = ?1 AND task_priority > 0 LIMIT ?2) GROUP BY status",
    [Q_JOB_COUNTS_OF_LANE] = "SELECT status, count(*) AS count FROM (SELECT status FROM (" JOBS(
        " AND dag_id = ?2") ") UNION ALL SELECT status FROM (" JOBS(" AND task_lane = ?3") ")) "
                                                                                           "GROUP "
                                                                                           "BY "
                                                                                           "status",
    [Q_GATE] = "SELECT {read} FROM run_gates WHERE tenant_id = ?1 AND run_id = ?2"
               " AND kind = ?3",
    [Q_GATES_HELD] =
        "SELECT {read} FROM run_gates WHERE tenant_id = ?1 AND dag_id = ?2 AND kind = ?3"
        " AND gate_key = ?4 AND slot > 0"
        " ORDER BY created_at, run_id LIMIT ?5",
    [Q_GATES_NEWEST] =
        "SELECT {read} FROM run_gates WHERE tenant_id = ?1 AND dag_id = ?2 AND kind = ?3"
        " AND gate_key = ?4 AND slot = 0"
        " ORDER BY created_at DESC, run_id DESC LIMIT ?5",
    [Q_GATES_AHEAD] =
        "SELECT count(*) FROM run_gates WHERE tenant_id = ?1 AND dag_id = ?2 AND kind = ?3"
        " AND gate_key = ?4 AND slot = 0"
        " AND (created_at, run_id) < (?5, ?6)",
    [Q_DEAD_DEPTHS] = "SELECT tenant_id AS name, count(*) AS letters FROM dead_letters"
                      " GROUP BY tenant_id ORDER BY tenant_id LIMIT ?1",
};
