/* writes.c -- see writes.h. */
#include "store/postgres/writes.h"

#include "store/postgres/conn.h"

/* Where each of the rows has to change something. */
#define HIT(change, state, why)                                                                    \
    "WITH a AS (SELECT * FROM {in}), u AS (" change " RETURNING a.ord)"                            \
    " SELECT expect((SELECT count(DISTINCT ord) FROM u) = (SELECT count(*) FROM a), '" state       \
    "', '" why "')"
#define INSERT(table) "INSERT INTO " table " ({columns}) SELECT {values} FROM {in} ORDER BY a.ord"
#define UPSERT(table, key) INSERT(table) " ON CONFLICT (" key ") DO UPDATE SET {set}"
#define OF_RUN " WHERE e.tenant_id = a.tenant_id AND e.execution_id = a."
#define OF_NODE                                                                                    \
    " USING {in} WHERE c.tenant_id = a.tenant_id AND c.execution_id = a.id"                        \
    " AND (a.more IS NULL OR c.node_id = a.more)"
#define OF_SCHEDULE " WHERE s.tenant_id = a.tenant_id AND s.schedule_id = a.schedule_id"
#define OF_BACKFILL " WHERE b.tenant_id = a.tenant_id AND b.backfill_id = a.backfill_id"
#define HAS_NOT_ENDED "e.completed_at IS NULL AND e." GOES_ON
/* By nothing else, behind what it names: while few rows are known the planner takes any other
 * index, or the whole table first, for as good. OFFSET 0, or a lock, keeps it apart. */
#define BY_KEY(key) "(SELECT * FROM dag_executions WHERE " key ")"

#define RUN_TO_CLAIM BY_KEY("execution_id = a.id OFFSET 0")
#define RUN_LOCKED BY_KEY("execution_id = s.execution_id FOR UPDATE SKIP LOCKED")
#define RUN_TO_TELL BY_KEY("tenant_id = a.tenant_id AND execution_id = a.execution_id OFFSET 0")
#define ITS_HOST_LIVES WHO_HAS_IT_LIVES("e")

/* Rows g of a gate's key; those of it that hold a place, and that wait. */
#define OF_ITS_KEY                                                                                 \
    " FROM run_gates AS g WHERE g.tenant_id = a.tenant_id AND g.dag_id = a.dag_id"                 \
    " AND g.kind = a.kind AND g.gate_key = a.gate_key"
#define THAT_HOLD OF_ITS_KEY " AND g.slot > 0"
#define THAT_WAIT OF_ITS_KEY " AND g.slot = 0"
#define ITS_GATE                                                                                   \
    " WHERE o.tenant_id || '' = a.tenant_id AND o.run_id = a.run_id AND o.kind = a.kind"
#define OLDEST_FIRST "IN ('queue', 'skip')"
/* Each of another key (wave.c). Two hosts that take the same place at once: one of them is refused.
 */
#define GATE_TAKE(in)                                                                              \
    "UPDATE run_gates AS o SET slot = f.slot FROM " in " CROSS JOIN LATERAL"                       \
    " (SELECT min(c.n) AS slot FROM (SELECT 1::bigint AS n UNION ALL SELECT g.slot + 1" THAT_HOLD  \
    ") AS c WHERE NOT EXISTS (SELECT 1" THAT_HOLD " AND g.slot = c.n)) AS f" ITS_GATE              \
    " AND o.slot + 0 = 0 AND (SELECT count(*)" THAT_HOLD ") < a.bound"                             \
    " AND NOT (a.on_conflict " OLDEST_FIRST " AND EXISTS (SELECT 1" THAT_WAIT                      \
    " AND (g.created_at, g.run_id) < (a.created_at, a.run_id) AND g.on_conflict " OLDEST_FIRST     \
    ")) AND NOT (a.on_conflict NOT " OLDEST_FIRST " AND EXISTS (SELECT 1" THAT_WAIT                \
    " AND (g.created_at, g.run_id) > (a.created_at, a.run_id)))"

const char *const pg_writes[OP_COUNT] = {
    [OP_RUN_THERE] = "SELECT expect(NOT EXISTS (SELECT FROM {in} LEFT JOIN dag_executions AS e"
                     " ON e.tenant_id = a.tenant_id AND e.execution_id = a.id"
                     " WHERE e.execution_id IS NULL), '" STATE_NOT_FOUND "', 'no such run')",
    [OP_RUN_INSERT] = INSERT("dag_executions"),
    [OP_RUN_UPDATE] = HIT("UPDATE dag_executions AS e SET status = CASE WHEN e." GOES_ON
                          " THEN a.status ELSE e.status END, paused = a.paused,"
                          " cancel_requested = e.cancel_requested OR a.cancel_requested,"
                          " started_at = coalesce(a.started_at, e.started_at),"
                          " total_nodes = a.total_nodes, completed_nodes = a.completed_nodes,"
                          " failed_nodes = a.failed_nodes, skipped_nodes = a.skipped_nodes"
                          " FROM a" OF_RUN "execution_id AND e.completed_at IS NULL",
                          STATE_NOT_FOUND, "no such run that goes on"),
    [OP_RUN_END] = HIT("UPDATE dag_executions AS e SET status = a.status,"
                       " output_data = a.output_data, outputs_hash = a.outputs_hash,"
                       " provenance_chain_hash = a.provenance_chain_hash, error = a.error,"
                       " errors = a.errors, compensations = a.compensations,"
                       " completed_at = a.completed_at, total_nodes = a.total_nodes,"
                       " completed_nodes = a.completed_nodes, failed_nodes = a.failed_nodes,"
                       " skipped_nodes = a.skipped_nodes, paused = false, statement_due = true,"
                       " statement_refused = NULL"
                       " FROM a" OF_RUN "execution_id AND e.completed_at IS NULL",
                       STATE_NOT_FOUND, "no such run that goes on"),
    [OP_RUN_REOPEN] = HIT("UPDATE dag_executions AS e SET status = 'running', paused = false,"
                          " cancel_requested = false, output_data = NULL, outputs_hash = NULL,"
                          " provenance_chain_hash = NULL, error = NULL, errors = NULL,"
                          " compensations = NULL, completed_at = NULL, statement_due = false,"
                          " lease_owner = a.lease_owner, lease_epoch = a.lease_epoch"
                          " FROM a" OF_RUN "id AND (e.completed_at IS NOT NULL OR (NOT e." GOES_ON
                          " AND ((e.lease_owner = a.lease_owner AND e.lease_epoch = a.lease_epoch)"
                          " OR NOT " WHO_HAS_IT_LIVES("e") ")))",
                          STATE_CONFLICT, "the run goes on"),
    [OP_RUN_OPTIONS] = HIT("UPDATE dag_executions AS e SET options = a.more FROM a" OF_RUN "id",
                           STATE_NOT_FOUND, "no such run"),
    /* The sum keeps the planner from the index of tasks, which it takes for as good as the key. */
    [OP_TASK_PRIORITIZE] =
        HIT("UPDATE dag_executions AS e SET task_priority = a.number"
            " FROM a" OF_RUN "id AND e.completed_at IS NULL AND e.task_priority + 0 > 0",
            STATE_NOT_FOUND, "no such task that goes on"),
    /* Who lives is as the statement's snapshot has it, the run as it is when it is locked: one
     * whose owner has changed in between is another's. */
    [OP_RUN_CLAIM] =
        "WITH s AS MATERIALIZED (SELECT e.execution_id, e.lease_owner AS had_owner,"
        " e.lease_epoch AS had_epoch, a.lease_owner, a.lease_epoch FROM {in}"
        " CROSS JOIN LATERAL " RUN_TO_CLAIM " AS e WHERE " HAS_NOT_ENDED " AND NOT " ITS_HOST_LIVES
        "), l AS MATERIALIZED (SELECT s.* FROM s"
        " CROSS JOIN LATERAL " RUN_LOCKED " AS e WHERE " HAS_NOT_ENDED
        " AND e.lease_owner IS NOT DISTINCT FROM s.had_owner AND e.lease_epoch = s.had_epoch)"
        " UPDATE dag_executions AS e SET lease_owner = l.lease_owner, lease_epoch = l.lease_epoch"
        " FROM l WHERE e.execution_id = l.execution_id",
    [OP_RUN_RELEASE] = "UPDATE dag_executions AS e SET lease_owner = NULL FROM {in}"
                       " WHERE e.execution_id = a.id AND e.lease_owner = a.lease_owner"
                       " AND e.lease_epoch = a.lease_epoch",
    [OP_JOB_CLAIM] = "INSERT INTO job_leases (job, lease_owner, lease_epoch)"
                     " SELECT a.id, a.lease_owner, a.lease_epoch FROM {in} ORDER BY a.id"
                     " ON CONFLICT (job) DO UPDATE SET lease_owner = excluded.lease_owner,"
                     " lease_epoch = excluded.lease_epoch WHERE EXISTS (SELECT FROM job_leases AS j"
                     " WHERE j.job = excluded.job AND j.lease_epoch = job_leases.lease_epoch"
                     " AND j.lease_owner IS NOT DISTINCT FROM job_leases.lease_owner"
                     " AND NOT " WHO_HAS_IT_LIVES("j") ")",
    [OP_ORDER_PUT] =
        "WITH a AS (SELECT * FROM {in}), i AS (INSERT INTO run_orders ({columns})"
        " SELECT {values} FROM a CROSS JOIN LATERAL " RUN_TO_TELL " AS e"
        " WHERE " HAS_NOT_ENDED " ORDER BY a.ord RETURNING 1)"
        " SELECT expect((SELECT count(*) FROM i) = (SELECT count(*) FROM a), '" STATE_NOT_FOUND
        "', 'no such run that goes on')",
    [OP_ORDER_DONE] = "DELETE FROM run_orders AS o USING {in} WHERE o.tenant_id = a.tenant_id"
                      " AND o.execution_id = a.id AND (a.number = 0 OR o.order_no = a.number)",
    [OP_NODE_UPSERT] = UPSERT("node_traces", "tenant_id, execution_id, node_id"),
    [OP_ATTEMPT_UPSERT] =
        UPSERT("node_attempts", "tenant_id, execution_id, node_id, compensation, attempt"),
    [OP_LOG_APPEND] = INSERT("attempt_logs"),
    [OP_CHECKPOINT_PUT] = UPSERT("dag_checkpoints", "tenant_id, execution_id, node_id"),
    [OP_CHECKPOINT_DELETE] = "DELETE FROM dag_checkpoints AS c" OF_NODE,
    [OP_PROVENANCE_PUT] = UPSERT("execution_provenance", "tenant_id, execution_id, node_id"),
    [OP_PROVENANCE_DELETE] = "DELETE FROM execution_provenance AS c" OF_NODE,
    /* The heads are locked in the order of the tenants, and held over the commit. */
    [OP_EVENT_APPEND] =
        "WITH a AS (SELECT * FROM {in}),"
        " t AS (SELECT tenant_id, count(*) AS events FROM a GROUP BY tenant_id),"
        " h AS (INSERT INTO event_heads (tenant_id, last_seq)"
        " SELECT tenant_id, events FROM t ORDER BY tenant_id ON CONFLICT (tenant_id)"
        " DO UPDATE SET last_seq = event_heads.last_seq + excluded.last_seq"
        " RETURNING tenant_id, last_seq),"
        " s AS (SELECT a.*, h.last_seq - t.events"
        " + row_number() OVER (PARTITION BY a.tenant_id ORDER BY a.ord) AS seq,"
        " a.n - 1 - lag(a.n) OVER (PARTITION BY a.tenant_id, a.run_id ORDER BY a.ord) AS gap"
        " FROM a JOIN t USING (tenant_id) JOIN h USING (tenant_id)),"
        " i AS (INSERT INTO run_events (seq, {columns}) SELECT a.seq, {values} FROM s AS a"
        " ORDER BY a.ord)"
        " SELECT seq, expect(n > 0 AND coalesce(gap, 0) = 0, '" STATE_CONFLICT
        "', 'the event does not follow the last one of its run') FROM s ORDER BY ord",
    /* One that comes behind the next end would be taken for that one's. */
    [OP_STATEMENT_PUT] =
        "INSERT INTO statements ({columns}) SELECT {values} FROM {in} WHERE NOT EXISTS"
        " (SELECT FROM dag_executions AS e" OF_RUN "execution_id AND e.completed_at IS NOT NULL"
        " AND e.provenance_chain_hash <> a.chain_hash) ORDER BY a.ord",
    [OP_STATEMENT_REFUSE] = "UPDATE dag_executions AS e SET statement_refused = a.more"
                            " FROM {in}" OF_RUN "id AND e.statement_due",
    [OP_LEDGER_HEAD_PUT] = INSERT("ledger_heads"),
    [OP_DAG_PUT] = "WITH u AS (" INSERT(
        "dag_workflows") " ON CONFLICT (tenant_id, dag_id, version)"
                         " DO UPDATE SET enabled = true, deleted_at = NULL, updated_at = "
                         "excluded.updated_at"
                         " WHERE dag_workflows.hash = excluded.hash RETURNING 1)"
                         " SELECT expect((SELECT count(*) FROM u) = cardinality($1::text[]), "
                         "'" STATE_CONFLICT "', 'the version exists with another definition')",
    [OP_DAG_SET_ENABLED] = HIT("UPDATE dag_workflows AS d SET enabled = a.number <> 0,"
                               " updated_at = a.time FROM a WHERE d.tenant_id = a.tenant_id"
                               " AND d.dag_id = a.id AND d.version = a.more"
                               " AND d.deleted_at IS NULL",
                               STATE_NOT_FOUND, "no such DAG version"),
    [OP_DAG_DELETE] = HIT("UPDATE dag_workflows AS d SET deleted_at = a.time, updated_at = a.time"
                          " FROM a WHERE d.tenant_id = a.tenant_id AND d.dag_id = a.id"
                          " AND d.deleted_at IS NULL",
                          STATE_NOT_FOUND, "no such DAG"),
    [OP_SECRET_PUT] = INSERT("secrets"),
    [OP_SECRET_DELETE] = HIT("DELETE FROM secrets AS s USING a WHERE s.tenant_id = a.tenant_id"
                             " AND s.name = a.id AND (a.number = 0 OR s.version = a.number)",
                             STATE_NOT_FOUND, "no such secret"),
    [OP_PLUGIN_PUT] = UPSERT("plugins", "tenant_id, plugin_id, version"),
    [OP_PLUGIN_DELETE] = HIT("DELETE FROM plugins AS p USING a WHERE p.tenant_id = a.tenant_id"
                             " AND p.plugin_id = a.id AND p.version = a.more",
                             STATE_NOT_FOUND, "no such plugin version"),
    [OP_BUNDLE_PART_PUT] = UPSERT("plugin_bundle_parts", "tenant_id, bundle_hash, part"),
    [OP_BUNDLE_PUT] = "WITH u AS (" INSERT(
        "plugin_bundles") " ON CONFLICT (tenant_id, plugin_id, version, key_id)"
                          " DO UPDATE SET {set}"
                          " WHERE plugin_bundles.archive_hash"
                          " = excluded.archive_hash"
                          " OR plugin_bundles.removed_at IS NOT NULL"
                          " RETURNING 1)"
                          " SELECT expect((SELECT count(*) FROM u)"
                          " = cardinality($1::text[]), '" STATE_CONFLICT
                          "', 'the plugin''s version is there with other"
                          " content')",
    [OP_BUNDLE_REMOVE] = "UPDATE plugin_bundles AS b SET removed_at = a.time FROM {in}"
                         " WHERE b.tenant_id = a.tenant_id AND b.bundle_hash = a.id",
    [OP_BUNDLE_PARTS_DELETE] = "DELETE FROM plugin_bundle_parts AS p USING {in}"
                               " WHERE p.tenant_id = a.tenant_id AND p.bundle_hash = a.id",
    [OP_BUNDLE_RELEASE] = "UPDATE plugin_bundles AS b SET released_at = a.time FROM {in}"
                          " WHERE b.tenant_id = a.tenant_id AND b.bundle_hash = a.id",
    [OP_HOST_AGENTS] = "UPDATE hosts AS h SET agents = a.more::jsonb FROM {in}"
                       " WHERE h.host_id = a.id AND h.epoch = a.number",
    [OP_IDEMPOTENCY_PUT] = INSERT("idempotency"),
    [OP_TOKEN_REVOKE] = INSERT("revoked_tokens") " ON CONFLICT (token_id) DO NOTHING",
    [OP_IDENTITY_PUT] = INSERT("store_identity"),
    [OP_TENANT_PUT] = UPSERT("tenants", "tenant_id"),
    [OP_PURGE_IDEMPOTENCY] = "DELETE FROM idempotency AS i USING {in} WHERE i.expires_at < a.time",
    [OP_PURGE_TOKENS] = "DELETE FROM revoked_tokens AS t USING {in} WHERE t.expires_at < a.time",
    [OP_PURGE_ORDERS] = "WITH a AS (SELECT * FROM {in}) DELETE FROM run_orders AS o"
                        " WHERE NOT EXISTS (SELECT FROM dag_executions AS e"
                        " WHERE e.tenant_id = o.tenant_id AND e.execution_id = o.execution_id"
                        " AND e.completed_at IS NULL)",
    [OP_SCHEDULE_PUT] = INSERT("schedules"),
    [OP_SCHEDULE_PAUSE] =
        HIT("UPDATE schedules AS s SET paused = a.paused, next_due_at = a.next_due_at,"
            " next_fire_at = a.next_fire_at, updated_at = a.updated_at FROM a" OF_SCHEDULE,
            STATE_NOT_FOUND, "no such schedule"),
    [OP_SCHEDULE_MOVE] =
        HIT("UPDATE schedules AS s SET next_due_at = CASE WHEN s.next_due_at = a.from_at"
            " THEN a.next_due_at ELSE s.next_due_at END, next_fire_at = CASE WHEN s.next_due_at ="
            " a.from_at THEN a.next_fire_at ELSE s.next_fire_at END,"
            " last_run_id = coalesce(a.last_run_id, s.last_run_id) FROM a" OF_SCHEDULE,
            STATE_NOT_FOUND, "no such schedule"),
    [OP_SCHEDULE_DELETE] = HIT("DELETE FROM schedules AS s USING a WHERE s.tenant_id = a.tenant_id"
                               " AND s.schedule_id = a.id",
                               STATE_NOT_FOUND, "no such schedule"),
    [OP_FIRINGS_DELETE] = "DELETE FROM schedule_firings AS f USING {in}"
                          " WHERE f.tenant_id = a.tenant_id AND f.schedule_id = a.id",
    [OP_FIRINGS_PURGE] =
        "WITH a AS (SELECT * FROM {in}) DELETE FROM schedule_firings AS f USING"
        " (SELECT g.* FROM a CROSS JOIN LATERAL"
        " (SELECT h.tenant_id, h.schedule_id, h.due_at FROM schedule_firings AS h"
        " WHERE h.tenant_id = a.tenant_id AND h.schedule_id = a.id AND h.due_at < a.time"
        " AND coalesce(h.fired_at, h.due_at) < a.time AND h.outcome <> 'queued'"
        " ORDER BY h.due_at LIMIT 1000) AS g) AS o"
        " WHERE f.tenant_id = o.tenant_id AND f.schedule_id = o.schedule_id AND f.due_at = "
        "o.due_at",
    [OP_FIRING_PUT] = INSERT("schedule_firings"),
    [OP_FIRING_NOTE] =
        INSERT("schedule_firings") " ON CONFLICT (tenant_id, schedule_id, due_at) DO NOTHING",
    [OP_FIRING_TAKE] = "WITH u AS (" UPSERT(
        "schedule_firings",
        "tenant_id, schedule_id, due_at") " WHERE schedule_firings.outcome <> 'fired' RETURNING 1)"
                                          " SELECT expect((SELECT count(*) FROM u) = "
                                          "cardinality($1::text[]), '" STATE_CONFLICT
                                          "', 'the due time has its run')",
    [OP_BACKFILL_PUT] = INSERT("backfills"),
    [OP_BACKFILL_MARK] = HIT("UPDATE backfills AS b SET status = a.status,"
                             " updated_at = a.updated_at FROM a" OF_BACKFILL
                             " AND b.status NOT IN ('completed', 'cancelled')",
                             STATE_CONFLICT, "the backfill is over"),
    [OP_BACKFILL_RUN_PUT] = INSERT("backfill_runs"),
    [OP_BACKFILL_RUN_DONE] =
        HIT("DELETE FROM backfill_runs AS b USING a" OF_BACKFILL " AND b.due_at = a.due_at",
            STATE_CONFLICT, "the run is counted"),
    [OP_BACKFILL_MOVE] =
        HIT("UPDATE backfills AS b SET next_due_at = CASE WHEN a.from_at IS NULL"
            " THEN b.next_due_at ELSE a.next_due_at END, completed = b.completed + a.completed,"
            " failed = b.failed + a.failed, skipped = b.skipped + a.skipped,"
            " updated_at = a.updated_at, status = CASE WHEN b.status = 'cancelled' THEN b.status"
            " WHEN CASE WHEN a.from_at IS NULL THEN b.next_due_at ELSE a.next_due_at END IS NULL"
            " AND NOT EXISTS (SELECT FROM backfill_runs AS r WHERE r.tenant_id = a.tenant_id"
            " AND r.backfill_id = a.backfill_id) THEN 'completed'"
            " WHEN a.from_at IS NULL THEN b.status ELSE 'running' END FROM a" OF_BACKFILL
            " AND (a.from_at IS NULL OR (b.next_due_at = a.from_at"
            " AND b.status IN ('pending', 'running')))",
            STATE_CONFLICT, "the backfill begins nothing now, or stands elsewhere"),
    [OP_BACKFILL_RUNS_DELETE] = "DELETE FROM backfill_runs AS r USING {in}, backfills AS b"
                                " WHERE b.tenant_id = a.tenant_id AND b.schedule_id = a.id"
                                " AND r.tenant_id = b.tenant_id AND r.backfill_id = b.backfill_id",
    [OP_BACKFILLS_DELETE] = "DELETE FROM backfills AS b USING {in}"
                            " WHERE b.tenant_id = a.tenant_id AND b.schedule_id = a.id",
    [OP_LANE_VERSION_PUT] = INSERT("lane_versions"),
    [OP_LANE_PUT] =
        INSERT("lanes") " ON CONFLICT (lane_name) DO UPDATE SET version = excluded.version,"
                        " members = excluded.members, said_by = excluded.said_by,"
                        " said_in = excluded.said_in, reason = excluded.reason, said_at = "
                        "excluded.said_at",
    [OP_DEAD_LETTER_PUT] =
        INSERT("dead_letters") " ON CONFLICT (tenant_id, dead_letter_id) DO UPDATE SET"
                               " reason = excluded.reason, error_class = excluded.error_class,"
                               " message = excluded.message, fingerprint = excluded.fingerprint,"
                               " deaths = dead_letters.deaths + 1, attempts = excluded.attempts,"
                               " last_seen_at = excluded.last_seen_at",
    [OP_DEAD_LETTER_DROP] = "DELETE FROM dead_letters AS l USING {in}"
                            " WHERE l.tenant_id = a.tenant_id AND l.dead_letter_id = a.id",
    [OP_DEAD_LETTER_REPLAYED] =
        HIT("UPDATE dead_letters AS l SET replayed_by = l.replayed_by || a.more || chr(10) FROM a"
            " WHERE l.tenant_id = a.tenant_id AND l.dead_letter_id = a.id"
            " AND length(l.replayed_by) + length(a.more) < a.number",
            STATE_CONFLICT, "the dead letter is there no more, or was replayed too often"),
    [OP_DEAD_LETTER_CLEAR] =
        HIT("DELETE FROM dead_letters AS l USING a WHERE l.tenant_id = a.tenant_id"
            " AND l.dead_letter_id = a.id AND l.deaths = a.number",
            STATE_CONFLICT, "the dead letter has changed"),
    [OP_DEAD_SNAPSHOT_PUT] = INSERT("dead_letter_snapshots"),
    /* By its id: while few rows are known the planner takes the tenant's job types for as good. */
    [OP_QUOTA_PUT] = INSERT("quotas"),
    [OP_QUOTA_CHANGE] =
        HIT("UPDATE quotas AS q SET max_active = a.max_active, max_per_hour = a.max_per_hour,"
            " burst = a.burst, weight = a.weight, paused = a.paused, version = a.version,"
            " updated_at = a.updated_at FROM a WHERE q.tenant_id || '' = a.tenant_id"
            " AND q.quota_id = a.quota_id AND q.version = a.version - 1",
            STATE_CONFLICT, "the quota has changed"),
    [OP_QUOTA_DELETE] = HIT("DELETE FROM quotas AS q USING a WHERE q.tenant_id || '' = a.tenant_id"
                            " AND q.quota_id = a.id AND q.version = a.number",
                            STATE_CONFLICT, "the quota has changed"),
    [OP_GATE_PUT] = INSERT("run_gates") " ON CONFLICT (run_id, kind, tenant_id) DO NOTHING",
    [OP_GATE_JOIN] =
        "UPDATE run_gates AS o SET first_at = f.at, due_at = CASE WHEN o.bound > 0 THEN"
        " least(o.due_at, f.at + o.bound * interval '1 microsecond') ELSE o.due_at END"
        " FROM {in} CROSS JOIN LATERAL (SELECT min(g.first_at) AS at" THAT_WAIT ") AS f" ITS_GATE,
    [OP_GATE_TAKE] = GATE_TAKE("{in}"),
    [OP_GATE_TAKE_NOW] =
        HIT(GATE_TAKE("a"), STATE_CONFLICT, "as many runs of its key go on as may"),
    [OP_GATE_OPEN] = "DELETE FROM run_gates AS o USING {in}" ITS_GATE
                     " AND o.due_at <= a.due_at AND NOT EXISTS (SELECT 1" THAT_WAIT
                     " AND (g.created_at, g.run_id) > (a.created_at, a.run_id))",
    [OP_GATE_END] = "DELETE FROM run_gates AS o USING {in} WHERE o.run_id = a.id"
                    " AND o.tenant_id = a.tenant_id",
};

const char pg_write_begin[] =
    "WITH h AS (SELECT FROM hosts WHERE host_id = $1::text AND epoch = $2::bigint"
    " AND NOT fenced FOR KEY SHARE),"
    " t AS (UPDATE commit_tokens SET token = $3::bigint, committed_at = now()"
    " WHERE host_id = $1::text AND epoch = $2::bigint AND token = $3::bigint - 1 RETURNING 1)"
    " SELECT expect((SELECT count(*) FROM h) = 1 AND (SELECT count(*) FROM t) = 1,"
    " '" STATE_FENCED "', 'the fence of the host does not hold')";
