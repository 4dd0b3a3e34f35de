/* spare.h -- a process from SPAWNED on, as long as no attempt uses it: its plugin's code runs in it
 * already, and nothing that it does may cost more than a little. What it says, how it fails, and
 * who is to blame.
 *
 *   nobody       how it ended is not known; a SIGKILL that nobody explains
 *   its plugin   a packet that is not due, output without end, too long a load: a strike
 *   the limits   any other end, a load that failed: a strike too, but not where the node's limits
 *                are lower than those that the plugin was described under. There it may have failed
 *                for want of room, which one tenant could do to another's; so it counts against
 *                the pool alone, and those who wait are told what it was.
 *
 * In a process that describes, all but the first refuse the plugin for good. */
#ifndef ORCH_SANDBOX_CLIENT_SPARE_H
#define ORCH_SANDBOX_CLIENT_SPARE_H

#include "sandbox/client/pool.h"

/* A packet of it, whatever it is. False: no other is wanted. */
bool spare_said(struct slot *slot, const struct attempt_packet *packet, size_t n);
/* It wrote to stdout or stderr. */
void spare_wrote(struct slot *slot);
/* It is LOADING for longer than it may. */
void spare_overdue(struct slot *slot);
/* The supervisor killed it over this limit. */
void spare_over(struct slot *slot, enum kill_reason limit);
/* Its exit is known, or given up on; all that it said was read. */
void spare_ended(struct slot *slot);
/* The supervisor answered about its memory, or did not. */
void spare_explained(struct slot *slot, uint64_t oom_kills, uint64_t peak_bytes);

#endif
