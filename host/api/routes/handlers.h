/* handlers.h -- every route's handler, named after its operation; one file a resource. A handler
 * owns its request: it answers, or hands it to the engine whose completion answers. What only reads
 * the store is a made_fn instead: it runs beside the loop and returns the answer. */
#ifndef ORCH_API_ROUTES_HANDLERS_H
#define ORCH_API_ROUTES_HANDLERS_H

#include "api/http/router.h"

/* health.c */
void health_service(struct api_request *req);
void health_ok(struct api_request *req);
void health_live(struct api_request *req);
void health_ready(struct api_request *req);
void admin_health(struct api_request *req);
void admin_warm(struct api_request *req);

/* metrics.c */
void metrics_prometheus(struct api_request *req);
void metrics_summary(struct api_request *req);

/* dags.c, dags_read.c */
void dag_create(struct api_request *req);
void dag_import(struct api_request *req);
void dag_update(struct api_request *req);
void dag_delete(struct api_request *req);
void dag_disable(struct api_request *req);
made_fn dag_list;
made_fn dag_get;
made_fn dag_get_version;
made_fn dag_validate_stored;
made_fn dag_export;
made_fn dag_visualize;

/* runs.c: StellaOps' words */
void run_create(struct api_request *req);
made_fn run_list;
void run_get(struct api_request *req);
void run_why_op(struct api_request *req); /* why.c */
void run_cancel_op(struct api_request *req);
void run_resume_op(struct api_request *req);
void run_pause_op(struct api_request *req);
void run_unpause_op(struct api_request *req);
void run_restart_op(struct api_request *req);

/* lanes.c */
void lane_list(struct api_request *req);
void lane_get(struct api_request *req);
void lane_put(struct api_request *req);
void lane_pause_op(struct api_request *req);
void lane_resume_op(struct api_request *req);
void lane_drain_op(struct api_request *req);
made_fn lane_versions;
void routing_get(struct api_request *req);
void routing_set(struct api_request *req);
void workers_status(struct api_request *req);

/* quotas.c */
made_fn quota_get;
made_fn quota_list;
void quota_summary(struct api_request *req);
void quota_create(struct api_request *req);
void quota_put(struct api_request *req);
void quota_pause_op(struct api_request *req);
void quota_resume_op(struct api_request *req);
void quota_delete_op(struct api_request *req);
/* jobs.c */
void job_summary(struct api_request *req);
made_fn source_list;
made_fn source_get;

/* shed.c */
void shed_status(struct api_request *req);
void shed_enable_op(struct api_request *req);
void shed_disable_op(struct api_request *req);

/* tasks.c, tasks_change.c, tasks_view.c */
void task_create(struct api_request *req);
void task_get(struct api_request *req);
void task_cancel_op(struct api_request *req);
void task_retry_op(struct api_request *req);
void task_batch(struct api_request *req);
void task_prioritize_op(struct api_request *req);
void task_list(struct api_request *req);

/* rpc.c: JSON-RPC */
void rpc_post(struct api_request *req);
void rpc_method_list(struct api_request *req);
void rpc_past_calls(struct api_request *req);

/* letters_view.c, letters_stats.c */
made_fn letter_list;
made_fn letter_summary;
made_fn letter_stats;
void letter_get(struct api_request *req);
/* letters_replay.c, letters_replay_many.c */
void letter_replay_op(struct api_request *req);
void letter_replay_many_op(struct api_request *req);
void letter_clear_op(struct api_request *req); /* letters_clear.c */
made_fn letter_snapshot;

/* steps.c */
made_fn step_list;
made_fn step_get;
made_fn run_logs;

/* executions.c: GreenLang's words for the same objects */
void execution_start(struct api_request *req);
made_fn execution_list;
made_fn execution_get;
made_fn execution_trace;
void execution_cancel(struct api_request *req);
void execution_resume(struct api_request *req);

/* checkpoints.c */
made_fn checkpoint_list;
void checkpoint_delete(struct api_request *req);

/* provenance.c */
made_fn execution_provenance;
made_fn run_provenance;

/* ledger.c */
made_fn ledger_head;
void ledger_export(struct api_request *req);

/* schedules.c, schedules_view.c, schedules_change.c, schedules_trigger.c */
made_fn schedule_preview;
made_fn schedule_list;
made_fn schedule_get;
made_fn firing_list;
void schedule_create(struct api_request *req);
void schedule_pause_op(struct api_request *req);
void schedule_resume_op(struct api_request *req);
void schedule_delete_op(struct api_request *req);
void schedule_trigger_op(struct api_request *req);
/* backfills.c, backfills_view.c */
made_fn backfill_list;
made_fn backfill_get;
void backfill_create(struct api_request *req);
void backfill_pause_op(struct api_request *req);
void backfill_resume_op(struct api_request *req);
void backfill_cancel_op(struct api_request *req);

/* secrets.c */
made_fn secret_list;
made_fn secret_get;
void secret_key(struct api_request *req);
void secret_put(struct api_request *req);
void secret_delete(struct api_request *req);

/* plugins.c */
void plugin_list(struct api_request *req);
void admin_plugin_list(struct api_request *req);
void admin_plugin_release(struct api_request *req);
void admin_plugin_remove(struct api_request *req);

/* hosts.c */
made_fn host_list;

/* stream.c */
void stream_open(struct api_request *req);
void ticket_create(struct api_request *req);

/* tokens.c */
void token_revoke(struct api_request *req);

/* openapi.c */
void openapi_get(struct api_request *req);
void dag_schema_get(struct api_request *req);

#endif
