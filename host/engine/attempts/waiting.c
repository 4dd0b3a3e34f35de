/* waiting.c -- see waiting.h. */
#include "engine/attempts/waiting.h"

#include "lanes/admission.h"
#include "lanes/members.h"

#include <string.h>

static int64_t now_ns(const struct waiting *w)
{
    return w->env->clock.mono_ns();
}

void waiting_init(struct waiting *w, const struct engine_env *env)
{
    static const char *const typed[] = {
#define XX(id, name) name,
        LANE_TYPED_MAP(XX)
#undef XX
    };

    *w = (struct waiting){.env = env,
                          .lanes = lanes_new(env->set.tenant_attempts_max, env->set.ageing)};
    TAILQ_INIT(&w->apart);
    lanes_set(w->lanes, LANE_DEFAULT,
              &(struct lane_spec){.slots = env->set.attempts_max, .max_depth = LANE_DEPTH_USUAL},
              now_ns(w));
    for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
        const struct lane_spec spec = lane_spec_typed(env->set.workers_per_type);

        lanes_set(w->lanes, typed[i], &spec, now_ns(w));
    }
}

void waiting_done(struct waiting *w)
{
    struct attempt_order *order;

    while ((order = waiting_remove_any(w)) != NULL) {
        if (order->whole)
            attempt_orders_drop_held(order->ar);
        attempt_order_free(order);
    }
    lanes_free(w->lanes);
}

static const char *lane_name(const struct attempt_order *order)
{
    return order->lane != NULL ? order->lane : LANE_DEFAULT;
}

/* Only when it comes: a task that is tried again is as old as its run. */
static bool is_first(struct active_run *ar)
{
    bool first = ar->task_first;

    ar->task_first = false;
    return first;
}

static bool is_task(const struct attempt_order *order)
{
    return order->whole || (order->ar->task_priority > 0 && order->ar->task_lane == NULL);
}

/* A worker that a task of a DAG has is not for what that task waits for: neither for its own nodes,
 * nor, as two such lanes might wait for each other, for any node. */
static const char *lane_of(const struct waiting *w, const struct attempt_order *order)
{
    const struct active_run *ar = order->ar;
    struct lane_spec spec;
    const char *lane;

    if (order->whole)
        return ar->task_lane;
    lane = ar->dag->nodes[order->ref.node].lane;
    if (lane == NULL || is_task(order))
        return lane;
    if (ar->task_lane != NULL && strcmp(lane, ar->task_lane) == 0)
        return NULL;
    return lanes_get(w->lanes, lane, &spec) && spec.runs_dag ? NULL : lane;
}

static int32_t priority_of(const struct attempt_order *order)
{
    return is_task(order) ? order->ar->task_priority
                          : order->ar->dag->nodes[order->ref.node].priority;
}

/* A handler undoes the node with a worker of the node's lane. A task is as old as its run, over a
 * retry and a restart. */
static void enter(struct waiting *w, struct attempt_order *order)
{
    bool task = is_task(order), first = task && is_first(order->ar);
    const struct lane_came came =
        lane_comes(&(struct lane_coming){.finish_first = w->env->set.finish_first,
                                         .begun = order->ar->begun,
                                         .as_its_run = task,
                                         .created_us = order->ar->created_us,
                                         .now_us = w->env->clock.wall_us()});

    order->lane = lane_of(w, order);
    order->item.owner = order;
    order->item.is_task = task;
    order->item.holds = order->whole;
    order->item.times = order->whole ? 0 : order->ar->nodes[order->ref.node].preempted;
    order->item.came_us = came.came_us;
    order->item.age_ns = came.age_ns;
    order->place = ORDER_WAITS;
    (first ? lanes_add_first : lanes_add)(w->lanes, &order->item, lane_name(order),
                                          order->ar->tenant, priority_of(order), now_ns(w));
}

void waiting_add(struct waiting *w, struct attempt_order *order)
{
    enter(w, order);
    TAILQ_INSERT_TAIL(&order->ar->waiting, order, of_run);
}

struct attempt_order *waiting_take(struct waiting *w)
{
    struct lane_item *item = lanes_take(w->lanes, now_ns(w));
    struct attempt_order *order = item != NULL ? item->owner : NULL;

    if (order == NULL)
        return NULL;
    order->ar->begun = true;
    TAILQ_REMOVE(&order->ar->waiting, order, of_run);
    return order;
}

void waiting_put_back(struct waiting *w, struct attempt_order *order)
{
    lanes_put_back(w->lanes, &order->item, now_ns(w));
    TAILQ_INSERT_HEAD(&order->ar->waiting, order, of_run);
}

/* ---- what asks for its entry ---- */

void waiting_claim(struct waiting *w, struct attempt_order *order)
{
    order->place = ORDER_CLAIMING;
    TAILQ_INSERT_HEAD(&order->ar->waiting, order, of_run);
    TAILQ_INSERT_TAIL(&w->apart, order, apart);
    w->claiming++;
}

struct attempt_order *waiting_claiming(const struct active_run *ar)
{
    struct attempt_order *order;

    TAILQ_FOREACH(order, &ar->waiting, of_run)
    {
        if (order->place == ORDER_CLAIMING)
            return order;
    }
    return NULL;
}

static void leave_apart(struct waiting *w, struct attempt_order *order)
{
    TAILQ_REMOVE(&w->apart, order, apart);
    if (order->place == ORDER_CLAIMING)
        w->claiming--;
    else
        w->parked--;
    order->place = ORDER_WAITS;
}

void waiting_claimed(struct waiting *w, struct attempt_order *order)
{
    leave_apart(w, order);
    TAILQ_REMOVE(&order->ar->waiting, order, of_run);
}

/* Its worker is free, and it has not run. */
static void give_up_worker(struct waiting *w, struct attempt_order *order)
{
    lanes_put_back(w->lanes, &order->item, now_ns(w));
    lanes_remove(w->lanes, &order->item, now_ns(w));
}

void waiting_park(struct waiting *w, struct attempt_order *order)
{
    leave_apart(w, order);
    give_up_worker(w, order);
    order->place = ORDER_PARKED;
    TAILQ_INSERT_TAIL(&w->apart, order, apart);
    w->parked++;
}

void waiting_unpark(struct waiting *w, const char *lane)
{
    struct attempt_order *order, *next;

    for (order = TAILQ_FIRST(&w->apart); order != NULL; order = next) {
        next = TAILQ_NEXT(order, apart);
        if (order->place != ORDER_PARKED || strcmp(lane_name(order), lane) != 0)
            continue;
        leave_apart(w, order);
        enter(w, order);
    }
}

/* ---- how it went ---- */

static enum lane_deed deed_of(enum outcome class)
{
    if (class == OUTCOME_OK)
        return LANE_WELL;
    return outcome_crashed(class) ? LANE_CRASHED : LANE_BADLY;
}

void waiting_judge(struct waiting *w, struct attempt_order *order,
                   const struct attempt_outcome *outcome)
{
    if (order->preempted && outcome->class != OUTCOME_OK)
        return;
    switch (outcome->class) {
    case OUTCOME_CANCELLED: /* not by itself, as the two below */
    case OUTCOME_INFRA:
    case OUTCOME_LOST:
        return;
    default:
        lanes_note(&order->item, deed_of(outcome->class), now_ns(w));
        lanes_judge(w->lanes, &order->item,
                    outcome->class == OUTCOME_OK ? NULL : attempt_error_class(outcome), now_ns(w));
    }
}

int64_t waiting_next_ns(const struct waiting *w)
{
    return lanes_next_ns(w->lanes, now_ns(w));
}

void waiting_ended(struct waiting *w, struct attempt_order *order)
{
    lanes_ended(w->lanes, &order->item, now_ns(w));
}

void waiting_take_out(struct waiting *w, struct attempt_order *order)
{
    enum order_place place = order->place;

    if (place != ORDER_WAITS)
        leave_apart(w, order);
    if (place == ORDER_CLAIMING)
        give_up_worker(w, order);
    else if (place == ORDER_WAITS)
        lanes_remove(w->lanes, &order->item, now_ns(w));
    TAILQ_REMOVE(&order->ar->waiting, order, of_run);
}

struct attempt_order *waiting_remove(struct waiting *w, const struct active_run *ar,
                                     const struct attempt_ref *ref)
{
    struct attempt_order *order;

    TAILQ_FOREACH(order, &ar->waiting, of_run)
    {
        if (ref == NULL || attempt_order_is(order, *ref)) {
            waiting_take_out(w, order);
            return order;
        }
    }
    return NULL;
}

void waiting_prioritize(struct waiting *w, const struct active_run *ar)
{
    struct attempt_order *order;

    TAILQ_FOREACH(order, &ar->waiting, of_run)
    {
        if (order->place == ORDER_WAITS && is_task(order))
            lanes_prioritize(w->lanes, &order->item, ar->task_priority, now_ns(w));
    }
}

struct attempt_order *waiting_remove_any(struct waiting *w)
{
    struct lane_item *item = lanes_any(w->lanes);
    struct attempt_order *order = item != NULL ? item->owner : TAILQ_FIRST(&w->apart);

    if (order != NULL)
        waiting_take_out(w, order);
    return order;
}
