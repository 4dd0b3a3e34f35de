/* rpc_analytics.c -- get_analytics: what the tasks of this host took and how many ended, of all
 * tenants as in /metrics, over a range of time (contract/mcp.md 5.3). */
#include "api/http/jsonw.h"
#include "api/routes/rpc.h"
#include "base/clock.h"
#include "base/json.h"
#include "observe/task_times.h"

#include <string.h>

static const struct range {
    const char *name;
    int64_t seconds;
} ranges[] = {{"1h", 3600}, {"6h", 6 * 3600}, {"24h", 24 * 3600}, {"7d", TASK_TIMES_RANGE_S}};

static void add_latency(struct buf *b, const struct task_times_sum *sum)
{
    const struct {
        const char *name;
        double seconds;
    } shares[] = {{"p50_s", sum->p50_s}, {"p95_s", sum->p95_s}, {"p99_s", sum->p99_s}};

    jw_open(b, "latency", '{');
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        if (sum->timed)
            jw_real(b, shares[i].name, shares[i].seconds);
        else
            jw_raw(b, shares[i].name, NULL);
    }
    jw_close(b, '}');
}

static void add_throughput(struct buf *b, const struct task_times_sum *sum, double seconds)
{
    jw_open(b, "throughput", '{');
    jw_int(b, "completed", (int64_t)sum->completed);
    jw_int(b, "failed", (int64_t)sum->failed);
    jw_real(b, "completed_per_second", seconds > 0 ? (double)sum->completed / seconds : 0);
    jw_close(b, '}');
}

/* ---- what is asked ---- */

struct asked {
    const struct range *range;
    bool latency, throughput;
};

static bool read_range(const json_t *params, struct asked *ret, struct err *e)
{
    const char *name;

    if (!json_get_str(params, "time_range", ranges[0].name, &name, e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        ret->range = &ranges[i];
        if (strcmp(ranges[i].name, name) == 0)
            return true;
    }
    return err_set(e, ERR_INVALID, "'time_range' must be 1h, 6h, 24h or 7d");
}

static bool read_metric(const json_t *metric, struct asked *ret)
{
    const char *name = json_is_string(metric) ? json_string_value(metric) : "";
    bool latency = strcmp(name, "latency") == 0, throughput = strcmp(name, "throughput") == 0;

    ret->latency |= latency;
    ret->throughput |= throughput;
    return latency || throughput;
}

static bool read_metrics(const json_t *params, struct asked *ret, struct err *e)
{
    const json_t *metrics = json_object_get(params, "metrics"), *metric;
    bool good = json_is_array(metrics);
    size_t i;

    if (metrics == NULL) {
        ret->latency = ret->throughput = true;
        return true;
    }
    json_array_foreach(metrics, i, metric) good = good && read_metric(metric, ret);
    return good || err_set(e, ERR_INVALID, "'metrics' must be a list of latency and throughput");
}

/* An agent's own are in no count (docs/adr/0076). */
static bool asked_read(const json_t *params, struct asked *ret, struct err *e)
{
    if (json_object_get(params, "agents") != NULL)
        return err_set(e, ERR_UNSUPPORTED,
                       "'agents' is not there yet: tasks of all are counted "
                       "together");
    return read_range(params, ret, e) && read_metrics(params, ret, e);
}

void rpc_get_analytics(struct rpc_call *call)
{
    const struct task_times *times = call->req->server->opt.task_times;
    int64_t now_ns = clock_mono_ns(), now_us = clock_wall_us();
    struct task_times_sum sum;
    struct buf *b = &call->data;
    struct asked asked = {0};
    struct err e = {0};

    if (!asked_read(call->params, &asked, &e)) {
        rpc_refuse_params(call, &e);
        return;
    }
    sum = task_times_sum(times, now_ns, asked.range->seconds);
    jw_open(b, NULL, '{');
    jw_str(b, "time_range", asked.range->name);
    jw_time(b, "since", now_us - (now_ns - sum.since_ns) / 1000);
    jw_open(b, "metrics", '{');
    if (asked.latency)
        add_latency(b, &sum);
    if (asked.throughput)
        add_throughput(b, &sum, (double)(now_ns - sum.since_ns) * 1e-9);
    jw_close(b, '}');
    jw_close(b, '}');
    rpc_succeed(call);
}
