/* start_check.c -- whether a new run may be, and what it waits at before it begins. See start.h. */
#include "engine/control/start.h"

#include "base/limits.h"
#include "engine/catalog/ceilings.h"
#include "engine/env/env.h"
#include "engine/runs/pins.h"
#include "engine/runs/runs.h"

bool start_allowed(const struct engine_env *env, const char *tenant, const struct dag *dag,
                   const json_t *pins, struct err *e)
{
    if (!ceilings_allow(&env->set.ceilings, dag, e))
        return false;
    for (size_t i = 0; i < dag->node_count; i++) {
        const char *id = dag->nodes[i].agent_id;

        if (env->agent_withdrawn(env->agents, tenant, id, pins_digest(pins, id), e))
            return err_wrap(e, "node '%s'", dag->nodes[i].node_id);
    }
    return true;
}

bool start_inputs(const json_t *inputs, struct sha256_hex *ret, struct err *e)
{
    auto_done(buf) text = {0};
    auto_done(buf) kept = {0};
    size_t longer;

    if (!json_is_object(inputs))
        return err_set(e, ERR_INVALID, "the run's input must be an object, not %s",
                       json_type_name(inputs));
    if (!jcs_write(inputs, &text, e))
        return err_wrap(e, "the run's input");
    json_add_compact(&kept, inputs);
    longer = text.len > kept.len ? text.len : kept.len;
    if (longer > RUN_INPUT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "the run's input has %zu bytes as it is kept, at most %u are taken", longer,
                       RUN_INPUT_BYTES_MAX);
    *ret = sha256_hex(buf_text(&text), text.len);
    return true;
}

void start_refuse_gate(const struct err *e, api_done_fn done, void *done_arg)
{
    done(done_arg,
         &(struct api_outcome){.e = e, .code = e->code == ERR_CONFLICT ? API_SKIPPED : NULL});
}

bool start_has_place(const struct control *ctl, const struct store_gate *key, struct err *e)
{
    auto_done(store_gate_list) held = {0};
    uint32_t bound = (uint32_t)key->bound;

    if (!store_read_gates_held(ctl->env->reader, key, bound, &held, e))
        return false;
    return held.count < bound ||
           err_set(e, ERR_CONFLICT, "%u runs of its concurrency key go on, as many as may: run %s",
                   bound, held.rows[0].run_id);
}

static bool may_be_skipped(const struct dag *dag, const struct gate *gate)
{
    return gate->stage == GATE_CONCURRENCY && dag->concurrency.on_conflict == ON_CONFLICT_SKIP;
}

bool start_gate(const struct control *ctl, const char *tenant, const struct dag *dag,
                json_t *inputs, struct gate **ret, struct err *e)
{
    auto_obj(gate) gate = NULL;

    *ret = NULL;
    if (!gate_new(dag, inputs, &gate, e))
        return false;
    if (gate == NULL)
        return true;
    if (may_be_skipped(dag, gate) &&
        !start_has_place(ctl,
                         &(struct store_gate){.tenant = tenant,
                                              .dag_id = dag->dag_id,
                                              .kind = STORE_GATE_CONCURRENCY,
                                              .gate_key = gate->concurrency,
                                              .bound = dag->concurrency.limit},
                         e))
        return false;
    if (runs_gated_full(ctl->runs))
        return err_set(e, ERR_LIMIT,
                       "%u runs wait for others of their keys, which is all that this "
                       "host admits",
                       ctl->env->set.runs_waiting_max);
    *ret = take(gate);
    return true;
}

void start_take_place(struct commit *c)
{
    struct active_run *ar = commit_run(c);
    const struct store_gate row = gate_row(ar, GATE_CONCURRENCY);

    store_batch_gate_put(commit_batch(c), &row);
    store_batch_gate_take_now(commit_batch(c), &row);
    ar->gate->stage = GATE_OPEN;
}

void start_wait(struct commit *c)
{
    struct active_run *ar = commit_run(c);
    const struct store_gate row = gate_row(ar, ar->gate->stage);

    if (may_be_skipped(ar->dag, ar->gate)) {
        start_take_place(c);
        return;
    }
    store_batch_gate_put(commit_batch(c), &row);
    if (ar->gate->stage == GATE_DEBOUNCE)
        store_batch_gate_join(commit_batch(c), &row);
    ar->gate->there = true;
}
