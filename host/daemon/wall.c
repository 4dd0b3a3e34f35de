/* wall.c -- see wall.h. */
#include "daemon/wall.h"

#define STEP_US_MIN (1000LL * 1000)

int64_t wall_step(struct wall *wall, int64_t wall_us, int64_t boot_us)
{
    int64_t apart_us = wall_us - boot_us;
    int64_t step_us = wall->known ? apart_us - wall->apart_us : 0;

    *wall = (struct wall){true, apart_us};
    return step_us >= STEP_US_MIN || step_us <= -STEP_US_MIN ? step_us : 0;
}
