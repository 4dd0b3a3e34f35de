/* active_run.c -- see active_run.h. */
#include "engine/runs/active_run.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "model/dag/names.h"
#include "model/ledger/record.h"

#include <assert.h>
#include <string.h>

struct active_run *active_run_new(const struct engine_env *env, const char *tenant,
                                  struct dag_use **use, json_t *input)
{
    struct active_run *ar = mem_new(struct active_run);

    ar->env = env;
    ar->base_us = env->clock.wall_us();
    ar->base_boot_us = env->clock.boot_us();
    ar->place = PLACE_WAITING;
    ar->tenant = mem_str(tenant);
    ar->use = take(*use);
    ar->dag = dag_use_dag(ar->use);
    ar->input = json_incref(input);
    ar->compensations = json_array();
    ar->nodes = mem_array(ar->dag->node_count, struct node_fact);
    for (size_t i = 0; i < ar->dag->node_count; i++)
        ar->nodes[i].profile = PROFILE_PURE;
    event_chain_begin(&ar->chain);
    TAILQ_INIT(&ar->waiting);
    TAILQ_INIT(&ar->held_orders);
    return ar;
}

int64_t active_run_wall_us(const struct active_run *ar)
{
    return ar->base_us + ar->env->clock.boot_us() - ar->base_boot_us;
}

void active_run_not_before(struct active_run *ar, int64_t wall_us)
{
    int64_t now_us = active_run_wall_us(ar);

    if (now_us < wall_us)
        ar->base_us += wall_us - now_us;
}

void active_run_drop_texts(struct active_run *ar, uint32_t node)
{
    struct node_texts *texts = &ar->nodes[node].texts;

    buf_done(&texts->canonical);
    buf_done(&texts->compact);
    *texts = (struct node_texts){0};
}

const struct node_texts *active_run_texts(struct active_run *ar, uint32_t node,
                                          const json_t *outputs)
{
    struct node_texts *texts = &ar->nodes[node].texts;
    struct err e = {0};

    if (texts->canonical.len > 0)
        return texts;
    if (!jcs_write(outputs, &texts->canonical, &e))
        assert(!"outputs came through the door: they have a canonical form");
    json_add_compact(&texts->compact, outputs);
    return texts;
}

void active_run_leased(struct active_run *ar, uint32_t attempt)
{
    if (ar->task_priority == 0)
        return;
    ar->life.attempt = attempt;
    ar->life.began = false;
    ar->life.leased_us = active_run_wall_us(ar);
}

void active_run_begun(struct active_run *ar)
{
    if (ar->task_priority == 0 || ar->life.began)
        return;
    ar->life.began = true;
    ar->life.begun_us = active_run_wall_us(ar);
    ar->life.tell_ns = ar->env->clock.mono_ns() + TASK_TELL_NS;
}

int64_t active_run_next_timer(const struct active_run *ar)
{
    int64_t due_ns = run_next_timer(ar->run), tell_ns = ar->life.tell_ns;

    return tell_ns != 0 && tell_ns < due_ns ? tell_ns : due_ns;
}

char *active_run_levels_owned(const struct active_run *ar)
{
    const struct dag *dag = ar->dag;
    auto_done(buf) text = {0};

    buf_addc(&text, '[');
    for (size_t i = 0; i < dag->level_count; i++) {
        buf_adds(&text, i > 0 ? ",[" : "[");
        for (uint32_t j = 0; j < dag->levels[i].count; j++) {
            const char *id = dag->nodes[dag->order[dag->levels[i].first + j]].node_id;

            if (j > 0)
                buf_addc(&text, ',');
            buf_add_json_str(&text, id, strlen(id));
        }
        buf_addc(&text, ']');
    }
    buf_addc(&text, ']');
    return buf_take(&text);
}

const char *active_run_lane(const struct active_run *ar)
{
    if (ar->task_priority == 0)
        return NULL;
    return ar->task_lane != NULL ? ar->task_lane : ar->dag->dag_id + strlen(DAG_OF_LANE);
}

bool active_run_input_as_is(const struct active_run *ar)
{
    return ar->task_priority > 0 && ar->task_lane == NULL;
}

bool active_run_task_runs(const struct active_run *ar)
{
    enum node_state state = run_node(ar->run, 0).state;

    if (ar->task_lane != NULL)
        return ar->worker.number > 0;
    return TAILQ_EMPTY(&ar->waiting) &&
           (state == NODE_QUEUED || state == NODE_RUNNING || state == NODE_STOPPING);
}

size_t outputs_bytes(const struct buf *canonical, const struct buf *compact)
{
    size_t longer = canonical->len > compact->len ? canonical->len : compact->len;

    return longer + NODE_OUTPUT_WRAP_BYTES;
}

/* A sink's member name stands in the run's output too, escaped at worst. */
static size_t bytes_in_output(const struct active_run *ar, uint32_t node, size_t bytes)
{
    const struct dag_node *n = &ar->dag->nodes[node];

    return n->dependent_count == 0 ? bytes + 6 * strlen(n->node_id) + 4 : 0;
}

static bool has_room(const struct active_run *ar, uint32_t node, size_t bytes, struct err *e)
{
    size_t output = bytes_in_output(ar, node, bytes);

    if (ar->output_bytes + output > RUN_OUTPUT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "the output has %zu bytes and the run's others have %zu: at most %u are "
                       "taken of all nodes without dependents",
                       bytes, ar->output_bytes, RUN_OUTPUT_BYTES_MAX);
    if (ar->kept_bytes + bytes > RUN_KEPT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE,
                       "the output has %zu bytes and the run's others have %zu: at most %u are "
                       "kept of a run",
                       bytes, ar->kept_bytes, RUN_KEPT_BYTES_MAX);
    return true;
}

bool active_run_take_output(struct active_run *ar, uint32_t node, struct json_read *read,
                            struct err *e)
{
    struct node_texts *texts = &ar->nodes[node].texts;

    if (!has_room(ar, node, outputs_bytes(&read->canonical, &read->compact), e))
        return false;
    active_run_drop_texts(ar, node);
    *texts = (struct node_texts){read->canonical, read->compact};
    read->canonical = read->compact = (struct buf){0};
    outputs_wrap_text(read->value, &texts->canonical);
    outputs_wrap_text(read->value, &texts->compact);
    return true;
}

void active_run_keep(struct active_run *ar, uint32_t node, size_t bytes)
{
    assert(ar->nodes[node].output_bytes == 0);
    ar->nodes[node].output_bytes = bytes;
    ar->kept_bytes += bytes;
    ar->output_bytes += bytes_in_output(ar, node, bytes);
}

struct sha256_hex active_run_chain_hash(const struct active_run *ar, size_t *ret_count)
{
    auto_mem const char **hashes = mem_array(ar->dag->node_count, const char *);
    struct sha256_hex chain;
    size_t count = 0;

    for (size_t i = 0; i < ar->dag->node_count; i++) {
        const struct node_fact *fact = &ar->nodes[ar->dag->order[i]];

        if (fact->chain_hash.text[0] != '\0')
            hashes[count++] = fact->chain_hash.text;
    }
    execution_chain_hash(hashes, count, &chain);
    *ret_count = count;
    return chain;
}

void active_run_free(struct active_run *ar)
{
    if (ar == NULL)
        return;
    assert(ar->in_flight == 0);
    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        free(ar->nodes[i].record);
        active_run_drop_texts(ar, i);
    }
    free(ar->nodes);
    run_free(ar->run);
    dag_use_end(ar->use);
    json_decref(ar->input);
    json_decref(ar->pins);
    json_decref(ar->compensations);
    json_decref(ar->started_by);
    free(ar->deadlines);
    free(ar->refused);
    free(ar->task_id);
    free(ar->task_lane);
    gate_free(ar->gate);
    free(ar->tenant);
    free(ar);
}
