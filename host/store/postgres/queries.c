/* queries.c -- every question that a reader can ask, in PostgreSQL's words (question.h). Parameter
 * 1 of a row with bodies says whether they are wanted; the last one of a list is its LIMIT. */
#include "store/postgres/read.h"
#include "store/postgres/writes.h"

/* What a list of runs is sorted by: the index is over the same expression. */
#define STARTED "coalesce(started_at, created_at)"
#define WINDOW STARTED " BETWEEN $3 AND $4 AND (" STARTED " < $5 OR execution_id > $6)"
#define NEWEST_FIRST " ORDER BY " STARTED " DESC, execution_id LIMIT "
#define RUNS(filter, limit)                                                                        \
    "SELECT {read} FROM dag_executions WHERE tenant_id = $2" filter                                \
    " AND " WINDOW NEWEST_FIRST limit
/* $7: ",running,paused,". The index of each state is walked in order, up to a page, and the walks
 * are merged. */
#define WORDS "string_to_array(btrim($7, ','), ',')"
#define RUNS_OF_STATUSES(filter, limit)                                                            \
    "SELECT {read} FROM dag_executions WHERE execution_id IN (SELECT p.execution_id"               \
    " FROM unnest(" WORDS ") AS w(word) CROSS JOIN LATERAL (SELECT execution_id"                   \
    " FROM dag_executions WHERE tenant_id = $2 AND status = w.word" filter                         \
    " AND " WINDOW NEWEST_FIRST limit ") AS p)" NEWEST_FIRST limit
/* Tasks of a lane: runs of the lane's own DAG, and those that say the lane. */
#define WALK_OF(filter, limit)                                                                     \
    "(SELECT * FROM dag_executions WHERE tenant_id = $2" filter " AND " WINDOW NEWEST_FIRST limit  \
    ")"
#define MERGED(first, second, limit)                                                               \
    "SELECT {read} FROM (" first " UNION ALL " second ") AS dag_executions" NEWEST_FIRST limit
#define JOBS(filter)                                                                               \
    "(SELECT status FROM dag_executions WHERE tenant_id = $1" filter NEWEST_FIRST "$4)"
#define UNFINISHED GOES_ON " AND created_at >= $2 AND (created_at > $2 OR execution_id > $3)"
#define OLDEST_FIRST " ORDER BY created_at, execution_id LIMIT "
/* From opening to opening, whatever number of runs each has. */
#define NEXT_OPENING " ORDER BY lease_owner, lease_epoch LIMIT 1)"
#define RECENT_RUNS                                                                                \
    "SELECT tenant_id, execution_id, dag_id, started_at, completed_at FROM dag_executions"         \
    " WHERE tenant_id = $1" NEWEST_FIRST "$2"
#define THEIR_NODES                                                                                \
    " FROM (" RECENT_RUNS ") AS r JOIN node_traces AS t USING (tenant_id, execution_id)"           \
    " WHERE t.completed_at IS NOT NULL"
#define OF_RUN " WHERE execution_id = $2 AND tenant_id = $1"

#define LIVE "dag_workflows WHERE deleted_at IS NULL"
#define ENABLED "dag_workflows WHERE deleted_at IS NULL AND enabled"
#define DISABLED "dag_workflows WHERE deleted_at IS NULL AND NOT enabled"
#define ANY "dag_workflows WHERE true"
/* On from a version of $3, then the DAGs behind it: two walks, each up to a page. */
#define DAGS(state)                                                                                \
    "SELECT {read} FROM ((SELECT * FROM " state " AND tenant_id = $2 AND dag_id = $3"              \
    " AND dag_id <= $4 AND version_key < $5 ORDER BY version_key DESC LIMIT $6)"                   \
    " UNION ALL (SELECT * FROM " state " AND tenant_id = $2 AND dag_id > $3 AND dag_id <= $4"      \
    " ORDER BY dag_id, version_key DESC LIMIT $6)) AS d ORDER BY dag_id, version_key DESC LIMIT "  \
    "$6"
/* The first of a column where more holds. It is asked for as such: min() over a table that is new
 * is planned as a walk over all of it, and the plan is kept. */
#define FIRST(column, from, more)                                                                  \
    "(SELECT " column " FROM " from " AND " more " ORDER BY " column " LIMIT 1)"
/* From id to id, whatever number of rows lies between. */
#define WALK(first, next)                                                                          \
    "WITH RECURSIVE ids(id) AS (" first " UNION ALL SELECT " next                                  \
    " FROM ids WHERE ids.id IS NOT NULL)"
#define FIRST_DAG(state, tenant, more) FIRST("dag_id", state " AND tenant_id = " tenant, more)
#define IDS(state, tenant, first, last)                                                            \
    WALK(FIRST_DAG(state, tenant, "dag_id BETWEEN " first " AND " last),                           \
         FIRST_DAG(state, tenant, "dag_id > ids.id AND dag_id <= " last))
#define FIRST_SECRET(more) FIRST("name", "secrets WHERE tenant_id = $2", more)
/* Only the highest version of each. */
#define DAG_HEADS(state)                                                                           \
    IDS(state, "$2", "$3", "$4")                                                                   \
    " SELECT {read} FROM ids CROSS JOIN LATERAL (SELECT * FROM " state                             \
    " AND tenant_id = $2 AND dag_id = ids.id ORDER BY version_key DESC LIMIT 1) AS d LIMIT $5"
/* Of the tenant; parameter 2 bounds what is looked at. */
#define YOUNGEST_LETTERS                                                                           \
    "SELECT * FROM dead_letters WHERE tenant_id = $1 ORDER BY dead_letter_id DESC LIMIT $2"
#define SAMPLE(n) " max(dead_letter_id || ' ' || task_id) FILTER (WHERE nth = " n ") AS sample_" n

const char *const pg_queries[QUERY_COUNT] = {
    [Q_RUN] = "SELECT {read} FROM dag_executions WHERE tenant_id = $2 AND execution_id = $3",
    [Q_RUNS] = RUNS("", "$7"),
    [Q_RUNS_OF_DAG] = RUNS(" AND dag_id = $7", "$8"),
    [Q_RUNS_OF_STATUSES] = RUNS_OF_STATUSES("", "$8"),
    [Q_RUNS_OF_DAG_AND_STATUSES] = RUNS_OF_STATUSES(" AND dag_id = $8", "$9"),
    [Q_RUNS_OF_LANE] =
        MERGED(WALK_OF(" AND dag_id = $7", "$9"), WALK_OF(" AND task_lane = $8", "$9"), "$9"),
    [Q_RUNS_OF_LANE_AND_STATUSES] =
        MERGED("(SELECT e.* FROM unnest(" WORDS
               ") AS w(word) CROSS JOIN LATERAL " WALK_OF(" AND status = w.word AND dag_id = $8",
                                                          "$10") " AS e)",
               WALK_OF(" AND status = ANY (" WORDS ") AND task_lane = $9", "$10"), "$10"),
    [Q_RUN_BY_TOKEN] = "SELECT {read} FROM dag_executions WHERE tenant_id = $2 AND run_token = $3"
                       " AND dag_id = $4 AND inputs_hash = $5",
    [Q_TASK] = "SELECT {read} FROM dag_executions WHERE tenant_id = $2 AND run_token = $3"
               " AND task_priority > 0",
    [Q_RUNS_UNSIGNED] =
        "SELECT {read} FROM dag_executions WHERE statement_due AND tenant_id = $2"
        " AND ($7 = '' OR status = ANY (" WORDS "))"
        " AND ($8 IS NULL OR dag_id = $8)"
        " AND ($9 = 0 OR statement_refused IS NOT NULL) AND " WINDOW NEWEST_FIRST "$10",
    [Q_UNFINISHED] = "SELECT {read} FROM dag_executions WHERE lease_owner = $4"
                     " AND lease_epoch = $5 AND " UNFINISHED OLDEST_FIRST "$6",
    [Q_FREE_RUNS] =
        "SELECT {read} FROM dag_executions WHERE execution_id IN (WITH RECURSIVE"
        " o(lease_owner, lease_epoch) AS ((SELECT lease_owner, lease_epoch FROM dag_executions"
        " WHERE lease_owner IS NOT NULL AND " GOES_ON NEXT_OPENING
        " UNION ALL SELECT n.* FROM o CROSS JOIN LATERAL (SELECT lease_owner, lease_epoch"
        " FROM dag_executions AS e WHERE (e.lease_owner, e.lease_epoch) >"
        " (o.lease_owner, o.lease_epoch) AND " GOES_ON NEXT_OPENING " AS n)"
        " SELECT p.execution_id FROM o CROSS JOIN LATERAL (SELECT execution_id"
        " FROM dag_executions AS e WHERE e.lease_owner = o.lease_owner"
        " AND e.lease_epoch = o.lease_epoch AND " UNFINISHED OLDEST_FIRST "$4) AS p"
        " WHERE NOT " WHO_HAS_IT_LIVES(
            "o") " UNION ALL (SELECT execution_id FROM dag_executions WHERE lease_owner IS NULL"
                 " AND " UNFINISHED OLDEST_FIRST "$4))" OLDEST_FIRST "$4",
    [Q_ORDERS] = "SELECT {read} FROM run_orders AS o WHERE order_no > $1 AND (SELECT"
                 " e.completed_at IS NULL AND e." GOES_ON
                 " AND e.lease_owner = $2 AND e.lease_epoch = $3 FROM dag_executions AS e"
                 " WHERE e.tenant_id = o.tenant_id AND e.execution_id = o.execution_id)"
                 " ORDER BY order_no LIMIT $4",
    [Q_JOBS] = "SELECT job, lease_owner, lease_epoch, NOT " WHO_HAS_IT_LIVES(
        "j") " AS is_free FROM job_leases AS j WHERE job > $1 ORDER BY job LIMIT $2",
    [Q_HOSTS] = "SELECT host_id, epoch, NOT fenced AS alive, ended, started_at,"
                " greatest(heartbeat_at, 'epoch') AS heartbeat_at, greatest(0, (extract(epoch"
                " FROM clock_timestamp() - greatest(heartbeat_at, 'epoch')) * 1000000)::bigint)"
                " AS silent, version, address, agents::text AS agents FROM hosts"
                " WHERE host_id > $1 ORDER BY host_id LIMIT $2",
    [Q_RUNS_OF_HOST] = "SELECT count(*) FROM dag_executions WHERE lease_owner = $1"
                       " AND lease_epoch = $2 AND " GOES_ON,
    [Q_UNSIGNED] = "SELECT {read} FROM dag_executions WHERE statement_due AND execution_id > $2"
                   " AND NOT " WHO_HAS_IT_LIVES("dag_executions") " ORDER BY execution_id LIMIT $3",
    [Q_STATUS_COUNTS] = "SELECT status, count(*) AS count FROM dag_executions"
                        " WHERE tenant_id = $1 GROUP BY status",
    [Q_RUN_DURATION] = "SELECT avg(extract(epoch FROM completed_at - started_at) * 1000)::float8"
                       " FROM (" RECENT_RUNS ") AS r WHERE completed_at IS NOT NULL"
                       " AND started_at IS NOT NULL",
    [Q_NODE_DURATION] = "SELECT min(ms) FROM (SELECT t.duration_ms AS ms,"
                        " cume_dist() OVER (ORDER BY t.duration_ms) AS share" THEIR_NODES
                        ") AS s WHERE share >= 0.99",
    [Q_SLOW_NODES] = "SELECT dag_id, node_id, count(*) AS count, avg(ms) AS avg_ms,"
                     " min(ms) FILTER (WHERE share >= 0.99) AS p99_ms"
                     " FROM (SELECT r.dag_id, t.node_id, t.duration_ms AS ms,"
                     " cume_dist() OVER (PARTITION BY r.dag_id, t.node_id"
                     " ORDER BY t.duration_ms) AS share" THEIR_NODES ") AS s"
                     " GROUP BY dag_id, node_id ORDER BY avg_ms DESC, dag_id, node_id LIMIT 10",
    [Q_NODES] = "SELECT {read} FROM node_traces WHERE tenant_id = $2 AND execution_id = $3"
                " AND (level_index, node_id) > ($4, $5) ORDER BY level_index, node_id LIMIT $6",
    [Q_NODE] = "SELECT {read} FROM node_traces WHERE tenant_id = $2 AND execution_id = $3"
               " AND node_id = $4",
    [Q_ATTEMPTS] = "SELECT {read} FROM node_attempts" OF_RUN
                   " AND (node_id, compensation, attempt) > ($3, $4 <> 0, $5)"
                   " ORDER BY node_id, compensation, attempt LIMIT $6",
    [Q_ATTEMPTS_OF_NODE] = "SELECT {read} FROM node_attempts" OF_RUN
                           " AND node_id = $3 AND (compensation, attempt) > ($4 <> 0, $5)"
                           " ORDER BY compensation, attempt LIMIT $6",
    [Q_CHECKPOINTS] =
        "SELECT {read} FROM dag_checkpoints" OF_RUN " AND node_id > $3 ORDER BY node_id LIMIT $4",
    [Q_PROVENANCE] = "SELECT {read} FROM execution_provenance" OF_RUN
                     " AND node_id > $3 ORDER BY node_id LIMIT $4",
    [Q_LOGS] = "SELECT {read} FROM attempt_logs" OF_RUN " AND id > $3"
               " AND ($4 = 0 OR attempt = $4) ORDER BY id LIMIT $5",
    /* By the order alone the planner can tell the index that it is to walk. */
    [Q_LOGS_OF_NODE] = "SELECT {read} FROM attempt_logs" OF_RUN " AND (node_id, id) > ($5, $3)"
                       " AND node_id <= $5 AND ($4 = 0 OR attempt = $4)"
                       " ORDER BY node_id, id LIMIT $6",
    [Q_EVENTS] = "SELECT {read} FROM run_events WHERE tenant_id = $1 AND seq > $2 AND seq <= $3"
                 " AND ($4 IS NULL OR dag_id = $4) AND ($5 IS NULL OR status = $5)"
                 " ORDER BY seq LIMIT $6",
    [Q_EVENTS_OF_RUN] = "SELECT {read} FROM run_events WHERE tenant_id = $1 AND run_id = $7"
                        " AND seq > $2 AND seq <= $3 AND ($4 IS NULL OR dag_id = $4)"
                        " AND ($5 IS NULL OR status = $5) ORDER BY n LIMIT $6",
    [Q_LAST_EVENT] = "SELECT {read} FROM run_events WHERE tenant_id = $1 AND run_id = $2"
                     " ORDER BY n DESC LIMIT 1",
    [Q_EVENT_OLDEST] = "SELECT min(seq) FROM run_events WHERE tenant_id = $1",
    [Q_EVENT_NEWEST] = "SELECT max(last_seq) FROM event_heads WHERE tenant_id = $1",
    [Q_LEDGERS] = "SELECT tenant_id, last_seq AS newest, coalesce((SELECT h.last_seq"
                  " FROM ledger_heads AS h WHERE h.tenant_id = l.tenant_id"
                  " ORDER BY h.tree_size DESC LIMIT 1), 0) AS sealed"
                  " FROM event_heads AS l WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2",
    [Q_LEAVES] = "SELECT {read} FROM run_events WHERE tenant_id = $1 AND seq > $2 AND seq <= $3"
                 " ORDER BY seq LIMIT $4",
    [Q_STATEMENT] = "SELECT {read} FROM statements" OF_RUN " ORDER BY id DESC LIMIT 1",
    [Q_LEDGER_HEAD] = "SELECT {read} FROM ledger_heads WHERE tenant_id = $1"
                      " ORDER BY tree_size DESC LIMIT 1",
    [Q_LEDGER_HEAD_BEFORE] = "SELECT {read} FROM ledger_heads WHERE tenant_id = $1"
                             " AND created_at < $2 ORDER BY created_at DESC LIMIT 1",
    [Q_LEDGER_HEAD_FROM] = "SELECT {read} FROM ledger_heads WHERE tenant_id = $1"
                           " AND created_at >= $2 ORDER BY created_at LIMIT 1",
    [Q_DAGS_LIVE] = DAGS(LIVE),
    [Q_DAGS_ENABLED] = DAGS(ENABLED),
    [Q_DAGS_DISABLED] = DAGS(DISABLED),
    [Q_DAGS_ANY] = DAGS(ANY),
    [Q_DAG_HEADS_LIVE] = DAG_HEADS(LIVE),
    [Q_DAG_HEADS_ENABLED] = DAG_HEADS(ENABLED),
    [Q_DAG_HEADS_DISABLED] = DAG_HEADS(DISABLED),
    [Q_DAG_HEADS_ANY] = DAG_HEADS(ANY),
    [Q_DAG_COUNT] = IDS(LIVE, "$1", "''", "$2") " SELECT count(id) FROM ids",
    [Q_DAG] = "SELECT {read} FROM dag_workflows WHERE tenant_id = $2 AND dag_id = $3"
              " AND version = $4",
    [Q_SECRETS] = WALK(
        FIRST_SECRET("name > $3"),
        FIRST_SECRET(
            "name > ids.id")) " SELECT {read} FROM ids CROSS JOIN LATERAL (SELECT * FROM secrets "
                              "WHERE tenant_id = $2"
                              " AND name = ids.id ORDER BY version DESC LIMIT 1) AS s LIMIT $4",
    [Q_SECRET] = "SELECT {read} FROM secrets WHERE tenant_id = $2 AND name = $3"
                 " AND ($4 = 0 OR version = $4) ORDER BY version DESC LIMIT 1",
    [Q_PLUGINS] = "SELECT {read} FROM plugins WHERE ($1 IS NULL OR tenant_id IN ('', $1))"
                  " AND (plugin_id > $2 OR (plugin_id = $2 AND version_key < $3)"
                  " OR (plugin_id = $2 AND version_key = $3 AND tenant_id > $4))"
                  " ORDER BY plugin_id, version_key DESC, tenant_id LIMIT $5",
    [Q_BUNDLES] = "SELECT {read} FROM plugin_bundles WHERE tenant_id = ''"
                  " AND (plugin_id, version, key_id) > ($1, $2, $3)"
                  " ORDER BY plugin_id, version, key_id LIMIT $4",
    [Q_BUNDLE_PART] = "SELECT {read} FROM plugin_bundle_parts WHERE tenant_id = ''"
                      " AND bundle_hash = $1 AND part = $2",
    [Q_IDEMPOTENCY] = "SELECT {read} FROM idempotency WHERE tenant_id = $1 AND key = $2"
                      " AND path = $3 AND expires_at > $4",
    [Q_REVOKED_TOKENS] = "SELECT {read} FROM revoked_tokens WHERE token_id > $2"
                         " AND expires_at > $1 ORDER BY token_id LIMIT $3",
    [Q_TENANTS] = "SELECT {read} FROM tenants WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2",
    [Q_IDENTITY] = "SELECT {read} FROM store_identity ORDER BY n DESC LIMIT 1",
    [Q_SCHEDULES] = "SELECT {read} FROM schedules WHERE tenant_id = $1 AND schedule_id > $2"
                    " ORDER BY schedule_id LIMIT $3",
    [Q_SCHEDULES_OF_DAG] = "SELECT {read} FROM schedules WHERE tenant_id = $1 AND dag_id = $2"
                           " AND schedule_id > $3 ORDER BY dag_id, schedule_id LIMIT $4",
    [Q_SCHEDULE] = "SELECT {read} FROM schedules WHERE tenant_id = $1 AND schedule_id = $2",
    [Q_SCHEDULES_NEXT] = "SELECT {read} FROM schedules WHERE NOT paused"
                         " AND next_fire_at < $1 ORDER BY next_fire_at LIMIT $2",
    [Q_FIRINGS] = "SELECT {read} FROM schedule_firings WHERE tenant_id = $1"
                  " AND schedule_id = $2 AND due_at < $3 ORDER BY due_at DESC LIMIT $4",
    [Q_FIRING] = "SELECT {read} FROM schedule_firings WHERE tenant_id = $1"
                 " AND schedule_id = $2 AND due_at = $3",
    [Q_SCHEDULES_QUEUED] =
        "SELECT {read} FROM schedules AS s WHERE EXISTS (SELECT FROM schedule_firings AS f"
        " WHERE f.tenant_id = s.tenant_id AND f.schedule_id = s.schedule_id"
        " AND f.outcome = 'queued') AND NOT paused AND NOT EXISTS"
        " (SELECT FROM dag_executions AS r WHERE r.execution_id = s.last_run_id"
        " AND r.completed_at IS NULL) LIMIT $1",
    [Q_FIRING_QUEUED] = "SELECT {read} FROM schedule_firings WHERE tenant_id = $1"
                        " AND schedule_id = $2 AND outcome = 'queued' ORDER BY due_at LIMIT 1",
    [Q_FIRINGS_QUEUED] = "SELECT count(*) FROM (SELECT FROM schedule_firings WHERE tenant_id = $1"
                         " AND schedule_id = $2 AND outcome = 'queued' LIMIT $3) AS q",
    [Q_FIRINGS_WAIT] = "SELECT (EXISTS (SELECT FROM schedule_firings WHERE outcome = 'queued'))"
                       "::int::bigint",
    [Q_BACKFILLS] = "SELECT {read} FROM backfills WHERE tenant_id = $1 AND schedule_id = $2"
                    " AND backfill_id < $3 ORDER BY backfill_id DESC LIMIT $4",
    [Q_BACKFILL] = "SELECT {read} FROM backfills WHERE tenant_id = $1 AND backfill_id = $2",
    [Q_BACKFILLS_BEGIN] =
        "SELECT {read} FROM backfills AS b WHERE next_due_at IS NOT NULL"
        " AND status IN ('pending', 'running') AND (SELECT count(*) FROM backfill_runs AS r"
        " WHERE r.tenant_id = b.tenant_id AND r.backfill_id = b.backfill_id) < max_parallel"
        " ORDER BY updated_at LIMIT $1",
    [Q_BACKFILL_RUNS] = "SELECT count(*) FROM backfill_runs WHERE tenant_id = $1"
                        " AND backfill_id = $2",
    [Q_BACKFILL_RUNS_OVER] =
        "SELECT {read} FROM backfill_runs AS b WHERE NOT EXISTS (SELECT FROM dag_executions AS e"
        " WHERE e.execution_id = b.run_id AND e.completed_at IS NULL) LIMIT $1",
    [Q_BACKFILLS_WAIT] =
        "SELECT (EXISTS (SELECT FROM backfill_runs) OR EXISTS (SELECT FROM backfills"
        " WHERE next_due_at IS NOT NULL AND status IN ('pending', 'running')))::int::bigint",
    [Q_LANES] = "SELECT {read} FROM lanes WHERE lane_name > $1 ORDER BY lane_name LIMIT $2",
    [Q_LANE] = "SELECT {read} FROM lanes WHERE lane_name = $1",
    [Q_LANE_VERSIONS] = "SELECT {read} FROM lane_versions WHERE lane_name = $1 AND version < $2"
                        " ORDER BY version DESC LIMIT $3",
    [Q_DEAD_LETTERS] =
        "SELECT {read} FROM dead_letters WHERE tenant_id = $1 AND dead_letter_id < $2"
        " AND ($3 IS NULL OR lane = $3) AND ($4 IS NULL OR error_class = $4)"
        " ORDER BY dead_letter_id DESC LIMIT $5",
    [Q_DEAD_LETTERS_ALIKE] =
        "SELECT {read} FROM dead_letters WHERE tenant_id = $1 AND dead_letter_id < $2"
        " AND ($3 IS NULL OR lane = $3) AND ($4 IS NULL OR error_class = $4)"
        " AND fingerprint = $5 ORDER BY dead_letter_id DESC LIMIT $6",
    [Q_DEAD_LETTER] = "SELECT {read} FROM dead_letters WHERE tenant_id = $1"
                      " AND dead_letter_id = $2",
    [Q_DEAD_SNAPSHOT] = "SELECT {read} FROM dead_letter_snapshots WHERE tenant_id = $1"
                        " AND snapshot_id = $2",
    [Q_DEAD_TOTALS] =
        "SELECT count(*) AS letters, count(*) FILTER (WHERE reason IN ('retries_exhausted',"
        " 'deliveries_exhausted')) AS retryable, min(first_seen_at) AS oldest_at,"
        " max(last_seen_at) AS newest_at FROM (" YOUNGEST_LETTERS ") AS l",
    [Q_DEAD_BY_LANE] = "SELECT lane AS name, count(*) AS letters FROM (" YOUNGEST_LETTERS
                       ") AS l GROUP BY lane ORDER BY letters DESC, name LIMIT $3",
    [Q_DEAD_BY_CLASS] = "SELECT error_class AS name, count(*) AS letters FROM (" YOUNGEST_LETTERS
                        ") AS l GROUP BY error_class ORDER BY letters DESC, name LIMIT $3",
    /* Of a group the youngest letter is the first. */
    [Q_DEAD_GROUPS] =
        "SELECT lane, fingerprint, min(error_class) AS error_class,"
        " max(message) FILTER (WHERE nth = 1) AS message," SAMPLE("1") "," SAMPLE("2") "," SAMPLE(
            "3") ", count(*) AS letters, min(first_seen_at) AS first_seen_at,"
                 " max(last_seen_at) AS last_seen_at FROM (SELECT *, row_number() OVER"
                 " (PARTITION BY lane, fingerprint ORDER BY dead_letter_id DESC) AS nth"
                 " FROM (" YOUNGEST_LETTERS ") AS l WHERE $3 IS NULL OR lane = $3) AS n"
                 " GROUP BY lane, fingerprint ORDER BY letters DESC, lane, fingerprint LIMIT $4",
    [Q_QUOTAS] = "SELECT {read} FROM quotas WHERE tenant_id = $1 AND job_type > $2"
                 " AND ($3 < 0 OR paused = ($3 <> 0)) ORDER BY job_type LIMIT $4",
    [Q_QUOTAS_OF_TYPE] = "SELECT {read} FROM quotas WHERE tenant_id = $1 AND job_type = $2"
                         " AND ($3 < 0 OR paused = ($3 <> 0))",
    [Q_QUOTAS_OF_ALL] = "SELECT {read} FROM quotas WHERE (tenant_id, job_type) > ($1, $2)"
                        " ORDER BY tenant_id, job_type LIMIT $3",
    [Q_QUOTA] = "SELECT {read} FROM quotas WHERE tenant_id || '' = $1 AND quota_id = $2",
    [Q_JOB_COUNTS] = "SELECT status, count(*) AS count FROM (SELECT status FROM dag_executions"
                     " WHERE tenant_id = $1 AND task_priority > 0 LIMIT $2) AS t GROUP BY status",
    [Q_JOB_COUNTS_OF_LANE] = "SELECT status, count(*) AS count FROM (" JOBS(
        " AND dag_id = $2") " UNION ALL " JOBS(" AND task_lane = $3") ") AS t GROUP BY status",
    [Q_GATE] = "SELECT {read} FROM run_gates WHERE tenant_id = $1 AND run_id = $2"
               " AND kind = $3",
    [Q_GATES_HELD] =
        "SELECT {read} FROM run_gates WHERE tenant_id = $1 AND dag_id = $2 AND kind = $3"
        " AND gate_key = $4 AND slot > 0"
        " ORDER BY created_at, run_id LIMIT $5",
    [Q_GATES_NEWEST] =
        "SELECT {read} FROM run_gates WHERE tenant_id = $1 AND dag_id = $2 AND kind = $3"
        " AND gate_key = $4 AND slot = 0"
        " ORDER BY created_at DESC, run_id DESC LIMIT $5",
    [Q_GATES_AHEAD] =
        "SELECT count(*) FROM run_gates WHERE tenant_id = $1 AND dag_id = $2 AND kind = $3"
        " AND gate_key = $4 AND slot = 0"
        " AND (created_at, run_id) < ($5, $6)",
    [Q_DEAD_DEPTHS] = "SELECT tenant_id AS name, count(*) AS letters FROM dead_letters"
                      " GROUP BY tenant_id ORDER BY tenant_id LIMIT $1",
};
