/* subjects.c -- see subjects.h. */
#include "subjects.h"

#include "base/auto.h"
#include "base/mem.h"
#include "sql.h"

#define TENANT "current_setting('test.tenant')"
#define KEY "current_setting('test.key')"
#define RUN "'run-' || " TENANT

const struct subject subjects[] = {
    {"dag_workflows", SUBJECT_WORK,
     "INSERT INTO dag_workflows (tenant_id, dag_id, version_key, name, definition, hash) VALUES"
     " (" TENANT ", " KEY ", '1', '', '{}', '')"},
    {"dag_executions", SUBJECT_WORK,
     "INSERT INTO dag_executions (execution_id, tenant_id, dag_id, dag_version, inputs_hash,"
     " trace_id) VALUES (CASE " KEY " WHEN '1' THEN " RUN " ELSE " KEY " END, " TENANT
     ", 'd', '1', '', '')"},
    {"node_traces", SUBJECT_WORK,
     "INSERT INTO node_traces (execution_id, node_id, tenant_id, agent_id, status, level_index)"
     " VALUES (" RUN ", " KEY ", " TENANT ", '', 'completed', 0)"},
    {"node_attempts", SUBJECT_WORK,
     "INSERT INTO node_attempts (execution_id, node_id, attempt, tenant_id, outcome) VALUES"
     " (" RUN ", " KEY ", 1, " TENANT ", 'ok')"},
    {"attempt_logs", SUBJECT_WORK,
     "INSERT INTO attempt_logs (execution_id, node_id, attempt, tenant_id, at, level, text) VALUES"
     " (" RUN ", " KEY ", 1, " TENANT ", now(), 'info', '')"},
    {"dag_checkpoints", SUBJECT_WORK,
     "INSERT INTO dag_checkpoints (execution_id, node_id, tenant_id, status) VALUES"
     " (" RUN ", " KEY ", " TENANT ", 'completed')"},
    {"execution_provenance", SUBJECT_WORK,
     "INSERT INTO execution_provenance (execution_id, node_id, tenant_id, input_hash, output_hash,"
     " duration_ms, chain_hash, record_hash, record) VALUES"
     " (" RUN ", " KEY ", " TENANT ", '', '', 0, '', '', '')"},
    {"run_orders", SUBJECT_WORK,
     "INSERT INTO run_orders (execution_id, tenant_id, verb) VALUES"
     " (" RUN ", " TENANT ", 'pause')"},
    {"outside_edits", SUBJECT_DERIVED,
     "INSERT INTO outside_edits (execution_id, tenant_id, old_status, new_status) VALUES"
     " (" RUN ", " TENANT ", 'running', 'failed')"},
    {"hourly_node_summaries", SUBJECT_DERIVED,
     "INSERT INTO hourly_node_summaries (tenant_id, bucket, execution_id, node_count,"
     " total_retries, timeout_count) VALUES (" TENANT ", now(), " KEY ", 0, 0, 0)"},
    {"event_heads", SUBJECT_CURSOR,
     "INSERT INTO event_heads (tenant_id) VALUES (" TENANT ") ON CONFLICT (tenant_id)"
     " DO UPDATE SET last_seq = event_heads.last_seq + 1"},
    {"run_events", SUBJECT_EVIDENCE,
     "INSERT INTO run_events (seq, tenant_id, run_id, n, dag_id, type, status, at, trace_id,"
     " payload, prev_hash, hash) VALUES"
     " (1, " TENANT ", " KEY ", 1, 'd', '', '', now(), '', '{}', '', '')"},
    {"statements", SUBJECT_EVIDENCE,
     "INSERT INTO statements (execution_id, tenant_id, chain_hash, envelope, created_at) VALUES"
     " (" RUN ", " TENANT ", '', '', now())"},
    {"ledger_heads", SUBJECT_EVIDENCE,
     "INSERT INTO ledger_heads (tenant_id, tree_size, last_seq, root_hash, envelope, created_at)"
     " VALUES (" TENANT ", " KEY "::bigint, 1, '', '', now())"},
    {"tenants", SUBJECT_WORK,
     "INSERT INTO tenants (tenant_id, name, created_at) VALUES (" TENANT ", '', now())"
     " ON CONFLICT (tenant_id) DO UPDATE SET name = 'x'"},
    {"secrets", SUBJECT_WORK,
     "INSERT INTO secrets (tenant_id, name, version, blob, created_at) VALUES"
     " (" TENANT ", " KEY ", 1, 'x', now())"},
    {"plugins", SUBJECT_WORK,
     "INSERT INTO plugins (tenant_id, plugin_id, version, version_key, bundle_hash, manifest,"
     " key_id, installed_by, installed_at) VALUES"
     " (" TENANT ", " KEY ", '1', '1', '', '{}', '', '', now())"},
    {"plugin_bundles", SUBJECT_WORK,
     "INSERT INTO plugin_bundles (tenant_id, plugin_id, version, key_id, archive_hash, bundle_hash,"
     " bytes, created_at) VALUES (" TENANT ", " KEY ", '1', 'k', '', '', 1, now())"},
    {"plugin_bundle_parts", SUBJECT_WORK,
     "INSERT INTO plugin_bundle_parts (tenant_id, bundle_hash, part, content) VALUES"
     " (" TENANT ", " KEY ", 0, 'x')"},
    {"schedules", SUBJECT_WORK,
     "INSERT INTO schedules (tenant_id, schedule_id, dag_id, rule_kind, rule, timezone, dst_policy,"
     " missed_policy, overlap_policy, inputs, missed_max, jitter_seconds, paused, created_at,"
     " updated_at) VALUES (" TENANT ", " KEY ", 'd', 'every', '1h', 'UTC', 'shift', 'last',"
     " 'skip', '{}', 1, 0, false, now(), now())"},
    {"schedule_firings", SUBJECT_WORK,
     "INSERT INTO schedule_firings (tenant_id, schedule_id, due_at, outcome) VALUES"
     " (" TENANT ", " KEY ", now(), 'missed')"},
    {"backfills", SUBJECT_WORK,
     "INSERT INTO backfills (tenant_id, backfill_id, schedule_id, status, reason, ticket,"
     " max_parallel, total, completed, failed, skipped, from_at, to_at, created_at, updated_at)"
     " VALUES (" TENANT ", " KEY ", 's', 'paused', 'r', 'T', 1, 1, 0, 0, 0, now(), now(), now(),"
     " now())"},
    {"backfill_runs", SUBJECT_WORK,
     "INSERT INTO backfill_runs (tenant_id, backfill_id, due_at, schedule_id, run_id) VALUES"
     " (" TENANT ", " KEY ", now(), 's', 'r')"},
    {"quotas", SUBJECT_WORK,
     "INSERT INTO quotas (tenant_id, quota_id, job_type, max_active, max_per_hour, burst, weight,"
     " paused, version, created_at, updated_at) VALUES (" TENANT ", " KEY ", " KEY ", 1, 0, 0, 1,"
     " false, 1, now(), now())"},
    {"run_gates", SUBJECT_WORK,
     "INSERT INTO run_gates (tenant_id, run_id, kind, dag_id, gate_key, bound, on_conflict, slot,"
     " created_at, due_at, first_at) VALUES (" TENANT ", " KEY ", 'concurrency', 'd', " KEY
     ", 1, 'queue', 0, now(), now(), now())"},
    {"dead_letters", SUBJECT_WORK,
     "INSERT INTO dead_letters (dead_letter_id, tenant_id, task_id, run_id, lane, reason,"
     " error_class, message, fingerprint, replayed_by, deaths, attempts, priority, first_seen_at,"
     " last_seen_at) VALUES (" TENANT " || " KEY ", " TENANT ", 't', 'r', 'l', 'poison', 'E', 'm',"
     " 'f', '', 1, 1, 5, now(), now())"},
    {"dead_letter_snapshots", SUBJECT_WORK,
     "INSERT INTO dead_letter_snapshots (tenant_id, snapshot_id, reason, items, sha256, letters,"
     " created_at) VALUES (" TENANT ", " KEY ", 'r', '[]', 'h', 0, now())"},
    {"idempotency", SUBJECT_WORK,
     "INSERT INTO idempotency (tenant_id, key, path, request_hash, status, body, created_at,"
     " expires_at) VALUES (" TENANT ", " KEY ", '/', '', 200, '{}', now(), now())"},
    {"revoked_tokens", SUBJECT_WORK,
     "INSERT INTO revoked_tokens (token_id, tenant_id, reason, revoked_at, expires_at) VALUES"
     " (" TENANT " || " KEY ", " TENANT ", '', now(), now())"},
};
const size_t subject_count = ARRAY_LEN(subjects);

void subjects_say(PGconn *conn, const char *tenant, const char *key)
{
    auto_mem char *say = mem_printf("SELECT set_config('test.tenant', '%s', false),"
                                    " set_config('test.key', '%s', false)",
                                    tenant, key);

    sql_run(conn, say);
}

void subjects_fill(PGconn *superuser)
{
    static const char *const tenants[] = {"a", "b"};

    for (size_t t = 0; t < ARRAY_LEN(tenants); t++) {
        subjects_say(superuser, tenants[t], "1");
        for (size_t i = 0; i < subject_count; i++)
            sql_run(superuser, subjects[i].insert);
    }
}
