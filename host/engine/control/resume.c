/* resume.c -- a run that has ended goes on with what is completed. See control.h. */
#include "engine/control/control.h"

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

static bool resumable(struct control *ctl, const char *tenant, const char *run_id,
                      struct store_run_list *ret, struct err *e)
{
    if (ctl->mode->draining)
        return err_set(e, ERR_UNAVAILABLE, "this host goes on with no run now (it is draining)");
    if (!step_in_touch(ctl, e))
        return false;
    if (runs_find(ctl->runs, tenant, run_id) != NULL || leftovers_has(ctl->leftovers, run_id))
        return err_set(e, ERR_CONFLICT, "run %s is still going on", run_id);
    return step_settled(ctl, tenant, run_id, e) &&
           store_read_run_head(ctl->env->reader, tenant, run_id, ret, e) &&
           orders_here(ctl, &ret->rows[0], e);
}

static bool rolled_back(const struct past *past)
{
    return past->row.count > 0 && past->row.rows[0].compensations != NULL;
}

static bool build(struct control *ctl, const char *run_id, struct past *past,
                  struct active_run **ret, struct err *e)
{
    auto_obj(active_run) ar = NULL;

    if (rolled_back(past))
        return err_set(e, ERR_CONFLICT, "run %s was rolled back: restart it instead", run_id);
    if (!load_row(ctl->env, past, &ar, e))
        return false;
    ar->run = run_new(ar->dag, &(struct run_options){
                                   .seed = ar->seed,
                                   .deterministic_mode = ar->deterministic,
                                   .input = ar->input,
                                   .input_as_is = active_run_input_as_is(ar),
                                   .grace_ns = ctl->env->set.cancel_grace_ns,
                               });
    if (!load_facts(ar, past, e))
        return err_wrap(e, "resume run %s", run_id);
    *ret = take(ar);
    return true;
}

static bool build_resumed(struct control *ctl, const char *run_id, struct past *past,
                          struct active_run **ret, struct err *e)
{
    auto_obj(active_run) ar = NULL;

    if (!build(ctl, run_id, past, &ar, e) ||
        !start_allowed(ctl->env, ar->tenant, ar->dag, ar->pins, e))
        return false;
    if (!run_resume(ar->run, ctl->env->clock.mono_ns(), e))
        return err_wrap(e, "resume run %s", run_id);
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

/* There is nothing left to do, and a run that has its end keeps it: nothing is written. */
static void answer_completed(struct control *ctl, const struct store_run *row, struct past *past,
                             api_done_fn done, void *done_arg)
{
    auto_obj(active_run) ar = NULL;
    auto_json skipped = NULL;
    auto_json remaining = json_array();
    struct err e = {0};

    if (!build(ctl, row->run_id, past, &ar, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    skipped = nodes_with(ar, true);
    done(done_arg, &(struct api_outcome){.run_id = row->run_id,
                                         .dag_id = row->dag_id,
                                         .version = row->dag_version,
                                         .trace_id = row->trace_id,
                                         .completed = true,
                                         .skipped = skipped,
                                         .remaining = remaining});
}

/* It goes on at once, so it has to get a place of its key at once. Frees the run when not. */
static bool place_for(struct control *ctl, struct active_run **ar, struct err *e)
{
    struct gate *gate = (*ar)->gate;
    struct store_gate row;

    if (gate == NULL || gate->concurrency == NULL)
        return true;
    row = gate_row(*ar, GATE_CONCURRENCY);
    if (start_has_place(ctl, &row, e))
        return true;
    active_run_free(take(*ar));
    return false;
}

static void resume_with(struct control *ctl, const struct api_actor *who, const char *run_id,
                        struct past *past, api_done_fn done, void *done_arg)
{
    struct active_run *ar, *borrowed;
    struct commit *c;
    struct err e = {0};

    if (!build_resumed(ctl, run_id, past, &ar, &e) || !place_for(ctl, &ar, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    borrowed = ar;
    runs_add(ctl->runs, &ar);
    c = step_commit(ctl, borrowed);
    store_batch_run_reopen(commit_batch(c), borrowed->tenant, borrowed->run_id,
                           store_host_id(ctl->env->store), store_host_epoch(ctl->env->store));
    if (borrowed->gate != NULL && borrowed->gate->concurrency != NULL)
        start_take_place(c);
    commit_event(c, "run.updated", "resumed", NO_NODE, 0,
                 json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason,
                           "ticket", who->ticket));
    commit_set_answer(c, &(struct act_answer){
                             .done = done,
                             .done_arg = done_arg,
                             .skipped = nodes_with(borrowed, true),
                             .remaining = nodes_with(borrowed, false),
                         });
    commit_decisions(c);
    step_submit(ctl, &c);
}

static void resume(struct control *ctl, const struct api_actor *who, const struct call *call,
                   api_done_fn done, void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (later_behind(ctl, who, call, done, done_arg))
        return;
    if (!resumable(ctl, who->tenant, call->id, &rows, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    if (call->past == NULL)
        later_run(ctl, &rows.rows[0], PAST_GOES_ON, who, call, done, done_arg);
    else if (rows.rows[0].status == STORE_RUN_COMPLETED)
        answer_completed(ctl, &rows.rows[0], call->past, done, done_arg);
    else
        resume_with(ctl, who, call->id, call->past, done, done_arg);
}

void control_resume(struct control *ctl, const struct api_actor *who, const char *run_id,
                    api_done_fn done, void *done_arg)
{
    resume(ctl, who, &(struct call){.again = resume, .id = run_id}, done, done_arg);
}
