/* steps_runs.c -- the figures of runs, in one isolation class: see steps.h. */
#include "dags.h"
#include "report.h"
#include "steps.h"

#include <stdio.h>
#include <string.h>

enum { TIMES_MAX = 20000, NAME_BYTES = 96, CHAIN = 100, LAYERED = 500 };

static double times[TIMES_MAX];

/* One class's view of the whole. */
struct part {
    struct steps *s;
    struct load *load;
    const char *isolation;
};

static bool is_warm(const struct part *p)
{
    return strcmp(p->isolation, "warm") == 0;
}

/* Figures of the default class have no suffix. */
static const char *named(const struct part *p, const char *name)
{
    static char text[NAME_BYTES];

    snprintf(text, sizeof text, "%s%s", name, is_warm(p) ? "_warm" : "");
    return text;
}

static void figure(const struct part *p, const char *name, double value, const char *unit)
{
    report_figure(named(p, name), value, unit);
}

static void ratio(const struct part *p, const char *name, double value, const char *aim)
{
    report_ratio(named(p, name), value, aim);
}

static bool wanted(const struct part *p, const char *group)
{
    const char *only = p->s->only;

    return steps_wanted(p->s, group) &&
           (only == NULL || (strstr(only, "_warm") != NULL) == is_warm(p));
}

static const char *dag_id(const struct part *p, const char *shape)
{
    static char text[NAME_BYTES];

    snprintf(text, sizeof text, "bench-%s-%s", shape, p->isolation);
    return text;
}

/* The seconds of one run at a time, after a first one that nobody looks at; how many are in times.
 */
static long one_at_a_time(struct part *p, const char *id, long runs)
{
    struct load_order first = {.dag_id = id, .outstanding = 1, .runs = 1}, order = first;
    double spent;
    long ended;

    order.runs = runs;
    order.seconds = p->s->seconds;
    load_run(p->load, &first, times, TIMES_MAX, &spent);
    ended = load_run(p->load, &order, times, TIMES_MAX, &spent);
    return ended < TIMES_MAX ? ended : TIMES_MAX;
}

static void chain(struct part *p)
{
    const char *id = dag_id(p, "chain100");
    double ms, floor_ms;

    load_import(p->load, dag_chain(id, CHAIN, p->isolation));
    ms = report_percentile(times, one_at_a_time(p, id, 3), 0.5) * 1000 / CHAIN;
    figure(p, "chain100_ms_per_step", ms, "ms");
    if (p->s->fdatasync_per_s > 0 && p->s->fork1_per_s > 0) {
        floor_ms = 2500 / p->s->fdatasync_per_s + 1000 / p->s->fork1_per_s;
        ratio(p, "chain100_per_floor", ms / floor_ms, "<= 0.9 (2.5 fdatasync + 1 fork)");
    }
}

double steps_many(struct steps *s, struct load *load, const char *id, int nodes,
                  const char *isolation)
{
    struct load_order first = {.dag_id = id, .outstanding = 50, .runs = 100};
    struct load_order order = {.dag_id = id, .outstanding = 50, .seconds = s->seconds};
    double spent;
    long runs;

    load_import(load, dag_chain(id, nodes, isolation));
    load_run(load, &first, times, TIMES_MAX, &spent);
    runs = load_run(load, &order, times, TIMES_MAX, &spent);
    return (double)runs * nodes / spent;
}

static void many(struct part *p, int nodes, const char *name, const char *ratio_name,
                 const char *aim)
{
    double rate = steps_many(p->s, p->load, dag_id(p, name), nodes, p->isolation);

    figure(p, name, rate, nodes > 1 ? "steps/s" : "runs/s");
    if (p->s->forkn_per_s > 0)
        ratio(p, ratio_name, rate / p->s->forkn_per_s, aim);
}

static void idle(struct part *p)
{
    const char *id = dag_id(p, "idle");
    double p50, p99;
    long count;

    load_import(p->load, dag_chain(id, 1, p->isolation));
    one_at_a_time(p, id, 20);
    count = one_at_a_time(p, id, 200);
    p50 = report_percentile(times, count, 0.5) * 1000;
    p99 = report_percentile(times, count, 0.99) * 1000;
    figure(p, "idle_1step_p50_ms", p50, "ms");
    figure(p, "idle_1step_p99_ms", p99, "ms");
    if (p->s->fork1_per_s > 0)
        ratio(p, "idle_1step_p50_forks", p50 * p->s->fork1_per_s / 1000, "<= 3");
    ratio(p, "idle_1step_p99_per_p50", p99 / p50, "<= 3");
}

static void layered(struct part *p)
{
    const char *id = dag_id(p, "dag500");
    double ms;

    load_import(p->load, dag_layers(id, LAYERED, p->isolation));
    ms = report_percentile(times, one_at_a_time(p, id, 3), 0.5) * 1000 / LAYERED;
    figure(p, "dag500_ms_per_node", ms, "ms");
    if (p->s->make_ms_per_node > 0)
        ratio(p, "dag500_per_make", ms / p->s->make_ms_per_node, is_warm(p) ? "<= 0.6" : "<= 0.8");
}

void steps_runs(struct steps *s, const char *url, const char *token, const char *isolation)
{
    struct part p = {s, load_open(url, token), isolation};

    if (wanted(&p, "chain100"))
        chain(&p);
    if (wanted(&p, "c50_10step"))
        many(&p, 10, "c50_10step_steps_per_s", "c50_10step_per_forkn",
             is_warm(&p) ? ">= 0.8" : ">= 0.55");
    if (wanted(&p, "c50_1step"))
        many(&p, 1, "c50_1step_runs_per_s", "c50_1step_per_forkn",
             is_warm(&p) ? ">= 0.6" : ">= 0.4");
    if (wanted(&p, "idle_1step"))
        idle(&p);
    if (wanted(&p, "dag500"))
        layered(&p);
    load_close(p.load);
}
