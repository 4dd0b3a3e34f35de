/* rpc_status.c -- get_status: what waits, who works, and how full the host is. */
#include "api/http/jsonw.h"
#include "api/routes/rpc.h"
#include "base/json.h"

#include <string.h>

/* What is wanted of it. */
struct wanted {
    bool workers, queue, metrics;
};

static int64_t int_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static int64_t depth_of(const json_t *lane)
{
    return int_of(json_object_get(lane, "depth"), "total");
}

static void add_lane(struct buf *b, const json_t *lane, bool of_queue)
{
    jw_open(b, json_text_of(lane, "name"), '{');
    if (of_queue)
        jw_int(b, "depth", depth_of(lane));
    else
        jw_int(b, "slots", int_of(lane, "slots"));
    jw_int(b, "running", int_of(lane, "running"));
    jw_close(b, '}');
}

static void add_lanes(struct buf *b, const char *member, const json_t *lanes, bool of_queue)
{
    const json_t *lane;
    size_t i;

    jw_open(b, member, '{');
    json_array_foreach(lanes, i, lane) add_lane(b, lane, of_queue);
    jw_close(b, '}');
}

static void add_sums(struct buf *b, const struct api_engine *engine, const json_t *lanes)
{
    int64_t depth = 0;
    const json_t *lane;
    size_t i;

    json_array_foreach(lanes, i, lane) depth += depth_of(lane);
    jw_int(b, "queue_depth", depth);
    jw_int(b, "active_workers", engine->workers_active(engine->arg));
}

static void add_metrics(struct buf *b, const struct api_engine *engine)
{
    struct api_health health = {0};

    engine->health(engine->arg, &health);
    jw_open(b, "metrics", '{');
    jw_int(b, "active_runs", health.runs_active);
    jw_int(b, "max_runs", health.runs_active_max);
    jw_int(b, "queued_runs", health.runs_queued);
    jw_bool(b, "ready", health.ready);
    jw_close(b, '}');
}

static bool wanted_read(const json_t *params, struct wanted *ret, struct err *e)
{
    return json_get_bool(params, "include_workers", true, &ret->workers, e) &&
           json_get_bool(params, "include_queue", true, &ret->queue, e) &&
           json_get_bool(params, "include_metrics", false, &ret->metrics, e);
}

void rpc_get_status(struct rpc_call *call)
{
    const struct api_engine *engine = call->req->server->opt.engine;
    const json_t *lanes;
    struct buf *b = &call->data;
    struct wanted wanted;
    struct err e = {0};

    if (!wanted_read(call->params, &wanted, &e)) {
        rpc_refuse_params(call, &e);
        return;
    }
    lanes = rpc_lanes(call);
    jw_open(b, NULL, '{');
    add_sums(b, engine, lanes);
    if (wanted.workers)
        add_lanes(b, "workers", lanes, false);
    if (wanted.queue)
        add_lanes(b, "queue", lanes, true);
    if (wanted.metrics)
        add_metrics(b, engine);
    jw_close(b, '}');
    rpc_succeed(call);
}
