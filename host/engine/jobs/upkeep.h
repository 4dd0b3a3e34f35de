/* upkeep.h -- what the store is freed of and given ahead of time, once an hour, by the host whose
 * job it is: expired rows, and what the driver keeps up (store_upkeep). Missing one costs nothing.
 * Loop thread only. */
#ifndef ORCH_ENGINE_JOBS_UPKEEP_H
#define ORCH_ENGINE_JOBS_UPKEEP_H

#include "base/auto.h"

#include <stdint.h>

struct engine_env;
struct jobs;
struct upkeep;

struct upkeep *upkeep_new(const struct engine_env *env, const struct jobs *jobs) must_check;
void upkeep_free(struct upkeep *u); /* accepts NULL; beside is freed */
/* Does what is due. It wakes nobody: a turn of another's will do. */
void upkeep_turn(struct upkeep *u, int64_t now_ns);

#endif
