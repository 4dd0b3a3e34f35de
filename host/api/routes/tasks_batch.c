/* tasks_batch.c -- many tasks in one request, each with its own result (LANES_KIT.md 3).
 *
 * A few are on their way into the store at a time, so that the loop goes on between them and the
 * store puts them together; the results are in the order in which they were said. */
#include "api/http/fields.h"
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/tasks.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

enum { BATCH_TASKS_MAX = 1000, BATCH_AT_ONCE = 32 };

struct batch;

/* One of them: it was accepted, or why not. */
struct result {
    struct batch *batch;
    struct task_accepted accepted; /* run_id NULL: it was not */
    int status;
    json_t *problem;
};

struct batch {
    struct api_request *req; /* which keeps it until its answer is made */
    size_t count, next, on_their_way, accepted;
    bool filling;
    struct result *results;
};

static void batch_free(void *arg)
{
    struct batch *b = arg;

    for (size_t i = 0; i < b->count; i++) {
        free(b->results[i].accepted.run_id);
        json_decref(b->results[i].problem);
    }
    free(b->results);
    free(b);
}

/* ---- the answer ---- */

static bool add_result(const struct result *r, size_t index, const char *tenant,
                       struct store_reader *reader, struct buf *body, struct err *e)
{
    jw_open(body, NULL, '{');
    jw_int(body, "index", (int64_t)index);
    jw_int(body, "http_status", r->status);
    if (r->accepted.run_id != NULL) {
        if (!task_add_accepted(reader, tenant, &r->accepted, body, e))
            return false;
    } else {
        jw_json(body, "error", json_object_get(r->problem, "error"));
    }
    jw_close(body, '}');
    return true;
}

static bool make_batch(const struct api_request *req, struct store_reader *reader,
                       struct made *made, struct err *e)
{
    const struct batch *b = made->arg;
    struct buf *body = &made->body;

    jw_open(body, NULL, '{');
    jw_open(body, "results", '[');
    for (size_t i = 0; i < b->count; i++) {
        if (!add_result(&b->results[i], i, req->who.tenant, reader, body, e))
            return false;
    }
    jw_close(body, ']');
    jw_int(body, "accepted", (int64_t)b->accepted);
    jw_int(body, "rejected", (int64_t)(b->count - b->accepted));
    jw_close(body, '}');
    return true;
}

static void reply_batch(struct batch *b)
{
    (void)take(b->req->kept); /* the answer's from here on */
    api_reply_made(b->req,
                   &(struct make){.fn = make_batch, .arg = b, .free = batch_free, .owed = true});
}

/* ---- one behind the other ---- */

static void refuse(struct result *r, const struct err *e, const char *code)
{
    const struct api_request *req = r->batch->req;
    const struct problem problem = {.code = code,
                                    .e = e,
                                    .instance = req->head.path,
                                    .trace_id = req->trace.trace_id};

    r->status = problem_status(&problem);
    r->problem = problem_json_owned(&problem);
}

static void fill(struct batch *b);

static void on_enqueued(void *arg, const struct api_outcome *out)
{
    struct result *r = arg;
    struct batch *b = r->batch;
    const char *code;
    struct err e = {0};

    (void)request_of(b->req);
    b->on_their_way--;
    if (out->e != NULL) {
        task_refusal(out, &e, &code);
        refuse(r, &e, code);
    } else {
        task_accept(b->req, out, &r->accepted);
        r->status = out->created ? 202 : 200;
        b->accepted++;
    }
    fill(b);
}

static bool read_one(const json_t *task, struct api_task *ret, struct err *e)
{
    if (!json_is_object(task))
        return err_set(e, ERR_INVALID, "a task is an object, not %s", json_type_name(task));
    return fields_check(task, TASK_FIELDS, e) && task_read(task, ret, e);
}

static void enqueue(struct batch *b, size_t index)
{
    const struct api_engine *engine = b->req->server->opt.engine;
    const json_t *task = json_array_get(json_object_get(b->req->json, "tasks"), index);
    struct api_actor who = api_actor(b->req);
    struct api_task what = {0};
    char made[TASK_ID_MADE_BYTES];
    struct err e = {0};

    if (!read_one(task, &what, &e)) {
        refuse(&b->results[index], &e, "FIELD_INVALID");
        return;
    }
    task_name(b->req, (uint32_t)index, &what, made);
    b->on_their_way++;
    engine->task_enqueue(engine->arg, &who, &what, on_enqueued, &b->results[index]);
}

/* The engine may answer during the call, which comes back here. */
static void fill(struct batch *b)
{
    if (b->filling)
        return;
    b->filling = true;
    while (b->next < b->count && b->on_their_way < BATCH_AT_ONCE)
        enqueue(b, b->next++);
    b->filling = false;
    if (b->next == b->count && b->on_their_way == 0)
        reply_batch(b);
}

static struct batch *batch_new(struct api_request *req, size_t count)
{
    struct batch *b = mem_new(struct batch);

    b->req = req;
    b->count = count;
    b->results = mem_array(count, struct result);
    for (size_t i = 0; i < count; i++)
        b->results[i].batch = b;
    req->kept = b;
    req->kept_free = batch_free;
    return b;
}

void task_batch(struct api_request *req)
{
    const json_t *tasks = json_object_get(req->json, "tasks");
    size_t count = json_array_size(tasks);
    struct err e = {0};

    if (!json_is_array(tasks) || count == 0) {
        (void)err_set(&e, ERR_INVALID, "'tasks' must be an array of 1 to %d tasks",
                      BATCH_TASKS_MAX);
        api_reply_error(req, &e, "FIELD_INVALID");
    } else if (count > BATCH_TASKS_MAX) {
        (void)err_set(&e, ERR_TOO_LARGE, "'tasks' has %zu tasks, at most %d are taken", count,
                      BATCH_TASKS_MAX);
        api_reply_error(req, &e, NULL);
    } else {
        fill(batch_new(req, count));
    }
}
