/* order.c -- see order.h. */
#include "engine/attempts/order.h"

#include <stdlib.h>

bool attempt_order_is(const struct attempt_order *order, struct attempt_ref ref)
{
    return order->ref.node == ref.node && order->ref.attempt == ref.attempt &&
           order->ref.compensation == ref.compensation;
}

void attempt_order_free(struct attempt_order *order)
{
    if (order == NULL)
        return;
    free(order->node_id);
    free(order->agent_id);
    free(order->config);
    free(order->input);
    free(order);
}

void attempt_orders_drop_held(struct active_run *ar)
{
    struct attempt_order *order;

    while ((order = TAILQ_FIRST(&ar->held_orders)) != NULL) {
        TAILQ_REMOVE(&ar->held_orders, order, of_run);
        attempt_order_free(order);
    }
}
