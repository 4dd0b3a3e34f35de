/* close.c -- see close.h. */
#include "engine/commit/close.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/commit/letters.h"
#include "engine/commit/task_events.h"
#include "engine/env/append.h"
#include "engine/env/env.h"
#include "engine/runs/active_run.h"
#include "engine/runs/load.h"

#include <assert.h>
#include <string.h>

/* What the run's end says of its nodes; the row's own words when the run cannot be built. */
struct tally {
    struct store_counts counts;
    struct sha256_hex chain; /* "": not known */
};

static struct tally tally_of(const struct engine_env *env, struct past *past,
                             const struct store_run *row)
{
    struct tally t = {.counts = row->counts};
    auto_obj(active_run) ar = NULL;
    struct err e = {0};
    size_t count;

    if (!load_row(env, past, &ar, &e))
        return t;
    load_machine(ar, row);
    if (!load_past(ar, past, &e))
        return t;
    t.chain = active_run_chain_hash(ar, &count);
    t.counts.completed = run_node_count(ar->run, NODE_COMPLETED);
    t.counts.failed = run_node_count(ar->run, NODE_FAILED);
    t.counts.skipped = run_node_count(ar->run, NODE_SKIPPED);
    return t;
}

/* Nobody carries the run: what its rows call running is not. */
static bool close_nodes(const struct engine_env *env, const struct store_run *row, int64_t wall_us,
                        struct store_batch *batch, struct err *e)
{
    const struct store_node_filter filter = {row->tenant, row->run_id, .outputs = false};
    auto_mem char *token = NULL;

    do {
        auto_done(store_node_list) nodes = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_nodes(env->reader, &filter, page, &nodes, e))
            return false;
        for (size_t i = 0; i < nodes.count; i++) {
            struct store_node node = nodes.rows[i];

            if (node.status != STORE_NODE_RUNNING && node.status != STORE_NODE_RETRYING)
                continue;
            node.status = STORE_NODE_CANCELLED;
            node.completed_us = wall_us > node.started_us ? wall_us : node.started_us;
            store_batch_node_upsert(batch, &node);
        }
        free(token);
        token = mem_str(nodes.next_page);
    } while (token != NULL);
    return true;
}

static char *payload_of(const struct close_why *why, const char *status, uint64_t n)
{
    auto_json data = json_pack("{s:i, s:s, s:s*, s:s*}", "n", (int)n, "status", status, "error",
                               why->error, "error_class", why->error_class);
    auto_done(buf) text = {0};
    struct err e = {0};

    if (why->who != NULL) {
        json_object_set_new(data, "actor", json_string(why->who->subject));
        json_object_set_new(data, "reason", json_string(why->who->reason));
        json_object_set_new(data, "ticket", json_string(why->who->ticket));
    }
    if (!jcs_write(data, &text, &e))
        buf_adds(&text, "{}");
    return buf_take(&text);
}

/* Its time is not before the last event's. */
static bool chain_of(const struct engine_env *env, const struct store_run *row,
                     struct event_chain *ret, int64_t *ret_us, struct err *e)
{
    auto_done(store_event_list) last = {0};

    event_chain_begin(ret);
    *ret_us = env->clock.wall_us();
    if (!store_read_last_event(env->reader, row->tenant, row->run_id, &last, e))
        return false;
    if (last.count == 0)
        return true;
    ret->n = (uint64_t)last.rows[0].n;
    if (!text_copy(ret->prev.text, sizeof ret->prev.text, last.rows[0].hash))
        return err_set(e, ERR_CORRUPT, "the last event of run %s has no hash", row->run_id);
    if (*ret_us < last.rows[0].at_us)
        *ret_us = last.rows[0].at_us;
    return true;
}

static void add_event(struct store_batch *batch, const struct store_run *row,
                      struct event_chain *chain, const struct close_event *event,
                      struct close_events *to)
{
    assert(to->count < CLOSE_EVENTS_MAX);
    ledger_append(batch, chain,
                  (struct store_event){
                      .tenant = row->tenant,
                      .run_id = row->run_id,
                      .dag_id = row->dag_id,
                      .type = event->type,
                      .status = event->status,
                      .trace_id = row->trace_id,
                      .at_us = to->wall_us,
                      .payload = event->payload,
                  });
    to->of[to->count++] = *event;
}

static void add_task_event(struct store_batch *batch, const struct store_run *row,
                           struct event_chain *chain, bool cancelled, struct close_events *to)
{
    const char *status = task_end_status(cancelled ? RUN_CANCELLED : RUN_FAILED);
    const struct task_said said = {.task_id = row->run_token,
                                   .lane = load_task_lane(row),
                                   .status = status,
                                   .n = chain->n + 1};

    if (row->task_priority > 0)
        add_event(batch, row, chain,
                  &(struct close_event){TASK_UPDATED, status, task_said_owned(&said)}, to);
}

static bool add_events(const struct engine_env *env, const struct store_run *row,
                       const struct close_why *why, struct store_batch *batch,
                       struct close_events *ret, struct err *e)
{
    bool cancelled = why->status == STORE_RUN_CANCELLED;
    const char *status = store_run_status_text(why->status);
    struct event_chain chain;

    if (!chain_of(env, row, &chain, &ret->wall_us, e))
        return false;
    add_task_event(batch, row, &chain, cancelled, ret);
    add_event(batch, row, &chain,
              &(struct close_event){cancelled ? "run.cancelled" : "run.failed", status,
                                    payload_of(why, status, chain.n + 1)},
              ret);
    return true;
}

void close_events_done(struct close_events *events)
{
    for (size_t i = 0; i < events->count; i++)
        free(events->of[i].payload);
    *events = (struct close_events){0};
}

struct api_event close_event_of(const struct close_events *events, size_t i,
                                const struct api_event *first)
{
    struct api_event event = *first;

    assert(i < events->count);
    event.seq += (int64_t)i;
    event.type = events->of[i].type;
    event.status = events->of[i].status;
    event.payload = events->of[i].payload;
    event.wall_us = events->wall_us;
    return event;
}

static void end_run(const struct engine_env *env, struct past *past, const struct store_run *row,
                    const struct close_why *why, int64_t wall_us, struct store_batch *batch)
{
    struct tally t = tally_of(env, past, row);
    auto_json errors = json_array();
    auto_done(buf) text = {0};

    if (why->error != NULL)
        json_array_append_new(errors, json_string(why->error));
    json_add_compact(&text, errors);
    store_batch_run_end(batch, &(struct store_run_end){
                                   .tenant = row->tenant,
                                   .run_id = row->run_id,
                                   .status = why->status,
                                   .chain_hash = t.chain.text[0] != '\0' ? t.chain.text : NULL,
                                   .error = why->error,
                                   .errors = buf_text(&text),
                                   .counts = t.counts,
                                   .completed_us = wall_us,
                               });
    store_batch_gate_end(batch, row->tenant, row->run_id);
}

bool close_batch(const struct engine_env *env, struct past *past, const struct store_run *row,
                 const struct close_why *why, struct store_batch **ret,
                 struct close_events *ret_events, struct err *e)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct close_events events = {0};

    if (!add_events(env, row, why, batch, &events, e) ||
        !close_nodes(env, row, events.wall_us, batch, e) ||
        !close_letter(env, row, why, events.wall_us, batch, e)) {
        close_events_done(&events);
        return err_wrap(e, "end run %s", row->run_id);
    }
    end_run(env, past, row, why, events.wall_us, batch);
    *ret = take(batch);
    *ret_events = events;
    return true;
}
