/* queues.c -- see queues.h. */
#include "daemon/queues.h"

#include "daemon/host.h"
#include "engine/control/control.h"
#include "engine/engine.h"
#include "engine/lanes/change.h"
#include "engine/lanes/tasks.h"
#include "store/hosts.h"

static json_t *lanes_owned(void *arg)
{
    return engine_lanes_owned(((const struct host *)arg)->engine);
}

static void change_lane(void *arg, const struct api_actor *who, const struct api_lane_change *what,
                        api_done_fn done, void *done_arg)
{
    lane_change(engine_control(((const struct host *)arg)->engine)->lanes, who, what, done,
                done_arg);
}

static void enqueue_task(void *arg, const struct api_actor *who, const struct api_task *what,
                         api_done_fn done, void *done_arg)
{
    tasks_enqueue(engine_control(((const struct host *)arg)->engine)->tasks, who, what, done,
                  done_arg);
}

static void prioritize_task(void *arg, const struct api_actor *who,
                            const struct api_task_priority *what, api_done_fn done, void *done_arg)
{
    control_prioritize(engine_control(((const struct host *)arg)->engine), who, what, done,
                       done_arg);
}

static void task_now(void *arg, const struct api_task_of *of, struct api_task_now *ret)
{
    engine_task_now(((const struct host *)arg)->engine, of, ret);
}

static json_t *run_why_owned(void *arg, const char *tenant, const char *run_id, uint32_t max)
{
    return engine_run_why_owned(((const struct host *)arg)->engine, tenant, run_id, max);
}

static const char *host_id(void *arg)
{
    return store_host_id(((const struct host *)arg)->store);
}

static void gauges(void *arg)
{
    engine_gauges(((const struct host *)arg)->engine);
}

void queues_serve(struct api_engine *engine)
{
    engine->lanes_owned = lanes_owned;
    engine->lane_change = change_lane;
    engine->task_enqueue = enqueue_task;
    engine->task_prioritize = prioritize_task;
    engine->task_now = task_now;
    engine->run_why_owned = run_why_owned;
    engine->host_id = host_id;
    engine->gauges = gauges;
}
