/* workers.c -- see workers.h. */
#include "engine/lanes/workers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/attempts/attempts.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

#include <string.h>

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

static bool host_takes(const struct engine_mode *mode)
{
    return !mode->draining && !mode->stopping && !mode->adrift;
}

static uint32_t active_of(const struct lane_view *view, bool takes)
{
    return takes ? view->slots : view->running[LANE_EXPRESS];
}

static void count_lane(void *arg, const struct lane_view *view)
{
    struct counting *c = arg;

    if (!lane_is_typed(view->name))
        return;
    c->count.expected += view->slots;
    c->count.active += active_of(view, c->takes);
}

static struct workers_count count_workers(const struct lanes *lanes, const struct engine_mode *mode)
{
    struct counting c = {.takes = host_takes(mode)};

    lanes_each(lanes, count_lane, &c);
    return c.count;
}

uint32_t workers_active(const struct lanes *lanes, const struct engine_mode *mode)
{
    return count_workers(lanes, mode).active;
}

/* ---- each of them ---- */

struct telling {
    const struct engine_sandbox *sandbox;
    json_t *workers, *by_id, *types; /* of by_id each is one of workers */
    char now[CLOCK_TEXT_BYTES];
    int64_t now_ns;
    json_int_t unlisted;
    bool takes;
};

static void tell_type(void *arg, const struct lane_view *view)
{
    struct telling *t = arg;

    if (strcmp(view->name, LANE_DEFAULT) != 0)
        json_object_set_new(t->types, view->name,
                            json_pack("{s:I, s:I}", "expected", (json_int_t)view->slots, "active",
                                      (json_int_t)active_of(view, t->takes)));
}

static void tell_hand(void *arg, const struct lane_hand *hand)
{
    auto_mem char *id = lane_worker_name_owned(hand->worker, hand->lane);
    struct telling *t = arg;
    json_t *worker;

    if (strcmp(hand->lane, LANE_DEFAULT) == 0)
        return;
    if (json_array_size(t->workers) >= WORKERS_TOLD_MAX) {
        t->unlisted++;
        return;
    }
    worker =
        json_pack("{s:s, s:s, s:s, s:n, s:s, s:n, s:I, s:I, s:I, s:f, s:s}", "id", id, "type",
                  hand->lane, "pool", hand->worker.half == LANE_EXPRESS ? "express" : "regular",
                  "pid", "status", "idle", "current_task", "tasks_processed",
                  (json_int_t)hand->deeds.well, "tasks_failed", (json_int_t)hand->deeds.badly,
                  "restarts", (json_int_t)hand->deeds.crashes, "uptime_s",
                  (double)(t->now_ns - hand->since_ns) / 1e9, "last_heartbeat", t->now);
    json_object_set(t->by_id, id, worker);
    json_array_append_new(t->workers, worker);
}

/* A task by its id; of another run what it would have as a dead letter's job. */
static json_t *work_owned(const struct attempt_order *order)
{
    auto_mem char *step = NULL;

    if (order->whole || active_run_input_as_is(order->ar))
        return json_string(order->ar->task_id);
    step = mem_printf("%s:%s", order->ar->run_id, order->node_id);
    return json_string(step);
}

static void tell_running(void *arg, const struct attempt_order *order, uint64_t id)
{
    auto_mem char *name = lane_worker_name_owned(order->item.worker, order->lane);
    struct telling *t = arg;
    json_t *worker = json_object_get(t->by_id, name);
    pid_t pid;

    if (worker == NULL)
        return;
    json_object_set_new(worker, "status", json_string("processing"));
    json_object_set_new(worker, "current_task", work_owned(order));
    if (order->whole)
        return;
    pid = t->sandbox->attempt_pid(t->sandbox->sandbox, id);
    if (pid > 0)
        json_object_set_new(worker, "pid", json_integer(pid));
}

json_t *workers_owned(const struct workers_of *of)
{
    const struct lanes *lanes = attempts_lanes(of->attempts);
    const struct workers_count count = count_workers(lanes, of->mode);
    struct telling t = {.sandbox = &of->env->sandbox,
                        .workers = json_array(),
                        .by_id = json_object(),
                        .types = json_object(),
                        .now_ns = of->env->clock.mono_ns(),
                        .takes = host_takes(of->mode)};

    clock_text(of->env->clock.wall_us(), t.now);
    lanes_each(lanes, tell_type, &t);
    lanes_each_hand(lanes, tell_hand, &t);
    attempts_each_running(of->attempts, tell_running, &t);
    json_decref(t.by_id);
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:I}", "expected", (json_int_t)count.expected,
                     "active", (json_int_t)count.active, "workers_per_type",
                     (json_int_t)of->env->set.workers_per_type, "types", t.types, "workers",
                     t.workers, "unlisted", t.unlisted);
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

/* They wait where others see them. */
static void count_unread(void *arg, const struct lane_view *view)
{
    struct tasks_count *count = arg;

    count->waiting += view->unread[LANE_REGULAR] + view->unread[LANE_EXPRESS];
}

void workers_gauges(struct runs *runs, const struct lanes *lanes, const struct engine_mode *mode,
                    struct metrics *metrics)
{
    struct tasks_count tasks = {0};

    if (runs_tasks(runs) > 0)
        runs_each(runs, count_task, &tasks);
    lanes_each(lanes, count_unread, &tasks);
    metrics_set(metrics, METRIC_TASKS_WAITING, METRIC_NO_LABELS, tasks.waiting);
    metrics_set(metrics, METRIC_TASKS_RUNNING, METRIC_NO_LABELS, tasks.running);
    metrics_set(metrics, METRIC_WORKERS_ACTIVE, METRIC_NO_LABELS, workers_active(lanes, mode));
}
