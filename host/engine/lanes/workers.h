/* workers.h -- what is told of the workers of lanes (contract/mcp.md 5.1) and of the tasks that
 * wait for them. Inside the engine only. Loop thread. */
#ifndef ORCH_ENGINE_LANES_WORKERS_H
#define ORCH_ENGINE_LANES_WORKERS_H

#include "base/auto.h"
#include "lanes/lanes.h"

struct engine_mode;
struct metrics;
struct runs;

/* The gauges of contract/mcp.md 6.1: tasks are found among all runs, a walk that is made when
 * somebody asks. */
void workers_gauges(struct runs *runs, const struct lanes *lanes, const struct engine_mode *mode,
                    struct metrics *metrics);

#endif
