/* pins.h -- the plugins of a run's start (docs/adr/0054): {AGENT: DIGEST} of every agent that its
 * definition names, as the run's row has it from its start on. So a retry, a resume and another
 * host run the same library. null: nobody had the agent; whoever serves it then runs it.
 *
 * A run from before has none, NULL: each attempt takes what serves. */
#ifndef ORCH_ENGINE_RUNS_PINS_H
#define ORCH_ENGINE_RUNS_PINS_H

#include "base/err.h"
#include "model/dag/dag.h"

#include <jansson.h>

struct engine_env;

/* What serves the tenant now; the caller owns it. */
json_t *pins_owned(const struct engine_env *env, const char *tenant,
                   const struct dag *dag) must_check;
/* From the row; NULL gives NULL. ERR_CORRUPT: it is none of it. */
bool pins_read(const char *text, json_t **ret, struct err *e) must_check;
/* NULL: the one that serves. Borrowed. */
const char *pins_digest(const json_t *pins, const char *agent_id);
/* This host has each agent of the run. dag: where there are no pins. */
bool pins_here(const struct engine_env *env, const char *tenant, const json_t *pins) must_check;
bool pins_dag_here(const struct engine_env *env, const char *tenant,
                   const struct dag *dag) must_check;

#endif
