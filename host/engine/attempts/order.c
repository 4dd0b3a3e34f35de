/* order.c -- see order.h. */
#include "engine/attempts/order.h"

#include <stdlib.h>

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
