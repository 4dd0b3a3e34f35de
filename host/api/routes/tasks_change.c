/* tasks_change.c -- a task that is there is cancelled, tried again, given another priority. */
#include "api/routes/handlers.h"
#include "api/routes/runs.h"
#include "api/routes/tasks.h"
#include "base/json.h"
#include "lanes/lanes.h"

static void reply_accepted(struct api_request *req, const char *run_id, const char *status)
{
    json_t *body = json_pack("{s:s, s:s, s:s}", "task_id", api_param(req, "task_id"), "run_id",
                             run_id, "status", status);

    api_reply_json(req, 202, &body);
}

static void on_cancelled(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        reply_accepted(request_of(arg), out->run_id, "cancelling");
}

static void on_retried(void *arg, const struct api_outcome *out)
{
    struct err e = {0};

    if (out->e != NULL) {
        api_reply_outcome_error(request_of(arg), out);
    } else if (out->completed) {
        (void)err_set(&e, ERR_CONFLICT, "the task is completed: there is nothing to try again");
        api_reply_error(request_of(arg), &e, NULL);
    } else {
        reply_accepted(request_of(arg), out->run_id, TASK_QUEUED);
    }
}

static void cancel(struct api_request *req, const struct store_run *run)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_cancel(engine->arg, &who, run->run_id, on_cancelled, req);
}

static void retry(struct api_request *req, const struct store_run *run)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);

    engine->run_resume(engine->arg, &who, run->run_id, on_retried, req);
}

void task_cancel_op(struct api_request *req)
{
    task_find(req, cancel);
}

void task_retry_op(struct api_request *req)
{
    task_find(req, retry);
}

/* ---- another priority ---- */

static bool read_priority(const json_t *body, int32_t *ret, struct err *e)
{
    int64_t priority;

    if (!json_get_int(body, "priority", 0, 1, LANE_PRIORITY_MAX, &priority, e))
        return false;
    *ret = (int32_t)priority;
    return true;
}

static void on_prioritized(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        api_reply_outcome_error(request_of(arg), out);
    else
        task_find(request_of(arg), task_reply);
}

static void prioritize(struct api_request *req, const struct store_run *run)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = run_actor(req);
    struct api_task_priority what = {.run_id = run->run_id};
    struct err none = {0};

    (void)!read_priority(req->json, &what.priority, &none); /* it was read before */
    engine->task_prioritize(engine->arg, &who, &what, on_prioritized, req);
}

void task_prioritize_op(struct api_request *req)
{
    int32_t priority;
    struct err e = {0};

    if (read_priority(req->json, &priority, &e))
        task_find(req, prioritize);
    else
        api_reply_error(req, &e, "FIELD_INVALID");
}
