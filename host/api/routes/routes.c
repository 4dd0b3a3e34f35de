/* routes.c -- the route table: every path, what it needs, what it takes. The check order is
 * checks.c's (api/request); a change here shows in tests/unit/api/routes/routes.txt. */
#include "api/routes/routes.h"

#include "api/routes/handlers.h"
#include "base/limits.h"

#define NO_BODY BODY_NONE, 0, ""
#define SMALL (64 * 1024)
#define PAGE "page_size page_token"
#define WORKFLOW_FIELDS                                                                            \
    "name nodes description version default_retry_policy default_timeout_policy on_failure "       \
    "max_parallel_nodes metadata run_timeout_seconds"

/* clang-format off: one row an endpoint */
static const struct route rows[] = {
    /* The root: probes and discovery */
    {HTTP_GET, "/healthz", NEED_NOTHING, NO_BODY, "verbose", 200, "healthz", .handle = health_ok},
    {HTTP_GET, "/livez", NEED_NOTHING, NO_BODY, "verbose", 200, "livez", .handle = health_live},
    {HTTP_GET, "/readyz", NEED_NOTHING, NO_BODY, "verbose", 200, "readyz", .handle = health_ready},
    {HTTP_GET, "/metrics", NEED_NOTHING, NO_BODY, "", 200, "prometheus",
     .handle = metrics_prometheus},
    {HTTP_GET, "/.well-known/openapi", NEED_NOTHING, NO_BODY, "", 200, "openapi",
     .handle = openapi_get},
    {HTTP_GET, "/openapi/orchestrator.json", NEED_NOTHING, NO_BODY, "", 200, "openapiFile",
     .handle = openapi_get},
    {HTTP_GET, "/schemas/dag.json", NEED_NOTHING, NO_BODY, "", 200, "dagSchema",
     .handle = dag_schema_get},

    /* Definitions: both families on one path */
    {HTTP_POST, API_BASE "/dags", NEED_ADMIN, BODY_JSON, DEFINITION_BYTES_MAX, "*", "", 201,
     "createDag", .handle = dag_create},
    {HTTP_GET, API_BASE "/dags", NEED_READ, NO_BODY, "dagId active " PAGE, 200, "listDags",
     .make = dag_list},
    {HTTP_POST, API_BASE "/dags/import", NEED_ADMIN, BODY_JSON, DEFINITION_BYTES_MAX,
     "yaml_content! signature", "", 201, "importDag", .handle = dag_import},
    {HTTP_GET, API_BASE "/dags/{dag_id}", NEED_READ, NO_BODY, "", 200, "getDag", .make = dag_get},
    {HTTP_PUT, API_BASE "/dags/{dag_id}", NEED_ADMIN, BODY_JSON, DEFINITION_BYTES_MAX,
     WORKFLOW_FIELDS, "", 200, "updateDag", .handle = dag_update},
    {HTTP_DELETE, API_BASE "/dags/{dag_id}", NEED_ADMIN, NO_BODY, "", 200, "deleteDag",
     .handle = dag_delete},
    {HTTP_POST, API_BASE "/dags/{dag_id}/validate", NEED_READ, BODY_NONE, SMALL, "", "", 200,
     "validateDag", .make = dag_validate_stored},
    {HTTP_POST, API_BASE "/dags/{dag_id}/execute", NEED_WRITE, BODY_OPTIONAL, RUN_INPUT_BYTES_MAX,
     "input_data execution_options", "", 202, "executeDag", .handle = execution_start},
    {HTTP_GET, API_BASE "/dags/{dag_id}/export", NEED_READ, NO_BODY, "", 200, "exportDag",
     .make = dag_export},
    {HTTP_GET, API_BASE "/dags/{dag_id}/visualize", NEED_READ, NO_BODY, "", 200, "visualizeDag",
     .make = dag_visualize},
    {HTTP_POST, API_BASE "/dags/{dag_id}/{version}:disable", NEED_ADMIN, BODY_NONE, SMALL, "", "",
     200, "disableDag", .handle = dag_disable},
    {HTTP_GET, API_BASE "/dags/{dag_id}/{version}", NEED_READ, NO_BODY, "", 200, "getDagVersion",
     .make = dag_get_version},

    /* Runs: StellaOps */
    {HTTP_POST, API_BASE "/runs", NEED_WRITE, BODY_JSON, RUN_INPUT_BYTES_MAX,
     "dagId! version inputs runToken", "", 201, "createRun", .handle = run_create},
    {HTTP_GET, API_BASE "/runs", NEED_READ, NO_BODY, "dagId status statement from to " PAGE, 200,
     "listRuns", .make = run_list},
    {HTTP_GET, API_BASE "/runs/stream", NEED_READ, NO_BODY, "dagId status runId after", 200,
     "streamRuns", .handle = stream_open},
    {HTTP_POST, API_BASE "/runs/{runId}:cancel", NEED_WRITE, BODY_OPTIONAL, SMALL, "reason", "",
     202, "cancelRun", .handle = run_cancel_op},
    {HTTP_POST, API_BASE "/runs/{runId}:resume", NEED_WRITE, BODY_OPTIONAL, SMALL, "reason", "",
     202, "resumeRun", .handle = run_resume_op},
    {HTTP_POST, API_BASE "/runs/{runId}:pause", NEED_WRITE, BODY_OPTIONAL, SMALL, "reason", "", 202,
     "pauseRun", .handle = run_pause_op},
    {HTTP_POST, API_BASE "/runs/{runId}:unpause", NEED_WRITE, BODY_OPTIONAL, SMALL, "reason", "",
     202, "unpauseRun", .handle = run_unpause_op},
    {HTTP_POST, API_BASE "/runs/{runId}:restart", NEED_WRITE, BODY_OPTIONAL, RUN_INPUT_BYTES_MAX,
     "fromNode inputs reason", "", 201, "restartRun", .handle = run_restart_op},
    {HTTP_GET, API_BASE "/runs/{runId}", NEED_READ, NO_BODY, "", 200, "getRun", .handle = run_get},
    {HTTP_GET, API_BASE "/runs/{runId}/why", NEED_READ, NO_BODY, "", 200, "getRunWhy",
     .handle = run_why_op},
    {HTTP_GET, API_BASE "/runs/{runId}/steps", NEED_READ, NO_BODY, PAGE, 200, "listSteps",
     .make = step_list},
    {HTTP_GET, API_BASE "/runs/{runId}/steps/{stepId}", NEED_READ, NO_BODY, "", 200, "getStep",
     .make = step_get},
    {HTTP_GET, API_BASE "/runs/{runId}/logs", NEED_READ, NO_BODY, "stepId attempt " PAGE, 200,
     "getLogs", .make = run_logs},
    {HTTP_GET, API_BASE "/runs/{runId}/provenance", NEED_READ, NO_BODY, "records", 200,
     "getRunProvenance", .make = run_provenance},
    {HTTP_POST, API_BASE "/ws-tickets", NEED_READ, BODY_NONE, SMALL, "", "", 201, "createTicket",
     .handle = ticket_create},

    /* Executions: GreenLang */
    {HTTP_GET, API_BASE "/executions", NEED_READ, NO_BODY, "dag_id status since limit page_token",
     200, "listExecutions", .make = execution_list},
    {HTTP_GET, API_BASE "/executions/{execution_id}", NEED_READ, NO_BODY, "", 200, "getExecution",
     .make = execution_get},
    {HTTP_GET, API_BASE "/executions/{execution_id}/trace", NEED_READ, NO_BODY, "", 200, "getTrace",
     .make = execution_trace},
    {HTTP_POST, API_BASE "/executions/{execution_id}/cancel", NEED_WRITE, BODY_OPTIONAL, SMALL, "",
     "", 200, "cancelExecution", .handle = execution_cancel},
    {HTTP_POST, API_BASE "/executions/{execution_id}/resume", NEED_WRITE, BODY_OPTIONAL, SMALL,
     "agent_registry", "", 202, "resumeExecution", .handle = execution_resume},
    {HTTP_GET, API_BASE "/executions/{execution_id}/provenance", NEED_READ, NO_BODY, "parents", 200,
     "getProvenance", .make = execution_provenance},
    {HTTP_GET, API_BASE "/checkpoints/{execution_id}", NEED_READ, NO_BODY, "", 200,
     "listCheckpoints", .make = checkpoint_list},
    {HTTP_DELETE, API_BASE "/checkpoints/{execution_id}", NEED_WRITE, NO_BODY, "", 200,
     "deleteCheckpoints", .handle = checkpoint_delete},
    {HTTP_GET, API_BASE "/metrics", NEED_READ, NO_BODY, "", 200, "getMetrics",
     .handle = metrics_summary},
    {HTTP_GET, API_BASE "/health", NEED_NOTHING, NO_BODY, "", 200, "getHealth",
     .handle = health_service},

    /* The ledger */
    {HTTP_GET, API_BASE "/ledger/head", NEED_READ, NO_BODY, "", 200, "getLedgerHead",
     .make = ledger_head},
    {HTTP_GET, API_BASE "/ledger/export", NEED_ADMIN, NO_BODY, "from to", 200, "exportLedger",
     .handle = ledger_export},

    /* Lanes */
    {HTTP_GET, API_BASE "/lanes", NEED_READ, NO_BODY, "", 200, "listLanes", .handle = lane_list},
    {HTTP_POST, API_BASE "/lanes/{name}:pause", NEED_ADMIN, BODY_NONE, SMALL, "", "", 200,
     "pauseLane", .handle = lane_pause_op},
    {HTTP_POST, API_BASE "/lanes/{name}:resume", NEED_ADMIN, BODY_NONE, SMALL, "", "", 200,
     "resumeLane", .handle = lane_resume_op},
    {HTTP_GET, API_BASE "/lanes/{name}", NEED_READ, NO_BODY, "", 200, "getLane",
     .handle = lane_get},
    {HTTP_PUT, API_BASE "/lanes/{name}", NEED_ADMIN, BODY_JSON, SMALL, "*", "", 201, "putLane",
     .handle = lane_put, .refuses = true},
    {HTTP_GET, API_BASE "/lanes/{name}/versions", NEED_ADMIN, NO_BODY, PAGE, 200,
     "listLaneVersions", .make = lane_versions},

    /* Schedules */
    {HTTP_POST, API_BASE "/schedules:preview", NEED_READ, BODY_JSON, SMALL,
     "cron every at timezone dstPolicy anchor after count", "", 200, "previewSchedule",
     .make = schedule_preview, .refuses = true},
    {HTTP_POST, API_BASE "/schedules", NEED_WRITE, BODY_JSON, SMALL,
     "dagId! version cron every at timezone inputs dstPolicy missedPolicy missedMax overlapPolicy "
     "jitterSeconds paused",
     "", 201, "createSchedule", .handle = schedule_create, .refuses = true},
    {HTTP_GET, API_BASE "/schedules", NEED_READ, NO_BODY, "dagId " PAGE, 200, "listSchedules",
     .make = schedule_list},
    {HTTP_POST, API_BASE "/schedules/{scheduleId}:pause", NEED_WRITE, BODY_NONE, SMALL, "", "", 200,
     "pauseSchedule", .handle = schedule_pause_op},
    {HTTP_POST, API_BASE "/schedules/{scheduleId}:resume", NEED_WRITE, BODY_NONE, SMALL, "", "",
     200, "resumeSchedule", .handle = schedule_resume_op},
    {HTTP_POST, API_BASE "/schedules/{scheduleId}:trigger", NEED_WRITE, BODY_OPTIONAL, SMALL,
     "dueUtc", "", 201, "triggerSchedule", .handle = schedule_trigger_op, .refuses = true},
    {HTTP_GET, API_BASE "/schedules/{scheduleId}", NEED_READ, NO_BODY, "", 200, "getSchedule",
     .make = schedule_get},
    {HTTP_DELETE, API_BASE "/schedules/{scheduleId}", NEED_WRITE, NO_BODY, "", 200,
     "deleteSchedule", .handle = schedule_delete_op},
    {HTTP_GET, API_BASE "/schedules/{scheduleId}/firings", NEED_READ, NO_BODY, PAGE, 200,
     "listFirings", .make = firing_list},

    /* Administration */
    {HTTP_GET, API_BASE "/admin/health", NEED_ADMIN, NO_BODY, "", 200, "adminHealth",
     .handle = admin_health},
    {HTTP_GET, API_BASE "/admin/metrics", NEED_ADMIN, NO_BODY, "", 200, "adminMetrics",
     .handle = metrics_prometheus},
    {HTTP_POST, API_BASE "/admin/warm", NEED_ADMIN, BODY_NONE, SMALL, "", "", 202, "warm",
     .handle = admin_warm},
    {HTTP_GET, API_BASE "/admin/plugins", NEED_ADMIN, NO_BODY, "", 200, "listBundles",
     .handle = admin_plugin_list},
    {HTTP_POST, API_BASE "/admin/plugins/{digest}:release", NEED_ADMIN, BODY_NONE, SMALL, "", "",
     202, "releasePlugin", .handle = admin_plugin_release},
    {HTTP_POST, API_BASE "/admin/plugins/{digest}:remove", NEED_ADMIN, BODY_NONE, SMALL, "", "",
     200, "removePlugin", .handle = admin_plugin_remove},
    {HTTP_POST, API_BASE "/admin/tokens/{tokenId}:revoke", NEED_ADMIN, BODY_NONE, SMALL, "", "",
     200, "revokeToken", .handle = token_revoke},
    {HTTP_GET, API_BASE "/hosts", NEED_ADMIN, NO_BODY, PAGE, 200, "listHosts", .make = host_list},
    {HTTP_GET, API_BASE "/plugins", NEED_READ, NO_BODY, PAGE, 200, "listPlugins",
     .handle = plugin_list},
    {HTTP_GET, API_BASE "/secrets", NEED_READ, NO_BODY, PAGE, 200, "listSecrets",
     .make = secret_list},
    {HTTP_GET, API_BASE "/secrets/key", NEED_READ, NO_BODY, "", 200, "getSecretKey",
     .handle = secret_key},
    {HTTP_GET, API_BASE "/secrets/{name}", NEED_READ, NO_BODY, "", 200, "getSecret",
     .make = secret_get},
    {HTTP_PUT, API_BASE "/secrets/{name}", NEED_ADMIN, BODY_JSON, 128 * 1024, "boxed!", "", 201,
     "putSecret", .handle = secret_put},
    {HTTP_DELETE, API_BASE "/secrets/{name}", NEED_ADMIN, NO_BODY, "", 200, "deleteSecret",
     .handle = secret_delete},
};
/* clang-format on */

const struct route_table api_routes = {rows, ARRAY_LEN(rows)};
