/* load.h -- a run from its past (past.h): after a crash, for a resume, and after a refused commit.
 *
 * In three steps: load_row makes it without a machine, then load_machine (or the caller) makes the
 * machine, then load_facts tells the machine what is stored about each node. The caller gives it
 * its first event: run_recover, run_resume. What they take is gone from the past, which serves
 * once. Nothing here reads the store, and nothing grows with what nodes gave. */
#ifndef ORCH_ENGINE_RUNS_LOAD_H
#define ORCH_ENGINE_RUNS_LOAD_H

#include "engine/runs/active_run.h"
#include "engine/runs/past.h"

/* The definition that the run is pinned to; borrows from the row. */
/* The lane of a task. */
const char *load_task_lane(const struct store_run *row) must_check;
/* It is a task of the lane of which a start says these; what the lane runs may be another thing by
 * now. task_lane NULL: dag_id is the lane's own. */
bool load_is_task_of(const struct store_run *row, const char *dag_id,
                     const char *task_lane) must_check;
struct dag_key load_key(const struct store_run *row);
/* Takes the past's use of the definition. The event chain goes on where the store's ends. */
bool load_row(const struct engine_env *env, struct past *past, struct active_run **ret,
              struct err *e) must_check;
/* A machine as the row left it: how much of its timeout is used, whether paused or cancelled. */
void load_machine(struct active_run *ar, const struct store_run *row);
/* Of a past that goes on or is copied. ERR_CORRUPT: what is stored does not fit the definition, or
 * outputs do not have their hash. */
bool load_facts(struct active_run *ar, struct past *past, struct err *e) must_check;
/* The same of a run that does not go on: what completed did, also when its outputs were deleted. */
bool load_past(struct active_run *ar, struct past *past, struct err *e) must_check;

#endif
