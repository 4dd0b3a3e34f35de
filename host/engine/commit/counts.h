/* counts.h -- what a durable commit adds to the metrics of tasks (contract/mcp.md 6.1) and of runs
 * that were ended by their rows. Inside the engine only.
 *
 * A task counts once when it comes, once when it has ended well, and each time it dies; one that is
 * cancelled counts nowhere, nor does a node of another DAG. How long it took, from its coming to
 * its last commit, its lane hears too (lanes_took). Loop thread. */
#ifndef ORCH_ENGINE_COMMIT_COUNTS_H
#define ORCH_ENGINE_COMMIT_COUNTS_H

#include "engine/commit/acts.h"

struct engine_env;
struct lanes;

void counts_durable(const struct acts *acts, struct lanes *lanes);
/* Of a run that was ended by its rows alone (close.h). */
void counts_closed(const struct engine_env *env, const struct api_event *event, bool is_task);

#endif
