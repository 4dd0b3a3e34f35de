/* checkpoints.c -- deleting the checkpoints of a run. See control.h. */
#include "engine/control/control.h"

#include "base/mem.h"
#include "engine/env/env.h"

struct deleting {
    api_done_fn done;
    void *done_arg;
    int64_t count;
};

static void deleted(void *arg, const struct store_done *result)
{
    auto_mem struct deleting *d = arg;

    d->done(d->done_arg, &(struct api_outcome){.e = result->err, .count = d->count});
}

static int64_t count_checkpoints(struct control *ctl, const char *tenant, const char *run_id)
{
    auto_mem char *token = NULL;
    int64_t count = 0;
    struct err e;

    do {
        auto_done(store_checkpoint_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_checkpoints(ctl->env->reader, tenant, run_id, page, &rows, &e))
            return count;
        count += (int64_t)rows.count;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return count;
}

void control_checkpoints_delete(struct control *ctl, const struct api_actor *who,
                                const char *run_id, api_done_fn done, void *done_arg)
{
    struct deleting *d = mem_new(struct deleting);
    struct store_batch *batch = store_batch_new();
    struct err e;

    *d = (struct deleting){done, done_arg, count_checkpoints(ctl, who->tenant, run_id)};
    store_batch_checkpoint_delete(batch, who->tenant, run_id, NULL);
    if (store_submit_take(ctl->env->store, &batch, deleted, d, &e))
        return;
    store_batch_free(batch);
    deleted(d, &(struct store_done){.err = &e});
}
