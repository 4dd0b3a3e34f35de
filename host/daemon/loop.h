/* loop.h -- the host's one loop: libuv around the sandbox's, the store's and the authority's
 * descriptors and timers, and the signals that end it. The api adds its own handles. */
#ifndef ORCH_DAEMON_LOOP_H
#define ORCH_DAEMON_LOOP_H

#include "base/err.h"

struct host;
struct loop;

/* Sets host->uv. */
bool loop_new(struct host *host, struct loop **ret, struct err *e) must_check;
/* Closes the handles and the uv loop. Accepts NULL. */
void loop_free(struct loop *loop);

/* One turn; blocks until something happens. For start-up. */
void loop_once(struct loop *loop);
/* Until loop_stop, a signal or host_fail. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* SIGTERM or SIGINT was delivered, however little of it was done yet: no new run is admitted, the
 * loop ends after this turn, and what ends from now on was ended with the host. */
bool loop_told_to_end(struct loop *loop);

#endif
