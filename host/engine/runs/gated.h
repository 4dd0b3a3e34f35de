/* gated.h -- the runs of this process that wait at their gates, by key: those of a key change
 * places only when one of it comes or goes, so only keys that were stirred are looked at
 * (engine/gates).
 *
 * Owned by the table of runs (runs.h), which puts runs in and takes them out. What always holds: a
 * run whose gate waits and whose place is PLACE_WAITING is in the group of its key, its timer in
 * the heap when it is due at a time that is known. Loop thread. */
#ifndef ORCH_ENGINE_RUNS_GATED_H
#define ORCH_ENGINE_RUNS_GATED_H

#include "engine/runs/active_run.h"

/* The waiting runs of a tenant, DAG, stage and key; goes with its last run. */
struct gate_group {
    char *name;
    TAILQ_HEAD(gate_runs, active_run) runs; /* by age, the oldest first */
    bool stirred;
    TAILQ_ENTRY(gate_group) of_stirred;
    UT_hash_handle hh;
};

struct gated;

struct gated *gated_new(void) must_check;
void gated_free(struct gated *gated); /* no run is in it */

/* The run's stage says which key; the key is stirred by both. */
void gated_enter(struct gated *gated, struct active_run *ar);
void gated_leave(struct gated *gated, struct active_run *ar);
uint32_t gated_count(const struct gated *gated);
/* A run that may hold a place has ended: those that wait for one. */
void gated_stir_behind(struct gated *gated, const struct active_run *ar);
void gated_stir_all(struct gated *gated);
void gated_stir(struct gated *gated, struct gate_group *group);
/* The run is due then, by the monotonic clock. */
void gated_due(struct gated *gated, struct active_run *ar, int64_t due_ns);

/* The key stirred first, which is not from now on; NULL: none. Stirs those that are due. */
struct gate_group *gated_next(struct gated *gated, int64_t now_ns);
bool gated_stirred(const struct gated *gated);
int64_t gated_next_due(const struct gated *gated); /* TIMER_NEVER: none */

#endif
