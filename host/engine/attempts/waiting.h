/* waiting.h -- orders that wait for a worker of their node's lane, and which of them is next
 * (lanes/lanes.h). Inside attempts only.
 *
 * Each stands in its lane, or apart of it (order.h), and in its run's list (active_run.waiting), so
 * that what is a run's is found without the others. */
#ifndef ORCH_ENGINE_ATTEMPTS_WAITING_H
#define ORCH_ENGINE_ATTEMPTS_WAITING_H

#include "engine/attempts/order.h"
#include "engine/env/env.h"

TAILQ_HEAD(attempt_orders, attempt_order);
struct waiting {
    const struct engine_env *env;
    struct lanes *lanes;
    struct attempt_orders apart; /* that are in no lane (order.h) */
    uint32_t claiming, parked;
};

/* With the lane "default", which has attempts-max workers, and those of the contract. */
void waiting_init(struct waiting *w, const struct engine_env *env);
void waiting_done(struct waiting *w); /* frees the orders; none that was taken is left */

void waiting_add(struct waiting *w, struct attempt_order *order);
/* Whose turn it is; the order is the caller's, and has a worker. NULL: nobody's. */
struct attempt_order *waiting_take(struct waiting *w);
/* It could not be started after all: it is the next of its lane. */
void waiting_put_back(struct waiting *w, struct attempt_order *order);
/* An order that was taken asks for its entry, and keeps its worker. */
void waiting_claim(struct waiting *w, struct attempt_order *order);
/* One of the run's that does so; NULL: none. */
struct attempt_order *waiting_claiming(const struct active_run *ar);
/* It has it: as if it were taken now. */
void waiting_claimed(struct waiting *w, struct attempt_order *order);
/* It has it not. */
void waiting_park(struct waiting *w, struct attempt_order *order);
/* What is parked of the lane waits in it again, as old as it was. */
void waiting_unpark(struct waiting *w, const char *lane);
/* How an order that was taken went, before it ended. */
void waiting_judge(struct waiting *w, struct attempt_order *order,
                   const struct attempt_outcome *outcome);
/* As lanes_next_ns says. */
int64_t waiting_next_ns(const struct waiting *w);
/* An order that was taken has ended, its run may be gone. The caller frees it. */
void waiting_ended(struct waiting *w, struct attempt_order *order);
/* The waiting order, taken out, or NULL. ref NULL: any of the run's. */
struct attempt_order *waiting_remove(struct waiting *w, const struct active_run *ar,
                                     const struct attempt_ref *ref);
/* One that waits. */
void waiting_take_out(struct waiting *w, struct attempt_order *order);
/* What waits of the task, with the priority that it has now. */
void waiting_prioritize(struct waiting *w, const struct active_run *ar);
struct attempt_order *waiting_remove_any(struct waiting *w); /* NULL: nothing waits */

#endif
