/* load.h -- a run from its rows: after a crash, for a resume, and after a refused commit.
 *
 * In three steps: load_row makes it without a machine, then load_machine (or the caller) makes the
 * machine, then load_facts tells the machine what is stored about each node. The caller gives it
 * its first event: run_recover, run_resume. Only reads the store.
 *
 * The definition has to be read before load_row, which takes it from the cache: whoever meets one
 * that is not waits for it and begins again. */
#ifndef ORCH_ENGINE_RUNS_LOAD_H
#define ORCH_ENGINE_RUNS_LOAD_H

#include "engine/runs/active_run.h"
#include "store/rows.h"

/* The definition that the run is pinned to; borrows from the row. */
struct dag_key load_key(const struct store_run *row);
/* True: load_row may be called in this turn. False: not before wait is told (dag_cache_await). */
bool load_has_definition(const struct dag_cache *dags, const struct store_run *row) must_check;
void load_await_definition(struct dag_cache *dags, const struct store_run *row,
                           const struct dag_wait *wait);
/* The row, with the event chain going on where the store's ends. */
bool load_row(const struct engine_env *env, struct dag_cache *dags, const struct store_run *row,
              struct active_run **ret, struct err *e) must_check;
/* A machine as the row left it: how much of its timeout is used, whether paused or cancelled. */
void load_machine(struct active_run *ar, const struct store_run *row);
/* ERR_CORRUPT: what is stored does not fit the definition, or outputs do not have their hash. */
bool load_facts(struct active_run *ar, struct err *e) must_check;
/* The same of a run that does not go on: what completed did, also when its outputs were deleted. */
bool load_past(struct active_run *ar, struct err *e) must_check;

#endif
