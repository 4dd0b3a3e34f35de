/* depth.h -- how much waits in a lane: for a worker (lanes/lanes.h), and of its tasks those that
 * have failed and are tried again later. Inside the engine only.
 *
 * The latter stand in no lane: they are found among all runs, a walk that is made when somebody
 * asks. Loop thread. */
#ifndef ORCH_ENGINE_LANES_DEPTH_H
#define ORCH_ENGINE_LANES_DEPTH_H

#include "base/auto.h"
#include "lanes/lanes.h"

#include <jansson.h>

struct metrics;
struct runs;

struct depth_of {
    struct runs *runs;
    const struct lanes *lanes;
    int64_t now_ns;
};
/* Into each of the lanes as kept_lanes_json_owned shows them: depth.delayed, in depth.total too,
 * whether it is drained, and desired_slots. */
void depth_show(const struct depth_of *of, json_t *lanes);
/* The gauge of the same slots. */
void depth_gauges(const struct depth_of *of, struct metrics *metrics);
/* {lane: how many are tried again later}; the caller owns it. */
json_t *depth_delayed_owned(struct runs *runs) must_check;
/* So many wait that the lane takes no task more; coming: that are accepted and wait nowhere yet. */
bool depth_is_full(struct runs *runs, const struct lane_view *lane, uint32_t coming);

#endif
