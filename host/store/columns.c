/* columns.c -- see columns.h. */
#include "store/columns.h"

#include "base/auto.h"
#include "store/batch.h"
#include "store/column_words.h"
#include "store/reader.h"
#include "store/rows.h"

static const struct column run_columns[] = {
    KEY(store_run, TEXT, run_id, "execution_id"),
    KEY(store_run, TEXT, tenant, "tenant_id"),
    COL(store_run, TEXT, dag_id, "dag_id"),
    COL(store_run, TEXT, dag_version, "dag_version"),
    COL(store_run, RUN_STATUS, status, "status"),
    COL(store_run, TEXT_NULL, run_token, "run_token"),
    COL(store_run, TEXT, inputs_hash, "inputs_hash"),
    COL(store_run, TEXT_NULL, outputs_hash, "outputs_hash"),
    COL(store_run, TEXT_NULL, chain_hash, "provenance_chain_hash"),
    COL(store_run, TEXT, trace_id, "trace_id"),
    COL(store_run, TEXT_NULL, parent_run_id, "parent_run_id"),
    COL(store_run, TEXT_NULL, parent_kind, "parent_kind"),
    COL(store_run, TEXT_NULL, created_by, "created_by"),
    COL(store_run, INT, seed, "seed"),
    COL(store_run, BOOL, deterministic, "deterministic_mode"),
    COL(store_run, BOOL, checkpoint_enabled, "checkpoint_enabled"),
    COL(store_run, BOOL, paused, "paused"),
    COL(store_run, BOOL, cancel_requested, "cancel_requested"),
    READ(store_run, SAID, statement_due, "is_statement_due", "statement_due"),
    READ(store_run, TEXT_NULL, statement_refused, "statement_refused",
         "CASE WHEN statement_due THEN statement_refused END"),
    COL(store_run, INT, counts.total, "total_nodes"),
    COL(store_run, INT, counts.completed, "completed_nodes"),
    COL(store_run, INT, counts.failed, "failed_nodes"),
    COL(store_run, INT, counts.skipped, "skipped_nodes"),
    COL(store_run, INT, created_us, "created_at"),
    COL(store_run, TIME, started_us, "started_at"),
    COL(store_run, TIME, completed_us, "completed_at"),
    COL(store_run, TIME, deadline_us, "deadline_at"),
    COL(store_run, TEXT_NULL, lease_owner, "lease_owner"),
    COL(store_run, INT, lease_epoch, "lease_epoch"),
    COL(store_run, INT, task_priority, "task_priority"),
    COL(store_run, TEXT_NULL, task_lane, "task_lane"),
    READ(store_run, SAID, is_dead, "is_dead",
         "CASE WHEN task_priority > 0 AND status = 'failed' THEN EXISTS"
         " (SELECT 1 FROM dead_letters AS l WHERE l.tenant_id = dag_executions.tenant_id"
         " AND l.dead_letter_id = execution_id) ELSE false END"),
    SAYS(store_run, INT, task_attempts, "task_attempts",
         "CASE WHEN task_priority > 0 THEN (SELECT count(*) FROM node_attempts AS t"
         " WHERE t.tenant_id = dag_executions.tenant_id"
         " AND t.execution_id = dag_executions.execution_id"
         " AND t.outcome NOT IN ('infra', 'preempted') AND t.started_at IS NOT NULL) ELSE 0 END"),
    SAYS(store_run, TIME, task_started_us, "task_started_at",
         "CASE WHEN task_priority > 0 THEN (SELECT min(t.started_at) FROM node_attempts AS t"
         " WHERE t.tenant_id = dag_executions.tenant_id"
         " AND t.execution_id = dag_executions.execution_id"
         " AND t.outcome NOT IN ('infra', 'preempted')) END"),
    COL(store_run, TEXT_NULL, error, "error"),
    NEEDS(store_run, TEXT_NULL, agent_digests, "agent_digests"),
    BODY(store_run, TEXT_NULL, errors, "errors"),
    BODY(store_run, TEXT_NULL, compensations, "compensations"),
    BODY(store_run, TEXT_NULL, options, "options"),
    BODY(store_run, TEXT_NULL, levels, "topology_levels"),
    BODY(store_run, TEXT_NULL, input, "input_data"),
    BODY(store_run, TEXT_NULL, output, "output_data"),
};
ROW_TYPE(row_run, store_run, run_columns);

static const struct column run_update_columns[] = {
    COL(store_run_update, TEXT, tenant, "tenant_id"),
    COL(store_run_update, TEXT, run_id, "execution_id"),
    COL(store_run_update, RUN_STATUS, status, "status"),
    COL(store_run_update, BOOL, paused, "paused"),
    COL(store_run_update, BOOL, cancel_requested, "cancel_requested"),
    COL(store_run_update, TIME, started_us, "started_at"),
    COL(store_run_update, INT, counts.total, "total_nodes"),
    COL(store_run_update, INT, counts.completed, "completed_nodes"),
    COL(store_run_update, INT, counts.failed, "failed_nodes"),
    COL(store_run_update, INT, counts.skipped, "skipped_nodes"),
};
ROW_TYPE(row_run_update, store_run_update, run_update_columns);

static const struct column run_end_columns[] = {
    COL(store_run_end, TEXT, tenant, "tenant_id"),
    COL(store_run_end, TEXT, run_id, "execution_id"),
    COL(store_run_end, RUN_STATUS, status, "status"),
    COL(store_run_end, TEXT_NULL, output, "output_data"),
    COL(store_run_end, TEXT_NULL, outputs_hash, "outputs_hash"),
    COL(store_run_end, TEXT_NULL, chain_hash, "provenance_chain_hash"),
    COL(store_run_end, TEXT_NULL, error, "error"),
    COL(store_run_end, TEXT_NULL, errors, "errors"),
    COL(store_run_end, TEXT_NULL, compensations, "compensations"),
    COL(store_run_end, TIME, completed_us, "completed_at"),
    COL(store_run_end, INT, counts.total, "total_nodes"),
    COL(store_run_end, INT, counts.completed, "completed_nodes"),
    COL(store_run_end, INT, counts.failed, "failed_nodes"),
    COL(store_run_end, INT, counts.skipped, "skipped_nodes"),
};
ROW_TYPE(row_run_end, store_run_end, run_end_columns);

static const struct column lease_columns[] = {
    COL(lease_args, TEXT_NULL, tenant, "tenant_id"),
    COL(lease_args, TEXT, id, "id"),
    COL(lease_args, TEXT, owner, "lease_owner"),
    COL(lease_args, INT, epoch, "lease_epoch"),
};
ROW_TYPE(row_lease, lease_args, lease_columns);

static const struct column key_columns[] = {
    COL(key_args, TEXT, tenant, "tenant_id"), COL(key_args, TEXT, id, "id"),
    COL(key_args, TEXT_NULL, more, "more"),   COL(key_args, INT, number, "number"),
    COL(key_args, INT, time_us, "time"),
};
ROW_TYPE(row_key, key_args, key_columns);

static const struct column node_columns[] = {
    OWNERS(store_node),
    COL(store_node, TEXT, agent_id, "agent_id"),
    COL(store_node, NODE_STATUS, status, "status"),
    COL(store_node, HASH_NULL, input_hash, "input_hash"),
    COL(store_node, HASH_NULL, output_hash, "output_hash"),
    COL(store_node, HASH_NULL, chain_hash, "provenance_hash"),
    COL(store_node, REAL, duration_ms, "duration_ms"),
    COL(store_node, INT, attempts, "attempt_count"),
    COL(store_node, INT, tally_given, "attempts_given"),
    COL(store_node, INT, tally_used, "attempts_used"),
    COL(store_node, INT, tally_infra, "attempts_infra"),
    COL(store_node, INT, level, "level_index"),
    COL(store_node, TIME, started_us, "started_at"),
    COL(store_node, TIME, completed_us, "completed_at"),
    COL(store_node, TEXT_NULL, error_class, "error_class"),
    COL(store_node, TEXT_NULL, error, "error"),
    COL(store_node, TEXT_NULL, error_source, "error_source"),
    COL(store_node, TEXT_NULL, sandbox, "sandbox"),
    READ(store_node, TEXT_NULL, outputs, "outputs",
         "CASE WHEN ?1 <> 0 THEN coalesce(outputs, (SELECT c.outputs FROM dag_checkpoints AS c"
         " WHERE c.execution_id = node_traces.execution_id"
         " AND c.node_id = node_traces.node_id)) END"),
};
ROW_TYPE(row_node, store_node, node_columns);

static const struct column attempt_columns[] = {
    OWNERS(store_attempt),
    KEY(store_attempt, BOOL, compensation, "compensation"),
    KEY(store_attempt, INT, attempt, "attempt"),
    COL(store_attempt, TEXT, outcome, "outcome"),
    COL(store_attempt, BOOL, retryable, "retryable"),
    COL(store_attempt, TIME, started_us, "started_at"),
    COL(store_attempt, TIME, completed_us, "completed_at"),
    COL(store_attempt, TEXT_NULL, error_class, "error_class"),
    COL(store_attempt, TEXT_NULL, error, "error"),
    COL(store_attempt, TEXT_NULL, error_source, "error_source"),
    COL(store_attempt, TEXT_NULL, detail, "detail"),
};
ROW_TYPE(row_attempt, store_attempt, attempt_columns);

static const struct column checkpoint_columns[] = {
    OWNERS(store_checkpoint),
    COL(store_checkpoint, NODE_STATUS, status, "status"),
    COL(store_checkpoint, HASH_NULL, output_hash, "output_hash"),
    COL(store_checkpoint, INT, attempts, "attempt_count"),
    COL(store_checkpoint, INT, created_us, "created_at"),
    COL(store_checkpoint, TEXT_NULL, outputs, "outputs"),
};
ROW_TYPE(row_checkpoint, store_checkpoint, checkpoint_columns);

static const struct column provenance_columns[] = {
    OWNERS(store_provenance),
    COL(store_provenance, HASH, input_hash, "input_hash"),
    COL(store_provenance, HASH, output_hash, "output_hash"),
    COL(store_provenance, REAL, duration_ms, "duration_ms"),
    COL(store_provenance, INT, attempts, "attempt_count"),
    COL(store_provenance, INT, created_us, "created_at"),
    COL(store_provenance, TEXT, parent_hashes, "parent_hashes"),
    COL(store_provenance, HASH, chain_hash, "chain_hash"),
    COL(store_provenance, HASH, record_hash, "record_hash"),
    COL(store_provenance, TEXT, record, "record"),
};
ROW_TYPE(row_provenance, store_provenance, provenance_columns);

static const struct column event_columns[] = {
    COL(store_event, ID, seq, "seq"),
    COL(store_event, TEXT, tenant, "tenant_id"),
    COL(store_event, TEXT, run_id, "run_id"),
    COL(store_event, INT, n, "n"),
    COL(store_event, TEXT, dag_id, "dag_id"),
    COL(store_event, TEXT, type, "type"),
    COL(store_event, TEXT, status, "status"),
    COL(store_event, TEXT_NULL, node_id, "node_id"),
    COL(store_event, INT, attempt, "attempt"),
    COL(store_event, INT, at_us, "at"),
    COL(store_event, TEXT, trace_id, "trace_id"),
    COL(store_event, TEXT, payload, "payload"),
    COL(store_event, TEXT, prev_hash, "prev_hash"),
    COL(store_event, TEXT, hash, "hash"),
};
ROW_TYPE(row_event, store_event, event_columns);

static const struct column leaf_columns[] = {
    COL(store_leaf, INT, seq, "seq"),
    COL(store_leaf, TEXT, hash, "hash"),
};
ROW_TYPE(row_leaf, store_leaf, leaf_columns);

static const struct column ledger_columns[] = {
    COL(store_ledger, TEXT, tenant, "tenant_id"),
    COL(store_ledger, INT, newest, "newest"),
    COL(store_ledger, INT, sealed, "sealed"),
};
ROW_TYPE(row_ledger, store_ledger, ledger_columns);

static const struct column log_columns[] = {
    COL(store_log, ID, id, "id"),
    COL(store_log, TEXT, run_id, "execution_id"),
    COL(store_log, TEXT, tenant, "tenant_id"),
    COL(store_log, TEXT, node_id, "node_id"),
    COL(store_log, INT, attempt, "attempt"),
    COL(store_log, TEXT, level, "level"),
    COL(store_log, TEXT, text, "text"),
    COL(store_log, INT, at_us, "at"),
};
ROW_TYPE(row_log, store_log, log_columns);

static const struct column dag_columns[] = {
    KEY(store_dag, TEXT, tenant, "tenant_id"),
    KEY(store_dag, TEXT, dag_id, "dag_id"),
    KEY(store_dag, TEXT, version, "version"),
    KEY(store_dag, VERSION_KEY, version, "version_key"),
    COL(store_dag, TEXT, name, "name"),
    COL(store_dag, TEXT_NULL, description, "description"),
    BODY(store_dag, TEXT, definition, "definition"),
    COL(store_dag, TEXT, hash, "hash"),
    COL(store_dag, TEXT_NULL, retry_policy, "default_retry_policy"),
    COL(store_dag, TEXT_NULL, timeout_policy, "default_timeout_policy"),
    COL(store_dag, TEXT, on_failure, "on_failure"),
    BODY(store_dag, TEXT_NULL, signature, "signature"),
    COL(store_dag, TEXT_NULL, created_by, "created_by"),
    COL(store_dag, INT, max_parallel_nodes, "max_parallel_nodes"),
    COL(store_dag, BOOL, enabled, "enabled"),
    COL(store_dag, INT, created_us, "created_at"),
    COL(store_dag, INT, updated_us, "updated_at"),
    COL(store_dag, INT, deleted_us, "deleted_at"),
    READ(store_dag, SAID, is_signed, "is_signed", "signature IS NOT NULL"),
};
ROW_TYPE(row_dag, store_dag, dag_columns);

static const struct column statement_columns[] = {
    COL(store_statement, ID, id, "id"),
    COL(store_statement, TEXT, run_id, "execution_id"),
    COL(store_statement, TEXT, tenant, "tenant_id"),
    COL(store_statement, TEXT, chain_hash, "chain_hash"),
    COL(store_statement, TEXT, envelope, "envelope"),
    COL(store_statement, INT, created_us, "created_at"),
};
ROW_TYPE(row_statement, store_statement, statement_columns);

static const struct column ledger_head_columns[] = {
    COL(store_ledger_head, ID, id, "id"),
    COL(store_ledger_head, TEXT, tenant, "tenant_id"),
    COL(store_ledger_head, INT, tree_size, "tree_size"),
    COL(store_ledger_head, INT, last_seq, "last_seq"),
    COL(store_ledger_head, TEXT, root_hash, "root_hash"),
    COL(store_ledger_head, TEXT, envelope, "envelope"),
    COL(store_ledger_head, INT, created_us, "created_at"),
};
ROW_TYPE(row_ledger_head, store_ledger_head, ledger_head_columns);

static const struct column secret_columns[] = {
    KEY(store_secret, TEXT, tenant, "tenant_id"),
    KEY(store_secret, TEXT, name, "name"),
    KEY(store_secret, INT, version, "version"),
    BODY(store_secret, BLOB, blob, "blob"),
    COL(store_secret, TEXT_NULL, created_by, "created_by"),
    COL(store_secret, INT, created_us, "created_at"),
};
ROW_TYPE(row_secret, store_secret, secret_columns);

static const struct column plugin_columns[] = {
    KEY(store_plugin, TEXT, tenant, "tenant_id"),
    KEY(store_plugin, TEXT, plugin_id, "plugin_id"),
    KEY(store_plugin, TEXT, version, "version"),
    KEY(store_plugin, VERSION_KEY, version, "version_key"),
    COL(store_plugin, TEXT, bundle_hash, "bundle_hash"),
    COL(store_plugin, TEXT, manifest, "manifest"),
    COL(store_plugin, TEXT, key_id, "key_id"),
    COL(store_plugin, TEXT, installed_by, "installed_by"),
    COL(store_plugin, INT, installed_us, "installed_at"),
};
ROW_TYPE(row_plugin, store_plugin, plugin_columns);

static const struct column bundle_columns[] = {
    KEY(store_bundle, TEXT, tenant, "tenant_id"),
    KEY(store_bundle, TEXT, plugin_id, "plugin_id"),
    KEY(store_bundle, TEXT, version, "version"),
    KEY(store_bundle, TEXT, key_id, "key_id"),
    COL(store_bundle, TEXT, archive_hash, "archive_hash"),
    COL(store_bundle, TEXT, bundle_hash, "bundle_hash"),
    COL(store_bundle, INT, bytes, "bytes"),
    COL(store_bundle, INT, created_us, "created_at"),
    COL(store_bundle, TIME, removed_us, "removed_at"),
    COL(store_bundle, TIME, released_us, "released_at"),
};
ROW_TYPE(row_bundle, store_bundle, bundle_columns);

static const struct column bundle_part_columns[] = {
    KEY(store_bundle_part, TEXT, tenant, "tenant_id"),
    KEY(store_bundle_part, TEXT, bundle_hash, "bundle_hash"),
    KEY(store_bundle_part, INT, part, "part"),
    COL(store_bundle_part, BLOB, content, "content"),
};
ROW_TYPE(row_bundle_part, store_bundle_part, bundle_part_columns);

static const struct column idempotency_columns[] = {
    COL(store_idempotency, TEXT, tenant, "tenant_id"),
    COL(store_idempotency, TEXT, key, "key"),
    COL(store_idempotency, TEXT, path, "path"),
    COL(store_idempotency, TEXT, request_hash, "request_hash"),
    COL(store_idempotency, INT, status, "status"),
    COL(store_idempotency, TEXT, body, "body"),
    COL(store_idempotency, INT, created_us, "created_at"),
    COL(store_idempotency, INT, expires_us, "expires_at"),
};
ROW_TYPE(row_idempotency, store_idempotency, idempotency_columns);

static const struct column revoked_token_columns[] = {
    KEY(store_revoked_token, TEXT, token_id, "token_id"),
    COL(store_revoked_token, TEXT, tenant, "tenant_id"),
    COL(store_revoked_token, TEXT, reason, "reason"),
    COL(store_revoked_token, INT, revoked_us, "revoked_at"),
    COL(store_revoked_token, INT, expires_us, "expires_at"),
};
ROW_TYPE(row_revoked_token, store_revoked_token, revoked_token_columns);

static const struct column identity_columns[] = {
    COL(store_identity, TEXT, store_id, "store_id"),
    COL(store_identity, TEXT, host_key, "host_key"),
    COL(store_identity, INT, bound_us, "bound_at"),
};
ROW_TYPE(row_identity, store_identity, identity_columns);

static const struct column order_columns[] = {
    COL(store_order, TEXT, tenant, "tenant_id"),
    COL(store_order, TEXT, run_id, "execution_id"),
    COL(store_order, TEXT, verb, "verb"),
    COL(store_order, TEXT_NULL, said, "said"),
    COL(store_order, INT, created_us, "created_at"),
    COL(store_order, ID, order_no, "order_no"),
};
ROW_TYPE(row_order, store_order, order_columns);

static const struct column lane_columns[] = {
    KEY(store_lane, TEXT, lane, "lane_name"),  COL(store_lane, INT, version, "version"),
    COL(store_lane, TEXT, members, "members"), COL(store_lane, TEXT, said_by, "said_by"),
    COL(store_lane, TEXT, said_in, "said_in"), COL(store_lane, TEXT, reason, "reason"),
    COL(store_lane, INT, said_us, "said_at"),
};
ROW_TYPE(row_lane, store_lane, lane_columns);

static const struct column host_columns[] = {
    COL(store_host, TEXT, host_id, "host_id"),
    COL(store_host, INT, epoch, "epoch"),
    COL(store_host, SAID, alive, "alive"),
    COL(store_host, SAID, ended, "ended"),
    COL(store_host, INT, started_us, "started_at"),
    COL(store_host, INT, heartbeat_us, "heartbeat_at"),
    COL(store_host, INT, silent_us, "silent"),
    COL(store_host, TEXT, version, "version"),
    COL(store_host, TEXT, address, "address"),
    READ(store_host, TEXT, agents, "agents", "agents"),
};
ROW_TYPE(row_host, store_host, host_columns);

static const struct column job_columns[] = {
    COL(store_job, TEXT, job, "job"),
    COL(store_job, TEXT_NULL, lease_owner, "lease_owner"),
    COL(store_job, INT, lease_epoch, "lease_epoch"),
    COL(store_job, SAID, is_free, "is_free"),
};
ROW_TYPE(row_job, store_job, job_columns);

static const struct column tenant_columns[] = {
    KEY(store_tenant, TEXT, tenant, "tenant_id"),     COL(store_tenant, TEXT, name, "name"),
    COL(store_tenant, TEXT, settings, "settings"),    COL(store_tenant, BOOL, enabled, "enabled"),
    KEY(store_tenant, INT, created_us, "created_at"),
};
ROW_TYPE(row_tenant, store_tenant, tenant_columns);

static const struct column slow_node_columns[] = {
    COL(store_slow_node, TEXT, dag_id, "dag_id"), COL(store_slow_node, TEXT, node_id, "node_id"),
    COL(store_slow_node, INT, count, "count"),    COL(store_slow_node, REAL, avg_ms, "avg_ms"),
    COL(store_slow_node, REAL, p99_ms, "p99_ms"),
};
ROW_TYPE(row_slow_node, store_slow_node, slow_node_columns);

static const struct column status_count_columns[] = {
    COL(status_count, RUN_STATUS, status, "status"),
    COL(status_count, INT, count, "count"),
};
ROW_TYPE(row_status_count, status_count, status_count_columns);
