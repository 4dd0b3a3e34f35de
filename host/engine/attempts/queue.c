/* queue.c -- see queue.h. */
#include "engine/attempts/queue.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

void queue_init(struct queue *q, uint32_t running_max)
{
    *q = (struct queue){.running_max = running_max};
    TAILQ_INIT(&q->turns);
}

static void line_free(struct queue *q, struct tenant_line *line)
{
    HASH_DEL(q->lines, line);
    TAILQ_REMOVE(&q->turns, line, turn);
    free(line->tenant);
    free(line);
}

static void line_sweep(struct queue *q, struct tenant_line *line)
{
    if (line->running == 0 && TAILQ_EMPTY(&line->orders))
        line_free(q, line);
}

void queue_done(struct queue *q)
{
    struct tenant_line *line, *next;
    struct attempt_order *order;

    HASH_ITER(hh, q->lines, line, next)
    {
        while ((order = TAILQ_FIRST(&line->orders)) != NULL) {
            TAILQ_REMOVE(&line->orders, order, link);
            attempt_order_free(order);
        }
        line_free(q, line);
    }
    q->waiting = 0;
}

static struct tenant_line *line_of(struct queue *q, const char *tenant)
{
    struct tenant_line *line;

    HASH_FIND_STR(q->lines, tenant, line);
    if (line != NULL)
        return line;
    line = mem_new(struct tenant_line);
    line->tenant = mem_str(tenant);
    TAILQ_INIT(&line->orders);
    HASH_ADD_KEYPTR(hh, q->lines, line->tenant, strlen(line->tenant), line);
    TAILQ_INSERT_TAIL(&q->turns, line, turn);
    return line;
}

void queue_add(struct queue *q, struct attempt_order *order)
{
    order->line = line_of(q, order->ar->tenant);
    TAILQ_INSERT_TAIL(&order->line->orders, order, link);
    q->waiting++;
}

struct attempt_order *queue_take(struct queue *q)
{
    struct tenant_line *line;
    struct attempt_order *order;

    TAILQ_FOREACH(line, &q->turns, turn)
    {
        order = TAILQ_FIRST(&line->orders);
        if (order == NULL || line->running >= q->running_max)
            continue;
        TAILQ_REMOVE(&line->orders, order, link);
        TAILQ_REMOVE(&q->turns, line, turn);
        TAILQ_INSERT_TAIL(&q->turns, line, turn);
        line->running++;
        q->waiting--;
        return order;
    }
    return NULL;
}

void queue_put_back(struct queue *q, struct attempt_order *order)
{
    struct tenant_line *line = order->line;

    assert(line->running > 0);
    line->running--;
    q->waiting++;
    TAILQ_INSERT_HEAD(&line->orders, order, link);
    TAILQ_REMOVE(&q->turns, line, turn);
    TAILQ_INSERT_HEAD(&q->turns, line, turn);
}

void queue_ended(struct queue *q, const struct attempt_order *order)
{
    struct tenant_line *line = order->line;

    assert(line->running > 0);
    line->running--;
    line_sweep(q, line);
}

static bool is(const struct attempt_order *order, const struct active_run *ar,
               const struct attempt_ref *ref)
{
    if (order->ar != ar || ref == NULL)
        return order->ar == ar;
    return order->ref.node == ref->node && order->ref.attempt == ref->attempt &&
           order->ref.compensation == ref->compensation;
}

static void take_out(struct queue *q, struct attempt_order *order)
{
    TAILQ_REMOVE(&order->line->orders, order, link);
    q->waiting--;
    line_sweep(q, order->line);
}

struct attempt_order *queue_remove(struct queue *q, const struct active_run *ar,
                                   const struct attempt_ref *ref)
{
    struct tenant_line *line;
    struct attempt_order *order;

    HASH_FIND_STR(q->lines, ar->tenant, line);
    if (line == NULL)
        return NULL;
    TAILQ_FOREACH(order, &line->orders, link)
    {
        if (is(order, ar, ref)) {
            take_out(q, order);
            return order;
        }
    }
    return NULL;
}

struct attempt_order *queue_remove_any(struct queue *q)
{
    struct tenant_line *line;
    struct attempt_order *order;

    TAILQ_FOREACH(line, &q->turns, turn)
    {
        order = TAILQ_FIRST(&line->orders);
        if (order != NULL) {
            take_out(q, order);
            return order;
        }
    }
    return NULL;
}
