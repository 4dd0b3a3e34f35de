/* fill.h -- a home with runs that ended, made as everybody makes them. */
#ifndef ORCH_TESTS_BENCH_FILL_H
#define ORCH_TESTS_BENCH_FILL_H

#include "host.h"

#define FILL_DAG "bench-old"

/* Runs of one node on a host that is stopped again. Returns how many seconds they took. */
double fill_with_runs(const struct host_order *order, long runs);

#endif
