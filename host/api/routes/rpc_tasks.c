/* rpc_tasks.c -- run_task and inject: a task, as POST /tasks makes it (LANES.md 5). */
#include "api/http/fields.h"
#include "api/http/jsonw.h"
#include "api/routes/rpc.h"
#include "api/routes/tasks.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

#define TIMEOUT_S_MIN 10
#define TIMEOUT_S_MAX 600

/* Whoever is named here is no lane's name; any other is one. */
static const struct {
    const char *tool, *lane;
} tools[] = {{"DeepSeek", "codegen"}, {"Perplexity", "reasoning"}, {"Copilot", "codegen"}};

/* One on its way into the store. */
struct submitting {
    struct rpc_call *call;
    const char *tool; /* NULL: none was named */
    json_t *said;     /* as POST /tasks takes it */
    bool force, first;
    struct task_accepted accepted;
};

static void submitting_free(void *arg)
{
    struct submitting *s = arg;

    json_decref(s->said);
    free(s->accepted.run_id);
    free(s);
}

/* ---- a tool with a prompt ---- */

static const char *lane_of(const char *tool)
{
    for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
        if (strcmp(tools[i].tool, tool) == 0)
            return tools[i].lane;
    }
    return tool;
}

static bool prompt_check(const json_t *params, struct err *e)
{
    const char *prompt = json_string_value(json_object_get(params, "prompt"));

    return (prompt != NULL && prompt[strspn(prompt, " \t\r\n")] != '\0') ||
           err_set(e, ERR_INVALID, "'prompt' must be a text that is not blank");
}

static bool context_check(const json_t *params, struct err *e)
{
    const json_t *context = json_object_get(params, "context");

    return context == NULL || json_is_object(context) ||
           err_set(e, ERR_INVALID, "'context' must be an object, not %s", json_type_name(context));
}

static bool tags_check(const json_t *params, struct err *e)
{
    const json_t *tags = json_object_get(params, "tags"), *tag;
    size_t i;

    if (tags != NULL && !json_is_array(tags))
        return err_set(e, ERR_INVALID, "'tags' must be an array, not %s", json_type_name(tags));
    json_array_foreach(tags, i, tag)
    {
        if (!json_is_string(tag))
            return err_set(e, ERR_INVALID, "'tags' must be texts");
    }
    return true;
}

static bool timeout_check(const json_t *params, struct err *e)
{
    const json_t *timeout = json_object_get(params, "timeout");
    double seconds = json_number_value(timeout);

    return timeout == NULL ||
           (json_is_number(timeout) && seconds >= TIMEOUT_S_MIN && seconds <= TIMEOUT_S_MAX) ||
           err_set(e, ERR_INVALID, "'timeout' must be a number from %d to %d", TIMEOUT_S_MIN,
                   TIMEOUT_S_MAX);
}

static json_t *member_or(const json_t *params, const char *member, json_t *absent)
{
    json_t *value = json_object_get(params, member);

    if (value == NULL)
        return absent;
    json_decref(absent);
    return json_incref(value);
}

static void copy_member(json_t *to, const char *as, const json_t *params, const char *member)
{
    json_t *value = json_object_get(params, member);

    if (value != NULL)
        json_object_set(to, as, value);
}

/* The agent is given what was asked, whole. */
static json_t *task_of_tool_owned(const json_t *params, const char *tool)
{
    json_t *payload =
        json_pack("{s:s, s:O, s:o, s:o}", "tool", tool, "prompt", json_object_get(params, "prompt"),
                  "context", member_or(params, "context", json_object()), "tags",
                  member_or(params, "tags", json_array()));
    json_t *task = json_pack("{s:s, s:o}", "lane", lane_of(tool), "payload", payload);

    copy_member(task, "priority", params, "priority");
    copy_member(task, "timeout_s", params, "timeout");
    copy_member(task, "task_id", params, "task_id");
    return task;
}

static bool tool_read(const json_t *params, struct submitting *s, struct err *e)
{
    if (!json_get_str(params, "tool", NULL, &s->tool, e) || !prompt_check(params, e) ||
        !context_check(params, e) || !tags_check(params, e) || !timeout_check(params, e))
        return false;
    if (s->tool == NULL)
        return err_set(e, ERR_INVALID, "'tool' is missing");
    s->said = task_of_tool_owned(params, s->tool);
    return true;
}

/* ---- into the store ---- */

/* What may be named: the tools, and every lane. */
static json_t *available_owned(struct rpc_call *call)
{
    json_t *names = json_array();
    const json_t *lane;
    size_t i;

    for (i = 0; i < ARRAY_LEN(tools); i++)
        json_array_append_new(names, json_string(tools[i].tool));
    json_array_foreach(rpc_lanes(call), i, lane)
        json_array_append(names, json_object_get(lane, "name"));
    return json_pack("{s:o}", "available", names);
}

static void refuse(const struct submitting *s, const struct api_outcome *out)
{
    struct rpc_refusal refusal = {0};
    struct err e = {0};

    task_refusal(out, &e, &refusal.word);
    refusal.e = &e;
    if (e.code == ERR_UNPROCESSABLE)
        refusal.code = RPC_AGENT;
    if (refusal.word != NULL && strcmp(refusal.word, "LANE_NOT_FOUND") == 0) {
        (void)err_set(&e, ERR_INVALID, "there is no %s of that name",
                      s->tool != NULL ? "tool" : "lane");
        refusal.more = available_owned(s->call);
    }
    rpc_refuse(s->call, &refusal);
}

static bool read_accepted(const struct api_request *req, void *arg, struct store_reader *reader,
                          struct err *e)
{
    struct submitting *s = arg;
    struct buf *data = &s->call->data;

    jw_open(data, NULL, '{');
    if (!task_add_accepted(reader, req->who.tenant, &s->accepted, data, e))
        return false;
    if (s->tool != NULL)
        jw_str(data, "tool", s->tool);
    jw_close(data, '}');
    return true;
}

static void was_accepted(struct api_request *req unused_arg, void *arg, const struct err *e)
{
    struct submitting *s = arg;

    if (e != NULL)
        rpc_refuse(s->call, &(struct rpc_refusal){.e = e});
    else
        rpc_succeed(s->call);
}

static void on_enqueued(void *arg, const struct api_outcome *out)
{
    struct submitting *s = arg;
    struct api_request *req = request_of(s->call->req);

    if (out->e != NULL) {
        refuse(s, out);
        return;
    }
    task_accept(req, out, &s->accepted);
    api_read(req, &(struct read){read_accepted, was_accepted, rpc_kept_by_call, s, true});
}

static void submit(struct submitting *s)
{
    struct api_request *req = s->call->req;
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct api_task what = {.force = s->force, .first = s->first};
    char made[TASK_ID_MADE_BYTES];
    struct err e = {0};

    if (!task_read(s->said, &what, &e)) {
        rpc_refuse_params(s->call, &e);
        return;
    }
    task_name(req, 0, &what, made);
    engine->task_enqueue(engine->arg, &who, &what, on_enqueued, s);
}

static struct submitting *submitting_new(struct rpc_call *call)
{
    struct submitting *s = mem_new(struct submitting);

    s->call = call;
    call->kept = s;
    call->kept_free = submitting_free;
    return s;
}

/* ---- the methods ---- */

void rpc_run_task(struct rpc_call *call)
{
    struct submitting *s = submitting_new(call);
    struct err e = {0};

    if (tool_read(call->params, s, &e))
        submit(s);
    else
        rpc_refuse_params(call, &e);
}

static bool position_read(const json_t *params, bool *ret_first, struct err *e)
{
    const char *position;

    if (!json_get_str(params, "position", "back", &position, e))
        return false;
    *ret_first = strcmp(position, "front") == 0;
    return *ret_first || strcmp(position, "back") == 0 ||
           err_set(e, ERR_INVALID, "'position' must be \"front\" or \"back\"");
}

/* As POST /tasks takes it, or as run_task does. */
static bool injected_read(const json_t *task, struct submitting *s, struct err *e)
{
    if (!json_is_object(task))
        return err_set(e, ERR_INVALID, "'task' must be an object, not %s", json_type_name(task));
    if (json_object_get(task, "tool") != NULL)
        return fields_check(task, RPC_TOOL_FIELDS " task_id", e) && tool_read(task, s, e);
    s->said = json_incref((json_t *)task);
    return fields_check(task, TASK_FIELDS, e);
}

void rpc_inject(struct rpc_call *call)
{
    struct submitting *s = submitting_new(call);
    struct err e = {0};

    if (json_get_bool(call->params, "force", false, &s->force, &e) &&
        position_read(call->params, &s->first, &e) &&
        injected_read(json_object_get(call->params, "task"), s, &e))
        submit(s);
    else
        rpc_refuse_params(call, &e);
}
