/* show.c -- see show.h. */
#include "engine/attempts/show.h"

#include "base/clock.h"
#include "engine/env/env.h"
#include "lanes/limits.h"
#include "observe/metrics.h"

static json_t *depth_owned(const struct lane_view *view)
{
    int64_t regular = (int64_t)view->waiting[LANE_REGULAR] + view->unread[LANE_REGULAR];
    int64_t express = (int64_t)view->waiting[LANE_EXPRESS] + view->unread[LANE_EXPRESS];

    return json_pack("{s:I, s:I, s:I}", "regular", regular, "express", express, "total",
                     regular + express);
}

struct showing {
    json_t *items;
    const struct engine_clock *clock;
    int64_t now_ns;
};

static json_t *time_owned(const struct showing *s, int64_t at_ns)
{
    char text[CLOCK_TEXT_BYTES];

    clock_text(s->clock->wall_us() + (at_ns - s->now_ns) / 1000, text);
    return json_string(text);
}

static json_t *breaker_owned(const struct showing *s, const struct lane_view *view)
{
    const struct lane_breaker *breaker = &view->breaker;
    enum lane_breaker_state state = lane_breaker_state(breaker, &view->spec.breaker, s->now_ns);
    bool closed = state == LANE_BREAKER_CLOSED;

    return json_pack("{s:s, s:o, s:o, s:o, s:I}", "state", lane_breaker_state_text(state),
                     "error_class", closed ? json_null() : json_string(breaker->failed[0].class),
                     "opened_at", closed ? json_null() : time_owned(s, breaker->opened_ns),
                     "retry_at",
                     closed ? json_null()
                            : time_owned(s, breaker->opened_ns + view->spec.breaker.open_ns),
                     "failures", (json_int_t)lane_breaker_failures(breaker));
}

static json_t *express_owned(const struct lane_spec *spec)
{
    return spec->has_express ? json_integer(spec->express_priority) : json_null();
}

static void add_lane(void *arg, const struct lane_view *view)
{
    const struct lane_spec *spec = &view->spec;
    const struct showing *s = arg;
    json_int_t running = view->running[LANE_REGULAR] + (json_int_t)view->running[LANE_EXPRESS];

    json_array_append_new(
        s->items,
        json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:I, s:b}",
                  "name", view->name, "backend", lane_backend_text(spec->backend), "slots",
                  (json_int_t)view->slots, "base_slots", (json_int_t)spec->slots, "autoscale",
                  lane_autoscale_owned(&spec->autoscale), "express_priority", express_owned(spec),
                  "paused", spec->paused, "draining", spec->draining, "max_depth",
                  (json_int_t)spec->max_depth, "rate",
                  lane_rate_owned(&spec->rate, &spec->tenant_rate), "breaker",
                  lane_breaker_owned(&spec->breaker), "breaker_state", breaker_owned(s, view),
                  "depth", depth_owned(view), "running", running, "preempt", !spec->no_preempt));
}

json_t *lanes_json_owned(const struct lanes *lanes, const struct engine_clock *clock)
{
    struct showing s = {json_array(), clock, clock->mono_ns()};

    lanes_each(lanes, add_lane, &s);
    return s.items;
}

static void set_gauges(void *arg, const struct lane_view *view)
{
    const struct metric_labels lane = METRIC_LABELS(view->name);

    metrics_set(arg, METRIC_LANE_DEPTH, lane, lane_depth(view));
    metrics_set(arg, METRIC_LANE_RUNNING, lane,
                view->running[LANE_REGULAR] + view->running[LANE_EXPRESS]);
    metrics_set(arg, METRIC_LANE_SLOTS, lane, view->slots);
}

void lanes_gauges(const struct lanes *lanes, struct metrics *metrics)
{
    lanes_each(lanes, set_gauges, metrics);
}
