/* restart.c -- a new run that points to the old one and keeps what is not downstream. */
#include "base/limits.h"
#include "base/mem.h"
#include "engine/commit/rows.h"
#include "engine/control/later.h"
#include "engine/control/leftovers.h"
#include "engine/control/orders.h"
#include "engine/control/start.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/runs.h"

#include <string.h>

/* The nodes that a restart from `from` keeps: their rows and records are copied to the new run. */
static bool keep_nodes(struct active_run *ar, struct active_run *old, const char *from,
                       struct commit *c, struct err *e)
{
    const struct dag_node *node = dag_find(ar->dag, from);
    auto_mem bool *keep = mem_array(ar->dag->node_count, bool);

    if (node == NULL)
        return err_set(e, ERR_UNPROCESSABLE, "no node '%s' in %s@%s", from, ar->dag->dag_id,
                       ar->dag->version);
    run_restart_keeps(ar->dag, dag_index(ar->dag, node), keep);
    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        struct node_view view = run_node(old->run, i);

        if (!keep[i] || view.state != NODE_COMPLETED)
            continue;
        if (!run_restore_node(ar->run, i,
                              &(struct node_past){.state = NODE_COMPLETED,
                                                  .tally = view.tally,
                                                  .outputs = (json_t *)view.outputs},
                              e))
            return false;
        ar->nodes[i] = old->nodes[i];
        old->nodes[i].texts = (struct node_texts){0};
        ar->nodes[i].output_bytes = 0;
        ar->nodes[i].record = NULL;
        active_run_keep(ar, i, old->nodes[i].output_bytes);
        active_run_not_before(ar, old->nodes[i].ended_us);
    }
    for (uint32_t i = 0; i < ar->dag->node_count; i++) { /* all facts first: records link to them */
        struct node_view view = run_node(ar->run, i);

        if (view.state == NODE_COMPLETED)
            commit_kept_node(c, i, view.tally, view.outputs);
    }
    return true;
}

static bool is_over(struct control *ctl, const struct store_run *row, struct err *e)
{
    if (runs_find(ctl->runs, row->tenant, row->run_id) != NULL ||
        leftovers_has(ctl->leftovers, row->run_id))
        return err_set(e, ERR_CONFLICT, "run %s is still going on", row->run_id);
    if (row->task_priority > 0)
        return err_set(e, ERR_CONFLICT,
                       "run %s is task '%s', which is tried again by POST /tasks/{task_id}:retry",
                       row->run_id, row->run_token);
    return orders_here(ctl, row, e);
}

/* The run that is restarted, with a machine only to tell what its nodes did. */
static bool build_old(struct control *ctl, const struct call *call, struct active_run **ret,
                      struct err *e)
{
    auto_obj(active_run) old = NULL;

    if (!load_row(ctl->env, call->past, &old, e) ||
        !start_allowed(ctl->env, old->tenant, old->dag, NULL, e))
        return false;
    old->run = run_new(old->dag, &(struct run_options){.input = old->input});
    if (call->word != NULL && !load_facts(old, call->past, e))
        return false;
    *ret = take(old);
    return true;
}

static bool start_of(struct control *ctl, const struct store_run *row, const struct active_run *old,
                     const json_t *inputs, struct start *ret, struct err *e)
{
    const struct dag_key key = load_key(row);
    auto_mem char *version = NULL;

    if (!start_inputs(inputs, &ret->inputs_hash, e) ||
        !dag_cache_pick(ctl->dags, row->tenant, row->dag_id, row->dag_version, &version, e) ||
        !dag_cache_get(ctl->dags, &key, &ret->use, e))
        return false;
    if (!start_gate(ctl, row->tenant, old->dag, (json_t *)inputs, &ret->gate, e)) {
        dag_use_end(ret->use);
        return false;
    }
    ret->deterministic = old->deterministic;
    ret->checkpoints = old->checkpoints;
    ret->seed = start_seed(ctl->env, old->dag, &ret->inputs_hash, old->deterministic);
    return true;
}

static bool restart_with(struct control *ctl, const struct api_actor *who, const struct call *call,
                         const struct store_run *row, struct commit **ret, struct err *e)
{
    auto_obj(active_run) old = NULL;
    struct active_run *ar;
    struct start start = {0};
    json_t *inputs;
    struct commit *c;

    if (!build_old(ctl, call, &old, e))
        return false;
    inputs = call->inputs != NULL ? (json_t *)call->inputs : old->input;
    if (!start_of(ctl, row, old, inputs, &start, e))
        return false;
    ar = start_run(ctl, who, &start, inputs);
    c = commit_new(ctl->commits, ar, ar->created_us);
    start_insert(c, who, NULL, (struct parent){row->run_id, PARENT_RESTART});
    memcpy(ar->restart_of, old->run_id, sizeof ar->restart_of);
    if (call->word != NULL && !keep_nodes(ar, old, call->word, c, e)) {
        commit_free(c);
        active_run_free(ar);
        return false;
    }
    *ret = c;
    return true;
}

static bool restartable(struct control *ctl, const struct api_actor *who, const struct call *call,
                        struct store_run_list *ret, struct err *e)
{
    struct sha256_hex hash;

    if (call->past == NULL && call->inputs != NULL && !start_inputs(call->inputs, &hash, e))
        return false;
    return start_admitted(ctl, false, e) && step_settled(ctl, who->tenant, call->id, e) &&
           store_read_run_head(ctl->env->reader, who->tenant, call->id, ret, e) &&
           is_over(ctl, &ret->rows[0], e);
}

static void restart(struct control *ctl, const struct api_actor *who, const struct call *call,
                    api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct active_run *ar;
    struct commit *c;
    struct err e = {0};

    if (later_behind(ctl, who, call, done, done_arg))
        return;
    if (!restartable(ctl, who, call, &rows, &e)) {
        start_refuse(ctl, &e, done, done_arg);
        return;
    }
    if (call->past == NULL) {
        later_run(ctl, &rows.rows[0], PAST_COPIED, who, call, done, done_arg);
        return;
    }
    if (!restart_with(ctl, who, call, &rows.rows[0], &c, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    commit_set_answer(c, &(struct act_answer){.done = done, .done_arg = done_arg, .created = true});
    ar = commit_run(c);
    start_launch(ctl, &ar, &c);
}

void control_restart(struct control *ctl, const struct api_actor *who,
                     const struct api_run_restart *what, api_done_fn done, void *done_arg)
{
    restart(ctl, who,
            &(struct call){.again = restart,
                           .id = what->run_id,
                           .word = what->from_node,
                           .inputs = what->inputs},
            done, done_arg);
}
