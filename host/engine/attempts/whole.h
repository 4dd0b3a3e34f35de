/* whole.h -- tasks of a lane that runs a DAG: each has one of the lane's workers for as long as its
 * run goes on (docs/adr/0082). Inside attempts only.
 *
 * Such a run has an order for itself (active_run.whole), which stands in the lane as a task does.
 * What its machine decides before the order has a worker is held (active_run.held), and waits in
 * the nodes' lanes from then on. Something is held only while the order waits. */
#ifndef ORCH_ENGINE_ATTEMPTS_WHOLE_H
#define ORCH_ENGINE_ATTEMPTS_WHOLE_H

#include "engine/attempts/waiting.h"

/* Orders that have a worker. */
TAILQ_HEAD(wholes, attempt_order);

/* The run is such a task, and has no worker. */
bool whole_is_due(const struct active_run *ar);
/* The attempt is held; the run's own order waits, if it did not before. */
void whole_hold(struct waiting *w, struct attempt_order *order);
/* The held attempt, taken out; NULL: it is not. ref NULL: any. */
struct attempt_order *whole_let_go(struct active_run *ar, const struct attempt_ref *ref);
/* The run's order was taken (waiting_take): what was held waits in the nodes' lanes. */
void whole_begin(struct wholes *wholes, struct waiting *w, struct attempt_order *order);
/* The run needs no worker any more; its order is freed, nothing is held of it. ended: how it went
 * says something of its lane; else it was dropped. */
void whole_end(struct wholes *wholes, struct waiting *w, struct active_run *ar, bool ended);

#endif
