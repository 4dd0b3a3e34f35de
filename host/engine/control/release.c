/* release.c -- see release.h. */
#include "engine/control/release.h"

#include "base/log.h"
#include "engine/control/leftovers.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

struct releasing {
    const struct store *store;
    struct store_batch *batch;
    unsigned count;
};

static void add(struct releasing *r, const char *run_id)
{
    store_batch_run_release(r->batch, run_id, store_host_id(r->store), store_host_epoch(r->store));
    r->count++;
}

static void add_run(void *arg, struct active_run *ar)
{
    if (ar->place != PLACE_ENDED)
        add(arg, ar->run_id);
}

static void add_leftover(void *arg, const char *run_id)
{
    add(arg, run_id);
}

void release_all(struct control *ctl)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct releasing r = {.store = ctl->env->store, .batch = batch};
    struct err e = {0};

    if (store_hold(ctl->env->store) != STORE_HELD || store_blocked(ctl->env->store, NULL))
        return;
    runs_each(ctl->runs, add_run, &r);
    leftovers_each(ctl->leftovers, add_leftover, &r);
    if (r.count == 0)
        return;
    log_event(LOG_INFO, "runs.released", F_INT("runs", r.count));
    if (!store_submit_take(ctl->env->store, &batch, NULL, NULL, &e))
        log_event(LOG_WARN, "runs.not_released", F_ERR(&e));
}
