/* handlers.h -- every route's handler, named after its operation; one file a resource. A handler
 * owns its request: it answers, or hands it to the engine whose completion answers. */
#ifndef ORCH_API_ROUTES_HANDLERS_H
#define ORCH_API_ROUTES_HANDLERS_H

struct api_request;

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
void dag_list(struct api_request *req);
void dag_get(struct api_request *req);
void dag_get_version(struct api_request *req);
void dag_validate_stored(struct api_request *req);
void dag_export(struct api_request *req);
void dag_visualize(struct api_request *req);

/* runs.c: StellaOps' words */
void run_create(struct api_request *req);
void run_list(struct api_request *req);
void run_get(struct api_request *req);
void run_cancel_op(struct api_request *req);
void run_resume_op(struct api_request *req);
void run_pause_op(struct api_request *req);
void run_unpause_op(struct api_request *req);
void run_restart_op(struct api_request *req);

/* steps.c */
void step_list(struct api_request *req);
void step_get(struct api_request *req);
void run_logs(struct api_request *req);

/* executions.c: GreenLang's words for the same objects */
void execution_start(struct api_request *req);
void execution_list(struct api_request *req);
void execution_get(struct api_request *req);
void execution_trace(struct api_request *req);
void execution_cancel(struct api_request *req);
void execution_resume(struct api_request *req);

/* checkpoints.c */
void checkpoint_list(struct api_request *req);
void checkpoint_delete(struct api_request *req);

/* provenance.c */
void execution_provenance(struct api_request *req);
void run_provenance(struct api_request *req);

/* ledger.c */
void ledger_head(struct api_request *req);
void ledger_export(struct api_request *req);

/* secrets.c */
void secret_list(struct api_request *req);
void secret_get(struct api_request *req);
void secret_key(struct api_request *req);
void secret_put(struct api_request *req);
void secret_delete(struct api_request *req);

/* plugins.c */
void plugin_list(struct api_request *req);
void admin_plugin_list(struct api_request *req);
void admin_plugin_release(struct api_request *req);

/* stream.c */
void stream_open(struct api_request *req);
void ticket_create(struct api_request *req);

/* tokens.c */
void token_revoke(struct api_request *req);

/* openapi.c */
void openapi_get(struct api_request *req);
void dag_schema_get(struct api_request *req);

#endif
