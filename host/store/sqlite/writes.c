/* writes.c -- see writes.h. */
#include "store/sqlite/writes.h"

/* The places of a node's records that have one each, and where those of its compensation begin
 * (place.h, schema/0013). */
#define PLACE_OF_CHECKPOINT "16777215"
#define PLACE_OF_PROVENANCE "16777214"
#define COMPENSATION "8388608"
#define NODES_OF_KEY                                                                               \
    "dag_executions AS r CROSS JOIN nodes AS n ON n.run_no = r.run_no"                             \
    " WHERE r.execution_id = ?2 AND r.tenant_id = ?1 AND (?3 IS NULL OR n.node_id = ?3)"

/* The rows of a gate's key; those of it that hold a place, and that wait. */
#define OF_ITS_KEY " WHERE tenant_id = ?1 AND dag_id = ?4 AND kind = ?3 AND gate_key = ?5"
#define THAT_HOLD " FROM run_gates" OF_ITS_KEY " AND slot > 0"
#define THAT_WAIT " FROM run_gates" OF_ITS_KEY " AND slot = 0"
#define ITS_GATE " WHERE tenant_id = ?1 AND run_id = ?2 AND kind = ?3"
#define OLDEST_FIRST "IN ('queue', 'skip')"
#define GATE_TAKE                                                                                  \
    "UPDATE run_gates SET slot = (SELECT min(n) FROM (SELECT 1 AS n UNION ALL SELECT slot + "      \
    "1" THAT_HOLD ") WHERE n NOT IN (SELECT slot" THAT_HOLD "))" ITS_GATE " AND slot = 0"          \
    " AND (SELECT count(*)" THAT_HOLD ") < ?6"                                                     \
    " AND NOT (?7 " OLDEST_FIRST " AND EXISTS (SELECT 1" THAT_WAIT                                 \
    " AND (created_at, run_id) < (?9, ?2) AND on_conflict " OLDEST_FIRST "))"                      \
    " AND NOT (?7 NOT " OLDEST_FIRST " AND EXISTS (SELECT 1" THAT_WAIT                             \
    " AND (created_at, run_id) > (?9, ?2)))"

const struct write_statement write_statements[OP_COUNT] = {
    [OP_RUN_THERE] = {"SELECT 1 FROM dag_executions WHERE tenant_id = ?1 AND execution_id = ?2",
                      ERR_NOT_FOUND, "no such run"},
    [OP_RUN_INSERT] = {"INSERT INTO dag_executions ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_RUN_UPDATE] = {"UPDATE dag_executions SET status = CASE WHEN " GOES_ON
                       " THEN ?3 ELSE status END, paused = ?4,"
                       " cancel_requested = max(cancel_requested, ?5), started_at = coalesce(?6, "
                       "started_at), total_nodes = ?7,"
                       " completed_nodes = ?8, failed_nodes = ?9, skipped_nodes = ?10"
                       " WHERE tenant_id = ?1 AND execution_id = ?2 AND completed_at IS NULL",
                       ERR_NOT_FOUND, "no such run that goes on"},
    [OP_RUN_END] = {"UPDATE dag_executions SET status = ?3, output_data = ?4, outputs_hash = ?5,"
                    " provenance_chain_hash = ?6, error = ?7, errors = ?8, compensations = ?9,"
                    " completed_at = ?10, total_nodes = ?11, completed_nodes = ?12,"
                    " failed_nodes = ?13, skipped_nodes = ?14, paused = 0, statement_due = 1,"
                    " statement_refused = NULL"
                    " WHERE tenant_id = ?1 AND execution_id = ?2 AND completed_at IS NULL",
                    ERR_NOT_FOUND, "no such run that goes on"},
    [OP_RUN_REOPEN] = {"UPDATE dag_executions SET status = 'running', paused = 0,"
                       " cancel_requested = 0, output_data = NULL, outputs_hash = NULL,"
                       " provenance_chain_hash = NULL, error = NULL, errors = NULL,"
                       " compensations = NULL, completed_at = NULL, statement_due = 0,"
                       " lease_owner = ?3, lease_epoch = ?4"
                       " WHERE tenant_id = ?1 AND execution_id = ?2 AND (completed_at IS NOT NULL"
                       " OR (NOT " GOES_ON
                       " AND ((lease_owner = ?3 AND lease_epoch = ?4) OR NOT " WHO_HAS_IT_LIVES(
                           "dag_executions") ")))",
                       ERR_CONFLICT, "the run goes on"},
    [OP_RUN_OPTIONS] = {"UPDATE dag_executions SET options = ?3 WHERE tenant_id = ?1"
                        " AND execution_id = ?2",
                        ERR_NOT_FOUND, "no such run"},
    [OP_TASK_PRIORITIZE] =
        {"UPDATE dag_executions SET task_priority = ?4 WHERE tenant_id = ?1"
         " AND execution_id = ?2 AND completed_at IS NULL AND +task_priority > 0",
         ERR_NOT_FOUND, "no such task that goes on"},
    [OP_RUN_CLAIM] = {"UPDATE dag_executions SET lease_owner = ?3, lease_epoch = ?4"
                      " WHERE execution_id = ?2 AND completed_at IS NULL AND " GOES_ON
                      " AND NOT " WHO_HAS_IT_LIVES("dag_executions"),
                      ERR_NONE, NULL},
    [OP_RUN_RELEASE] = {"UPDATE dag_executions SET lease_owner = NULL WHERE execution_id = ?2"
                        " AND lease_owner = ?3 AND lease_epoch = ?4",
                        ERR_NONE, NULL},
    [OP_JOB_CLAIM] = {"INSERT INTO job_leases (job, lease_owner, lease_epoch) VALUES (?2, ?3, ?4)"
                      " ON CONFLICT (job) DO UPDATE SET lease_owner = excluded.lease_owner,"
                      " lease_epoch = excluded.lease_epoch"
                      " WHERE NOT " WHO_HAS_IT_LIVES("job_leases"),
                      ERR_NONE, NULL},
    [OP_ORDER_PUT] = {"INSERT INTO run_orders ({columns}) SELECT {values} WHERE EXISTS"
                      " (SELECT 1 FROM dag_executions WHERE tenant_id = ?1 AND execution_id = ?2"
                      " AND completed_at IS NULL AND " GOES_ON ")",
                      ERR_NOT_FOUND, "no such run that goes on"},
    [OP_ORDER_DONE] = {"DELETE FROM run_orders WHERE tenant_id = ?1 AND execution_id = ?2"
                       " AND (?4 = 0 OR order_no = ?4)",
                       ERR_NONE, NULL},
    [OP_NODE_UPSERT] = {"INSERT INTO nodes (node_no, run_no, node_id, {columns})"
                        " VALUES (nullif({node}, 0), {run}, ?3, {values})"
                        " ON CONFLICT (node_no) DO UPDATE SET {set}",
                        ERR_NONE, NULL},
    [OP_ATTEMPT_UPSERT] = {"INSERT INTO node_records (record_no, {columns}) VALUES"
                           " ({records} + ?5 + CASE ?4 WHEN 0 THEN 0 ELSE " COMPENSATION " END,"
                           " {values}) ON CONFLICT (record_no) DO UPDATE SET {set}",
                           ERR_NONE, NULL},
    [OP_LOG_APPEND] = {"INSERT INTO attempt_logs ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_CHECKPOINT_PUT] = {"INSERT INTO node_records (record_no, {columns})"
                           " VALUES ({records} + " PLACE_OF_CHECKPOINT ", {values})"
                           " ON CONFLICT (record_no) DO UPDATE SET {set}",
                           ERR_NONE, NULL},
    [OP_CHECKPOINT_DELETE] = {"DELETE FROM node_records WHERE record_no IN"
                              " (SELECT (records_no << 24) + " PLACE_OF_CHECKPOINT
                              " FROM " NODES_OF_KEY ")",
                              ERR_NONE, NULL},
    [OP_PROVENANCE_PUT] = {"INSERT INTO node_records (record_no, {columns})"
                           " VALUES ({records} + " PLACE_OF_PROVENANCE ", {values})"
                           " ON CONFLICT (record_no) DO UPDATE SET {set}",
                           ERR_NONE, NULL},
    [OP_PROVENANCE_DELETE] = {"DELETE FROM node_records WHERE record_no IN"
                              " (SELECT (records_no << 24) + " PLACE_OF_PROVENANCE
                              " FROM " NODES_OF_KEY ")",
                              ERR_NONE, NULL},
    [OP_EVENT_APPEND] = {"INSERT INTO run_events (event_no, {columns}) VALUES ({event}, {values})",
                         ERR_NONE, NULL},
    /* One that comes behind the next end would be taken for that one's. */
    [OP_STATEMENT_PUT] =
        {"INSERT INTO statements ({columns}) SELECT {values} WHERE NOT EXISTS"
         " (SELECT 1 FROM dag_executions WHERE execution_id = ?2 AND tenant_id = ?3"
         " AND completed_at IS NOT NULL AND provenance_chain_hash <> ?4)",
         ERR_NONE, NULL},
    [OP_STATEMENT_REFUSE] = {"UPDATE dag_executions SET statement_refused = ?3 WHERE tenant_id = ?1"
                             " AND execution_id = ?2 AND statement_due = 1",
                             ERR_NONE, NULL},
    [OP_LEDGER_HEAD_PUT] = {"INSERT INTO ledger_heads ({columns}) VALUES ({values})", ERR_NONE,
                            NULL},
    [OP_DAG_PUT] = {"INSERT INTO dag_workflows ({columns}) VALUES ({values})"
                    " ON CONFLICT (tenant_id, dag_id, version) DO UPDATE SET enabled = 1,"
                    " deleted_at = 0, updated_at = excluded.updated_at"
                    " WHERE hash = excluded.hash",
                    ERR_CONFLICT, "the version exists with another definition"},
    [OP_DAG_SET_ENABLED] = {"UPDATE dag_workflows SET enabled = ?4, updated_at = ?5"
                            " WHERE tenant_id = ?1 AND dag_id = ?2 AND version = ?3"
                            " AND deleted_at = 0",
                            ERR_NOT_FOUND, "no such DAG version"},
    [OP_DAG_DELETE] = {"UPDATE dag_workflows SET deleted_at = ?5, updated_at = ?5"
                       " WHERE tenant_id = ?1 AND dag_id = ?2 AND deleted_at = 0",
                       ERR_NOT_FOUND, "no such DAG"},
    [OP_SECRET_PUT] = {"INSERT INTO secrets ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_SECRET_DELETE] = {"DELETE FROM secrets WHERE tenant_id = ?1 AND name = ?2"
                          " AND (?4 = 0 OR version = ?4)",
                          ERR_NOT_FOUND, "no such secret"},
    [OP_PLUGIN_PUT] = {"INSERT INTO plugins ({columns}) VALUES ({values})"
                       " ON CONFLICT (tenant_id, plugin_id, version) DO UPDATE SET {set}",
                       ERR_NONE, NULL},
    [OP_PLUGIN_DELETE] = {"DELETE FROM plugins WHERE tenant_id = ?1 AND plugin_id = ?2"
                          " AND version = ?3",
                          ERR_NOT_FOUND, "no such plugin version"},
    [OP_BUNDLE_PART_PUT] = {"INSERT INTO plugin_bundle_parts ({columns}) VALUES ({values})"
                            " ON CONFLICT (tenant_id, bundle_hash, part) DO UPDATE SET {set}",
                            ERR_NONE, NULL},
    [OP_BUNDLE_PUT] = {"INSERT INTO plugin_bundles ({columns}) VALUES ({values})"
                       " ON CONFLICT (tenant_id, plugin_id, version, key_id) DO UPDATE SET {set}"
                       " WHERE archive_hash = excluded.archive_hash OR removed_at IS NOT NULL",
                       ERR_CONFLICT, "the plugin's version is there with other content"},
    [OP_BUNDLE_REMOVE] = {"UPDATE plugin_bundles SET removed_at = ?5"
                          " WHERE tenant_id = ?1 AND bundle_hash = ?2",
                          ERR_NONE, NULL},
    [OP_BUNDLE_PARTS_DELETE] = {"DELETE FROM plugin_bundle_parts"
                                " WHERE tenant_id = ?1 AND bundle_hash = ?2",
                                ERR_NONE, NULL},
    [OP_BUNDLE_RELEASE] = {"UPDATE plugin_bundles SET released_at = ?5"
                           " WHERE tenant_id = ?1 AND bundle_hash = ?2",
                           ERR_NONE, NULL},
    [OP_HOST_AGENTS] = {"UPDATE store_fence SET agents = ?3 WHERE id = 1 AND host_id = ?2"
                        " AND lease_epoch = ?4",
                        ERR_NONE, NULL},
    [OP_IDEMPOTENCY_PUT] = {"INSERT INTO idempotency ({columns}) VALUES ({values})", ERR_NONE,
                            NULL},
    [OP_TOKEN_REVOKE] = {"INSERT INTO revoked_tokens ({columns}) VALUES ({values})"
                         " ON CONFLICT (token_id) DO NOTHING",
                         ERR_NONE, NULL},
    [OP_IDENTITY_PUT] = {"INSERT INTO store_identity ({columns}) VALUES ({values})", ERR_NONE,
                         NULL},
    [OP_TENANT_PUT] = {"INSERT INTO tenants ({columns}) VALUES ({values})"
                       " ON CONFLICT (tenant_id) DO UPDATE SET {set}",
                       ERR_NONE, NULL},
    [OP_PURGE_IDEMPOTENCY] = {"DELETE FROM idempotency WHERE expires_at < ?5", ERR_NONE, NULL},
    [OP_PURGE_TOKENS] = {"DELETE FROM revoked_tokens WHERE expires_at < ?5", ERR_NONE, NULL},
    [OP_PURGE_ORDERS] =
        {"DELETE FROM run_orders WHERE NOT EXISTS (SELECT 1 FROM dag_executions AS e"
         " WHERE e.execution_id = run_orders.execution_id"
         " AND e.completed_at IS NULL)",
         ERR_NONE, NULL},
    [OP_SCHEDULE_PUT] = {"INSERT INTO schedules ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_SCHEDULE_PAUSE] = {"UPDATE schedules SET paused = ?7, next_due_at = ?4, next_fire_at = ?5,"
                           " updated_at = ?8 WHERE tenant_id = ?1 AND schedule_id = ?2",
                           ERR_NOT_FOUND, "no such schedule"},
    [OP_SCHEDULE_MOVE] =
        {"UPDATE schedules SET next_due_at = CASE WHEN next_due_at = ?3 THEN ?4 ELSE next_due_at"
         " END, next_fire_at = CASE WHEN next_due_at = ?3 THEN ?5 ELSE next_fire_at END,"
         " last_run_id = coalesce(?6, last_run_id)"
         " WHERE tenant_id = ?1 AND schedule_id = ?2",
         ERR_NOT_FOUND, "no such schedule"},
    [OP_SCHEDULE_DELETE] = {"DELETE FROM schedules WHERE tenant_id = ?1 AND schedule_id = ?2",
                            ERR_NOT_FOUND, "no such schedule"},
    [OP_FIRINGS_DELETE] = {"DELETE FROM schedule_firings WHERE tenant_id = ?1 AND schedule_id = ?2",
                           ERR_NONE, NULL},
    [OP_FIRINGS_PURGE] =
        {"DELETE FROM schedule_firings WHERE tenant_id = ?1 AND schedule_id = ?2 AND due_at IN"
         " (SELECT due_at FROM schedule_firings WHERE tenant_id = ?1 AND schedule_id = ?2"
         " AND due_at < ?5 AND coalesce(fired_at, due_at) < ?5 AND outcome <> 'queued' ORDER BY "
         "due_at"
         " LIMIT 1000)",
         ERR_NONE, NULL},
    [OP_FIRING_PUT] = {"INSERT INTO schedule_firings ({columns}) VALUES ({values})", ERR_NONE,
                       NULL},
    [OP_FIRING_NOTE] = {"INSERT INTO schedule_firings ({columns}) VALUES ({values})"
                        " ON CONFLICT (tenant_id, schedule_id, due_at) DO NOTHING",
                        ERR_NONE, NULL},
    [OP_FIRING_TAKE] = {"INSERT INTO schedule_firings ({columns}) VALUES ({values})"
                        " ON CONFLICT (tenant_id, schedule_id, due_at) DO UPDATE SET {set}"
                        " WHERE outcome <> 'fired'",
                        ERR_CONFLICT, "the due time has its run"},
    [OP_BACKFILL_PUT] = {"INSERT INTO backfills ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_BACKFILL_MARK] = {"UPDATE backfills SET status = ?4, updated_at = ?5 WHERE tenant_id = ?1"
                          " AND backfill_id = ?2 AND status NOT IN ('completed', 'cancelled')",
                          ERR_CONFLICT, "the backfill is over"},
    [OP_BACKFILL_RUN_PUT] = {"INSERT INTO backfill_runs ({columns}) VALUES ({values})", ERR_NONE,
                             NULL},
    [OP_BACKFILL_RUN_DONE] = {"DELETE FROM backfill_runs WHERE tenant_id = ?1 AND backfill_id = ?2"
                              " AND due_at = ?3",
                              ERR_CONFLICT, "the run is counted"},
    [OP_BACKFILL_MOVE] =
        {"UPDATE backfills SET next_due_at = CASE WHEN ?4 IS NULL THEN next_due_at ELSE ?5 END,"
         " completed = completed + ?6, failed = failed + ?7, skipped = skipped + ?8,"
         " updated_at = ?9, status = CASE WHEN status = 'cancelled' THEN status"
         " WHEN CASE WHEN ?4 IS NULL THEN next_due_at ELSE ?5 END IS NULL AND NOT EXISTS"
         " (SELECT 1 FROM backfill_runs WHERE tenant_id = ?1 AND backfill_id = ?2)"
         " THEN 'completed' WHEN ?4 IS NULL THEN status ELSE 'running' END"
         " WHERE tenant_id = ?1 AND backfill_id = ?2"
         " AND (?4 IS NULL OR (next_due_at = ?4 AND status IN ('pending', 'running')))",
         ERR_CONFLICT, "the backfill begins nothing now, or stands elsewhere"},
    [OP_BACKFILL_RUNS_DELETE] = {"DELETE FROM backfill_runs WHERE tenant_id = ?1 AND backfill_id IN"
                                 " (SELECT backfill_id FROM backfills WHERE tenant_id = ?1"
                                 " AND schedule_id = ?2)",
                                 ERR_NONE, NULL},
    [OP_BACKFILLS_DELETE] = {"DELETE FROM backfills WHERE tenant_id = ?1 AND schedule_id = ?2",
                             ERR_NONE, NULL},
    [OP_LANE_VERSION_PUT] = {"INSERT INTO lane_versions ({columns}) VALUES ({values})", ERR_NONE,
                             NULL},
    [OP_LANE_PUT] =
        {"INSERT INTO lanes ({columns}) VALUES ({values}) ON CONFLICT (lane_name) DO UPDATE SET "
         "version = excluded.version,"
         " members = excluded.members, said_by = excluded.said_by,"
         " said_in = excluded.said_in, reason = excluded.reason, said_at = excluded.said_at",
         ERR_NONE, NULL},
    [OP_DEAD_LETTER_PUT] = {"INSERT INTO dead_letters ({columns}) VALUES ({values})"
                            " ON CONFLICT (tenant_id, dead_letter_id) DO UPDATE SET "
                            "reason = excluded.reason, error_class = excluded.error_class,"
                            " message = excluded.message, fingerprint = excluded.fingerprint,"
                            " deaths = dead_letters.deaths + 1, attempts = excluded.attempts,"
                            " last_seen_at = excluded.last_seen_at",
                            ERR_NONE, NULL},
    [OP_DEAD_LETTER_DROP] = {"DELETE FROM dead_letters WHERE tenant_id = ?1"
                             " AND dead_letter_id = ?2",
                             ERR_NONE, NULL},
    [OP_DEAD_LETTER_REPLAYED] =
        {"UPDATE dead_letters SET replayed_by = replayed_by || ?3 || char(10) WHERE tenant_id = ?1"
         " AND dead_letter_id = ?2 AND length(replayed_by) + length(?3) < ?4",
         ERR_CONFLICT, "the dead letter is there no more, or was replayed too often"},
    [OP_DEAD_LETTER_CLEAR] = {"DELETE FROM dead_letters WHERE tenant_id = ?1"
                              " AND dead_letter_id = ?2 AND deaths = ?4",
                              ERR_CONFLICT, "the dead letter has changed"},
    [OP_DEAD_SNAPSHOT_PUT] = {"INSERT INTO dead_letter_snapshots ({columns}) VALUES ({values})",
                              ERR_NONE, NULL},
    [OP_QUOTA_PUT] = {"INSERT INTO quotas ({columns}) VALUES ({values})", ERR_NONE, NULL},
    [OP_QUOTA_CHANGE] = {"UPDATE quotas SET max_active = ?4, max_per_hour = ?5, burst = ?6,"
                         " weight = ?7, paused = ?8, version = ?9, updated_at = ?12"
                         " WHERE tenant_id = ?1 AND quota_id = ?2 AND version = ?9 - 1",
                         ERR_CONFLICT, "the quota has changed"},
    [OP_QUOTA_DELETE] = {"DELETE FROM quotas WHERE tenant_id = ?1 AND quota_id = ?2"
                         " AND version = ?4",
                         ERR_CONFLICT, "the quota has changed"},
    [OP_GATE_PUT] = {"INSERT INTO run_gates ({columns}) VALUES ({values})"
                     " ON CONFLICT (run_id, kind, tenant_id) DO NOTHING",
                     ERR_NONE, NULL},
    [OP_GATE_JOIN] = {"UPDATE run_gates SET first_at = f.at, due_at = CASE WHEN bound > 0"
                      " THEN min(due_at, f.at + bound) ELSE due_at END"
                      " FROM (SELECT min(first_at) AS at" THAT_WAIT ") AS f" ITS_GATE,
                      ERR_NONE, NULL},
    [OP_GATE_TAKE] = {GATE_TAKE, ERR_NONE, NULL},
    [OP_GATE_TAKE_NOW] = {GATE_TAKE, ERR_CONFLICT, "as many runs of its key go on as may"},
    [OP_GATE_OPEN] = {"DELETE FROM run_gates" ITS_GATE " AND due_at <= ?10 AND NOT EXISTS"
                      " (SELECT 1" THAT_WAIT " AND (created_at, run_id) > (?9, ?2))",
                      ERR_NONE, NULL},
    [OP_GATE_END] = {"DELETE FROM run_gates WHERE run_id = ?2 AND tenant_id = ?1", ERR_NONE, NULL},
};
