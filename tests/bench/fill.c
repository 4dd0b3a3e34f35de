/* fill.c -- see fill.h. */
#include "fill.h"

#include "dags.h"
#include "load.h"

double fill_with_runs(const struct host_order *order, long runs)
{
    struct host_order plain = {.bin = order->bin, .home = order->home, .store = order->store};
    struct load_order old = {.dag_id = FILL_DAG, .outstanding = 50, .runs = runs};
    struct bench_host host;
    struct load *load;
    double seconds;

    host_start(&host, &plain);
    load = load_open(host.url, host.token);
    load_import(load, dag_chain(FILL_DAG, 1, "cold"));
    load_run(load, &old, NULL, 0, &seconds);
    load_close(load);
    host_stop(&host);
    return seconds;
}
