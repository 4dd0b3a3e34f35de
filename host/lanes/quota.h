/* quota.h -- what an operator lets one tenant have of one lane (LANES_KIT.md 7). */
#ifndef ORCH_LANES_QUOTA_H
#define ORCH_LANES_QUOTA_H

#include "lanes/rate.h"

#include <stdbool.h>
#include <stdint.h>

enum { LANE_WEIGHT_MAX = 100, LANE_ACTIVE_MAX = 1000000, LANE_HOURLY_MAX = 1000000000 };

struct lane_quota {
    uint32_t max_active;   /* of what runs; 0: not bounded */
    struct lane_rate rate; /* of what starts; per_second 0: not bounded */
    uint32_t weight;       /* items in one turn of the tenant, 1 to LANE_WEIGHT_MAX */
    bool paused;           /* nothing starts; what runs goes on */
};

/* So many an hour; the burst, 0: an hour's. 0 an hour: not bounded. */
static inline struct lane_rate lane_hourly(uint32_t max_per_hour, uint32_t burst)
{
    return (struct lane_rate){max_per_hour / 3600.0, burst > 0 ? burst : max_per_hour};
}

#endif
