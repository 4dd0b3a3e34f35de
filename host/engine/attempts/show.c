/* show.c -- see show.h. */
#include "engine/attempts/show.h"

#include "observe/metrics.h"

static json_t *depth_owned(const struct lane_view *view)
{
    int64_t regular = view->waiting[LANE_REGULAR], express = view->waiting[LANE_EXPRESS];

    return json_pack("{s:I, s:I, s:I}", "regular", regular, "express", express, "total",
                     regular + express);
}

static void add_lane(void *arg, const struct lane_view *view)
{
    const struct lane_spec *spec = &view->spec;
    json_t *priority = spec->has_express ? json_integer(spec->express_priority) : json_null();
    json_int_t running = view->running[LANE_REGULAR] + (json_int_t)view->running[LANE_EXPRESS];

    json_array_append_new(arg, json_pack("{s:s, s:s, s:I, s:o, s:b, s:b, s:I, s:o, s:I}", "name",
                                         view->name, "backend", "store", "slots",
                                         (json_int_t)spec->slots, "express_priority", priority,
                                         "paused", spec->paused, "draining", spec->draining,
                                         "max_depth", (json_int_t)spec->max_depth, "depth",
                                         depth_owned(view), "running", running));
}

json_t *lanes_json_owned(const struct lanes *lanes)
{
    json_t *items = json_array();

    lanes_each(lanes, add_lane, items);
    return items;
}

static void set_gauges(void *arg, const struct lane_view *view)
{
    const struct metric_labels lane = METRIC_LABELS(view->name);

    metrics_set(arg, METRIC_LANE_DEPTH, lane,
                view->waiting[LANE_REGULAR] + view->waiting[LANE_EXPRESS]);
    metrics_set(arg, METRIC_LANE_RUNNING, lane,
                view->running[LANE_REGULAR] + view->running[LANE_EXPRESS]);
    metrics_set(arg, METRIC_LANE_SLOTS, lane, view->spec.slots);
}

void lanes_gauges(const struct lanes *lanes, struct metrics *metrics)
{
    lanes_each(lanes, set_gauges, metrics);
}
