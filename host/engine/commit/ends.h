/* ends.h -- the host's log of what ended: one line an attempt, one a run, once it is durable. The
 * events and their fields are in docs/OPERATIONS.md, "Log". Inside the engine only. */
#ifndef ORCH_ENGINE_COMMIT_ENDS_H
#define ORCH_ENGINE_COMMIT_ENDS_H

#include "engine/commit/acts.h"
#include "model/run/run.h"

/* Remembers the end in acts; of the first that fails its run, the run remembers it too. */
void ends_add(struct acts *acts, const struct run_decision *d);
/* The run's own end; error NULL: none. */
void ends_run(struct acts *acts, const char *error);
void ends_tell(const struct acts *acts);
/* Of a run that was ended by its rows alone (close.h). */
void ends_tell_closed(const struct api_event *event, const char *error);
void ends_done(struct acts *acts);

#endif
