/* control.c -- what clients ask of runs that exist: cancel, pause, resume, checkpoints. See
 * engine.h. */
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/commit/rows.h"
#include "engine/engine_parts.h"
#include "engine/env/answer.h"

#include <string.h>

/* ---- runs that are here, or only in the store ---- */

static bool stored_run(struct engine *engine, const char *tenant, const char *run_id,
                       struct store_run_list *ret, struct err *e)
{
    return store_read_run(engine->env->reader, tenant, run_id, ret, e);
}

/* Answers for a run that is not in this process: gone, or ended. */
static void answer_not_running(struct engine *engine, const char *tenant, const char *run_id,
                               const char *verb, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e;

    if (stored_run(engine, tenant, run_id, &rows, &e))
        err_set(&e, ERR_CONFLICT, "run %s is %s: it cannot be %s", run_id,
                store_run_status_text(rows.rows[0].status), verb);
    answer_error(done, done_arg, &e);
}

typedef bool run_event_fn(struct run *run, int64_t now, struct err *e);

static void control(struct engine *engine, const struct api_actor *who, const char *run_id,
                    run_event_fn *event, const char *verb, api_done_fn done, void *done_arg)
{
    struct active_run *ar = engine_find(engine, who->tenant, run_id);
    struct commit *c;
    struct err e;

    if (ar == NULL) {
        answer_not_running(engine, who->tenant, run_id, verb, done, done_arg);
        return;
    }
    if (!event(ar->run, engine->env->clock.mono_ns(), &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    c = commit_new(ar, engine->env->clock.wall_us());
    commit_event(c, "run.updated", verb, NO_NODE, 0,
                 json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason,
                           "ticket", who->ticket));
    commit_decisions(c);
    commit_set_answer(c, &(struct commit_answer){.done = done, .done_arg = done_arg});
    commit_submit(&c);
}

void engine_run_cancel(struct engine *engine, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg)
{
    control(engine, who, run_id, run_cancel, "cancelled", done, done_arg);
}

void engine_run_pause(struct engine *engine, const struct api_actor *who, const char *run_id,
                      bool pause, api_done_fn done, void *done_arg)
{
    control(engine, who, run_id, pause ? run_pause : run_unpause, pause ? "paused" : "unpaused",
            done, done_arg);
}

/* ---- resume ---- */

static bool resumable(struct engine *engine, const char *tenant, const char *run_id,
                      struct store_run_list *ret, struct err *e)
{
    if (engine_find(engine, tenant, run_id) != NULL)
        return err_set(e, ERR_CONFLICT, "run %s is still going on", run_id);
    if (!stored_run(engine, tenant, run_id, ret, e))
        return false;
    if (ret->rows[0].compensations != NULL)
        return err_set(e, ERR_CONFLICT, "run %s was rolled back: restart it instead", run_id);
    return true;
}

static bool build_resumed(struct engine *engine, const struct store_run *row,
                          struct active_run **ret, struct err *e)
{
    auto_obj(active_run) ar = NULL;

    if (!engine_load(engine, row, &ar, e))
        return false;
    ar->run = run_new(ar->dag, &(struct run_options){
                                   .seed = ar->seed,
                                   .deterministic_mode = ar->deterministic,
                                   .input = ar->input,
                                   .grace_ns = engine->env->set.cancel_grace_ns,
                               });
    if (!engine_restore(ar, e) || !run_resume(ar->run, engine->env->clock.mono_ns(), e))
        return err_wrap(e, "resume run %s", row->run_id);
    *ret = take(ar);
    return true;
}

static json_t *nodes_with(const struct active_run *ar, bool completed)
{
    json_t *ids = json_array();

    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        if ((run_node(ar->run, i).state == NODE_COMPLETED) == completed)
            json_array_append_new(ids, json_string(ar->dag->nodes[i].node_id));
    }
    return ids;
}

void engine_run_resume(struct engine *engine, const struct api_actor *who, const char *run_id,
                       api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct active_run *ar, *borrowed;
    struct commit *c;
    struct err e;

    if (!resumable(engine, who->tenant, run_id, &rows, &e) ||
        !build_resumed(engine, &rows.rows[0], &ar, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    borrowed = ar;
    engine_add(engine, &ar);
    c = commit_new(borrowed, engine->env->clock.wall_us());
    store_batch_run_reopen(commit_batch(c), borrowed->tenant, borrowed->run_id);
    commit_event(c, "run.updated", "resumed", NO_NODE, 0,
                 json_pack("{s:s, s:s}", "actor", who->subject, "reason", who->reason));
    commit_set_answer(c, &(struct commit_answer){
                             .done = done,
                             .done_arg = done_arg,
                             .skipped = nodes_with(borrowed, true),
                             .remaining = nodes_with(borrowed, false),
                         });
    commit_decisions(c);
    commit_submit(&c);
}

/* ---- checkpoints ---- */

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

static int64_t count_checkpoints(struct engine *engine, const char *tenant, const char *run_id)
{
    auto_mem char *token = NULL;
    int64_t count = 0;
    struct err e;

    do {
        auto_done(store_checkpoint_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_checkpoints(engine->env->reader, tenant, run_id, page, &rows, &e))
            return count;
        count += (int64_t)rows.count;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return count;
}

void engine_checkpoints_delete(struct engine *engine, const struct api_actor *who,
                               const char *run_id, api_done_fn done, void *done_arg)
{
    struct deleting *d = mem_new(struct deleting);
    struct store_batch *batch = store_batch_new();
    struct err e;

    *d = (struct deleting){done, done_arg, count_checkpoints(engine, who->tenant, run_id)};
    store_batch_checkpoint_delete(batch, who->tenant, run_id, NULL);
    if (store_submit_take(engine->env->store, &batch, deleted, d, &e))
        return;
    store_batch_free(batch);
    deleted(d, &(struct store_done){.err = &e});
}
