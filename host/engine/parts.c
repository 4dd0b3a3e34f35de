/* parts.c -- the engine's parts, and what is counted and told of them. See engine.h. */
#include "engine/attempts/attempts.h"
#include "engine/attempts/show.h"
#include "engine/control/shed.h"
#include "engine/entries/entries.h"
#include "engine/inside.h"
#include "engine/lanes/depth.h"
#include "engine/lanes/kept.h"
#include "engine/lanes/tasks.h"
#include "engine/lanes/workers.h"
#include "engine/runs/runs.h"
#include "engine/why.h"

struct control *engine_control(struct engine *engine)
{
    return &engine->control;
}

struct dag_cache *engine_dags(struct engine *engine)
{
    return engine->dags;
}

struct definitions *engine_definitions(struct engine *engine)
{
    return engine->definitions;
}

struct heads *engine_heads(struct engine *engine)
{
    return engine->chores.heads;
}

struct seals *engine_seals(struct engine *engine)
{
    return engine->chores.seals;
}

struct statements *engine_statements(struct engine *engine)
{
    return engine->statements;
}

struct each_run {
    engine_run_fn *fn;
    void *arg;
};

static void tell_run(void *arg, struct active_run *ar)
{
    const struct each_run *each = arg;

    if (ar->place != PLACE_ENDED)
        each->fn(each->arg, ar->run_id);
}

void engine_each_run(const struct engine *engine, engine_run_fn *fn, void *arg)
{
    struct each_run each = {fn, arg};

    runs_each(engine->runs, tell_run, &each);
}

struct engine_counts engine_counts(const struct engine *engine)
{
    struct runs_counts counts = runs_counts(engine->runs);

    return (struct engine_counts){
        .runs_active = counts.active,
        .runs_waiting = counts.waiting,
        .attempts_running = attempts_running(engine->attempts),
        .attempts_waiting = attempts_waiting(engine->attempts),
        .nodes_held = counts.held,
        .held_reason = runs_held_reason(engine->runs),
    };
}

static struct depth_of depth_of_engine(const struct engine *engine)
{
    return (struct depth_of){engine->runs, attempts_lanes(engine->attempts),
                             engine->env->clock.mono_ns()};
}

json_t *engine_lanes_owned(const struct engine *engine)
{
    const struct depth_of of = depth_of_engine(engine);
    json_t *lanes = kept_lanes_json_owned(engine->control.lanes);

    depth_show(&of, lanes);
    return lanes;
}

json_t *engine_workers_owned(const struct engine *engine)
{
    return workers_owned(&(struct workers_of){engine->env, engine->attempts, &engine->mode});
}

uint32_t engine_workers_active(const struct engine *engine)
{
    return workers_active(attempts_lanes(engine->attempts), &engine->mode);
}

json_t *engine_run_why_owned(const struct engine *engine, const char *tenant, const char *run_id,
                             uint32_t max)
{
    const struct active_run *ar = runs_find(engine->runs, tenant, run_id);
    const struct why_of of = {ar, attempts_lanes(engine->attempts), runs_ahead(engine->runs, ar),
                              engine->mode.draining};

    return ar != NULL ? why_owned(&of, max) : NULL;
}

static bool is_express(const struct lanes *lanes, const struct api_task_of *of)
{
    struct lane_spec spec;

    return lanes_get(lanes, of->lane, &spec) && spec.has_express &&
           !lanes_routing(lanes).no_express && of->priority >= spec.express_priority;
}

static void tell_waiting(const struct engine *engine, const struct attempt_order *order, bool place,
                         struct api_task_now *ret)
{
    struct lane_place at = {.position = 1, .priority = order->item.priority};

    if (place && order->place == ORDER_WAITS)
        at = lanes_place(attempts_lanes(engine->attempts), &order->item,
                         engine->env->clock.mono_ns());
    ret->position = at.position;
    ret->priority = at.priority;
    ret->at_once = place && order->place != ORDER_PARKED && at.why == LANE_WHY_NONE;
}

/* That waits for a worker of the task's lane. */
static const struct attempt_order *waits_in_lane(const struct active_run *ar)
{
    if (ar->task_lane == NULL)
        return TAILQ_FIRST(&ar->waiting);
    return ar->worker.number == 0 ? ar->whole : NULL;
}

static void tell_started(const struct active_run *ar, struct api_task_now *ret)
{
    ret->started_us = ar->task_lane == NULL ? ar->nodes[0].attempt_started_us : ar->worker_us;
    ret->worker = ar->task_lane == NULL ? ar->nodes[0].worker : ar->worker;
}

void engine_task_now(const struct engine *engine, const struct api_task_of *of,
                     struct api_task_now *ret)
{
    const struct active_run *ar = runs_find(engine->runs, of->tenant, of->run_id);
    const struct attempt_order *order = ar != NULL ? waits_in_lane(ar) : NULL;

    *ret = (struct api_task_now){.here = ar != NULL,
                                 .express = is_express(attempts_lanes(engine->attempts), of)};
    if (ar == NULL)
        return;
    if (order != NULL) {
        tell_waiting(engine, order, of->place, ret);
        return;
    }
    ret->runs = active_run_task_runs(ar);
    if (ret->runs)
        tell_started(ar, ret);
}

void engine_gauges(const struct engine *engine)
{
    const struct depth_of depth = depth_of_engine(engine);
    const struct lanes *lanes = depth.lanes;

    lanes_gauges(lanes, engine->env->metrics);
    shed_gauges(engine->control.shed);
    depth_gauges(&depth, engine->env->metrics);
    workers_gauges(engine->runs, lanes, &engine->mode, engine->env->metrics);
    tasks_gauges(engine->control.tasks);
    entries_gauges(engine->control.entries, engine->env->metrics);
}

json_t *engine_queue_depth_owned(const struct engine *engine)
{
    return runs_waiting_by_tenant_owned(engine->runs);
}
