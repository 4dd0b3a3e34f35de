/* steps_growth.c -- what old runs cost: see steps.h. They are made as everybody makes them. */
#include "fill.h"
#include "report.h"
#include "steps.h"

struct growth {
    double start_s, steps_per_s;
};

static struct growth measure(struct steps *s, const struct host_order *order)
{
    struct growth g;
    struct bench_host host;
    struct load *load;

    host_start(&host, order);
    load = load_open(host.url, host.token);
    g.start_s = host.ready_s;
    g.steps_per_s = steps_many(s, load, "bench-growth", 10, "cold");
    load_close(load);
    host_stop(&host);
    return g;
}

void steps_growth(struct steps *s)
{
    struct growth empty, full;

    if (s->old_runs == 0)
        return;
    empty = measure(s, &s->host);
    report_figure("fill_runs_per_s", (double)s->old_runs / fill_with_runs(&s->host, s->old_runs),
                  "runs/s");
    full = measure(s, &s->host);
    report_figure("growth_start_ms_empty", empty.start_s * 1000, "ms");
    report_figure("growth_start_ms_full", full.start_s * 1000, "ms");
    report_ratio("growth_start", full.start_s / empty.start_s, "<= 1.3");
    report_figure("growth_steps_per_s_empty", empty.steps_per_s, "steps/s");
    report_figure("growth_steps_per_s_full", full.steps_per_s, "steps/s");
    report_ratio("growth_step", empty.steps_per_s / full.steps_per_s, "<= 1.3");
}
