/* steps.h -- the parts of `bench_steps`: each measures a group of figures (tests/bench/README.md).
 */
#ifndef ORCH_TESTS_BENCH_STEPS_H
#define ORCH_TESTS_BENCH_STEPS_H

#include "host.h"
#include "load.h"

#include <stdbool.h>

struct steps {
    struct host_order host;
    const char *folder, *only, *restate, *turns_library;
    const char *store;     /* "sqlite" or "postgres": whose figures are wanted beside SQLite's */
    const char *store_url; /* of a cluster that is there, migrated; homes are HOME-1, HOME-2, ... */
    long hosts;
    double seconds;
    const char *old_runs_program;
    long old_runs, stream_clients, queued;
    double fdatasync_per_s, fork1_per_s, forkn_per_s; /* 0: not measured */
    double make_ms_per_node;
};

/* Whether --only asks for a figure whose name begins so. */
bool steps_wanted(const struct steps *s, const char *group);

/* One class, "cold" or "warm": chain, 50 at once, idle, the DAG of 500. */
void steps_runs(struct steps *s, const char *url, const char *token, const char *isolation);
/* 10-step runs a second, 50 at once: what is looked at again when there are old runs. */
double steps_many(struct steps *s, struct load *load, const char *dag_id, int nodes,
                  const char *isolation);

/* The floors, and make over the same DAG. */
void steps_floors(struct steps *s);
/* Hosts of their own: start, memory and wake-ups of an idle one; the verb that validates. */
void steps_quiet(struct steps *s);
/* A host of its own: how long its loop is away with 50 runs at once, streams and a scraper. */
void steps_turns(struct steps *s);
/* A host of its own: start and steps beside s->old_runs runs, and without; on each store asked for.
 */
void steps_growth(struct steps *s);
/* A host of its own: tasks of a lane, what they wait for, and a queue of s->queued of them. */
void steps_lanes(struct steps *s);
/* Hosts on the cluster, beside SQLite's figures and what pgbench commits there. */
void steps_postgres(struct steps *s);
/* The order for host number, from 1, on the cluster. The caller keeps it until the end. */
struct host_order steps_cluster_order(const struct steps *s, long number);
/* A peer's no-op work of 10 steps over its own HTTP. */
void steps_restate(struct steps *s);

#endif
