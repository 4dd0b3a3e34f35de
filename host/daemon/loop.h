/* loop.h -- the host's one loop: libuv around the sandbox's, the store's and the authority's
 * descriptors and timers, and what signals tell. The api adds its own handles. */
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
/* Until loop_stop, host_fail, or the end of what follows the word to end (ending.h). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Whose turn it is (api/api.h), for what watches the loop; arg is the loop. */
void loop_request(void *arg, const char *method, const char *route);
/* SIGTERM or SIGINT was delivered, however little of it was done yet: no new run is admitted, and
 * an attempt that ends now may have been ended with the host. */
bool loop_told_to_end(struct loop *loop);

#endif
