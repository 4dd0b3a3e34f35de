/* dags.h -- the graphs of no-op nodes that the benchmarks run. */
#ifndef ORCH_TESTS_BENCH_DAGS_H
#define ORCH_TESTS_BENCH_DAGS_H

#include <jansson.h>

/* isolation: "cold" or "warm". */
json_t *dag_chain(const char *id, int length, const char *isolation);
/* One node that fails at once, with an error that makes its two events 1 KiB long on average. */
json_t *dag_fails(const char *id);
/* Layers of 50, each node with two parents of the layer before. */
json_t *dag_layers(const char *id, int nodes, const char *isolation);
/* The same graph for make, each node's command `true`. */
void dag_layers_makefile(const char *path, int nodes);

#endif
