/* run_rows.c -- a run's own decisions as rows. See rows.h. */
#include "base/limits.h"
#include "base/mem.h"
#include "engine/commit/ends.h"
#include "engine/commit/letters.h"
#include "engine/commit/rows.h"
#include "engine/commit/task_events.h"
#include "engine/commit/text.h"
#include "engine/env/env.h"

#include <assert.h>
#include <string.h>

enum { MORE_BYTES = 64 }; /* room for the last word of a list that was cut */

static struct store_counts counts_of(const struct active_run *ar)
{
    return (struct store_counts){
        .total = (int64_t)ar->dag->node_count,
        .completed = run_node_count(ar->run, NODE_COMPLETED),
        .failed = run_node_count(ar->run, NODE_FAILED),
        .skipped = run_node_count(ar->run, NODE_SKIPPED),
    };
}

/* Who started it stands in the first event: this one, unless the run waited. */
static json_t *started_data(struct active_run *ar)
{
    json_t *data = ar->started_by != NULL ? take(ar->started_by) : json_object();

    json_object_set_new(data, "dag_id", json_string(ar->dag->dag_id));
    json_object_set_new(data, "dag_version", json_string(ar->dag->version));
    json_object_set_new(data, "dag_hash", json_string(ar->dag->hash.text));
    json_object_set_new(data, "inputs_hash", json_string(ar->inputs_hash.text));
    json_object_set_new(data, "trace_id", json_string(ar->trace_id));
    return data;
}

void commit_run_state(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    bool first = ar->started_us == 0;

    if (d->run.state == RUN_ACTIVE && first)
        ar->started_us = commit_wall_us(c);
    if (d->run.state == RUN_STOPPING && !d->run.timed_out)
        ar->cancelled = true;
    store_batch_run_update(commit_batch(c), &(struct store_run_update){
                                                .tenant = ar->tenant,
                                                .run_id = ar->run_id,
                                                .status = STORE_RUN_RUNNING,
                                                .paused = d->run.state == RUN_PAUSED,
                                                .cancel_requested = ar->cancelled,
                                                .started_us = first ? ar->started_us : 0,
                                                .counts = counts_of(ar),
                                            });
    if (d->run.state == RUN_ACTIVE && first)
        commit_event(c, "run.started", STATUS_RUNNING, NO_NODE, 0, started_data(ar));
    else
        commit_event(c, "run.updated", run_state_text(d->run.state), NO_NODE, 0, NULL);
}

struct run_output {
    struct buf canonical, compact;
};

static void run_output_done(struct run_output *output)
{
    buf_done(&output->canonical);
    buf_done(&output->compact);
}
DEFINE_AUTO_DONE(run_output)

/* {sink: its outputs} of the sinks that completed, put together of their texts. */
static void write_output(struct active_run *ar, struct run_output *ret)
{
    auto_mem struct json_member *canonical = mem_array(ar->dag->node_count, struct json_member);
    auto_mem struct json_member *compact = mem_array(ar->dag->node_count, struct json_member);
    size_t count = 0;

    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        const struct dag_node *node = &ar->dag->nodes[i];
        struct node_view view = run_node(ar->run, i);
        const struct node_texts *texts;

        if (node->dependent_count > 0 || view.state != NODE_COMPLETED)
            continue;
        texts = active_run_texts(ar, i, view.outputs);
        canonical[count] = (struct json_member){node->node_id, buf_text(&texts->canonical)};
        compact[count++] = (struct json_member){node->node_id, buf_text(&texts->compact)};
    }
    jcs_sort_members(canonical, count);
    json_add_members(&ret->canonical, canonical, count);
    json_add_members(&ret->compact, compact, count);
}

/* The nodes' texts, each as its row has it, as far as they fit. */
static char *errors_text(const json_t *errors)
{
    auto_done(buf) text = {0};
    size_t count = json_array_size(errors);

    buf_addc(&text, '[');
    for (size_t i = 0; i < count; i++) {
        const char *error = json_string_value(json_array_get(errors, i));

        if (text.len + 6 * strlen(error) + MORE_BYTES > RUN_ERRORS_BYTES_MAX) {
            buf_addf(&text, ",\"%zu more: each is in its node\"", count - i);
            break;
        }
        if (i > 0)
            buf_addc(&text, ',');
        buf_add_json_str(&text, error, strlen(error));
    }
    buf_addc(&text, ']');
    return buf_take(&text);
}

static void run_metrics(struct active_run *ar, const char *status)
{
    struct metrics *m = ar->env->metrics;
    double seconds = (double)(ar->ended_us - ar->started_us) / 1e6;

    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS(ar->dag->dag_id, status), 1);
    metrics_observe(m, METRIC_DAG_DURATION, METRIC_LABELS(ar->dag->dag_id), seconds);
    metrics_add(m, METRIC_RUNS, METRIC_LABELS(status, ar->tenant), 1);
    metrics_observe(m, METRIC_RUN_DURATION, METRIC_LABELS(ar->tenant), seconds);
}

static const struct {
    enum store_run_status status;
    const char *event;
} run_ends[RUN_STATE_COUNT] = {
    [RUN_COMPLETED] = {STORE_RUN_COMPLETED, "run.completed"},
    [RUN_FAILED] = {STORE_RUN_FAILED, "run.failed"},
    [RUN_CANCELLED] = {STORE_RUN_CANCELLED, "run.cancelled"},
};

void commit_run_done(struct commit *c, const struct run_decision *d)
{
    struct active_run *ar = commit_run(c);
    auto_done(run_output) output = {0};
    auto_mem char *errors = NULL, *compensations = NULL;
    struct sha256_hex outputs_hash, chain;
    const char *status = run_state_text(d->run.state);
    size_t bytes, chained;

    assert(run_ends[d->run.state].event != NULL);
    ar->ended_us = commit_wall_us(c);
    if (ar->started_us == 0)
        ar->started_us = ar->ended_us;
    ar->final_state = d->run.state;
    write_output(ar, &output);
    outputs_hash = sha256_hex(buf_text(&output.canonical), output.canonical.len);
    chain = active_run_chain_hash(ar, &chained);
    metrics_observe(ar->env->metrics, METRIC_CHAIN_LENGTH, METRIC_LABELS(ar->dag->dag_id),
                    (double)chained);
    ar->chain_hash = chain;
    errors = errors_text(d->run.errors);
    compensations = commit_json_text(ar->compensations, &bytes);
    store_batch_run_end(commit_batch(c),
                        &(struct store_run_end){
                            .tenant = ar->tenant,
                            .run_id = ar->run_id,
                            .status = run_ends[d->run.state].status,
                            .output = buf_text(&output.compact),
                            .outputs_hash = outputs_hash.text,
                            .chain_hash = chain.text,
                            .error = json_string_value(json_array_get(d->run.errors, 0)),
                            .errors = errors,
                            .compensations =
                                d->run.rolled_back || json_array_size(ar->compensations) > 0
                                    ? compensations
                                    : NULL,
                            .counts = counts_of(ar),
                            .completed_us = ar->ended_us,
                        });
    if (ar->gate != NULL)
        store_batch_gate_end(commit_batch(c), ar->tenant, ar->run_id);
    commit_letter(c, d->run.state, json_string_value(json_array_get(d->run.errors, 0)));
    commit_task_end(c, d->run.state);
    commit_event(c, run_ends[d->run.state].event, status, NO_NODE, 0,
                 json_pack("{s:s, s:s, s:s, s:s}", "chain_hash", chain.text, "outputs_hash",
                           outputs_hash.text, "dag_version", ar->dag->version, "inputs_hash",
                           ar->inputs_hash.text));
    run_metrics(ar, status);
    ends_run(commit_acts(c), json_string_value(json_array_get(d->run.errors, 0)));
}
