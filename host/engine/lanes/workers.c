/* workers.c -- see workers.h. */
#include "engine/lanes/workers.h"

#include "engine/env/env.h"
#include "engine/runs/runs.h"

/* ---- of the contract's lanes ---- */

/* Express workers of them. */
struct workers_count {
    uint32_t expected; /* that the lanes have */
    uint32_t active;   /* that take what comes, or have something */
};

struct counting {
    struct workers_count count;
    bool takes; /* the host starts what comes */
};

static void count_lane(void *arg, const struct lane_view *view)
{
    struct counting *c = arg;

    if (!lane_is_typed(view->name))
        return;
    c->count.expected += view->spec.slots;
    c->count.active += c->takes ? view->spec.slots : view->running[LANE_EXPRESS];
}

static struct workers_count count_workers(const struct lanes *lanes, const struct engine_mode *mode)
{
    struct counting c = {.takes = !mode->draining && !mode->stopping && !mode->adrift};

    lanes_each(lanes, count_lane, &c);
    return c.count;
}

/* ---- gauges ---- */

struct tasks_count {
    uint32_t waiting, running;
};

static void count_task(void *arg, struct active_run *ar)
{
    struct tasks_count *count = arg;

    if (ar->task_priority == 0 || ar->place != PLACE_ACTIVE)
        return;
    if (active_run_task_runs(ar))
        count->running++;
    else
        count->waiting++;
}

void workers_gauges(struct runs *runs, const struct lanes *lanes, const struct engine_mode *mode,
                    struct metrics *metrics)
{
    struct tasks_count tasks = {0};

    if (runs_tasks(runs) > 0)
        runs_each(runs, count_task, &tasks);
    metrics_set(metrics, METRIC_TASKS_WAITING, METRIC_NO_LABELS, tasks.waiting);
    metrics_set(metrics, METRIC_TASKS_RUNNING, METRIC_NO_LABELS, tasks.running);
    metrics_set(metrics, METRIC_WORKERS_ACTIVE, METRIC_NO_LABELS,
                count_workers(lanes, mode).active);
}
