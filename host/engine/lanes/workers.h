/* workers.h -- what is told of the workers of lanes (contract/mcp.md 5.1) and of the tasks that
 * wait for them. Inside the engine only. Loop thread. */
#ifndef ORCH_ENGINE_LANES_WORKERS_H
#define ORCH_ENGINE_LANES_WORKERS_H

#include "base/auto.h"
#include "lanes/lanes.h"

#include <jansson.h>

struct attempts;
struct engine_env;
struct engine_mode;
struct metrics;
struct runs;

struct workers_of {
    const struct engine_env *env;
    const struct attempts *attempts;
    const struct engine_mode *mode;
};
/* {expected, active, workers_per_type, types{lane: {expected, active}}, workers[{id, type, pool,
 * pid, status, current_task, tasks_processed, tasks_failed, restarts, uptime_s, last_heartbeat}],
 * unlisted}: of all lanes but "default", WORKERS_TOLD_MAX of the workers at most. The caller owns
 * it. */
enum { WORKERS_TOLD_MAX = 10000 };
json_t *workers_owned(const struct workers_of *of) must_check;

/* mcp_active_workers: of the contract's lanes the express workers that take what comes, or that
 * have something. */
uint32_t workers_active(const struct lanes *lanes, const struct engine_mode *mode);

/* The gauges of contract/mcp.md 6.1: tasks are found among all runs, a walk that is made when
 * somebody asks. */
void workers_gauges(struct runs *runs, const struct lanes *lanes, const struct engine_mode *mode,
                    struct metrics *metrics);

#endif
