/* scale.c -- see scale.h. */
#include "lanes/scale.h"

#include <stddef.h>

#define PART_NS (LANE_LATELY_NS / LANE_LATENCY_PARTS)

/* ---- latency ---- */

static int64_t part_number(int64_t now_ns)
{
    return now_ns / PART_NS + 1;
}

void lane_latency_add(struct lane_latency *latency, int64_t took_us, int64_t now_ns)
{
    int64_t number = part_number(now_ns);
    size_t at = (size_t)(number % LANE_LATENCY_PARTS);

    if (latency->parts[at].number != number) {
        latency->parts[at].number = number;
        latency->parts[at].all = latency->parts[at].slow = 0;
    }
    latency->parts[at].all++;
    latency->parts[at].slow += took_us > LANE_SLOW_US;
}

/* The one of rank ceil(0.95 n) is over the mark when fewer than so many are not. */
bool lane_latency_slow(const struct lane_latency *latency, int64_t now_ns)
{
    int64_t number = part_number(now_ns);
    uint64_t all = 0, slow = 0;

    for (size_t i = 0; i < LANE_LATENCY_PARTS; i++) {
        if (latency->parts[i].number == 0 ||
            latency->parts[i].number <= number - LANE_LATENCY_PARTS)
            continue;
        all += latency->parts[i].all;
        slow += latency->parts[i].slow;
    }
    return all - slow < (95 * all + 99) / 100;
}

/* ---- what it wants ---- */

static uint32_t within(uint32_t slots, uint32_t min, uint32_t max)
{
    if (slots < min)
        return min;
    return slots > max ? max : slots;
}

uint32_t lane_desired(const struct lane_load *load, struct lane_autoscale autoscale)
{
    bool follows = autoscale.max > 0;
    uint32_t slots = load->slots;

    if (load->depth > LANE_DEPTH_HIGH || load->slow)
        slots++;
    else if (load->depth < LANE_DEPTH_LOW &&
             (uint64_t)load->running * 10 < (uint64_t)load->slots * 3)
        slots--; /* it has one: nothing is less than 0.3 × 0 */
    return within(slots, follows ? autoscale.min : LANE_DESIRED_MIN,
                  follows ? autoscale.max : LANE_DESIRED_MAX);
}

/* ---- how it is followed ---- */

uint32_t lane_scaling_look(struct lane_scaling *scaling, uint32_t slots, uint32_t desired,
                           int64_t now_ns)
{
    bool fewer = desired < slots;

    if (!fewer)
        scaling->calm_ns = 0;
    else if (scaling->calm_ns == 0)
        scaling->calm_ns = now_ns;
    if (desired == slots || now_ns - scaling->stepped_ns < LANE_STEP_NS ||
        (fewer && now_ns - scaling->calm_ns < LANE_CALM_NS))
        return slots;
    scaling->stepped_ns = now_ns;
    scaling->calm_ns = 0;
    return fewer ? slots - 1 : slots + 1;
}
