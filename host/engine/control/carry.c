/* carry.c -- see carry.h. */
#include "engine/control/carry.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/step.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

#include <assert.h>

struct orders {
    unsigned on_their_way; /* carried out or dropped, and not durable yet */
};

struct orders *orders_new(void)
{
    return mem_new(struct orders);
}

void orders_free(struct orders *o)
{
    free(o);
}

bool orders_busy(const struct orders *o)
{
    return o->on_their_way > 0;
}

void orders_came_back(struct orders *o, unsigned count)
{
    assert(o->on_their_way >= count);
    o->on_their_way -= count;
}

static void is_dropped(void *arg, const struct store_done *result unused_arg)
{
    orders_came_back(((struct control *)arg)->orders, 1);
}

/* The machine will not. */
static void drop(struct control *ctl, const struct store_order *order, const struct err *why)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct err e = {0};

    log_event(LOG_INFO, "order.dropped", F_STR("runId", order->run_id), F_STR("verb", order->verb),
              F_ERR(why));
    store_batch_order_done(batch, order->tenant, order->run_id, order->order_no);
    if (store_submit_take(ctl->env->store, &batch, is_dropped, ctl, &e))
        ctl->orders->on_their_way++;
}

bool orders_read(const struct control *ctl, struct store_reader *reader,
                 struct store_order_list *ret, struct err *e)
{
    const struct store *store = ctl->env->store;

    return store_read_orders(reader, store_host_id(store), store_host_epoch(store),
                             (struct store_page){.size = STORE_PAGE_ROWS_MAX}, ret, e);
}

/* A row is believed in nothing but what it orders. */
json_t *orders_said_owned(const struct store_order *order)
{
    json_t *said = order->said != NULL ? json_loads(order->said, 0, NULL) : NULL;

    if (json_is_object(said))
        return said;
    json_decref(said);
    return json_object();
}

void orders_end(struct control *ctl, struct commit *c, const struct store_order *order)
{
    store_batch_order_done(commit_batch(c), order->tenant, order->run_id, order->order_no);
    commit_acts(c)->orders++;
    ctl->orders->on_their_way++;
}

static void carry_out(struct control *ctl, struct active_run *ar, const struct store_order *order)
{
    enum wish wish;
    struct commit *c = NULL;
    struct err e = {0};

    if (!wish_parse(order->verb, &wish))
        err_set(&e, ERR_CORRUPT, "no order is called '%s'", order->verb);
    else
        c = wish_decide(ctl, ar, wish, orders_said_owned(order), &e);
    if (c == NULL) {
        drop(ctl, order, &e);
        return;
    }
    orders_end(ctl, c, order);
    step_submit(ctl, &c);
}

void orders_carry_out(struct control *ctl, const struct store_order_list *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct store_order *order = &found->rows[i];
        struct active_run *ar = runs_find(ctl->runs, order->tenant, order->run_id);

        if (ar != NULL)
            carry_out(ctl, ar, order);
    }
}
