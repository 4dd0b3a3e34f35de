/* counts.c -- see counts.h. */
#include "engine/commit/counts.h"

#include "engine/env/env.h"
#include "lanes/lanes.h"
#include "model/words/outcomes.h"
#include "model/words/states.h"

#include <string.h>

static const char *lane_of(const struct active_run *ar, uint32_t node)
{
    const char *lane = ar->dag->nodes[node].lane;

    return lane != NULL ? lane : LANE_DEFAULT;
}

/* ---- workers ---- */

static void count_crashes(const struct acts *acts)
{
    struct metrics *m = acts->ar->env->metrics;

    for (size_t i = 0; i < acts->end_count; i++) {
        const struct act_end *end = &acts->ends[i];

        if (outcome_crashed(end->class) &&
            strcmp(lane_of(acts->ar, end->ref.node), LANE_DEFAULT) != 0)
            metrics_add(m, METRIC_WORKER_RESTARTS, METRIC_NO_LABELS, 1);
    }
}

/* ---- tasks ---- */

static void count_latency(const struct active_run *ar, struct lanes *lanes_of, bool well)
{
    static const struct {
        const char *lane;
        enum metric_id id;
    } lanes[] = {
#define XX(id, name) {name, METRIC_LATENCY_##id},
        LANE_TYPED_MAP(XX)
#undef XX
    };
    int64_t took_us = active_run_wall_us(ar) - ar->created_us, now_ns = ar->env->clock.mono_ns();
    double took_s = (double)took_us / 1e6;

    for (size_t i = 0; i < ARRAY_LEN(lanes); i++) {
        if (strcmp(active_run_lane(ar), lanes[i].lane) == 0)
            metrics_observe(ar->env->metrics, lanes[i].id, METRIC_NO_LABELS, took_s);
    }
    lanes_took(lanes_of, active_run_lane(ar), took_us, now_ns);
    task_times_add(ar->env->task_times, now_ns, well, took_s);
}

static void count_task_end(const struct active_run *ar, struct lanes *lanes)
{
    bool well = ar->final_state == RUN_COMPLETED;

    if (!well && ar->final_state != RUN_FAILED)
        return;
    metrics_add(ar->env->metrics, well ? METRIC_TASKS_COMPLETED : METRIC_TASKS_FAILED,
                METRIC_NO_LABELS, 1);
    count_latency(ar, lanes, well);
}

void counts_durable(const struct acts *acts, struct lanes *lanes)
{
    if (acts->enqueues)
        metrics_add(acts->ar->env->metrics, METRIC_TASKS_ENQUEUED, METRIC_NO_LABELS, 1);
    count_crashes(acts);
    if (acts->ends_run && acts->ar->task_priority > 0)
        count_task_end(acts->ar, lanes);
}

void counts_closed(const struct engine_env *env, const struct api_event *event, bool is_task)
{
    struct metrics *m = env->metrics;

    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS(event->dag_id, event->status), 1);
    metrics_add(m, METRIC_RUNS, METRIC_LABELS(event->status, event->tenant), 1);
    if (is_task && strcmp(event->status, STATUS_FAILED) == 0) {
        metrics_add(m, METRIC_TASKS_FAILED, METRIC_NO_LABELS, 1);
        task_times_add(env->task_times, env->clock.mono_ns(), false, TASK_TIME_UNKNOWN);
    }
}
