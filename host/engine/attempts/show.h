/* show.h -- what is told of the attempts that wait and of their lanes. Inside the engine only. */
#ifndef ORCH_ENGINE_ATTEMPTS_SHOW_H
#define ORCH_ENGINE_ATTEMPTS_SHOW_H

#include "base/auto.h"
#include "lanes/lanes.h"

#include <jansson.h>

struct engine_clock;
struct metrics;

/* [{name, backend, slots, express_priority, paused, draining, max_depth, rate, breaker,
 * breaker_state, depth{regular, express, total}, running}]; the caller owns it. */
json_t *lanes_json_owned(const struct lanes *lanes, const struct engine_clock *clock) must_check;
/* Depth, running and slots of each lane. */
void lanes_gauges(const struct lanes *lanes, struct metrics *metrics);

#endif
