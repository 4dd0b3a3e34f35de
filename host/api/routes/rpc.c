/* rpc.c -- JSON-RPC 2.0: its methods, and its routes. */
#include "api/routes/rpc.h"

#include "api/routes/handlers.h"
#include "api/rpc/history.h"
#include "base/json.h"

#include <string.h>

static const struct rpc_method rows[] = {
    {"run_task", NEED_WRITE, RPC_TOOL_FIELDS, rpc_run_task},
    {"get_status", NEED_READ, "include_workers include_queue include_metrics", rpc_get_status},
    {"get_analytics", NEED_READ, "time_range metrics agents", rpc_get_analytics},
    {"inject", NEED_WRITE, "task! force position", rpc_inject},
    {"control/scale", NEED_ADMIN, "action! target scale_factor", rpc_control_scale},
};
static const struct rpc_methods methods = {rows, ARRAY_LEN(rows)};

void rpc_post(struct api_request *req)
{
    rpc_serve(req, &methods);
}

/* Both versions are the same calls. */
void rpc_method_list(struct api_request *req)
{
    bool second = strncmp(req->head.path, "/v2/", strlen("/v2/")) == 0;
    json_t *names = json_array(), *body;

    for (size_t i = 0; i < methods.count; i++)
        json_array_append_new(names, json_string(methods.rows[i].name));
    body = json_pack("{s:o, s:s}", "methods", names, "version", second ? "2.0" : "1.0");
    api_reply_json(req, 200, &body);
}

void rpc_past_calls(struct api_request *req)
{
    struct buf body = {0};
    struct err e = {0};
    int64_t limit;

    if (!http_query_int(&req->head.query, "limit", 100, 1, HISTORY_CALLS_MAX, &limit, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    rpc_history_show(req->server->opt.rpc_history, req->who.tenant, limit, &body);
    api_reply_text(req, 200, &body);
}
