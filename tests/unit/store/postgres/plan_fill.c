/* plan_fill.c -- plan_fill of plan_subjects.h. A run's id is a UUIDv7, so half of the runs are in
 * the month of now and the others before all months. */
#include "fixture.h"
#include "plan_subjects.h"
#include "sql.h"

#define EACH "FROM generate_series(1, 4000) AS g"
#define HASH "repeat('a', 64)"
#define AGO "(now() - g * interval '10 minutes')"
#define OLD "run_id_from(" AGO ") || '-7000-8000-' || lpad(to_hex(g), 12, '0')"
#define TENANT "CASE WHEN g % 10 = 0 THEN 'other' ELSE '" SAMPLE_TENANT "' END"
#define RUN OLD ", " TENANT

static const char *const fill[] = {
    "INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version, status, run_token,"
    " inputs_hash, trace_id, created_at, started_at, completed_at, statement_due, lease_owner,"
    " lease_epoch, task_priority, task_lane) SELECT " RUN
    ", CASE WHEN g % 2 = 0 THEN 'd' || g % 40 ELSE 'busy' END, '1',"
    " CASE WHEN g % 4 = 0 THEN 'running' WHEN g % 5 = 0 THEN 'failed' ELSE 'completed' END,"
    " 't' || g, " HASH ", '', " AGO ", " AGO ", CASE WHEN g % 4 > 0 THEN " AGO " END,"
    " g % 200 = 1, '" SAMPLE_HOST "', 1, g % 6,"
    " CASE WHEN g % 6 > 2 THEN 'l' || g % 40 END " EACH,
    "INSERT INTO node_traces (execution_id, tenant_id, node_id, agent_id, status, level_index,"
    " started_at, completed_at, duration_ms) SELECT " RUN ", 'n' || n, 'a', 'completed', n, " AGO
    ", " AGO ", g " EACH ", generate_series(1, 2) AS n",
    "INSERT INTO node_attempts (execution_id, tenant_id, node_id, attempt, outcome)"
    " SELECT " RUN ", 'n' || n, 1, 'ok' " EACH ", generate_series(1, 2) AS n",
    "INSERT INTO attempt_logs (execution_id, tenant_id, node_id, attempt, at, level, text)"
    " SELECT " RUN ", 'n1', 1, " AGO ", 'info', 'x' " EACH,
    "INSERT INTO attempt_logs (execution_id, tenant_id, node_id, attempt, at, level, text)"
    " SELECT 'r1', '" SAMPLE_TENANT "', 'busy', 1, now(), 'info', 'x' " EACH,
    "INSERT INTO dag_checkpoints (execution_id, tenant_id, node_id, status)"
    " SELECT " RUN ", 'n1', 'completed' " EACH,
    "INSERT INTO execution_provenance (execution_id, tenant_id, node_id, input_hash, output_hash,"
    " duration_ms, chain_hash, record_hash, record) SELECT " RUN ", 'n1', " HASH ", " HASH
    ", 1, " HASH ", " HASH ", '{}' " EACH,
    "INSERT INTO run_events (run_id, tenant_id, seq, n, dag_id, type, status, at, trace_id, "
    "payload,"
    " prev_hash, hash) SELECT " RUN ", (4000 - g) * 3 + n, n, 'd' || g % 40, 'step.updated',"
    " CASE WHEN n = 1 THEN 'running' ELSE 'completed' END, " AGO ", '', '{}', " HASH ", " HASH
    " " EACH ", generate_series(1, 3) AS n",
    "INSERT INTO event_heads (tenant_id, last_seq) SELECT DISTINCT tenant_id, 12000 FROM run_events"
    " ON CONFLICT (tenant_id) DO UPDATE SET last_seq = excluded.last_seq",
    "INSERT INTO event_heads (tenant_id) SELECT 't' || g " EACH,
    "INSERT INTO statements (execution_id, tenant_id, chain_hash, envelope, created_at) SELECT " RUN
    ", " HASH ", '{}', " AGO " " EACH,
    "INSERT INTO ledger_heads (tenant_id, tree_size, last_seq, root_hash, envelope, created_at)"
    " SELECT " TENANT ", g, g, " HASH ", '{}', now() + (g - 4000) * interval '1 minute' " EACH,
    "INSERT INTO dag_workflows (tenant_id, dag_id, version, version_key, name, definition, hash)"
    " SELECT '" SAMPLE_TENANT "', CASE WHEN g < 2000 THEN 'd' || g % 40 ELSE 'busy' END, g,"
    " lpad(g::text, 9, '0'), 'd', '{}', " HASH " " EACH,
    "INSERT INTO secrets (tenant_id, name, version, blob, created_at) SELECT '" SAMPLE_TENANT
    "', 's' || g % 100, g, '', now() " EACH,
    "INSERT INTO idempotency (tenant_id, key, path, request_hash, status, body, created_at,"
    " expires_at) SELECT " TENANT
    ", 'k' || g, '/', '', 200, '{}', now(), now() + interval '1 day' " EACH,
    "INSERT INTO revoked_tokens (token_id, tenant_id, reason, revoked_at, expires_at)"
    " SELECT 't' || g, " TENANT ", '', now(), now() + interval '1 day' " EACH,
    "INSERT INTO tenants (tenant_id, name, created_at) SELECT 't' || g, '', now() " EACH,
    "INSERT INTO plugin_bundle_parts (tenant_id, bundle_hash, part, content)"
    " SELECT '', 'h' || g % 100, g / 100, '' " EACH,
    "INSERT INTO schedules (tenant_id, schedule_id, dag_id, rule_kind, rule, timezone, dst_policy,"
    " missed_policy, overlap_policy, inputs, missed_max, jitter_seconds, paused, next_due_at,"
    " next_fire_at, created_at, updated_at) SELECT " TENANT ", 's' || g, 'd' || g % 40, 'every',"
    " '1h', 'UTC', 'shift', 'last', 'skip', '{}', 1, 0, g % 3 = 0, " AGO ", " AGO
    ", now(), now() " EACH,
    "INSERT INTO schedule_firings (tenant_id, schedule_id, due_at, outcome)"
    " SELECT " TENANT ", 's' || g % 100, " AGO
    ", CASE WHEN g % 4000 = 7 THEN 'queued' ELSE 'missed' END " EACH,
    "INSERT INTO backfills (tenant_id, backfill_id, schedule_id, status, reason, ticket, "
    "max_parallel,"
    " total, completed, failed, skipped, from_at, to_at, next_due_at, created_at, updated_at)"
    " SELECT " TENANT ", 'b' || g, 's' || g % 100, CASE WHEN g % 4000 = 7 THEN 'running'"
    " ELSE 'completed' END, '', '', 2, 1, 0, 0, 0, now(), now(),"
    " CASE WHEN g % 4000 = 7 THEN now() END, now(), now() " EACH,
    "INSERT INTO dead_letters (dead_letter_id, tenant_id, task_id, run_id, lane, reason,"
    " error_class, message, fingerprint, replayed_by, deaths, attempts, priority, first_seen_at,"
    " last_seen_at) SELECT " RUN ", 't' || g, 'r' || g, 'l' || g % 10,"
    " 'permanent_error', 'E', 'm', 'f' || g % 100, '', 1, 1, 5, now(), now() " EACH,
    "INSERT INTO dead_letter_snapshots (tenant_id, snapshot_id, reason, items, sha256, letters,"
    " created_at) SELECT " TENANT ", 's' || g, '', '[]', '', 0, now() " EACH,
    "INSERT INTO quotas (tenant_id, quota_id, job_type, max_active, max_per_hour, burst, weight,"
    " paused, version, created_at, updated_at) SELECT " TENANT ", 'q' || g, 'l' || g, 1, 0, 0, 1,"
    " false, 1, now(), now() " EACH,
    "INSERT INTO run_gates (tenant_id, run_id, kind, dag_id, gate_key, bound, on_conflict, slot,"
    " created_at, due_at, first_at) SELECT " TENANT ", 'r' || g, 'concurrency', 'd' || g % 7,"
    " 'k' || g % 100, 1, 'queue', 0, now(), now(), now() " EACH,
    "INSERT INTO lanes (lane_name, version, members, said_by, said_in, reason, said_at)"
    " SELECT 'l' || g, 1, '{}', '', '', '', now() " EACH,
    "INSERT INTO lane_versions (lane_name, version, members, said_by, said_in, reason, said_at)"
    " SELECT 'l' || g % 100, g, '{}', '', '', '', now() " EACH,
    "INSERT INTO outside_edits (execution_id, tenant_id, old_status, new_status) SELECT " RUN
    ", 'running', 'cancelled' " EACH,
};

void plan_fill(void)
{
    PGconn *conn = sql_connect(fixture_url);

    sql_run(conn, "SET search_path = orchestrator");
    sql_run(conn, "SET session_replication_role = replica");
    for (size_t i = 0; i < ARRAY_LEN(fill); i++)
        sql_run(conn, fill[i]);
    PQfinish(conn);
}
