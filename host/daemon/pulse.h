/* pulse.h -- do the processes below still answer? Once a second, by the loop's own turns: a host
 * that stood still itself blames nobody.
 *
 *   who             asked by                    silent for     then
 *   the supervisor  a PING                      10 s           /readyz 503 and a line in the log
 *                                               30 s           it is killed; the host ends in order
 *   the authority   its keys, when nothing      10 s           its link is closed (client.h)
 *                   else is asked of it         5 s, no link   /readyz 503
 *                                               6 s, no link   it is killed; another is started
 *   the bridge      a PING                      10 s           it is killed; another is started
 *
 * While nothing is under way it asks every 10 s, until one does not answer; the first work has it
 * ask at once. With the same beat the wall clock is looked at (wall.h). Zygotes, their inits and
 * attempts are the supervisor's to watch (sandbox/supervisor/hangs.h), this loop is its thread's
 * (watch.h). */
#ifndef ORCH_DAEMON_PULSE_H
#define ORCH_DAEMON_PULSE_H

#include "daemon/wall.h"

#include <stdbool.h>
#include <stdint.h>

struct host;

struct pulse {
    int64_t beat_ns;     /* the last; 0: none yet */
    int64_t asked_ns;    /* when the authority was last */
    uint32_t silent_s;   /* the supervisor */
    uint32_t detached_s; /* the authority */
    bool store_away;     /* it was told */
    bool asked;          /* the authority, for a sign of life */
    struct wall wall;
};

/* Once a turn; when it is wanted next. */
int64_t pulse_turn(struct host *host, int64_t now_ns);
/* Why the host cannot run anything now; NULL: it can. Valid until the next call. */
const char *pulse_reason(const struct host *host);

#endif
