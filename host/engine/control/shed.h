/* shed.h -- an operator's switch (LANES.md 3, "Load shedding"): while it is on this host takes no
 * new run and no new task. What is there goes on, and what is said again is answered. Inside the
 * engine only.
 *
 * Of this host, until it is switched off or the host ends. It holds once it stands in the ledger.
 * Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_SHED_H
#define ORCH_ENGINE_CONTROL_SHED_H

#include "api/api.h"

struct engine_env;
struct shed;

struct shed *shed_new(const struct engine_env *env) must_check;
void shed_free(struct shed *shed); /* accepts NULL; no entry is on its way */

/* reason may be ""; a switch that is so already keeps its reason and leaves no entry. */
void shed_switch(struct shed *shed, const struct api_actor *who, bool on, api_done_fn done,
                 void *done_arg);
/* Valid until the next call of shed_switch that is done. */
struct api_shed shed_now(const struct shed *shed) must_check;
/* False with e: nothing new is taken. */
bool shed_lets_in(const struct shed *shed, struct err *e) must_check;

#endif
