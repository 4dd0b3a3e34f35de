/* show.c -- see show.h. */
#include "engine/attempts/show.h"

#include "observe/metrics.h"

static void add_lane(void *arg, const struct lane_view *view)
{
    const struct lane_spec *spec = &view->spec;
    int64_t regular = view->waiting[LANE_REGULAR], express = view->waiting[LANE_EXPRESS];
    json_t *priority = spec->has_express ? json_integer(spec->express_priority) : json_null();

    json_array_append_new(arg, json_pack("{s:s, s:s, s:I, s:o, s:b, s:{s:I, s:I, s:I}, s:I}",
                                         "name", view->name, "backend", "store", "slots",
                                         (json_int_t)spec->slots, "express_priority", priority,
                                         "paused", spec->paused, "depth", "regular", regular,
                                         "express", express, "total", regular + express, "running",
                                         (json_int_t)view->running[LANE_REGULAR] +
                                             view->running[LANE_EXPRESS]));
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
