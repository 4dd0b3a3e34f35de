/* scale.h -- how many slots a lane wants by its load (contract/mcp.md 3.4, the first row;
 * LANES_KIT.md 4), and how the host follows that in a lane that has `autoscale`. Pure.
 *
 * What always holds: a lane that follows has min to max slots; it takes one step at a time, at most
 * one in LANE_STEP_NS; it gives a slot away only when every look of LANE_CALM_NS wanted fewer. So
 * what runs for a moment, and the step itself, ask for nothing back: a load that does not change
 * ends at rest. */
#ifndef ORCH_LANES_SCALE_H
#define ORCH_LANES_SCALE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LANE_DESIRED_MIN = 2,
    LANE_DESIRED_MAX = 10,
    LANE_DEPTH_HIGH = 100, /* above it one more */
    LANE_DEPTH_LOW = 20,   /* below it perhaps one fewer */
    LANE_SLOW_US = 1000000,
};
#define LANE_LOOK_NS INT64_C(1000000000)    /* between two looks at lanes that follow */
#define LANE_STEP_NS (30 * LANE_LOOK_NS)    /* from a step, or a word of an operator, to the next */
#define LANE_CALM_NS (60 * LANE_LOOK_NS)    /* that wants fewer at each look, before one goes */
#define LANE_LATELY_NS (300 * LANE_LOOK_NS) /* of tasks whose latency counts */

struct lane_autoscale {
    uint32_t min, max; /* max 0: the lane keeps the slots that it has */
};

/* ---- how long tasks took, from their coming to their last commit ---- */

enum { LANE_LATENCY_PARTS = 10 };
struct lane_latency {
    struct {
        int64_t number; /* of its part of the time, from 1; 0: nothing is in it */
        uint32_t all, slow;
    } parts[LANE_LATENCY_PARTS];
};
void lane_latency_add(struct lane_latency *latency, int64_t took_us, int64_t now_ns);
/* The 95th percentile (nearest rank) of those that ended lately is over LANE_SLOW_US. */
bool lane_latency_slow(const struct lane_latency *latency, int64_t now_ns);

/* ---- what it wants ---- */

struct lane_load {
    uint32_t slots, depth, running;
    bool slow;
};
/* At most one more or fewer than slots, within the bounds: those of autoscale, without it
 * LANE_DESIRED_MIN and _MAX. */
uint32_t lane_desired(const struct lane_load *load, struct lane_autoscale autoscale);

/* ---- how it is followed ---- */

struct lane_scaling {
    int64_t stepped_ns; /* last, or an operator's word */
    int64_t calm_ns;    /* since when each look has wanted fewer; 0: the last one did not */
};
/* One look: the slots from here on. */
uint32_t lane_scaling_look(struct lane_scaling *scaling, uint32_t slots, uint32_t desired,
                           int64_t now_ns);

#endif
