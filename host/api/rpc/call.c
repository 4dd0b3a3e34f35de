/* call.c -- see call.h. */
#include "api/rpc/call.h"

#include "api/http/fields.h"
#include "api/rpc/history.h"
#include "base/clock.h"
#include "base/json_thread.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

enum { CALLS_AT_ONCE = 32 };
#define RETRY_AFTER_S 1

struct rpc {
    struct api_request *req; /* which keeps it until its answer is made */
    const struct rpc_methods *methods;
    bool batch, filling;
    size_t count, next, under_way;
    json_t *shared, *no_params;
    struct rpc_call *calls;
};

static void rpc_free(void *arg)
{
    struct rpc *rpc = arg;

    for (size_t i = 0; i < rpc->count; i++) {
        if (rpc->calls[i].kept != NULL)
            rpc->calls[i].kept_free(rpc->calls[i].kept);
        buf_done(&rpc->calls[i].data);
        free((char *)rpc->calls[i].error.message);
        json_decref((json_t *)rpc->calls[i].error.data);
    }
    free(rpc->calls);
    json_decref(rpc->shared);
    json_decref(rpc->no_params);
    free(rpc);
}

/* ---- the answer ---- */

static json_t *error_data_owned(const struct problem *p, int64_t retry_after_s)
{
    json_t *data = json_pack("{s:s}", "code", problem_code(p));

    if (err_code_retryable(p->e->code))
        json_object_set_new(data, "retry_after_s", json_integer(retry_after_s));
    return data;
}

static const char *message_of(const struct problem *p)
{
    return problem_is_internal(p) ? "internal error; the host's log has it under this trace_id"
                                  : p->e->msg;
}

static enum rpc_code code_of_status(int status)
{
    static const struct {
        int status;
        enum rpc_code code;
    } codes[] = {
        {401, RPC_TOKEN}, {403, RPC_SCOPE}, {429, RPC_RATE}, {503, RPC_AGENT}, {500, RPC_INTERNAL}};

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    return RPC_REQUEST;
}

void rpc_refusal_text(const struct api_request *req, const struct problem *problem,
                      struct buf *body)
{
    enum rpc_code code = code_of_status(problem_status(problem));
    int64_t wait_s = req->limited && !req->rate.admitted ? req->rate.retry_after_s : RETRY_AFTER_S;
    auto_json data = error_data_owned(problem, wait_s);

    rpc_add_error(body, NULL, &(struct rpc_error){code, message_of(problem), data});
}

static bool is_answered(const struct rpc_call *call)
{
    return call->ask.id != NULL || call->error.code == RPC_REQUEST;
}

static size_t add_answers(const struct rpc *rpc, struct buf *body)
{
    int64_t now_us = clock_wall_us();
    size_t count = 0;

    for (size_t i = 0; i < rpc->count; i++) {
        const struct rpc_call *call = &rpc->calls[i];

        if (!is_answered(call))
            continue;
        if (call->error.code != RPC_NONE)
            rpc_add_error(body, call->ask.id, &call->error);
        else
            rpc_add_result(body, call->ask.id, buf_text(&call->data), call->took_ns, now_us);
        count++;
    }
    return count;
}

static void reply(const struct rpc *rpc)
{
    struct api_request *req = rpc->req;
    enum rpc_code code = rpc->batch ? RPC_NONE : rpc->calls[0].error.code;
    struct buf body = {0};

    if (rpc->batch)
        buf_addc(&body, '[');
    if (add_answers(rpc, &body) == 0) {
        buf_clear(&body);
        api_reply_bytes(req, 204, NULL, &body);
        return;
    }
    if (rpc->batch)
        buf_addc(&body, ']');
    if (code == RPC_RATE)
        api_header(req, "Retry-After", "1");
    api_reply_text(req, rpc_http_status(code), &body);
}

/* A body that is no call and no batch of them. */
static void refuse_body(struct api_request *req, enum rpc_code code, const struct err *e)
{
    struct buf body = {0};

    rpc_add_error(&body, NULL, &(struct rpc_error){code, e->msg, NULL});
    api_reply_text(req, e->code == ERR_TOO_LARGE ? 413 : rpc_http_status(code), &body);
}

/* ---- a call ---- */

static void fill(struct rpc *rpc);

static void remember(const struct rpc_call *call)
{
    const struct api_request *req = call->req;

    rpc_history_add(req->server->opt.rpc_history, req->who.tenant,
                    &(struct rpc_past){.method = call->ask.method,
                                       .id = call->ask.id,
                                       .ended_us = clock_wall_us(),
                                       .took_ns = call->took_ns,
                                       .error_code = (int)call->error.code});
}

static void ends(struct rpc_call *call)
{
    assert(!call->ended);
    call->ended = true;
    call->took_ns = clock_mono_ns() - call->began_ns;
    remember(call);
    call->rpc->under_way--;
    fill(call->rpc);
}

void rpc_succeed(struct rpc_call *call)
{
    ends(call);
}

void rpc_refuse(struct rpc_call *call, const struct rpc_refusal *refusal)
{
    const struct api_request *req = call->req;
    const struct problem problem = {.code = refusal->word, .e = refusal->e};
    enum rpc_code code = refusal->code != RPC_NONE ? refusal->code : rpc_code_of(refusal->e->code);
    json_t *data = error_data_owned(&problem, RETRY_AFTER_S);

    if (problem_is_internal(&problem))
        log_event(LOG_ERROR, "http.internal", F_ERR(refusal->e),
                  F_STR("route", req->match.route->pattern),
                  F_STR("trace_id", req->trace.trace_id));
    if (refusal->more != NULL) {
        json_object_update(data, refusal->more);
        json_decref(refusal->more);
    }
    call->error = (struct rpc_error){code, mem_str(message_of(&problem)), data};
    ends(call);
}

static void refuse(struct rpc_call *call, enum rpc_code code, const struct err *e, const char *word)
{
    rpc_refuse(call, &(struct rpc_refusal){.e = e, .word = word, .code = code});
}

static void refuse_method(struct rpc_call *call)
{
    const struct rpc_methods *methods = call->rpc->methods;
    json_t *names = json_array();
    struct err e = {0};

    for (size_t i = 0; i < methods->count; i++)
        json_array_append_new(names, json_string(methods->rows[i].name));
    (void)err_set(&e, ERR_NOT_FOUND, "there is no method '%s'", call->ask.method);
    rpc_refuse(call, &(struct rpc_refusal){.e = &e,
                                           .code = RPC_METHOD,
                                           .more = json_pack("{s:o}", "available", names)});
}

static const struct rpc_method *method_of(const struct rpc_call *call)
{
    const struct rpc_methods *methods = call->rpc->methods;

    for (size_t i = 0; i < methods->count; i++) {
        if (strcmp(methods->rows[i].name, call->ask.method) == 0)
            return &methods->rows[i];
    }
    return NULL;
}

/* A change that would wait for a store that is away is refused before anything of it happens. */
static bool store_is_there(const struct api_request *req, enum route_need need, struct err *e)
{
    const struct api_engine *engine = req->server->opt.engine;
    const char *away = NULL;

    if (need >= NEED_WRITE && engine->store_away != NULL)
        away = engine->store_away(engine->arg);
    return away == NULL || err_set(e, ERR_UNAVAILABLE, "%s", away);
}

static bool params_read(struct rpc_call *call, const char *fields, struct err *e)
{
    if (json_is_array(call->ask.params))
        return err_set(e, ERR_INVALID, "'params' is an object: they are given by name");
    call->params = call->ask.params != NULL ? call->ask.params : call->rpc->no_params;
    return fields_check(call->params, fields, e);
}

static const json_t *item_of(const struct rpc_call *call)
{
    const struct rpc *rpc = call->rpc;

    return rpc->batch ? json_array_get(rpc->req->json, (size_t)(call - rpc->calls))
                      : rpc->req->json;
}

static void begin(struct rpc_call *call)
{
    const struct rpc_method *method;
    const char *word = NULL;
    struct err e = {0};

    if (!rpc_ask_read(item_of(call), &call->ask, &e)) {
        refuse(call, RPC_REQUEST, &e, NULL);
        return;
    }
    method = method_of(call);
    if (method == NULL)
        refuse_method(call);
    else if (!identity_may(&call->req->who, method->need, &word, &e) ||
             !store_is_there(call->req, method->need, &e) || !params_read(call, method->fields, &e))
        refuse(call, RPC_NONE, &e, word);
    else
        method->begin(call);
}

/* A call may end while it is begun, which comes back here. */
static void fill(struct rpc *rpc)
{
    if (rpc->filling)
        return;
    rpc->filling = true;
    while (rpc->next < rpc->count && rpc->under_way < CALLS_AT_ONCE) {
        struct rpc_call *call = &rpc->calls[rpc->next++];

        rpc->under_way++;
        call->began_ns = clock_mono_ns();
        begin(call);
    }
    rpc->filling = false;
    if (rpc->next == rpc->count && rpc->under_way == 0)
        reply(rpc);
}

/* ---- the body ---- */

static void calls_begin(struct rpc *rpc, size_t count)
{
    rpc->batch = json_is_array(rpc->req->json);
    rpc->count = count;
    rpc->calls = mem_array(count, struct rpc_call);
    for (size_t i = 0; i < count; i++) {
        rpc->calls[i].rpc = rpc;
        rpc->calls[i].req = rpc->req;
        rpc->calls[i].shared = &rpc->shared;
    }
    fill(rpc);
}

static void body_was_read(void *arg, struct json_read *read)
{
    struct rpc *rpc = arg;
    struct api_request *req = request_of(rpc->req);
    struct err e = {0};
    size_t count;

    req->json = take(read->value);
    if (req->conn == NULL)
        request_free(req);
    else if (req->json == NULL)
        refuse_body(req, read->err.code == ERR_TOO_LARGE ? RPC_REQUEST : RPC_PARSE, &read->err);
    else if (!rpc_body_read(req->json, &count, &e))
        refuse_body(req, RPC_REQUEST, &e);
    else
        calls_begin(rpc, count);
}

void rpc_serve(struct api_request *req, const struct rpc_methods *methods)
{
    struct rpc *rpc = mem_new(struct rpc);

    rpc->req = req;
    rpc->methods = methods;
    rpc->no_params = json_object();
    req->kept = rpc;
    req->kept_free = rpc_free;
    json_thread_read(req->server->opt.json, &(struct json_order){
                                                .text = buf_text(&req->body),
                                                .len = req->body.len,
                                                .limits = {req->match.route->body_bytes_max,
                                                           JSON_DEPTH_MAX, JSON_VALUES_MAX},
                                                .done = body_was_read,
                                                .arg = rpc,
                                            });
}
