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

static bool inputs_of(const struct store_run *row, const json_t *given, json_t **ret, struct err *e)
{
    if (given != NULL) {
        *ret = json_incref((json_t *)given);
        return true;
    }
    return json_parse(row->input, strlen(row->input), &json_limits_default, ret, NULL, e);
}

/* The nodes that a restart from `from` keeps: their rows and records are copied to the new run. */
static bool keep_nodes(struct active_run *ar, const struct active_run *old, const char *from,
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
        ar->nodes[i].texts = (struct node_texts){0};
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

static bool restart(struct control *ctl, const struct api_actor *who,
                    const struct api_run_restart *what, const struct store_run *row,
                    struct commit **ret, struct err *e)
{
    const struct dag_key key = load_key(row);
    auto_mem char *version = NULL;
    auto_json inputs = NULL;
    auto_obj(active_run) old = NULL;
    struct active_run *ar;
    struct start start = {0};
    struct commit *c;

    if (!inputs_of(row, what->inputs, &inputs, e) || !start_inputs(inputs, &start.inputs_hash, e) ||
        !load_row(ctl->env, ctl->dags, row, &old, e) ||
        !start_allowed(ctl->env, who->tenant, old->dag, NULL, e))
        return false;
    if (runs_find(ctl->runs, who->tenant, what->run_id) != NULL ||
        leftovers_has(ctl->leftovers, what->run_id))
        return err_set(e, ERR_CONFLICT, "run %s is still going on", what->run_id);
    if (!orders_here(ctl, row, e))
        return false;
    old->run = run_new(old->dag, &(struct run_options){.input = old->input});
    if (what->from_node != NULL && !load_facts(old, e))
        return false;
    if (!dag_cache_pick(ctl->dags, row->tenant, row->dag_id, row->dag_version, &version, e) ||
        !dag_cache_get(ctl->dags, &key, &start.use, e))
        return false;
    start.deterministic = old->deterministic;
    start.checkpoints = old->checkpoints;
    start.seed = start_seed(ctl->env, old->dag, &start.inputs_hash, start.deterministic);
    ar = start_run(ctl, who, &start, inputs);
    c = commit_new(ctl->commits, ar, ar->created_us);
    start_insert(c, who, NULL, (struct parent){what->run_id, PARENT_RESTART});
    memcpy(ar->restart_of, old->run_id, sizeof ar->restart_of);
    if (what->from_node != NULL && !keep_nodes(ar, old, what->from_node, c, e)) {
        commit_free(c);
        active_run_free(ar);
        return false;
    }
    *ret = c;
    return true;
}

static void restart_again(struct control *ctl, const struct api_actor *who, const struct call *call,
                          api_done_fn done, void *done_arg)
{
    control_restart(ctl, who,
                    &(struct api_run_restart){.run_id = call->id,
                                              .from_node = call->word,
                                              .inputs = call->inputs},
                    done, done_arg);
}

static void restart_later(struct control *ctl, const struct store_run *row,
                          const struct api_actor *who, const struct api_run_restart *what,
                          api_done_fn done, void *done_arg)
{
    const struct dag_key key = load_key(row);

    later(ctl, &key, who,
          &(struct call){.again = restart_again,
                         .id = what->run_id,
                         .word = what->from_node,
                         .inputs = what->inputs},
          done, done_arg);
}

void control_restart(struct control *ctl, const struct api_actor *who,
                     const struct api_run_restart *what, api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct active_run *ar;
    struct commit *c;
    struct err e = {0};

    if (!start_admitted(ctl, &e) || !step_settled(ctl, who->tenant, what->run_id, &e) ||
        !store_read_run(ctl->env->reader, who->tenant, what->run_id, &rows, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    if (!load_has_definition(ctl->dags, &rows.rows[0])) {
        restart_later(ctl, &rows.rows[0], who, what, done, done_arg);
        return;
    }
    if (!restart(ctl, who, what, &rows.rows[0], &c, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    commit_set_answer(c, &(struct act_answer){.done = done, .done_arg = done_arg, .created = true});
    ar = commit_run(c);
    start_launch(ctl, &ar, &c);
}
