/* steps_main.c -- `bench_steps`: the figures of tests/bench/README.md against a live host. */
#include "floor.h"
#include "load.h"

#include "base/mem.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMES_MAX = 20000 };

static struct {
    const char *folder;
    const char *only;
    double seconds;
    bool json;
} options = {".", NULL, 3.0, false};

static double times[TIMES_MAX];

static void figure(const char *name, double value, const char *unit)
{
    if (options.json)
        printf("{\"figure\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n", name, value, unit);
    else
        printf("%-26s %12.4g %s\n", name, value, unit);
    fflush(stdout);
}

static bool wanted(const char *name)
{
    return options.only == NULL || strcmp(options.only, name) == 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double percentile(long count, double share)
{
    if (count > TIMES_MAX)
        count = TIMES_MAX;
    qsort(times, (size_t)count, sizeof *times, by_size);
    return times[(long)((double)(count - 1) * share)];
}

/* ---- definitions ---- */

static json_t *node(json_t *depends_on)
{
    return json_pack("{s:s, s:o, s:{s:{}}}", "agent_id", "conformance.stub", "depends_on",
                     depends_on, "config", "return");
}

static json_t *dag_of(const char *id, json_t *nodes)
{
    return json_pack("{s:s, s:s, s:o, s:i}", "dag_id", id, "name", id, "nodes", nodes,
                     "max_parallel_nodes", 50);
}

static json_t *chain(const char *id, int length)
{
    json_t *nodes = json_object();
    char name[32], before[32] = "";

    for (int i = 0; i < length; i++) {
        json_t *deps = json_array();

        if (i > 0)
            json_array_append_new(deps, json_string(before));
        snprintf(name, sizeof name, "n%04d", i);
        json_object_set_new(nodes, name, node(deps));
        memcpy(before, name, sizeof before);
    }
    return dag_of(id, nodes);
}

/* 10 layers of 50, each node with two parents of the layer before. */
static json_t *layers(const char *id)
{
    json_t *nodes = json_object();

    for (int i = 0; i < 500; i++) {
        json_t *deps = json_array();
        char name[32];

        if (i >= 50) {
            json_array_append_new(deps, json_sprintf("n%04d", i - 50));
            json_array_append_new(deps, json_sprintf("n%04d", i / 50 * 50 - 50 + (i + 1) % 50));
        }
        snprintf(name, sizeof name, "n%04d", i);
        json_object_set_new(nodes, name, node(deps));
    }
    return dag_of(id, nodes);
}

/* ---- figures ---- */

static void bench_chain(struct load *load, double fdatasync_s, double fork_s)
{
    double spent, ms;
    long runs;

    load_import(load, chain("bench-chain100", 100));
    load_run(load, &(struct load_order){"bench-chain100", 1, 1, 0}, times, TIMES_MAX,
             &spent); /* warm */
    runs = load_run(load, &(struct load_order){"bench-chain100", 1, 3, options.seconds}, times,
                    TIMES_MAX, &spent);
    ms = percentile(runs, 0.5) * 1000 / 100;
    figure("chain100_ms_per_step", ms, "ms");
    if (!options.json && fdatasync_s > 0 && fork_s > 0)
        printf("%-26s %12.3g x (2.5 fdatasync + 1 fork)\n", "",
               ms / 1000 / (2.5 / fdatasync_s + 1 / fork_s));
}

static double bench_many(struct load *load, const char *dag_id, int steps)
{
    double spent;
    long runs;

    load_import(load, chain(dag_id, steps));
    load_run(load, &(struct load_order){dag_id, 50, 100, 0}, times, TIMES_MAX, &spent); /* warm */
    runs = load_run(load, &(struct load_order){dag_id, 50, 0, options.seconds}, times, TIMES_MAX,
                    &spent);
    return (double)runs * steps / spent;
}

static void bench_c50(struct load *load, double forkn_s)
{
    double steps = bench_many(load, "bench-chain10", 10);

    figure("c50_10step_steps_per_s", steps, "steps/s");
    if (!options.json && forkn_s > 0)
        printf("%-26s %12.3g x forkn\n", "", steps / forkn_s);
}

static void bench_idle(struct load *load)
{
    double spent;
    long runs;

    load_import(load, chain("bench-one-idle", 1));
    load_run(load, &(struct load_order){"bench-one-idle", 1, 20, 0}, times, TIMES_MAX, &spent);
    runs = load_run(load, &(struct load_order){"bench-one-idle", 1, 200, options.seconds}, times,
                    TIMES_MAX, &spent);
    figure("idle_1step_p50_ms", percentile(runs, 0.5) * 1000, "ms");
    figure("idle_1step_p99_ms", percentile(runs, 0.99) * 1000, "ms");
}

static void bench_dag500(struct load *load)
{
    double spent;
    long runs;

    load_import(load, layers("bench-dag500"));
    load_run(load, &(struct load_order){"bench-dag500", 1, 1, 0}, times, TIMES_MAX, &spent);
    runs = load_run(load, &(struct load_order){"bench-dag500", 1, 3, options.seconds}, times,
                    TIMES_MAX, &spent);
    figure("dag500_ms_per_node", percentile(runs, 0.5) * 1000 / 500, "ms");
}

static void bench_all(struct load *load)
{
    double fdatasync_s = 0, fork_s = 0, forkn_s = 0;

    if (wanted("fdatasync_per_s"))
        figure("fdatasync_per_s", fdatasync_s = floor_fdatasync(options.folder, 1.0), "1/s");
    if (wanted("fork1_per_s"))
        figure("fork1_per_s", fork_s = floor_fork(1, 1.0), "1/s");
    if (wanted("forkn_per_s"))
        figure("forkn_per_s", forkn_s = floor_fork((int)sysconf(_SC_NPROCESSORS_ONLN), 1.0), "1/s");
    if (wanted("chain100_ms_per_step"))
        bench_chain(load, fdatasync_s, fork_s);
    if (wanted("c50_10step_steps_per_s"))
        bench_c50(load, forkn_s);
    if (wanted("c50_1step_runs_per_s"))
        figure("c50_1step_runs_per_s", bench_many(load, "bench-one", 1), "runs/s");
    if (wanted("idle_1step_p50_ms") || wanted("idle_1step_p99_ms"))
        bench_idle(load);
    if (wanted("dag500_ms_per_node"))
        bench_dag500(load);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"folder", required_argument, NULL, 'f'},
        {"only", required_argument, NULL, 'o'},
        {"seconds", required_argument, NULL, 's'},
        {0},
    };
    const char *url = getenv("ORCH_URL"), *token = getenv("ORCH_TOKEN");
    struct load *load;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'j')
            options.json = true;
        else if (option == 'f')
            options.folder = optarg;
        else if (option == 'o')
            options.only = optarg;
        else if (option == 's')
            options.seconds = atof(optarg);
        else
            return 2;
    }
    if (url == NULL || token == NULL) {
        fputs("bench_steps: set ORCH_URL and ORCH_TOKEN (or use tests/bench/steps)\n", stderr);
        return 2;
    }
    load = load_open(url, token);
    bench_all(load);
    load_close(load);
    return 0;
}
