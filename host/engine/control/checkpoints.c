/* checkpoints.c -- deleting the checkpoints of a run. See control.h. */
#include "engine/control/control.h"

#include "base/mem.h"
#include "engine/control/orders.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"

/* While it is on its way nobody builds the run from what is being deleted. */
struct deleting {
    const struct engine_env *env;
    struct runs *runs;
    char *tenant, *run_id;
    api_done_fn done;
    void *done_arg;
    int64_t count;
};

static void deleted(void *arg, const struct store_done *result)
{
    auto_mem struct deleting *d = arg;

    audit_committed(d->env, result);
    runs_settle(d->runs, d->tenant, d->run_id);
    d->done(d->done_arg, &(struct api_outcome){.e = result->err, .count = d->count});
    free(d->tenant);
    free(d->run_id);
}

static int64_t count_checkpoints(struct control *ctl, const char *tenant, const char *run_id)
{
    auto_mem char *token = NULL;
    int64_t count = 0;
    struct err e = {0};

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

/* Of a run that is not there nothing is deleted, as ever. */
static bool is_here(struct control *ctl, const char *tenant, const char *run_id, struct err *e)
{
    auto_done(store_run_list) rows = {0};

    if (store_read_run_head(ctl->env->reader, tenant, run_id, &rows, e))
        return orders_here(ctl, &rows.rows[0], e);
    return e->code == ERR_NOT_FOUND;
}

void control_checkpoints_delete(struct control *ctl, const struct api_actor *who,
                                const char *run_id, api_done_fn done, void *done_arg)
{
    struct deleting *d;
    struct store_batch *batch;
    struct err e = {0};

    if (!step_settled(ctl, who->tenant, run_id, &e) || !is_here(ctl, who->tenant, run_id, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    d = mem_new(struct deleting);
    *d = (struct deleting){
        .env = ctl->env,
        .runs = ctl->runs,
        .tenant = mem_str(who->tenant),
        .run_id = mem_str(run_id),
        .done = done,
        .done_arg = done_arg,
        .count = count_checkpoints(ctl, who->tenant, run_id),
    };
    runs_unsettle(ctl->runs, who->tenant, run_id);
    batch = store_batch_new();
    store_batch_checkpoint_delete(batch, who->tenant, run_id, NULL);
    audit_append(ctl->env, batch, who, "audit.checkpoints_deleted",
                 json_pack("{s:s}", "run_id", run_id));
    if (store_submit_take(ctl->env->store, &batch, deleted, d, &e))
        return;
    store_batch_free(batch);
    deleted(d, &(struct store_done){.err = &e});
}
