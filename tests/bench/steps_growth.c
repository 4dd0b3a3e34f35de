/* steps_growth.c -- what old runs cost: see steps.h. A few are made as everybody makes them, the
 * others are copies of one of these (old_runs.py). */
#include "fill.h"
#include "report.h"
#include "steps.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES = 64 };

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

static void fill(const struct steps *s, const struct host_order *order)
{
    auto_mem char *file = mem_printf("%s/orch.db", order->home);
    auto_mem char *command =
        mem_printf("/usr/bin/python3 '%s' %ld " FILL_DAG " '%s'", s->old_runs_program, s->old_runs,
                   order->store != NULL ? order->store : file);

    fill_with_runs(order, 20); /* the last ones may not be signed yet */
    if (system(command) != 0) {
        fprintf(stderr, "bench: failed: %s\n", command);
        exit(1);
    }
}

static const char *named(const struct host_order *order, const char *name)
{
    static char text[NAME_BYTES];

    snprintf(text, sizeof text, "%s%s", order->store != NULL ? "pg_" : "", name);
    return text;
}

static void growth_of(struct steps *s, const struct host_order *order)
{
    struct growth empty = measure(s, order), full;

    fill(s, order);
    full = measure(s, order);
    report_figure(named(order, "growth_start_ms_empty"), empty.start_s * 1000, "ms");
    report_figure(named(order, "growth_start_ms_full"), full.start_s * 1000, "ms");
    report_ratio(named(order, "growth_start"), full.start_s / empty.start_s, "<= 1.3");
    report_figure(named(order, "growth_steps_per_s_empty"), empty.steps_per_s, "steps/s");
    report_figure(named(order, "growth_steps_per_s_full"), full.steps_per_s, "steps/s");
    report_ratio(named(order, "old_runs_ratio"), empty.steps_per_s / full.steps_per_s, "<= 1.3");
}

void steps_growth(struct steps *s)
{
    struct host_order cluster;

    if (s->old_runs == 0)
        return;
    if (steps_wanted(s, "growth") || steps_wanted(s, "old_runs"))
        growth_of(s, &s->host);
    if (s->store_url == NULL || !(steps_wanted(s, "pg_growth") || steps_wanted(s, "pg_old_runs")))
        return;
    cluster = steps_cluster_order(s, 1);
    growth_of(s, &cluster);
}
