/* tasks.c -- a task is enqueued (LANES.md 5, LANES_KIT.md 3). */
#include "api/routes/tasks.h"

#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "base/mem.h"

bool task_add_accepted(struct store_reader *reader, const char *tenant,
                       const struct task_accepted *a, struct buf *body, struct err *e)
{
    auto_done(store_run_list) rows = {0};
    const struct store_run *run;

    if (!store_read_run_head(reader, tenant, a->run_id, &rows, e))
        return false;
    run = &rows.rows[0];
    jw_str(body, "task_id", run->run_token);
    jw_str(body, "run_id", run->run_id);
    jw_str(body, "status", task_status(run, &a->now));
    jw_str(body, "lane", task_lane_of(run));
    jw_int(body, "position", a->now.at_once ? 0 : a->now.position);
    jw_int(body, "priority", run->task_priority);
    return true;
}

void task_accept(const struct api_request *req, const struct api_outcome *out,
                 struct task_accepted *ret)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_task_of of = {.tenant = req->who.tenant,
                                   .run_id = out->run_id,
                                   .lane = "",
                                   .place = true};

    engine->task_now(engine->arg, &of, &ret->now);
    ret->run_id = mem_str(out->run_id);
}

void task_refusal(const struct api_outcome *out, struct err *e, const char **code)
{
    *e = *out->e;
    *code = out->code;
    if (out->findings == NULL)
        return;
    e->code = ERR_INVALID;
    *code = "FIELD_INVALID";
    (void)err_wrap(e, "'retry'");
}

static void accepted_free(void *arg)
{
    struct task_accepted *a = arg;

    free(a->run_id);
    free(a);
}

static bool make_accepted(const struct api_request *req, struct store_reader *reader,
                          struct made *made, struct err *e)
{
    jw_open(&made->body, NULL, '{');
    if (!task_add_accepted(reader, req->who.tenant, made->arg, &made->body, e))
        return false;
    jw_close(&made->body, '}');
    return true;
}

static void on_enqueued(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    struct task_accepted *a;
    const char *code;
    struct err e = {0};

    if (out->e != NULL) {
        task_refusal(out, &e, &code);
        api_reply_error(req, &e, code);
        return;
    }
    a = mem_new(struct task_accepted);
    task_accept(req, out, a);
    api_reply_made(req, &(struct make){.fn = make_accepted,
                                       .status = out->created ? 202 : 200,
                                       .arg = a,
                                       .free = accepted_free,
                                       .owed = true});
}

void task_create(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct api_task what = {0};
    char made[TASK_ID_MADE_BYTES];
    struct err e = {0};

    if (!task_read(req->json, &what, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    task_name(req, 0, &what, made);
    engine->task_enqueue(engine->arg, &who, &what, on_enqueued, req);
}
