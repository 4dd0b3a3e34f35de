/* orders.c -- see orders.h. */
#include "engine/control/orders.h"

#include "base/mem.h"
#include "engine/control/leftovers.h"
#include "engine/control/step.h"
#include "engine/control/takeover.h"
#include "engine/control/wish.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"

#include <string.h>

bool orders_read_head(const struct control *ctl, const char *tenant, const char *run_id,
                      struct store_run_list *ret, struct err *e)
{
    if (!step_settled(ctl, tenant, run_id, e) ||
        !store_read_run_head(ctl->env->reader, tenant, run_id, ret, e))
        return false;
    return !leftovers_has(ctl->leftovers, run_id) ||
           err_set(e, ERR_UNAVAILABLE, "run %s is being built from its rows: ask again", run_id);
}

/* An order on its way to its row. */
struct giving {
    struct control *ctl;
    char *tenant, *run_id, *dag_id, *version, *trace_id;
    bool claims; /* the run, if nobody has it */
    api_done_fn done;
    void *done_arg;
};

static void giving_free(struct giving *g)
{
    free(g->tenant);
    free(g->run_id);
    free(g->dag_id);
    free(g->version);
    free(g->trace_id);
    free(g);
}

/* Not found: it has ended between the look and the commit. */
static void is_given(void *arg, const struct store_done *result)
{
    struct giving *g = arg;
    struct err ended = {0};

    if (result->err == NULL && g->claims)
        takeover_made(g->ctl, g->tenant, g->run_id);
    err_set(&ended, ERR_CONFLICT, "run %s has ended meanwhile", g->run_id);
    g->done(g->done_arg,
            &(struct api_outcome){
                .e = result->err != NULL && result->err->code == ERR_NOT_FOUND ? &ended
                                                                               : result->err,
                .run_id = g->run_id,
                .dag_id = g->dag_id,
                .version = g->version,
                .trace_id = g->trace_id,
            });
    giving_free(g);
}

static struct giving *giving_new(struct control *ctl, const struct store_run *row, api_done_fn done,
                                 void *done_arg)
{
    struct giving *g = mem_new(struct giving);

    *g = (struct giving){.ctl = ctl,
                         .tenant = mem_str(row->tenant),
                         .run_id = mem_str(row->run_id),
                         .dag_id = mem_str(row->dag_id),
                         .version = mem_str(row->dag_version),
                         .trace_id = mem_str(row->trace_id),
                         .done = done,
                         .done_arg = done_arg};
    return g;
}

static struct store_batch *giving_batch(const struct giving *g, enum wish wish,
                                        const struct api_actor *who)
{
    const struct store *store = g->ctl->env->store;
    struct store_batch *batch = store_batch_new();
    auto_json said = wish_said_owned(who);
    auto_done(buf) text = {0};

    json_add_compact(&text, said);
    store_batch_order_put(batch, &(struct store_order){.tenant = g->tenant,
                                                       .run_id = g->run_id,
                                                       .verb = wish_verb(wish),
                                                       .said = buf_text(&text),
                                                       .created_us = g->ctl->env->clock.wall_us()});
    if (g->claims)
        store_batch_run_claim(batch, g->run_id, store_host_id(store), store_host_epoch(store));
    return batch;
}

bool orders_give(struct control *ctl, const struct api_actor *who, const struct store_run *row,
                 enum wish wish, api_done_fn done, void *done_arg)
{
    auto_obj(store_batch) batch = NULL;
    struct giving *g;
    struct err e = {0};

    if (row->completed_us != 0 || step_owned(ctl, row))
        return false;
    g = giving_new(ctl, row, done, done_arg);
    g->claims = wish == WISH_CANCEL && !ctl->mode->draining && !ctl->mode->adrift;
    batch = giving_batch(g, wish, who);
    if (!store_submit_take(ctl->env->store, &batch, is_given, g, &e))
        is_given(g, &(struct store_done){.err = &e});
    return true;
}

/* ---- refused ---- */

/* The host that the row names; NULL: it is not alive, or nobody. */
static const struct store_host *owner_of(const struct store_host_list *hosts,
                                         const struct store_run *row)
{
    for (size_t i = 0; i < hosts->count && row->lease_owner != NULL; i++) {
        const struct store_host *host = &hosts->rows[i];

        if (host->alive && strcmp(host->host_id, row->lease_owner) == 0 &&
            host->epoch == row->lease_epoch)
            return host;
    }
    return NULL;
}

bool orders_here(const struct control *ctl, const struct store_run *row, struct err *e)
{
    auto_done(store_host_list) hosts = {0};
    const struct store_host *owner;

    if (row->completed_us != 0 || step_owned(ctl, row))
        return true;
    if (!store_read_hosts(ctl->env->reader, (struct store_page){.size = STORE_PAGE_ROWS_MAX},
                          &hosts, e))
        return false;
    owner = owner_of(&hosts, row);
    if (owner == NULL)
        return err_set(e, ERR_CONFLICT,
                       "run %s is still going on: the next host that has room takes it",
                       row->run_id);
    return err_set(e, ERR_CONFLICT, "run %s is still going on, at host '%s' (%s): ask there",
                   row->run_id, owner->host_id, owner->address);
}
