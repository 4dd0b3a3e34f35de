/* routes.h -- which backend speaks of which lane. Bridge process, its loop.
 *
 *   first                    then         so
 *   LANE of a backend        LANE of      both hear it: who had the lane forgets it
 *                            another
 *   LANE of none, or of one  what is      heard by nobody: its state is down
 *   that SETUP did not name  said of it
 */
#ifndef ORCH_BRIDGE_SERVER_ROUTES_H
#define ORCH_BRIDGE_SERVER_ROUTES_H

#include "bridge/wire/tasks.h"

struct routes;

enum { ROUTES_LANES_MAX = 10000 };

struct routes *routes_new(void) must_check;
void routes_free(struct routes *routes); /* accepts NULL */

/* SETUP names the backend. hear: as routes_hear, of LANE to DEAD; a LANE that names another backend
 * is the last that is said of that lane. */
typedef bool route_hear_fn(void *backend, const struct message *m, struct err *e);
void routes_open(struct routes *routes, enum bridge_backend which, route_hear_fn *hear,
                 void *backend);

/* LANE to DEAD. False: the host said what it may not. */
bool routes_hear(struct routes *routes, const struct message *m, struct err *e) must_check;

#endif
