/* runs.c -- runs in StellaOps' words. */
#include "api/routes/runs.h"

#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "api/routes/view_hosts.h"
#include "base/mem.h"
#include "model/dag/source/deadline.h"
#include "model/schedule/due_words.h"

#include <stdio.h>
#include <string.h>

#define KEY_TOKEN "idempotency:"
enum { RUN_TOKEN_GIVEN_BYTES_MAX = 128 };

/* ---- shared with executions.c ---- */

void run_reply_refused(struct api_request *req, const struct api_outcome *out, const char *missing)
{
    struct err e = {0};

    if (out->e->code != ERR_NOT_FOUND || out->code != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    (void)err_set(&e, ERR_NOT_FOUND, "%s", missing);
    api_reply_error(req, &e, "RUN_NOT_FOUND");
}

/* The Idempotency-Key stands in for a run token that was not given: so the run itself is deduped
 * in the commit that makes it, not only its answer. As the answer is, under method and path. */
void run_start_token(const struct api_request *req, struct api_run_start *what,
                     char out[RUN_TOKEN_BYTES])
{
    auto_done(buf) under = {0};

    if (what->run_token != NULL || !req->claim.held)
        return;
    buf_addf(&under, "%s\n%s", req->claim.path, req->claim.key);
    snprintf(out, RUN_TOKEN_BYTES, KEY_TOKEN "%s", sha256_hex(under.data, under.len).text);
    what->run_token = out;
}

bool run_start_deadline(const struct api_request *req, struct api_run_start *what,
                        struct deadline *room, struct err *e)
{
    if (!deadline_read(json_object_get(req->json, "deadline"), room, e))
        return false;
    what->deadline = deadline_given(room) ? room : NULL;
    return true;
}

/* A token of the client's own never looks like one that was made of a key or a due time. */
static bool token_check(const char *token, struct err *e)
{
    static const char *const kept[] = {KEY_TOKEN, DUE_TOKEN};
    size_t len = token != NULL ? strlen(token) : 1;

    if (len == 0 || len > RUN_TOKEN_GIVEN_BYTES_MAX ||
        (token != NULL && !http_text_clean(token, len)))
        return err_set(e, ERR_INVALID,
                       "'runToken' is 1 to %d bytes of UTF-8 without control characters",
                       RUN_TOKEN_GIVEN_BYTES_MAX);
    for (size_t i = 0; token != NULL && i < ARRAY_LEN(kept); i++) {
        if (strncmp(token, kept[i], strlen(kept[i])) == 0)
            return err_set(e, ERR_INVALID, "'runToken' cannot begin with '%s'", kept[i]);
    }
    return true;
}

bool run_object(const json_t *body, const char *key, json_t *empty, const json_t **ret,
                struct err *e)
{
    const json_t *value = json_object_get(body, key);

    if (value == NULL || json_is_null(value)) {
        *ret = empty;
        return true;
    }
    *ret = value;
    return json_is_object(value) ||
           err_set(e, ERR_INVALID, "'%s' must be an object, not %s", key, json_type_name(value));
}

/* ---- start ---- */

static bool make_started(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    auto_done(store_run_list) rows = {0};

    if (!store_read_run_head(reader, req->who.tenant, made->arg, &rows, e))
        return false;
    jw_open(&made->body, NULL, '{');
    view_run_members(&made->body, &rows.rows[0]);
    jw_close(&made->body, '}');
    return true;
}

static void reply_started(struct api_request *req, const struct api_outcome *out, int status)
{
    api_reply_made(req, &(struct make){.fn = make_started,
                                       .status = status,
                                       .arg = mem_str(out->run_id),
                                       .free = free,
                                       .owed = true});
}

static void on_started(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL && out->e->code == ERR_NOT_FOUND && out->code == NULL) {
        api_reply_error(request_of(arg), out->e, "DAG_NOT_FOUND");
        return;
    }
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply_started(request_of(arg), out, out->created ? 201 : 200);
}

void run_create(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_run_start what = {.checkpoint_enabled = true, .deterministic_mode = true};
    struct api_actor who = api_actor(req);
    auto_json empty = json_object();
    char token[RUN_TOKEN_BYTES];
    struct deadline deadline;
    struct err e = {0};

    if (!json_get_str(req->json, "dagId", "", &what.dag_id, &e) ||
        !json_get_str(req->json, "version", NULL, &what.version, &e) ||
        !json_get_str(req->json, "runToken", NULL, &what.run_token, &e) ||
        !token_check(what.run_token, &e) ||
        !run_object(req->json, "inputs", empty, &what.inputs, &e) ||
        !run_start_deadline(req, &what, &deadline, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    run_start_token(req, &what, token);
    engine->run_start(engine->arg, &who, &what, on_started, req);
}

/* ---- read ---- */

static bool statuses_of_query(const struct api_request *req, uint32_t *ret, struct err *e)
{
    const char *text = api_query(req, "status");
    enum store_run_status status;

    *ret = 0;
    if (text == NULL)
        return true;
    status = store_run_status_parse(text);
    if (status == STORE_RUN_INVALID)
        return err_set(e, ERR_INVALID,
                       "query parameter 'status' must be running, completed, failed or cancelled");
    *ret = 1u << status;
    if (status == STORE_RUN_RUNNING)
        *ret |= 1u << STORE_RUN_PENDING | 1u << STORE_RUN_PAUSED;
    return true;
}

static bool statement_of_query(const struct api_request *req, struct store_run_filter *filter,
                               struct err *e)
{
    const char *text = api_query(req, "statement");

    if (text == NULL)
        return true;
    filter->statement = strcmp(text, "refused") == 0 ? STORE_REFUSED : STORE_UNSIGNED;
    return filter->statement == STORE_REFUSED || strcmp(text, "unsigned") == 0 ||
           err_set(e, ERR_INVALID, "query parameter 'statement' must be unsigned or refused");
}

bool run_list(const struct api_request *req, struct store_reader *reader, struct made *made,
              struct err *e)
{
    struct store_run_filter filter = {.tenant = req->who.tenant, .dag_id = api_query(req, "dagId")};
    auto_done(store_run_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!query_page(req, &page, e) || !query_time(req, "from", &filter.from_us, e) ||
        !query_time(req, "to", &filter.to_us, e) || !statuses_of_query(req, &filter.statuses, e) ||
        !statement_of_query(req, &filter, e) || !store_read_runs(reader, &filter, page, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++) {
        jw_open(body, NULL, '{');
        view_run_members(body, &rows.rows[i]);
        jw_close(body, '}');
    }
    jw_close(body, ']');
    view_next_page(body, rows.next_page);
    jw_close(body, '}');
    return true;
}

static void view_run_host(struct buf *b, const struct why_run *of)
{
    const struct store_run *run = &of->rows.rows[0];
    const struct store_host *host = view_host_of(run, &of->hosts);

    jw_str(b, "host", run->lease_owner);
    jw_str(b, "hostAddress", host != NULL && *host->address != '\0' ? host->address : NULL);
    jw_str(b, "waitingFor", why_text(of->why));
}

static bool make_run(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(why_run) of = {0};
    struct buf *body = &made->body;
    const struct store_run *run;

    if (!why_run_read(&from, api_param(req, "runId"), made->arg, &of, &made->code, e))
        return false;
    run = &of.rows.rows[0];
    jw_open(body, NULL, '{');
    view_run_members(body, run);
    view_run_host(body, &of);
    view_deadlines(body, run->options, &deadline_words_camel);
    if (!view_root_cause(body, "rootCause", reader, run, e))
        return false;
    jw_raw(body, "agentDigests", run->agent_digests);
    jw_raw(body, "inputs", run->input);
    jw_raw(body, "outputs", run->output);
    jw_raw(body, "errors", run->errors != NULL ? run->errors : "[]");
    if (!view_nodes(&from, run->run_id, "steps", '[', view_step, body, e))
        return false;
    jw_close(body, '}');
    return true;
}

void run_get(struct api_request *req)
{
    api_reply_made(req, &(struct make){.fn = make_run,
                                       .arg = why_ask_owned(req, api_param(req, "runId"), 1),
                                       .free = why_asked_free});
}

/* ---- change ---- */

static void reply_accepted(struct api_request *req, const struct api_outcome *out,
                           const char *status)
{
    json_t *body;

    if (out->e != NULL) {
        run_reply_refused(req, out, "Run not found");
        return;
    }
    body = json_pack("{s:s, s:s}", "runId", api_param(req, "runId"), "status", status);
    api_reply_json(req, 202, &body);
}

static void on_cancelled(void *arg, const struct api_outcome *out)
{
    reply_accepted(request_of(arg), out, "cancelling");
}

static void on_resumed(void *arg, const struct api_outcome *out)
{
    reply_accepted(request_of(arg), out, out->completed ? STATUS_COMPLETED : STATUS_RUNNING);
}

static void on_paused(void *arg, const struct api_outcome *out)
{
    reply_accepted(request_of(arg), out, STATUS_PAUSED);
}

struct api_actor run_actor(const struct api_request *req)
{
    struct api_actor who = api_actor(req);
    const char *reason = json_string_value(json_object_get(req->json, "reason"));

    if (*who.reason == '\0' && reason != NULL && strlen(reason) <= REASON_BYTES_MAX)
        who.reason = reason;
    return who;
}

void run_cancel_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_cancel(engine->arg, &who, api_param(req, "runId"), on_cancelled, req);
}

void run_resume_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_resume(engine->arg, &who, api_param(req, "runId"), on_resumed, req);
}

void run_pause_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_pause(engine->arg, &who, api_param(req, "runId"), true, on_paused, req);
}

void run_unpause_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_pause(engine->arg, &who, api_param(req, "runId"), false, on_resumed, req);
}

static void on_restarted(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        run_reply_refused(request_of(arg), out, "Run not found");
    else
        reply_started(request_of(arg), out, 201);
}

void run_restart_op(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_run_restart what = {.run_id = api_param(req, "runId")};
    struct api_actor who = run_actor(req);
    struct err e = {0};

    if (!json_get_str(req->json, "fromNode", NULL, &what.from_node, &e) ||
        !run_object(req->json, "inputs", NULL, &what.inputs, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    engine->run_restart(engine->arg, &who, &what, on_restarted, req);
}
