/* dead_depths.h -- how many dead letters each tenant has, for the metric: counted beside the loop,
 * once a scrape, so that a scrape never waits for the store. What is told is what the count that
 * the scrape before began has found. All hosts of a store tell the same. Loop thread. */
#ifndef ORCH_ENGINE_LANES_DEAD_DEPTHS_H
#define ORCH_ENGINE_LANES_DEAD_DEPTHS_H

#include "base/auto.h"

struct dead_depths;
struct engine_env;

struct dead_depths *dead_depths_new(const struct engine_env *env) must_check;
void dead_depths_free(struct dead_depths *d); /* accepts NULL; beside is freed */
/* Begins a count, unless one is under way. */
void dead_depths_ask(struct dead_depths *d);

#endif
