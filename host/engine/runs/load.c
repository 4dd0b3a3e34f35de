/* load.c -- see load.h. */
#include "engine/runs/load.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/env/env.h"
#include "model/dag/names.h"
#include "model/dag/policy.h"

#include <assert.h>
#include <string.h>

#define ELAPSED_US_MAX ((int64_t)(TIMEOUT_S_MAX * 1e6))

static bool chain_goes_on(struct active_run *ar, const struct past *past, struct err *e)
{
    const struct store_event_list *last = &past->last;

    if (last->count == 0)
        return true;
    active_run_not_before(ar, last->rows[0].at_us);
    ar->chain.n = (uint64_t)last->rows[0].n;
    if (!text_copy(ar->chain.prev.text, sizeof ar->chain.prev.text, last->rows[0].hash))
        return err_set(e, ERR_CORRUPT, "the last event of run %s has no hash", ar->run_id);
    return true;
}

/* "": it restarts none. */
static const char *restart_of(const struct store_run *row)
{
    bool is = row->parent_kind != NULL && strcmp(row->parent_kind, PARENT_RESTART) == 0;

    return is && row->parent_run_id != NULL ? row->parent_run_id : "";
}

const char *load_task_lane(const struct store_run *row)
{
    return row->task_lane != NULL ? row->task_lane : row->dag_id + strlen(DAG_OF_LANE);
}

bool load_is_task_of(const struct store_run *row, const char *dag_id, const char *task_lane)
{
    const char *lane = task_lane != NULL ? task_lane : dag_id + strlen(DAG_OF_LANE);

    return strcmp(load_task_lane(row), lane) == 0;
}

struct dag_key load_key(const struct store_run *row)
{
    return (struct dag_key){row->tenant, row->dag_id, row->dag_version};
}

bool load_row(const struct engine_env *env, struct past *past, struct active_run **ret,
              struct err *e)
{
    auto_obj(active_run) ar = NULL;
    const struct store_run *row;

    if (past->failed.code != ERR_NONE) {
        *e = past->failed;
        return false;
    }
    row = &past->row.rows[0];
    ar = active_run_new(env, row->tenant, &past->use, past->input);
    ar->pins = take(past->pins);
    if (!text_copy(ar->run_id, sizeof ar->run_id, row->run_id) ||
        !text_copy(ar->trace_id, sizeof ar->trace_id, row->trace_id) ||
        !text_copy(ar->restart_of, sizeof ar->restart_of, restart_of(row)) ||
        !text_copy(ar->inputs_hash.text, sizeof ar->inputs_hash.text, row->inputs_hash))
        return err_set(e, ERR_CORRUPT, "run %s: its ids do not fit", row->run_id);
    ar->created_us = row->created_us;
    ar->started_us = row->started_us;
    ar->seed = (uint64_t)row->seed;
    ar->deterministic = row->deterministic;
    ar->checkpoints = row->checkpoint_enabled;
    ar->task_priority = (int32_t)row->task_priority;
    ar->task_id = row->task_priority > 0 ? mem_str(row->run_token) : NULL;
    ar->task_lane = mem_str(row->task_lane);
    if (!chain_goes_on(ar, past, e) || !deadlines_read(ar->dag, row->options, &ar->deadlines, e) ||
        !gate_new(ar->dag, ar->input, &ar->gate, e))
        return false;
    *ret = take(ar);
    return true;
}

/* By the run's own time: not less than its events show, and as the wall clock has it while no host
 * ran. More than any timeout is not needed, and might be more nanoseconds than there are. */
static int64_t since_ns(const struct active_run *ar, int64_t then_us)
{
    int64_t us = active_run_wall_us(ar) - then_us;

    return us <= 0 ? 0 : (us < ELAPSED_US_MAX ? us : ELAPSED_US_MAX) * 1000;
}

void load_machine(struct active_run *ar, const struct store_run *row)
{
    ar->cancelled = row->cancel_requested;
    ar->run =
        run_new(ar->dag, &(struct run_options){
                             .seed = ar->seed,
                             .deterministic_mode = ar->deterministic,
                             .input = ar->input,
                             .input_as_is = active_run_input_as_is(ar),
                             .grace_ns = ar->env->set.cancel_grace_ns,
                             .elapsed_ns = row->started_us > 0 ? since_ns(ar, row->started_us) : 0,
                             .paused = row->paused,
                             .cancelled = row->cancel_requested,
                         });
}

/* ---- nodes ---- */

/* Of a node that runs again: a record is of the time before. */
static void forget_record(struct node_fact *fact)
{
    free(take(fact->record));
    fact->output_hash.text[0] = fact->chain_hash.text[0] = '\0';
    fact->plugin[0] = fact->plugin_digest.text[0] = '\0';
    fact->profile = PROFILE_PURE;
}

/* What completed and has no outputs any more runs again, or is only told of (over). */
static bool settle_outputs(struct past_node *n, bool over)
{
    if (n->past.state != NODE_COMPLETED || n->past.outputs != NULL)
        return true;
    if (over) {
        n->past.outputs = json_object();
        return true;
    }
    n->past.state = NODE_PENDING;
    forget_record(&n->fact);
    return false;
}

static bool load_node(struct active_run *ar, uint32_t index, struct past_node *n, bool over,
                      struct err *e)
{
    const char *node_id = ar->dag->nodes[index].node_id;

    if (settle_outputs(n, over) && n->record_damaged)
        return err_set(e, ERR_CORRUPT, "provenance record of node '%s' is damaged", node_id);
    /* The delay behind its last attempt goes on from where it was. */
    n->past.waited_ns = since_ns(ar, n->last_ended_us);
    ar->begun |=
        n->last_ended_us != 0 || n->past.state == NODE_COMPLETED || n->past.state == NODE_FAILED;
    if (!run_restore_node(ar->run, index, &n->past, e))
        return false;
    ar->nodes[index] = n->fact;
    n->fact.record = NULL;
    n->fact.texts = (struct node_texts){0};
    if (n->output_bytes > 0)
        active_run_keep(ar, index, n->output_bytes);
    return true;
}

/* ---- compensations ---- */

static bool load_handler(struct active_run *ar, uint32_t index, const struct past_handler *h,
                         struct err *e)
{
    const struct dag_node *node = &ar->dag->nodes[index];
    auto_json outputs = h->state == NODE_COMPLETED ? json_object() : NULL;
    const struct node_past past = {.state = h->state,
                                   .tally = h->tally,
                                   .outputs = outputs,
                                   .error = h->error};

    ar->nodes[index].attempt_started_us = h->started_us;
    if (h->state == NODE_COMPLETED || h->state == NODE_FAILED)
        json_array_append_new(ar->compensations,
                              json_pack("{s:s, s:s?, s:s, s:s?}", "node_id", node->node_id,
                                        "handler", node->compensation.agent_id, "status",
                                        node_state_text(h->state), "error", h->error));
    return run_restore_compensation(ar->run, index, &past, e);
}

static bool load_all(struct active_run *ar, struct past *past, bool over, struct err *e)
{
    if (past->nodes_failed.code != ERR_NONE) {
        *e = past->nodes_failed;
        return false;
    }
    for (uint32_t i = 0; i < past->node_count; i++) {
        if (past->nodes[i].stored && !load_node(ar, i, &past->nodes[i], over, e))
            return false;
    }
    for (uint32_t i = 0; i < past->node_count; i++) {
        if (past->nodes[i].handler.told && !load_handler(ar, i, &past->nodes[i].handler, e))
            return false;
    }
    return true;
}

bool load_facts(struct active_run *ar, struct past *past, struct err *e)
{
    assert(past->kind != PAST_OVER);
    return load_all(ar, past, false, e);
}

bool load_past(struct active_run *ar, struct past *past, struct err *e)
{
    return load_all(ar, past, true, e);
}
