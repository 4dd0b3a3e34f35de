/* depth.c -- see depth.h. */
#include "engine/lanes/depth.h"

#include "base/json.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

#include <string.h>

static json_int_t int_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* The lane of a task that is tried again later; NULL: it is no such run. */
static const char *delayed_in(const struct active_run *ar)
{
    if (ar->task_priority == 0 || ar->task_lane != NULL || ar->place != PLACE_ACTIVE ||
        run_node(ar->run, 0).state != NODE_WAITING)
        return NULL;
    return ar->dag->nodes[0].lane;
}

/* ---- of all lanes ---- */

static void count_one(void *arg, struct active_run *ar)
{
    const char *lane = delayed_in(ar);

    if (lane != NULL)
        json_object_set_new(arg, lane, json_integer(int_of(arg, lane) + 1));
}

json_t *depth_delayed_owned(struct runs *runs)
{
    json_t *delayed = json_object();

    if (runs_tasks(runs) > 0)
        runs_each(runs, count_one, delayed);
    return delayed;
}

static json_t *wants_owned(const struct depth_of *of, const char *lane, json_int_t later)
{
    struct lane_view view;
    bool there = lanes_see(of->lanes, lane, &view);

    return json_integer(there ? lane_wants(&view, (uint32_t)later, of->now_ns) : 0);
}

void depth_show(const struct depth_of *of, json_t *lanes)
{
    auto_json delayed = depth_delayed_owned(of->runs);
    json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane)
    {
        json_t *depth = json_object_get(lane, "depth");
        json_int_t later = int_of(delayed, json_text_of(lane, "name"));
        json_int_t total = int_of(depth, "total") + later;
        bool over = total == 0 && int_of(lane, "running") == 0;

        json_object_set_new(lane, "desired_slots",
                            wants_owned(of, json_text_of(lane, "name"), later));
        json_object_set_new(depth, "delayed", json_integer(later));
        json_object_set_new(depth, "total", json_integer(total));
        json_object_set_new(lane, "drained",
                            json_boolean(over && json_is_true(json_object_get(lane, "draining"))));
    }
}

struct telling {
    const struct depth_of *of;
    const json_t *delayed;
    struct metrics *metrics;
};

static void set_gauge(void *arg, const struct lane_view *view)
{
    const struct telling *t = arg;
    uint32_t later = (uint32_t)int_of(t->delayed, view->name);

    metrics_set(t->metrics, METRIC_LANE_DESIRED, METRIC_LABELS(view->name),
                lane_wants(view, later, t->of->now_ns));
}

void depth_gauges(const struct depth_of *of, struct metrics *metrics)
{
    auto_json delayed = depth_delayed_owned(of->runs);

    lanes_each(of->lanes, set_gauge, &(struct telling){of, delayed, metrics});
}

/* ---- of one ---- */

struct counting {
    const char *lane;
    uint64_t count;
};

static void count_its(void *arg, struct active_run *ar)
{
    struct counting *c = arg;
    const char *lane = delayed_in(ar);

    c->count += lane != NULL && strcmp(lane, c->lane) == 0;
}

bool depth_is_full(struct runs *runs, const struct lane_view *lane, uint32_t coming)
{
    struct counting c = {lane->name, (uint64_t)lane->waiting[LANE_REGULAR] +
                                         lane->waiting[LANE_EXPRESS] + coming};

    if (c.count < lane->spec.max_depth && c.count + runs_tasks(runs) >= lane->spec.max_depth)
        runs_each(runs, count_its, &c);
    return c.count >= lane->spec.max_depth;
}
