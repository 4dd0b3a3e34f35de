/* tasks.c -- tasks are enqueued, cancelled, tried again (LANES.md 5, LANES_KIT.md 3). */
#include "api/routes/tasks.h"

#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/runs.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "lanes/lanes.h"

#include <string.h>

enum { TASK_ID_BYTES_MAX = 128 };
#define TASK_TIMEOUT_S_MAX 86400.0

/* ---- what is said of one ---- */

/* Nothing of a task has a meaning when it is null. */
static bool check_nulls(const json_t *body, struct err *e)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)body, name, value)
    {
        if (json_is_null(value))
            return err_set(e, ERR_INVALID, "'%s' is null", name);
    }
    return true;
}

/* The type is another word for the lane. */
static bool read_lane(const json_t *body, struct api_task *ret, struct err *e)
{
    const char *type;

    if (!json_get_str(body, "lane", NULL, &ret->lane, e) ||
        !json_get_str(body, "type", ret->lane, &type, e))
        return false;
    if (ret->lane == NULL)
        ret->lane = type;
    if (ret->lane == NULL)
        return err_set(e, ERR_INVALID, "a task has a 'lane', or a 'type', which is the same");
    return strcmp(ret->lane, type) == 0 ||
           err_set(e, ERR_INVALID, "'lane' and 'type' are not the same");
}

/* Printable, and a path can name it. */
static bool check_id(const char *id, struct err *e)
{
    size_t len = strlen(id);
    bool good =
        len > 0 && len <= TASK_ID_BYTES_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;

    for (const char *p = id; good && *p != '\0'; p++)
        good = *p >= ' ' && *p <= '~' && *p != '/';
    return good || err_set(e, ERR_INVALID,
                           "'task_id' is 1 to %d printable ASCII characters without '/', and "
                           "neither '.' nor '..'",
                           TASK_ID_BYTES_MAX);
}

static bool read_timeout(const json_t *body, double *ret, struct err *e)
{
    const json_t *said = json_object_get(body, "timeout_s");

    *ret = json_number_value(said);
    return said == NULL || (json_is_number(said) && *ret >= 0.001 && *ret <= TASK_TIMEOUT_S_MAX) ||
           err_set(e, ERR_INVALID, "'timeout_s' must be a number from 0.001 to %.0f",
                   TASK_TIMEOUT_S_MAX);
}

/* Its members are checked where its definition is made. */
static bool check_retry(const json_t *retry, struct err *e)
{
    return retry == NULL || json_is_object(retry) ||
           err_set(e, ERR_INVALID, "'retry' must be an object, not %s", json_type_name(retry));
}

static bool read_task(const json_t *body, struct api_task *ret, struct err *e)
{
    int64_t priority;

    ret->payload = json_object_get(body, "payload");
    ret->retry = json_object_get(body, "retry");
    if (!check_nulls(body, e) || !read_lane(body, ret, e) ||
        !json_get_int(body, "priority", LANE_PRIORITY_DEFAULT, 1, LANE_PRIORITY_MAX, &priority,
                      e) ||
        !json_get_str(body, "task_id", NULL, &ret->task_id, e) ||
        (ret->task_id != NULL && !check_id(ret->task_id, e)) ||
        !read_timeout(body, &ret->timeout_s, e) || !check_retry(ret->retry, e))
        return false;
    ret->priority = (int32_t)priority;
    return json_is_object(ret->payload) ||
           err_set(e, ERR_INVALID, "'payload' must be an object, not %s",
                   json_type_name(ret->payload));
}

/* ---- enqueued ---- */

struct accepted {
    char *run_id;
    struct api_task_now now;
};

static void accepted_free(void *arg)
{
    struct accepted *a = arg;

    free(a->run_id);
    free(a);
}

static bool make_accepted(const struct api_request *req, struct store_reader *reader,
                          struct made *made, struct err *e)
{
    const struct accepted *a = made->arg;
    auto_done(store_run_list) rows = {0};
    struct buf *body = &made->body;
    const struct store_run *run;

    if (!store_read_run_head(reader, req->who.tenant, a->run_id, &rows, e))
        return false;
    run = &rows.rows[0];
    jw_open(body, NULL, '{');
    jw_str(body, "task_id", run->run_token);
    jw_str(body, "run_id", run->run_id);
    jw_str(body, "status", task_status(run, &a->now));
    jw_str(body, "lane", task_lane(run));
    jw_int(body, "position", a->now.at_once ? 0 : a->now.position);
    jw_int(body, "priority", run->task_priority);
    jw_close(body, '}');
    return true;
}

static struct accepted *accepted_new(const struct api_request *req, const struct api_outcome *out)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_task_of of = {.tenant = req->who.tenant,
                                   .run_id = out->run_id,
                                   .lane = "",
                                   .place = true};
    struct accepted *a = mem_new(struct accepted);

    engine->task_now(engine->arg, &of, &a->now);
    a->run_id = mem_str(out->run_id);
    return a;
}

/* All else of its definition was checked when it was said of the lane. */
static void refuse_retry(struct api_request *req, const struct api_outcome *out)
{
    struct err e = *out->e;

    e.code = ERR_INVALID;
    (void)err_wrap(&e, "'retry'");
    api_reply_error(req, &e, "FIELD_INVALID");
}

static void on_enqueued(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);

    if (out->findings != NULL)
        refuse_retry(req, out);
    else if (out->e != NULL)
        api_reply_outcome_error(req, out);
    else
        api_reply_made(req, &(struct make){.fn = make_accepted,
                                           .status = out->created ? 202 : 200,
                                           .arg = accepted_new(req, out),
                                           .free = accepted_free,
                                           .owed = true});
}

/* The Idempotency-Key stands in for an id that was not given, as for a run's token. */
static void name_task(const struct api_request *req, struct api_task *what,
                      char made[RUN_TOKEN_BYTES])
{
    struct api_run_start by_key = {.run_token = what->task_id};

    run_start_token(req, &by_key, made);
    what->task_id = by_key.run_token;
    if (what->task_id != NULL)
        return;
    uuid7(clock_wall_us(), made);
    what->task_id = made;
}

void task_create(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);
    struct api_task what = {0};
    char made[RUN_TOKEN_BYTES];
    struct err e = {0};

    if (!read_task(req->json, &what, &e)) {
        api_reply_error(req, &e, "FIELD_INVALID");
        return;
    }
    name_task(req, &what, made);
    engine->task_enqueue(engine->arg, &who, &what, on_enqueued, req);
}

/* ---- changed ---- */

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
