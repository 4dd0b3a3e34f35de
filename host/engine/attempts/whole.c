/* whole.c -- see whole.h. */
#include "engine/attempts/whole.h"

#include "base/mem.h"

#include <assert.h>

bool whole_is_due(const struct active_run *ar)
{
    return ar->task_lane != NULL && ar->worker.number == 0;
}

static struct attempt_order *whole_new(struct active_run *ar)
{
    struct attempt_order *whole = mem_new(struct attempt_order);

    whole->ar = ar;
    whole->whole = true;
    whole->ref.node = UINT32_MAX;
    return whole;
}

void whole_hold(struct waiting *w, struct attempt_order *order)
{
    struct active_run *ar = order->ar;

    TAILQ_INSERT_TAIL(&ar->held_orders, order, of_run);
    if (ar->whole != NULL)
        return;
    ar->whole = whole_new(ar);
    waiting_add(w, ar->whole);
}

struct attempt_order *whole_let_go(struct active_run *ar, const struct attempt_ref *ref)
{
    struct attempt_order *order;

    TAILQ_FOREACH(order, &ar->held_orders, of_run)
    {
        if (ref != NULL && !attempt_order_is(order, *ref))
            continue;
        TAILQ_REMOVE(&ar->held_orders, order, of_run);
        return order;
    }
    return NULL;
}

void whole_begin(struct wholes *wholes, struct waiting *w, struct attempt_order *order)
{
    struct active_run *ar = order->ar;
    struct attempt_order *held;

    assert(order->whole && order == ar->whole);
    ar->worker = order->item.worker;
    ar->worker_us = active_run_wall_us(ar);
    active_run_leased(ar, 0);
    TAILQ_INSERT_TAIL(wholes, order, of_run);
    while ((held = whole_let_go(ar, NULL)) != NULL)
        waiting_add(w, held);
}

static struct attempt_outcome outcome_of_run(const struct active_run *ar)
{
    if (ar->final_state == RUN_COMPLETED)
        return (struct attempt_outcome){.class = OUTCOME_OK};
    if (ar->final_state == RUN_FAILED && ar->failed_class != OUTCOME_INVALID)
        return (struct attempt_outcome){.class = ar->failed_class};
    return (struct attempt_outcome){.class = OUTCOME_CANCELLED};
}

void whole_end(struct wholes *wholes, struct waiting *w, struct active_run *ar, bool ended)
{
    const struct attempt_outcome outcome = outcome_of_run(ar);
    struct attempt_order *whole = take(ar->whole);

    attempt_orders_drop_held(ar);
    if (whole == NULL)
        return;
    if (ar->worker.number > 0) {
        TAILQ_REMOVE(wholes, whole, of_run);
        if (ended)
            waiting_judge(w, whole, &outcome);
        waiting_ended(w, whole);
    } else {
        waiting_take_out(w, whole);
    }
    ar->worker = (struct lane_worker){0};
    attempt_order_free(whole);
}
