/* hangs.h -- who of those below hangs: looked for by what is seen from outside, once a second while
 * anybody is on its way or was seen still. Otherwise with the host's sign of life, which comes once
 * a second while there is work: whoever sleeps is not woken for nothing.
 *
 *   seen                                    for          then
 *   a FORK that its zygote did not answer   HANG_S       the zygote is killed; what it forked lives
 *                                                        on
 *   a zygote that is stopped                HANG_S       the same
 *   an attempt that is not at its gate      HANG_S       it is killed, SPAWN_FAILED
 *   an init that is stopped                 HANG_S       it is told to go on: with it, all that it
 *                                                        reaps would die
 *                                           2 x HANG_S   it is killed
 *
 * Each is a line in the log. Time is counted in looks, so a supervisor that stood still itself
 * blames nobody. An attempt that was let go is the plugin's, and has its own deadline. */
#ifndef ORCH_SANDBOX_SUPERVISOR_HANGS_H
#define ORCH_SANDBOX_SUPERVISOR_HANGS_H

#include "sandbox/supervisor/attempt.h"

enum { HANG_S = 10 };

struct hangs {
    struct zygotes *zygotes;
    struct attempts *attempts;
    struct timer look;
    int64_t looked_ns;
};

void hangs_start(struct hangs *h, struct zygotes *zygotes, struct attempts *attempts,
                 struct loop *loop);
/* The host gave a sign of life. */
void hangs_beat(struct hangs *h);

#endif
