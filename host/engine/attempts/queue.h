/* queue.h -- orders that wait for a place in the sandbox, one line a tenant. Inside attempts only.
 *
 * The tenants take turns; within a tenant the order in which they were decided holds. A tenant that
 * has its share in the sandbox is passed over. */
#ifndef ORCH_ENGINE_ATTEMPTS_QUEUE_H
#define ORCH_ENGINE_ATTEMPTS_QUEUE_H

#include "engine/attempts/order.h"

TAILQ_HEAD(order_list, attempt_order);

struct tenant_line {
    char *tenant;
    struct order_list orders;
    uint32_t running;
    TAILQ_ENTRY(tenant_line) turn;
    UT_hash_handle hh; /* by tenant */
};
TAILQ_HEAD(turn_list, tenant_line);

struct queue {
    uint32_t running_max; /* of one tenant */
    struct tenant_line *lines;
    struct turn_list turns; /* the next to have a turn first */
    uint32_t waiting;
};

void queue_init(struct queue *q, uint32_t running_max);
void queue_done(struct queue *q); /* frees the orders */

void queue_add(struct queue *q, struct attempt_order *order);
/* Whose turn it is; the order is the caller's, and counts as running. NULL: nobody's. */
struct attempt_order *queue_take(struct queue *q);
/* It could not be started after all: the same tenant is next, with this order. */
void queue_put_back(struct queue *q, struct attempt_order *order);
/* An order that was taken has ended, its run may be gone. The caller frees it. */
void queue_ended(struct queue *q, const struct attempt_order *order);
/* The waiting order, taken out, or NULL. ref NULL: any of the run's. */
struct attempt_order *queue_remove(struct queue *q, const struct active_run *ar,
                                   const struct attempt_ref *ref);
struct attempt_order *queue_remove_any(struct queue *q); /* NULL: nothing waits */

#endif
