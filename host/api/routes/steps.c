/* steps.c -- what a run's steps did: states, attempts, logs. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"

#include <stdio.h>

static bool run_exists(const struct api_request *req, struct store_reader *reader,
                       struct made *made, struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(store_run_list) rows = {0};

    return read_run_head(&from, api_param(req, "runId"), "Run not found", &rows, &made->code, e);
}

bool step_list(const struct api_request *req, struct store_reader *reader, struct made *made,
               struct err *e)
{
    const struct store_node_filter filter = {.tenant = req->who.tenant,
                                             .run_id = api_param(req, "runId")};
    auto_done(store_node_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!run_exists(req, reader, made, e) || !query_page(req, &page, e) ||
        !store_read_nodes(reader, &filter, page, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++)
        view_step(body, NULL, &rows.rows[i]);
    jw_close(body, ']');
    view_next_page(body, rows.next_page);
    jw_close(body, '}');
    return true;
}

static void add_attempt(struct buf *b, const struct store_attempt *a)
{
    jw_open(b, NULL, '{');
    jw_int(b, "attempt", a->attempt);
    jw_str(b, "outcome", a->outcome);
    jw_bool(b, "compensation", a->compensation);
    jw_bool(b, "retryable", a->retryable);
    jw_str(b, "errorCode", a->error_class);
    jw_str(b, "error", a->error);
    jw_str(b, "errorSource", a->error_source);
    jw_time(b, "startedUtc", a->started_us);
    jw_time(b, "endedUtc", a->completed_us);
    jw_raw(b, "detail", a->detail);
    jw_close(b, '}');
}

static void add_step(struct buf *b, const struct store_node *node,
                     const struct store_attempt_list *attempts)
{
    jw_open(b, NULL, '{');
    jw_str(b, "runId", node->run_id);
    view_step_members(b, node);
    jw_raw(b, "outputs", node->outputs);
    jw_open(b, "attempts", '[');
    for (size_t i = 0; i < attempts->count; i++)
        add_attempt(b, &attempts->rows[i]);
    jw_close(b, ']');
    jw_close(b, '}');
}

bool step_get(const struct api_request *req, struct store_reader *reader, struct made *made,
              struct err *e)
{
    auto_done(store_node_list) rows = {0};
    auto_done(store_attempt_list) attempts = {0};
    const char *run_id = api_param(req, "runId"), *step_id = api_param(req, "stepId");

    if (store_read_node(reader, req->who.tenant, run_id, step_id, &rows, e) &&
        store_read_attempts(reader, req->who.tenant, run_id, step_id,
                            (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &attempts, e)) {
        add_step(&made->body, &rows.rows[0], &attempts);
        return true;
    }
    if (e->code != ERR_NOT_FOUND)
        return false;
    made->code = "STEP_NOT_FOUND";
    return err_set(e, ERR_NOT_FOUND, "Step not found");
}

/* ---- logs ---- */

static bool log_filter(const struct api_request *req, struct store_log_filter *ret,
                       uint32_t *ret_rows, struct err *e)
{
    const struct http_query *q = &req->head.query;
    int64_t rows;

    ret->node_id = api_query(req, "stepId");
    if (!http_query_int(q, "attempt", 0, 1, INT32_MAX, &ret->attempt, e) ||
        !http_query_int(q, "page_token", 0, 0, JSON_SAFE_INT_MAX, &ret->after_id, e) ||
        !http_query_int(q, "page_size", 100, 1, STORE_PAGE_ROWS_MAX, &rows, e))
        return false;
    *ret_rows = (uint32_t)rows;
    return true;
}

static void add_log(struct buf *b, const struct store_log *row)
{
    jw_open(b, NULL, '{');
    jw_time(b, "timestamp", row->at_us);
    jw_str(b, "stepId", row->node_id);
    jw_int(b, "attempt", row->attempt);
    jw_str(b, "level", row->level);
    jw_str(b, "message", row->text);
    jw_int(b, "cursor", row->id);
    jw_close(b, '}');
}

/* The token of a page is the cursor of its last line and is given with every page that has lines,
 * so that a reader who follows goes on from it; an empty page has none. */
bool run_logs(const struct api_request *req, struct store_reader *reader, struct made *made,
              struct err *e)
{
    struct store_log_filter filter = {.tenant = req->who.tenant, .run_id = api_param(req, "runId")};
    auto_done(store_log_list) rows = {0};
    struct buf *body = &made->body;
    char token[24];
    uint32_t count;

    if (!run_exists(req, reader, made, e) || !log_filter(req, &filter, &count, e) ||
        !store_read_logs(reader, &filter, count, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++)
        add_log(body, &rows.rows[i]);
    jw_close(body, ']');
    if (rows.count > 0) {
        snprintf(token, sizeof token, "%lld", (long long)rows.rows[rows.count - 1].id);
        view_next_page(body, token);
    }
    jw_close(body, '}');
    return true;
}
