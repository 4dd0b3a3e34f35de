/* tasks_ask.c -- see tasks.h. */
#include "api/routes/tasks.h"

#include "api/routes/handlers.h"
#include "base/mem.h"
#include "lanes/work.h"

#include <string.h>

const char *task_lane_of(const struct store_run *run)
{
    if (run->task_priority == 0)
        return NULL;
    return run->task_lane != NULL ? run->task_lane : run->dag_id + strlen(DAG_OF_LANE);
}

struct api_task_now task_ask(const struct api_request *req, const struct store_run *run, bool place)
{
    const struct api_engine *engine = req->server->opt.engine;
    const struct api_task_of of = {req->who.tenant, run->run_id, task_lane_of(run),
                                   (int32_t)run->task_priority, place};
    struct api_task_now now;

    engine->task_now(engine->arg, &of, &now);
    return now;
}

const char *task_status(const struct store_run *run, const struct api_task_now *now)
{
    switch (run->status) {
    case STORE_RUN_COMPLETED:
        return STATUS_COMPLETED;
    case STORE_RUN_FAILED:
        return run->is_dead ? TASK_DEAD : STATUS_FAILED;
    case STORE_RUN_CANCELLED:
        return STATUS_CANCELLED;
    default:
        break;
    }
    if (now->here)
        return now->runs ? STATUS_RUNNING : TASK_QUEUED;
    return run->status == STORE_RUN_PENDING ? TASK_QUEUED : STATUS_RUNNING;
}

/* ---- by its id ---- */

struct finding_task {
    struct store_run_list rows;
    task_then *then;
};

static void finding_free(void *arg)
{
    struct finding_task *f = arg;

    store_run_list_done(&f->rows);
    free(f);
}

static bool find(const struct api_request *req, void *arg, struct store_reader *reader,
                 struct err *e)
{
    struct finding_task *f = arg;

    return store_read_task(reader, req->who.tenant, api_param(req, "task_id"), &f->rows, e);
}

static void found(struct api_request *req, void *arg, const struct err *e)
{
    struct finding_task *f = arg;
    struct err none = {0};

    if (e != NULL) {
        api_reply_error(req, e, NULL);
    } else if (f->rows.count == 0) {
        (void)err_set(&none, ERR_NOT_FOUND, "Task not found");
        api_reply_error(req, &none, "TASK_NOT_FOUND");
    } else {
        f->then(req, &f->rows.rows[0]);
    }
    finding_free(f);
}

void task_find(struct api_request *req, task_then *then)
{
    struct finding_task *f = mem_new(struct finding_task);

    f->then = then;
    api_read(req, &(struct read){find, found, finding_free, f, false});
}
