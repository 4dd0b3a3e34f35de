/* count_main.c -- `bench_count`: what a step costs, counted and not timed (tests/bench/README.md).
 *
 *     bench_count --bin FOLDER --home FOLDER --preload LIBRARY [--json] [--ceilings] [--steps N]
 *                 [--only SHAPE] [--old-runs N]
 *
 * --ceilings: exit 1 when a figure is over its ceiling (budget.c) in each of three rounds. A
 * regression is there in every round; a pause of the machine, which lets more or less come into one
 * commit, is not. */
#include "args.h"
#include "budget.h"
#include "dags.h"
#include "fill.h"
#include "load.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 3, FIGURES_MAX = 256, NAME_BYTES = 96, WARM_STEPS = 200 };

struct shape {
    const char *name, *isolation;
    int nodes, outstanding;
    bool in_step;          /* trace.h */
    bool held, held_below; /* budget.c has ceilings for the host's figures, for those below it */
};

static const struct shape shapes[] = {
    {"in_step", "cold", 10, 50, true, true, true},
    {"c50_10step", "cold", 10, 50, false, false, false},
    {"chain100", "cold", 100, 1, false, true, false},
    {"c50_1step", "cold", 1, 50, false, false, false},
    {"in_step_warm", "warm", 10, 50, true, false, true},
    {"in_step_later", "cold", 10, 50, true, true, false}, /* beside the runs of all the others */
};

struct figure {
    char name[NAME_BYTES];
    double value;
};

static struct {
    struct host_order host;
    const char *only;
    long steps, old_runs;
    bool json, ceilings;
} options = {.steps = 2000};

static struct figure figures[FIGURES_MAX];
static int figure_count;

/* The least of all rounds. */
static void keep(void *arg, const char *name, double value)
{
    struct figure *f = figures;

    (void)arg;
    while (f < figures + figure_count && strcmp(f->name, name) != 0)
        f++;
    if (f == figures + FIGURES_MAX) {
        fputs("bench_count: too many figures\n", stderr);
        exit(1);
    }
    if (f == figures + figure_count) {
        figure_count++;
        snprintf(f->name, sizeof f->name, "%s", name);
        f->value = value;
    }
    f->value = value < f->value ? value : f->value;
}

/* ---- measuring ---- */

/* What is below the host does the same for each step, whatever comes together. */
static long steps_of(enum trace_mode mode)
{
    return mode == TRACE_BELOW ? options.steps / 5 + 1 : options.steps;
}

static long run_steps(struct load *load, const struct shape *shape, long steps)
{
    struct load_order order = {.dag_id = shape->name,
                               .outstanding = shape->outstanding,
                               .runs = (steps + shape->nodes - 1) / shape->nodes};
    double spent;

    return load_run(load, &order, NULL, 0, &spent) * shape->nodes;
}

static void measure(struct load *load, const struct bench_host *host, const struct shape *shape)
{
    static struct sample from, to;
    long steps;

    load_import(load, dag_chain(shape->name, shape->nodes, shape->isolation));
    trace_in_step(host->trace, shape->in_step && options.host.mode == TRACE_HOST);
    run_steps(load, shape, WARM_STEPS);
    sample_take(&from, host);
    steps = run_steps(load, shape, steps_of(options.host.mode));
    sample_take(&to, host);
    sample_figures(shape->name, &from, &to, options.host.mode, steps, keep, NULL);
    if (options.host.mode != TRACE_SWITCHES && !options.json && !options.ceilings) {
        printf("%s: %ld steps\n", shape->name, steps);
        sample_print_calls(&from, &to, options.host.mode, steps);
    }
}

static bool wanted(const struct shape *shape, enum trace_mode mode)
{
    if (options.ceilings)
        return mode == TRACE_HOST ? shape->held : shape->held_below;
    return options.only == NULL || strcmp(options.only, shape->name) == 0;
}

static double value_of(const char *name)
{
    for (int i = 0; i < figure_count; i++)
        if (strcmp(figures[i].name, name) == 0)
            return figures[i].value;
    return 0;
}

/* What a step costs more for the runs that ended before it. */
static void measure_growth(void)
{
    double first = value_of("in_step_orchd_allocations");
    double later = value_of("in_step_later_orchd_allocations");

    if (first > 0 && later > 0)
        keep(NULL, "growth_orchd_allocations", later - first);
}

static void measure_all(enum trace_mode mode)
{
    struct bench_host host;
    struct load *load;

    options.host.traced = true;
    options.host.shared_name = ALLOC_FILE;
    options.host.shared_bytes = sizeof(struct alloc_counts);
    options.host.mode = mode;
    host_start(&host, &options.host);
    load = load_open(host.url, host.token);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (wanted(&shapes[i], mode))
            measure(load, &host, &shapes[i]);
    load_close(load);
    host_stop(&host);
}

/* ---- telling ---- */

static int over_count(bool tell)
{
    int over = 0;

    for (int i = 0; i < figure_count; i++) {
        const struct budget *b = budget_of(figures[i].name);

        if (b == NULL || figures[i].value <= b->ceiling)
            continue;
        over++;
        if (tell)
            fprintf(stderr, "%s: %.2f a step, the ceiling is %.2f\n", b->figure, figures[i].value,
                    b->ceiling);
    }
    return over;
}

static int budgets_met(void)
{
    int met = 0;

    for (int i = 0; i < figure_count; i++)
        met += budget_of(figures[i].name) != NULL ? 1 : 0;
    return met;
}

static void print_figure(const struct figure *f)
{
    const struct budget *b = budget_of(f->name);

    if (options.json) {
        printf("{\"figure\":\"%s\",\"value\":%.6g,\"unit\":\"1/step\"}\n", f->name, f->value);
        return;
    }
    printf("%-40s %10.2f", f->name, f->value);
    if (b != NULL)
        printf("   ceiling %8.2f", b->ceiling);
    if (b != NULL && b->aim > 0)
        printf("   aim %8.2f", b->aim);
    putchar('\n');
}

/* ---- the command ---- */

static void measure_modes(void)
{
    for (int mode = 0; mode < TRACE_MODES; mode++)
        measure_all((enum trace_mode)mode);
    measure_growth();
}

static int check_ceilings(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        measure_all(TRACE_HOST);
        measure_all(TRACE_BELOW);
        measure_growth();
        if (budgets_met() != budget_count()) {
            fputs("bench_count: a budget is for a figure that is not there\n", stderr);
            return 1;
        }
        if (over_count(round == ROUNDS - 1) == 0)
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    const struct arg table[] = {
        {"bin", ARG_TEXT, true, &options.host.bin},
        {"home", ARG_TEXT, true, &options.host.home},
        {"preload", ARG_TEXT, true, &options.host.preload},
        {"json", ARG_FLAG, false, &options.json},
        {"ceilings", ARG_FLAG, false, &options.ceilings},
        {"steps", ARG_NUMBER, false, &options.steps},
        {"only", ARG_TEXT, false, &options.only},
        {"old-runs", ARG_NUMBER, false, &options.old_runs},
    };
    int result = 0;

    args_parse(table, sizeof table / sizeof *table, argc, argv);
    if (options.old_runs > 0)
        fill_with_runs(&options.host, options.old_runs);
    if (options.ceilings)
        result = check_ceilings();
    else
        measure_modes();
    for (int i = 0; i < figure_count; i++)
        print_figure(&figures[i]);
    if (figure_count == 0) {
        fputs("bench_count: there is no such shape\n", stderr);
        return 2;
    }
    return result;
}
