/* shed.h -- whether this host takes new runs and tasks (LANES.md 3, "Load shedding"): not while an
 * operator says so, nor while it has too much by itself (lanes/load.h). What is there goes on, and
 * what is said again is answered. Inside the engine only.
 *
 * An operator's word is of this host, until it is taken back or the host ends, and holds once it
 * stands in the ledger. What the host finds by itself ends by itself, whatever an operator says.
 * Loop thread. */
#ifndef ORCH_ENGINE_CONTROL_SHED_H
#define ORCH_ENGINE_CONTROL_SHED_H

#include "api/api.h"

struct engine_env;
struct runs;
struct shed;

/* How many attempts wait for a worker. */
typedef uint32_t attempts_waiting_fn(const void *attempts);
/* All are borrowed. */
struct shed *shed_new(const struct engine_env *env, const struct runs *runs,
                      attempts_waiting_fn *attempts_waiting, const void *attempts) must_check;
void shed_free(struct shed *shed); /* accepts NULL; no entry is on its way */

/* An operator's word. reason may be ""; one that is so already keeps its reason and leaves no
 * entry.
 */
void shed_switch(struct shed *shed, const struct api_actor *who, bool on, api_done_fn done,
                 void *done_arg);
/* Looks again where the last look is old. Valid until the next call. */
struct api_shed shed_now(struct shed *shed) must_check;
/* False with e: nothing new is taken. */
bool shed_lets_in(struct shed *shed, struct err *e) must_check;
void shed_gauges(struct shed *shed);

#endif
