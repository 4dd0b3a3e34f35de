/* watch.h -- a thread that watches the loop: what nobody on the loop can say, because it stands.
 *
 * The loop says what it is in and when it came round, and libuv how long it has waited for events;
 * the thread looks twice in the time that a turn may take, more often at one that takes long. A
 * turn that takes longer than it may is a line in the log, with what it is in, and another when it
 * is over. It touches nothing else of the host and ends before the parts do. */
#ifndef ORCH_DAEMON_WATCH_H
#define ORCH_DAEMON_WATCH_H

#include "base/err.h"

#include <uv.h>

struct watch;

/* Before the loop's first turn. The loop outlives it. */
bool watch_start(uv_loop_t *loop, int64_t turn_ns_max, struct watch **ret,
                 struct err *e) must_check;
void watch_stop(struct watch *watch); /* accepts NULL */

/* What the loop is in from now on: a text that lives forever. Any number of times, by the loop
 * alone; cheap. */
void watch_phase(struct watch *watch, const char *phase);
/* The request whose turn it is within that: texts that live forever; NULL: none. A new phase begins
 * without one. */
void watch_request(struct watch *watch, const char *method, const char *route);
/* The loop has come round. */
void watch_turned(struct watch *watch);

#endif
