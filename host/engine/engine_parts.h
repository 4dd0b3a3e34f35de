/* engine_parts.h -- what the engine's files share. Inside the engine only. */
#ifndef ORCH_ENGINE_ENGINE_PARTS_H
#define ORCH_ENGINE_ENGINE_PARTS_H

#include "engine/attempts/attempts.h"
#include "engine/commit/commit.h"
#include "engine/engine.h"
#include "engine/env/env.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/statements.h"
#include "engine/runs/active_run.h"

TAILQ_HEAD(run_queue, active_run);
STAILQ_HEAD(commit_queue, commit);

struct engine {
    const struct engine_env *env;
    struct engine_mode mode;
    struct active_run *runs;           /* by run_id */
    struct run_queue waiting, running; /* PLACE_WAITING, PLACE_ACTIVE */
    struct commit_queue refused;       /* that the store did not take; told in engine_turn */
    struct attempts *attempts;
    struct dag_cache *dags;
    struct statements *statements;
    struct heads *heads;
    uint32_t active, waiting_count;
    int64_t purge_ns; /* when expired rows are dropped next */
};

/* NULL when no such run of the tenant is in this process, or it has ended. */
struct active_run *engine_find(const struct engine *engine, const char *tenant, const char *run_id);
/* Into the table, behind those that wait already. Takes the run. */
void engine_add(struct engine *engine, struct active_run **run);
/* Begins waiting runs while there is room; those already begun (recovered) only count. */
void engine_admit(struct engine *engine);

/* True when a new run need not wait. */
bool engine_has_room(const struct engine *engine);
/* The waiting run starts; what its machine decides goes into the commit. */
bool engine_begin(struct active_run *ar, struct commit *c) must_check;

/* After a decision ended the run: it leaves the counts. */
void engine_run_over(struct active_run *ar);
/* A commit was refused: forgets the machine and kills its attempts. engine_reap builds it anew
 * once its other batches are done. */
void engine_drop(struct active_run *ar, const struct err *why);
/* Frees the run if it has ended and nothing of it is on its way; a dropped one is built anew. */
void engine_reap(struct active_run *ar);

/* Restores the machine from the run's stored facts (recover.c). */
bool engine_restore(struct active_run *ar, struct err *e) must_check;
/* Which run, and for the how many-th time; gives up after REBUILDS_MAX with a log line. */
enum { REBUILDS_MAX = 3 };
struct rebuild {
    char *tenant, *run_id;
    uint32_t count;
};
void engine_rebuild(struct engine *engine, const struct rebuild *what);
/* The run's row as an active run, its chain going on where the store's ends. */
bool engine_load(struct engine *engine, const struct store_run *row, struct active_run **ret,
                 struct err *e) must_check;

#endif
