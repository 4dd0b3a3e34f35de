/* letters.h -- the dead letter of a task, in the batch that ends its run: so there is neither
 * without the other, and one a task. Inside the engine only. */
#ifndef ORCH_ENGINE_COMMIT_LETTERS_H
#define ORCH_ENGINE_COMMIT_LETTERS_H

#include "engine/commit/close.h"
#include "engine/commit/commit.h"
#include "store/rows.h"

/* With the run's end: the letter of a task that failed, with the error of its node, of a DAG's the
 * first that failed; error: the run's own, for one in which none did (NULL: none). The one of a
 * task that was tried again, and is dead no more, goes. Nothing for a run that is no task's. */
void commit_letter(struct commit *c, enum run_state state, const char *error);
/* The same of a run that is ended by its rows alone (close.h); one that failed says why. */
bool close_letter(const struct engine_env *env, const struct store_run *row,
                  const struct close_why *why, int64_t wall_us, struct store_batch *batch,
                  struct err *e) must_check;

#endif
