/* view.c -- runs, nodes and pages as JSON; view_dag.c has the definitions. See view.h. */
#include "api/routes/view.h"

#include "api/http/jsonw.h"
#include "api/request/reply.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

enum { VIEW_BYTES_MAX = 64 * 1024 * 1024 };

bool query_page(const struct api_request *req, struct store_page *ret, struct err *e)
{
    int64_t size;

    if (!http_query_int(&req->head.query, "page_size", 50, 1, STORE_PAGE_ROWS_MAX, &size, e))
        return false;
    *ret = (struct store_page){.token = api_query(req, "page_token"), .size = (uint32_t)size};
    return true;
}

bool query_gateway_page(const struct api_request *req, struct store_page *ret, struct err *e)
{
    const bool limit = api_query(req, "limit") != NULL;
    const char *token = api_query(req, "continuationToken");
    int64_t size;

    if (!http_query_int(&req->head.query, limit ? "limit" : "page_size", 50, 1, STORE_PAGE_ROWS_MAX,
                        &size, e))
        return false;
    *ret = (struct store_page){.token = token != NULL ? token : api_query(req, "page_token"),
                               .size = (uint32_t)size};
    return true;
}

bool view_items(struct buf *b, const struct store_list *list, size_t row_bytes, view_row_fn *fn,
                void *arg, struct err *e)
{
    jw_open(b, NULL, '{');
    jw_open(b, "items", '[');
    for (size_t i = 0; i < list->count; i++) {
        if (!fn(b, (const char *)list->rows + i * row_bytes, arg, e))
            return false;
    }
    jw_close(b, ']');
    view_next_page(b, list->next_page);
    jw_close(b, '}');
    return true;
}

bool query_time(const struct api_request *req, const char *name, int64_t *ret, struct err *e)
{
    const char *text = api_query(req, name);

    *ret = 0;
    return text == NULL || clock_parse(text, ret) ||
           err_set(e, ERR_INVALID, "query parameter '%s' must be an RFC 3339 time", name);
}

bool query_bool(const struct api_request *req, const char *name, bool absent, bool *ret,
                struct err *e)
{
    const char *text = api_query(req, name);

    *ret = text == NULL ? absent : strcmp(text, "true") == 0;
    return text == NULL || *ret || strcmp(text, "false") == 0 ||
           err_set(e, ERR_INVALID, "query parameter '%s' must be true or false", name);
}

void view_next_page(struct buf *b, const char *token)
{
    if (token != NULL)
        jw_str(b, "next_page_token", token);
}

static void not_found(const char *missing, const char **ret_code, struct err *e)
{
    if (e->code != ERR_NOT_FOUND)
        return;
    *ret_code = "RUN_NOT_FOUND";
    (void)err_set(e, ERR_NOT_FOUND, "%s", missing);
}

bool read_run_head(const struct view_source *from, const char *run_id, const char *missing,
                   struct store_run_list *ret, const char **ret_code, struct err *e)
{
    *ret_code = NULL;
    if (store_read_run_head(from->reader, from->tenant, run_id, ret, e))
        return true;
    not_found(missing, ret_code, e);
    return false;
}

bool read_run(const struct view_source *from, const char *run_id, const char *missing,
              struct store_run_list *ret, const char **ret_code, struct err *e)
{
    *ret_code = NULL;
    if (store_read_run(from->reader, from->tenant, run_id, ret, e))
        return true;
    not_found(missing, ret_code, e);
    return false;
}

bool read_nodes_each(struct store_reader *reader, const struct store_node_filter *filter,
                     nodes_fn *fn, void *arg, struct err *e)
{
    auto_mem char *token = NULL;
    bool more;

    do {
        auto_done(store_node_list) nodes = {0};
        const struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_nodes(reader, filter, page, &nodes, e))
            return false;
        free(token);
        token = mem_str(nodes.next_page);
        more = fn(arg, &nodes) && token != NULL;
    } while (more);
    return true;
}

struct viewing {
    struct buf *b;
    view_node_fn each;
    bool by_id, cut; /* as an object; there are more than fit */
};

static bool view_page(void *arg, struct store_node_list *nodes)
{
    struct viewing *v = arg;

    for (size_t i = 0; i < nodes->count; i++)
        v->each(v->b, v->by_id ? nodes->rows[i].node_id : NULL, &nodes->rows[i]);
    v->cut = v->b->len > VIEW_BYTES_MAX && nodes->next_page != NULL;
    return !v->cut;
}

bool view_nodes(const struct view_source *from, const char *run_id, const char *key, char open,
                view_node_fn each, struct buf *b, struct err *e)
{
    struct viewing v = {b, each, .by_id = open == '{'};
    const struct store_node_filter filter = {from->tenant, run_id, .outputs = v.by_id};

    jw_open(b, key, open);
    if (!read_nodes_each(from->reader, &filter, view_page, &v, e))
        return false;
    jw_close(b, v.by_id ? '}' : ']');
    return !v.cut ||
           err_set(e, ERR_TOO_LARGE,
                   "the nodes' outputs are over %d bytes together; ask for the steps one by one",
                   VIEW_BYTES_MAX);
}

/* ---- GreenLang ---- */

void view_execution_members(struct buf *b, const struct store_run *run)
{
    jw_str(b, "execution_id", run->run_id);
    jw_str(b, "dag_id", run->dag_id);
    jw_str(b, "dag_version", run->dag_version);
    jw_str(b, "status", store_run_status_text(run->status));
    jw_time(b, "start_time", run->started_us);
    jw_time(b, "end_time", run->completed_us);
    jw_time(b, "started_at", run->started_us);
    jw_time(b, "completed_at", run->completed_us);
    jw_time(b, "created_at", run->created_us);
    jw_text(b, "provenance_chain_hash", run->chain_hash);
    jw_str(b, "error", run->error);
    jw_int(b, "total_nodes", run->counts.total);
    jw_int(b, "completed_nodes", run->counts.completed);
    jw_int(b, "failed_nodes", run->counts.failed);
    jw_int(b, "skipped_nodes", run->counts.skipped);
    jw_bool(b, "deterministic_mode", run->deterministic);
    jw_bool(b, "checkpoint_enabled", run->checkpoint_enabled);
    jw_bool(b, "paused", run->paused);
    jw_str(b, "parent_execution_id", run->parent_run_id);
    jw_str(b, "trace_id", run->trace_id);
}

void view_execution_bodies(struct buf *b, const struct store_run *run)
{
    jw_raw(b, "topology_levels", run->levels != NULL ? run->levels : "[]");
    jw_raw(b, "input_data", run->input != NULL ? run->input : "{}");
    jw_raw(b, "errors", run->errors != NULL ? run->errors : "[]");
    jw_raw(b, "compensations", run->compensations != NULL ? run->compensations : "[]");
}

/* GreenLang's trace has no word for a time-out of its own: the node failed, the error says why. */
static const char *node_status(enum store_node_status status)
{
    return store_node_status_text(status == STORE_NODE_TIMED_OUT ? STORE_NODE_FAILED : status);
}

void view_node_trace(struct buf *b, const char *key, const struct store_node *node)
{
    jw_open(b, key, '{');
    jw_str(b, "node_id", node->node_id);
    jw_str(b, "agent_id", node->agent_id);
    jw_str(b, "status", node_status(node->status));
    jw_raw(b, "outputs", node->outputs);
    jw_text(b, "input_hash", node->input_hash);
    jw_text(b, "output_hash", node->output_hash);
    jw_text(b, "chain_hash", node->chain_hash);
    jw_real(b, "duration_ms", node->duration_ms);
    jw_int(b, "attempt_count", node->attempts);
    jw_int(b, "level", node->level);
    jw_str(b, "error", node->error);
    jw_str(b, "error_class", node->error_class);
    jw_str(b, "error_source", node->error_source);
    jw_raw(b, "sandbox", node->sandbox);
    jw_time(b, "started_at", node->started_us);
    jw_time(b, "completed_at", node->completed_us);
    jw_close(b, '}');
}

/* ---- StellaOps ---- */

const char *view_run_status(enum store_run_status status)
{
    bool open = status == STORE_RUN_PENDING || status == STORE_RUN_PAUSED;

    return store_run_status_text(open ? STORE_RUN_RUNNING : status);
}

void view_run_members(struct buf *b, const struct store_run *run)
{
    jw_str(b, "runId", run->run_id);
    jw_str(b, "dagId", run->dag_id);
    jw_str(b, "dagVersion", run->dag_version);
    jw_str(b, "tenant", run->tenant);
    jw_str(b, "runToken", run->run_token);
    jw_str(b, "inputsHash", run->inputs_hash);
    jw_str(b, "outputsHash", run->outputs_hash);
    jw_str(b, "status", view_run_status(run->status));
    jw_bool(b, "queued", run->status == STORE_RUN_PENDING);
    jw_bool(b, "paused", run->paused);
    jw_bool(b, "cancelRequested", run->cancel_requested);
    jw_str(b, "traceId", run->trace_id);
    jw_str(b, "chainHash", run->chain_hash);
    jw_str(b, "parentRunId", run->parent_run_id);
    jw_str(b, "error", run->error);
    jw_time(b, "createdUtc", run->created_us);
    jw_time(b, "startedUtc", run->started_us);
    jw_time(b, "endedUtc", run->completed_us);
    if (run->started_us != 0 && run->completed_us >= run->started_us)
        jw_real(b, "durationMs", (double)(run->completed_us - run->started_us) / 1000);
    else
        jw_raw(b, "durationMs", NULL);
    view_statement_state(b, run);
}

void view_statement_state(struct buf *b, const struct store_run *run)
{
    const char *state = "none";

    if (run->completed_us != 0)
        state = !run->statement_due              ? "signed"
                : run->statement_refused != NULL ? "refused"
                                                 : "waiting";
    jw_str(b, "statementState", state);
    jw_str(b, "statementError", run->statement_refused);
}

void view_step_members(struct buf *b, const struct store_node *node)
{
    jw_str(b, "stepId", node->node_id);
    jw_str(b, "agentId", node->agent_id);
    jw_str(b, "status", store_node_status_text(node->status));
    jw_int(b, "attempt", node->attempts);
    jw_str(b, "inputsHash", node->input_hash);
    jw_str(b, "outputsHash", node->output_hash);
    jw_real(b, "durationMs", node->duration_ms);
    jw_int(b, "level", node->level);
    jw_str(b, "error", node->error);
    jw_str(b, "errorCode", node->error_class);
    jw_str(b, "errorSource", node->error_source);
    jw_raw(b, "sandbox", node->sandbox);
    jw_time(b, "startedUtc", node->started_us);
    jw_time(b, "endedUtc", node->completed_us);
}

void view_step(struct buf *b, const char *key, const struct store_node *node)
{
    jw_open(b, key, '{');
    view_step_members(b, node);
    jw_close(b, '}');
}
