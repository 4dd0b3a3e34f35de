/* jobs.h -- the jobs that one host at a time does, and which of them this host has
 * (docs/adr/0048).
 *
 * A job is had as a run is: by the opening that claimed it while it was free, until that opening is
 * not alive any more. A host without one looks from time to time whether it is free,
 * and at once when there is news of it. Loop thread only. */
#ifndef ORCH_ENGINE_JOBS_JOBS_H
#define ORCH_ENGINE_JOBS_JOBS_H

#include "base/err.h"

#include <stdint.h>

struct engine_env;
struct jobs;

/* Their names in the store. */
#define JOB_MAP(XX)                                                                                \
    XX(HEADS, "ledger-heads")    /* signed heads of all tenants' ledgers */                        \
    XX(STATEMENTS, "statements") /* of runs whose host left them unsigned */                       \
    XX(SCHEDULES, "schedules")   /* what is due by the calendar */                                 \
    XX(UPKEEP, "upkeep")         /* expired rows, partitions, summaries */

enum job {
#define XX(name, text) JOB_##name,
    JOB_MAP(XX)
#undef XX
        JOB_COUNT,
};

struct jobs *jobs_new(const struct engine_env *env) must_check;
void jobs_free(struct jobs *jobs); /* accepts NULL; beside is freed, no batch is on its way */

/* At start: takes those that are free. */
bool jobs_begin(struct jobs *jobs, struct err *e) must_check;
/* The host does it now. False, too, while the opening is adrift. */
bool jobs_has(const struct jobs *jobs, enum job job);
/* One that the host got behind its start, since the last call; false: none. */
bool jobs_next_gained(struct jobs *jobs, enum job *ret);

/* A job may be free: look in the next turn. */
void jobs_may_be_free(struct jobs *jobs);
int64_t jobs_next_timer(const struct jobs *jobs); /* INT64_MAX: all are had */
void jobs_turn(struct jobs *jobs, int64_t now_ns);

#endif
