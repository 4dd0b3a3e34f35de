/* executions.c -- the same runs in GreenLang's words. Bodies are the superset that the four
 * runbooks read (contract/greenlang.md 6, last part). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/runs.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define MISSING "Execution not found"
#define NO_STATUS (1u << STORE_RUN_INVALID) /* an unknown word: an empty list (contract) */

/* ---- start ---- */

static void on_started(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    struct err e = {0};
    json_t *body;

    if (out->e != NULL && out->e->code == ERR_NOT_FOUND && out->code == NULL) {
        (void)err_set(&e, ERR_NOT_FOUND, "DAG '%s' not found", api_param(req, "dag_id"));
        api_reply_error(req, &e, "DAG_NOT_FOUND");
        return;
    }
    if (out->e != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "execution_id", out->run_id, "dag_id",
                     api_param(req, "dag_id"), "status", STATUS_PENDING, "trace_id", out->trace_id,
                     "message", "Execution started");
    api_reply_json(req, 202, &body);
}

static bool read_options(const json_t *body, struct api_run_start *what, struct err *e)
{
    static const char known[] = "checkpoint_enabled deterministic_mode agent_registry";
    const json_t *options;
    const char *key;
    json_t *value;

    if (!run_object(body, "execution_options", NULL, &options, e))
        return false;
    json_object_foreach((json_t *)options, key, value)
    {
        if (!http_list_has(known, key))
            return err_set(e, ERR_UNPROCESSABLE, "unknown execution option '%s'; known are: %s",
                           key, known);
    }
    return json_get_bool(options, "checkpoint_enabled", true, &what->checkpoint_enabled, e) &&
           json_get_bool(options, "deterministic_mode", true, &what->deterministic_mode, e);
}

void execution_start(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_run_start what = {.dag_id = api_param(req, "dag_id")};
    struct api_actor who = api_actor(req);
    auto_json empty = json_object();
    char token[RUN_TOKEN_BYTES];
    struct deadline deadline;
    struct err e = {0};

    if (!run_object(req->json, "input_data", empty, &what.inputs, &e) ||
        !run_start_deadline(req, &what, &deadline, &e) || !read_options(req->json, &what, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    run_start_token(req, &what, token);
    engine->run_start(engine->arg, &who, &what, on_started, req);
}

/* ---- read ---- */

/* "24h", "30m", "90s", "7d": back from now. */
static bool since_of_query(const struct api_request *req, int64_t *ret, struct err *e)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    const char *text = api_query(req, "since");
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;

    *ret = 0;
    if (text == NULL)
        return true;
    for (size_t i = 0; digits > 0 && digits <= 6 && i < ARRAY_LEN(units); i++) {
        if (text[digits] == units[i].unit && text[digits + 1] == '\0')
            *ret = clock_wall_us() - strtoll(text, NULL, 10) * units[i].seconds * 1000000;
    }
    return *ret != 0 ||
           err_set(e, ERR_INVALID, "query parameter 'since' must be like 24h, 30m, 90s or 7d");
}

static bool list_filter(const struct api_request *req, struct store_run_filter *ret,
                        struct store_page *ret_page, struct err *e)
{
    const char *status = api_query(req, "status");
    int64_t limit;

    ret->dag_id = api_query(req, "dag_id");
    if (status != NULL)
        ret->statuses = 1u << store_run_status_parse(status);
    if (!http_query_int(&req->head.query, "limit", 100, 1, STORE_PAGE_ROWS_MAX, &limit, e) ||
        !since_of_query(req, &ret->from_us, e))
        return false;
    *ret_page = (struct store_page){.token = api_query(req, "page_token"), .size = (uint32_t)limit};
    return true;
}

/* What a list leaves out is said: one execution has it, and its node traces. */
static void add_list(struct buf *b, const char *key, const struct store_run_list *rows)
{
    static const char *const left_out[] = {"topology_levels", "input_data", "errors",
                                           "compensations"};

    jw_open(b, key, '[');
    for (size_t i = 0; i < rows->count; i++) {
        jw_open(b, NULL, '{');
        view_execution_members(b, &rows->rows[i]);
        for (size_t k = 0; k < ARRAY_LEN(left_out); k++)
            jw_raw(b, left_out[k], NULL);
        jw_close(b, '}');
    }
    jw_close(b, ']');
}

/* The contract wants an empty list; it is said why. */
static void add_unknown_status(struct buf *b, const char *status)
{
    auto_mem char *text = mem_printf("no execution is ever '%s'; the states are: pending, running, "
                                     "completed, failed, cancelled, paused",
                                     status);

    jw_open(b, "warnings", '[');
    jw_str(b, NULL, text);
    jw_close(b, ']');
}

bool execution_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                    struct err *e)
{
    struct store_run_filter filter = {.tenant = req->who.tenant};
    auto_done(store_run_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!list_filter(req, &filter, &page, e) ||
        (filter.statuses != NO_STATUS && !store_read_runs(reader, &filter, page, &rows, e)))
        return false;
    jw_open(body, NULL, '{');
    add_list(body, "executions", &rows);
    add_list(body, "items", &rows);
    jw_int(body, "count", (int64_t)rows.count);
    view_next_page(body, rows.next_page);
    if (filter.statuses == NO_STATUS)
        add_unknown_status(body, api_query(req, "status"));
    jw_close(body, '}');
    return true;
}

static bool add_trace(const struct view_source *from, const struct store_run *run, struct buf *b,
                      struct err *e)
{
    view_execution_members(b, run);
    view_execution_bodies(b, run);
    view_deadlines(b, run->options, &deadline_words_snake);
    return view_nodes(from, run->run_id, "node_traces", '{', view_node_trace, b, e);
}

static bool read_trace(const struct api_request *req, struct store_reader *reader,
                       struct buf *trace, struct made *made, struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(store_run_list) rows = {0};

    return read_run(&from, api_param(req, "execution_id"), MISSING, &rows, &made->code, e) &&
           add_trace(&from, &rows.rows[0], trace, e);
}

/* {execution: trace} with the trace's members beside it, for both kinds of readers. */
bool execution_get(const struct api_request *req, struct store_reader *reader, struct made *made,
                   struct err *e)
{
    auto_done(buf) trace = {0};
    struct buf *body = &made->body;

    if (!read_trace(req, reader, &trace, made, e))
        return false;
    jw_open(body, NULL, '{');
    buf_add(body, trace.data, trace.len);
    jw_open(body, "execution", '{');
    buf_add(body, trace.data, trace.len);
    jw_close(body, '}');
    jw_close(body, '}');
    return true;
}

bool execution_trace(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    jw_open(&made->body, NULL, '{');
    if (!read_trace(req, reader, &made->body, made, e))
        return false;
    jw_close(&made->body, '}');
    return true;
}

/* ---- change ---- */

static void on_cancelled(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL) {
        run_reply_refused(request_of(arg), out, "Execution not found or not running");
        return;
    }
    body = json_pack("{s:s}", "message", "Execution cancellation requested");
    api_reply_json(request_of(arg), 200, &body);
}

void execution_cancel(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->run_cancel(engine->arg, &who, api_param(req, "execution_id"), on_cancelled, req);
}

static void on_resumed(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    struct buf body = {0};

    if (out->e != NULL) {
        run_reply_refused(req, out, MISSING);
        return;
    }
    jw_open(&body, NULL, '{');
    jw_str(&body, "execution_id", api_param(req, "execution_id"));
    jw_str(&body, "status", out->completed ? STATUS_COMPLETED : STATUS_RUNNING);
    jw_str(&body, "message", out->completed ? "Execution is completed" : "Execution resumed");
    jw_json(&body, "nodes_skipped", out->skipped);
    jw_json(&body, "nodes_remaining", out->remaining);
    jw_close(&body, '}');
    api_reply_text(req, 202, &body);
}

void execution_resume(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->run_resume(engine->arg, &who, api_param(req, "execution_id"), on_resumed, req);
}
