/* rows.c -- attempts and nodes as rows, one function a kind of decision. See
 * rows.h; a run's own decisions are in run_rows.c. */
#include "engine/commit/rows.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/commit/ends.h"
#include "engine/commit/task_events.h"
#include "engine/commit/text.h"
#include "engine/env/env.h"
#include "engine/runs/zeros.h"
#include "model/ledger/record.h"

#include <assert.h>
#include <string.h>

static enum store_node_status node_status(enum node_state state)
{
    static const enum store_node_status of[NODE_STATE_COUNT] = {
        [NODE_PENDING] = STORE_NODE_PENDING,     [NODE_READY] = STORE_NODE_PENDING,
        [NODE_QUEUED] = STORE_NODE_RUNNING,      [NODE_RUNNING] = STORE_NODE_RUNNING,
        [NODE_WAITING] = STORE_NODE_RETRYING,    [NODE_STOPPING] = STORE_NODE_RUNNING,
        [NODE_COMPLETED] = STORE_NODE_COMPLETED, [NODE_FAILED] = STORE_NODE_FAILED,
        [NODE_SKIPPED] = STORE_NODE_SKIPPED,     [NODE_CANCELLED] = STORE_NODE_CANCELLED,
    };

    assert(of[state] != STORE_NODE_INVALID);
    return of[state];
}

static const char *or_null(const struct sha256_hex *hash)
{
    return hash->text[0] != '\0' ? hash->text : NULL;
}

static void put_node(struct commit *c, uint32_t node, struct store_node *row)
{
    auto_done(buf) sandbox = {0};

    row->sandbox = commit_sandbox_text(&commit_run(c)->nodes[node].sandbox, &sandbox);
    store_batch_node_upsert(commit_batch(c), row);
}

/* The node's row as it stands now; the caller fills in what ended, then puts it. */
static struct store_node node_row(const struct active_run *ar, const struct run_decision *d,
                                  enum node_state state)
{
    const struct dag_node *node = &ar->dag->nodes[d->ref.node];
    const struct node_fact *fact = &ar->nodes[d->ref.node];

    return (struct store_node){
        .run_id = ar->run_id,
        .tenant = ar->tenant,
        .node_id = node->node_id,
        .agent_id = node->agent_id,
        .status = node_status(state),
        .input_hash = or_null(&fact->input_hash),
        .attempts = d->tally.counted,
        .tally_given = d->tally.attempts,
        .tally_used = d->tally.used,
        .tally_infra = d->tally.infra,
        .level = node->level,
        .started_us = fact->started_us,
    };
}

/* Parents may be many and each output large: nothing is written of what nobody is given. */
static bool write_input(const json_t *value, struct buf *ret)
{
    if (!json_within(value, NODE_INPUT_BYTES_MAX, NODE_INPUT_VALUES_MAX))
        return false;
    commit_jcs(value, ret);
    return ret->len <= NODE_INPUT_BYTES_MAX; /* numbers may be longer than they came */
}

static void on_start(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    struct node_fact *fact = &ar->nodes[d->ref.node];
    struct attempt_order *order = mem_new(struct attempt_order);
    auto_done(buf) input = {0};

    order->input_too_large = !write_input(d->start.input, &input);
    order->ar = ar;
    order->ref = d->ref;
    order->node_id = mem_str(d->start.node_id);
    order->agent_id = mem_str(d->start.agent_id);
    order->config = commit_json_text(d->start.config, &order->config_bytes);
    order->timeout_ns = d->start.timeout_ns;
    order->seed = d->start.seed;
    if (d->ref.compensation) {
        store_batch_attempt_upsert(commit_batch(c), &(struct store_attempt){
                                                        .run_id = ar->run_id,
                                                        .tenant = ar->tenant,
                                                        .node_id = d->start.node_id,
                                                        .attempt = d->ref.attempt,
                                                        .outcome = STATUS_RUNNING,
                                                        .compensation = true,
                                                        .started_us = commit_wall_us(c),
                                                    });
    } else {
        struct store_node row;

        fact->input_hash = (struct sha256_hex){{0}};
        if (!order->input_too_large)
            fact->input_hash = sha256_hex(buf_text(&input), input.len);
        fact->sandbox = (struct layer_facts){0};
        fact->worker = (struct lane_worker){0};
        fact->lane = NULL;
        if (fact->started_us == 0)
            fact->started_us = commit_wall_us(c);
        row = node_row(ar, d, NODE_RUNNING);
        put_node(c, d->ref.node, &row);
        commit_task_queued(c, d->ref.attempt);
    }
    if (d->ref.compensation)
        commit_event(c, "step.updated", STATUS_RUNNING, d->ref.node, d->ref.attempt,
                     json_pack("{s:b}", "compensation", 1));
    else
        commit_step_event(c, d->ref.node, d->ref.attempt,
                          &(struct step_data){.status = STATUS_RUNNING});
    order->input_bytes = input.len;
    order->input = buf_take(&input);
    commit_start(c, &order);
}

static void on_stop(struct commit *c, const struct run_decision *d)
{
    commit_stop(c, d->ref, d->stop.kill);
}

/* What a look for the cause of repeated failures compares (stellaops.md 10): the attempt's input,
 * and the plugin that had it. */
static struct step_data attempt_data(const struct active_run *ar, const struct run_decision *d,
                                     const char *status)
{
    const struct node_fact *fact = &ar->nodes[d->ref.node];
    bool known = fact->plugin[0] != '\0';
    struct step_data data = {
        .status = status,
        .input_hash = or_null(&fact->input_hash),
        .plugin = known ? fact->plugin : NULL,
        .plugin_digest = known ? fact->plugin_digest.text : NULL,
    };

    if (d->done.error == NULL)
        return data;
    data.error = d->done.error;
    data.error_class = d->done.error_class != NULL ? d->done.error_class : "";
    data.error_source = error_source_name(d->done.error_source);
    return data;
}

static struct step_data node_data(const struct active_run *ar, const struct run_decision *d)
{
    const struct node_fact *fact = &ar->nodes[d->ref.node];
    struct step_data data = attempt_data(ar, d, node_state_text(d->done.state));

    if (d->done.state == NODE_COMPLETED) {
        data.output_hash = fact->output_hash.text;
        data.chain_hash = fact->chain_hash.text;
    }
    return data;
}

static void attempt_metrics(struct active_run *ar, const struct run_decision *d)
{
    struct metrics *m = ar->env->metrics;
    const char *dag_id = ar->dag->dag_id, *node_id = ar->dag->nodes[d->ref.node].node_id;

    metrics_add(m, METRIC_ATTEMPTS, METRIC_LABELS(outcome_name(d->done.class)), 1);
    if (d->done.class == OUTCOME_TIMEOUT)
        metrics_add(m, METRIC_NODE_TIMEOUTS, METRIC_LABELS(dag_id, node_id), 1);
    if (d->done.state == NODE_WAITING && d->done.class != OUTCOME_PREEMPTED) {
        metrics_add(m, METRIC_NODE_RETRIES, METRIC_LABELS(dag_id, node_id), 1);
        metrics_add(m, METRIC_STEP_RETRIES, METRIC_LABELS(ar->tenant), 1);
    }
}

static void on_attempt_done(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    auto_done(buf) detail = {0};
    auto_mem char *compensation_id = NULL;
    const char *node_id = ar->dag->nodes[d->ref.node].node_id;

    if (d->ref.compensation) {
        compensation_id = mem_printf("compensate_%s", node_id);
        node_id = compensation_id;
    }
    commit_attempt_detail(ar, d, &detail);
    store_batch_attempt_upsert(commit_batch(c),
                               &(struct store_attempt){
                                   .run_id = ar->run_id,
                                   .tenant = ar->tenant,
                                   .node_id = node_id,
                                   .attempt = d->ref.attempt,
                                   .outcome = outcome_name(d->done.class),
                                   .error = d->done.error,
                                   .error_class = d->done.error_class,
                                   .error_source = error_source_name(d->done.error_source),
                                   .detail = buf_text(&detail),
                                   .retryable = d->done.state == NODE_WAITING,
                                   .compensation = d->ref.compensation,
                                   .started_us = ar->nodes[d->ref.node].attempt_started_us,
                                   .completed_us = commit_wall_us(c),
                               });
    ar->nodes[d->ref.node].preempted += d->done.class == OUTCOME_PREEMPTED;
    attempt_metrics(ar, d);
    ends_add(commit_acts(c), d);
    if (d->done.state == NODE_WAITING && !d->ref.compensation) {
        struct store_node row = node_row(ar, d, NODE_WAITING);
        struct step_data data = attempt_data(ar, d, STATUS_RETRYING);

        row.error = d->done.error;
        row.error_class = d->done.error_class;
        row.error_source = error_source_name(d->done.error_source);
        put_node(c, d->ref.node, &row);
        commit_step_event(c, d->ref.node, d->ref.attempt, &data);
        commit_task_queued(c, d->ref.attempt + 1);
    }
}

/* The chain hashes of the node's completed parents. */
static size_t parent_hashes(const struct active_run *ar, const struct dag_node *node,
                            const char **hashes)
{
    size_t count = 0;

    for (uint32_t i = 0; i < node->dep_count; i++) {
        const struct node_fact *parent = &ar->nodes[node->deps[i]];

        if (parent->chain_hash.text[0] != '\0')
            hashes[count++] = parent->chain_hash.text;
    }
    return count;
}

static double fact_ms(const struct node_fact *fact)
{
    return (double)(fact->ended_us - fact->started_us) / 1000.0;
}

/* The record and the provenance row of a node that completed. */
static void keep_record(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    const struct dag_node *node = &ar->dag->nodes[d->ref.node];
    struct node_fact *fact = &ar->nodes[d->ref.node];
    auto_mem const char **parents = mem_array(node->dep_count, const char *);
    auto_mem char *parents_text = NULL;
    auto_done(buf) text = {0};
    char started[CLOCK_TEXT_BYTES], ended[CLOCK_TEXT_BYTES];
    struct node_record_hashes hashes;
    struct record_parts parts;
    struct node_record record = {
        .node_id = node->node_id,
        .agent_id = node->agent_id,
        .input_hash = fact->input_hash.text,
        .output_hash = fact->output_hash.text,
        .parent_hashes = parents,
        .parent_count = parent_hashes(ar, node, parents),
        .attempt_count = d->tally.counted,
        .started_at = started,
        .completed_at = ended,
        .duration_ms = fact_ms(fact),
        .plugin = fact->plugin,
        .plugin_digest = fact->plugin_digest.text,
        .profile = profile_name(fact->profile),
        .sandbox = fact->sandbox,
    };

    clock_text(fact->started_us, started);
    clock_text(fact->ended_us, ended);
    node_record_write(&record, &text, &hashes);
    fact->chain_hash = hashes.chain;
    free(fact->record);
    fact->record = buf_take(&text);
    parts = record_parts(fact->record);
    parents_text = mem_strn(parts.parents.at, parts.parents.len);
    store_batch_provenance_put(commit_batch(c), &(struct store_provenance){
                                                    .run_id = ar->run_id,
                                                    .tenant = ar->tenant,
                                                    .node_id = node->node_id,
                                                    .input_hash = record.input_hash,
                                                    .output_hash = record.output_hash,
                                                    .parent_hashes = parents_text,
                                                    .chain_hash = fact->chain_hash.text,
                                                    .record_hash = hashes.record.text,
                                                    .record = fact->record,
                                                    .duration_ms = record.duration_ms,
                                                    .attempts = record.attempt_count,
                                                    .created_us = commit_wall_us(c),
                                                });
}

static void keep_checkpoint(struct commit *c, const struct run_decision *d, const char *outputs)
{
    const struct active_run *ar = commit_run(c);
    uint32_t node = d->ref.node;

    store_batch_checkpoint_put(commit_batch(c), &(struct store_checkpoint){
                                                    .run_id = ar->run_id,
                                                    .tenant = ar->tenant,
                                                    .node_id = ar->dag->nodes[node].node_id,
                                                    .status = STORE_NODE_COMPLETED,
                                                    .outputs = outputs,
                                                    .output_hash = ar->nodes[node].output_hash.text,
                                                    .attempts = d->tally.counted,
                                                    .created_us = commit_wall_us(c),
                                                });
    metrics_add(ar->env->metrics, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("save", "success"),
                1);
    metrics_observe(ar->env->metrics, METRIC_CHECKPOINT_SIZE, METRIC_NO_LABELS,
                    (double)strlen(outputs));
}

/* What a node that completed leaves behind. */
static void keep_result(struct commit *c, const struct run_decision *d, const char *outputs)
{
    keep_record(c, d);
    if (commit_run(c)->checkpoints)
        keep_checkpoint(c, d, outputs);
}

static void node_metrics(struct active_run *ar, const struct run_decision *d)
{
    struct metrics *m = ar->env->metrics;
    const char *dag_id = ar->dag->dag_id, *node_id = ar->dag->nodes[d->ref.node].node_id;

    if (d->tally.counted == 0)
        return;
    zeros_node(m, dag_id, node_id);
    metrics_add(m, METRIC_NODE_EXECUTIONS,
                METRIC_LABELS(dag_id, node_id, node_state_text(d->done.state)), 1);
    metrics_observe(m, METRIC_NODE_DURATION, METRIC_LABELS(dag_id, node_id),
                    fact_ms(&ar->nodes[d->ref.node]) / 1000.0);
}

static void on_node_done(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    struct node_fact *fact = &ar->nodes[d->ref.node];
    const struct node_texts *texts;
    struct store_node row;
    struct step_data data;

    fact->ended_us = commit_wall_us(c);
    if (fact->started_us == 0)
        fact->started_us = fact->ended_us;
    row = node_row(ar, d, d->done.state);
    if (d->done.state == NODE_COMPLETED) {
        texts = active_run_texts(ar, d->ref.node, d->done.outputs);
        fact->output_hash = sha256_hex(buf_text(&texts->canonical), texts->canonical.len);
        active_run_keep(ar, d->ref.node, outputs_bytes(&texts->canonical, &texts->compact));
        keep_result(c, d, buf_text(&texts->compact));
        row.output_hash = fact->output_hash.text;
        row.chain_hash = fact->chain_hash.text;
        row.outputs = ar->checkpoints ? NULL : buf_text(&texts->compact);
    }
    row.error = d->done.error;
    row.error_class = d->done.timed_out ? "TimeoutError" : d->done.error_class;
    row.error_source = error_source_name(d->done.error_source);
    row.duration_ms = fact_ms(fact);
    row.completed_us = fact->ended_us;
    put_node(c, d->ref.node, &row);
    if (ar->dag->nodes[d->ref.node].dependent_count > 0)
        active_run_drop_texts(ar, d->ref.node); /* no part of the run's output */
    node_metrics(ar, d);
    data = node_data(ar, d);
    commit_step_event(c, d->ref.node, d->ref.attempt, &data);
}

/* A resumed run evaluates the node once more: what its row said of the last time is gone. */
static void on_node_again(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    struct node_fact *fact = &ar->nodes[d->ref.node];
    struct store_node row;

    active_run_drop_texts(ar, d->ref.node);
    fact->started_us = fact->ended_us = 0;
    fact->input_hash.text[0] = '\0';
    fact->sandbox = (struct layer_facts){0};
    row = node_row(ar, d, NODE_PENDING);
    put_node(c, d->ref.node, &row);
}

void commit_kept_node(struct commit *c, uint32_t node, struct node_tally tally,
                      const json_t *outputs)
{
    struct active_run *ar = commit_run(c);
    struct node_fact *fact = &ar->nodes[node];
    struct run_decision d = {.ref = {.node = node}, .tally = tally};
    struct store_node row = node_row(ar, &d, NODE_COMPLETED);
    const char *text = buf_text(&active_run_texts(ar, node, outputs)->compact);

    keep_result(c, &d, text);
    row.output_hash = fact->output_hash.text;
    row.chain_hash = fact->chain_hash.text;
    row.outputs = ar->checkpoints ? NULL : text;
    row.duration_ms = fact_ms(fact);
    row.completed_us = fact->ended_us;
    put_node(c, node, &row);
    if (ar->dag->nodes[node].dependent_count > 0)
        active_run_drop_texts(ar, node);
}

/* What a rollback tells beside its names, as far as the run's row takes it: an input is a node's
 * output, which has a row of its own. */
static bool compensation_fits(struct active_run *ar, const struct run_decision *d)
{
    size_t left = RUN_COMPENSATIONS_BYTES_MAX / 2 - ar->compensation_bytes;
    auto_done(buf) input = {0};
    size_t bytes = d->done.error != NULL ? 6 * strlen(d->done.error) : 0;

    if (d->done.input != NULL && !json_within(d->done.input, left, SIZE_MAX))
        return false;
    if (d->done.input != NULL)
        json_add_compact(&input, d->done.input);
    if (input.len + bytes > left)
        return false;
    ar->compensation_bytes += input.len + bytes;
    return true;
}

static void on_compensation_done(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    const char *status = node_state_text(d->done.state);
    bool whole = compensation_fits(ar, d);
    json_t *entry = json_pack("{s:s, s:s, s:s, s:O?, s:s?, s:i}", "node_id",
                              ar->dag->nodes[d->ref.node].node_id, "handler",
                              d->done.handler != NULL ? d->done.handler : "", "status", status,
                              "input", whole ? d->done.input : NULL, "error",
                              whole ? d->done.error : NULL, "attempt_count", (int)d->tally.counted);

    if (!whole)
        json_object_set_new(entry, "cut", json_true()); /* its attempts have the rest */
    json_array_append_new(ar->compensations, entry);
    commit_event(c, "step.updated", status, d->ref.node, d->ref.attempt,
                 json_pack("{s:b, s:s?}", "compensation", 1, "error", d->done.error));
}

static void (*const on_decision[DECIDE_COUNT])(struct commit *, const struct run_decision *) = {
    [DECIDE_START_ATTEMPT] = on_start,       [DECIDE_STOP_ATTEMPT] = on_stop,
    [DECIDE_ATTEMPT_DONE] = on_attempt_done, [DECIDE_NODE_DONE] = on_node_done,
    [DECIDE_NODE_AGAIN] = on_node_again,     [DECIDE_COMPENSATION_DONE] = on_compensation_done,
    [DECIDE_RUN_STATE] = commit_run_state,   [DECIDE_RUN_DONE] = commit_run_done,
};

void commit_decisions(struct commit *c)
{
    struct active_run *ar = commit_run(c);
    struct run_decision d;

    while (run_next(ar->run, &d)) {
        assert(d.kind > DECIDE_INVALID && d.kind < DECIDE_COUNT);
        on_decision[d.kind](c, &d);
    }
}
