/* wall.h -- did somebody set the wall clock? Records carry its times; durations and deadlines do
 * not, so a step changes only what the records say, and an operator has to know. */
#ifndef ORCH_DAEMON_WALL_H
#define ORCH_DAEMON_WALL_H

#include <stdbool.h>
#include <stdint.h>

struct wall {
    bool known;
    int64_t apart_us; /* wall clock minus time since boot, at the last look */
};

/* Microseconds by which the wall clock was set since the last look, 0 when it is less than a
 * second: a clock that is only made faster or slower is no news. boot_us counts suspended time too.
 */
int64_t wall_step(struct wall *wall, int64_t wall_us, int64_t boot_us);

#endif
