/* parts.c -- the engine's parts, and what is counted and told of them. See engine.h. */
#include "engine/attempts/attempts.h"
#include "engine/attempts/show.h"
#include "engine/inside.h"
#include "engine/lanes/kept.h"
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

json_t *engine_lanes_owned(const struct engine *engine)
{
    return kept_lanes_json_owned(engine->control.lanes);
}

json_t *engine_run_why_owned(const struct engine *engine, const char *tenant, const char *run_id,
                             uint32_t max)
{
    const struct active_run *ar = runs_find(engine->runs, tenant, run_id);
    const struct why_of of = {ar, attempts_lanes(engine->attempts), runs_ahead(engine->runs, ar),
                              engine->mode.draining};

    return ar != NULL ? why_owned(&of, max) : NULL;
}

void engine_gauges(const struct engine *engine)
{
    lanes_gauges(attempts_lanes(engine->attempts), engine->env->metrics);
}

json_t *engine_queue_depth_owned(const struct engine *engine)
{
    return runs_waiting_by_tenant_owned(engine->runs);
}
