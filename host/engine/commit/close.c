/* close.c -- see close.h. */
#include "engine/commit/close.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/commit/letters.h"
#include "engine/env/append.h"
#include "engine/env/env.h"
#include "engine/runs/active_run.h"
#include "engine/runs/load.h"

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

/* One event behind the run's chain; its time is not before the last one's. */
static bool add_event(const struct engine_env *env, const struct store_run *row,
                      const struct close_why *why, struct store_batch *batch,
                      struct close_event *ret, struct err *e)
{
    auto_done(store_event_list) last = {0};
    struct event_chain chain;

    event_chain_begin(&chain);
    if (!store_read_last_event(env->reader, row->tenant, row->run_id, &last, e))
        return false;
    ret->wall_us = env->clock.wall_us();
    if (last.count > 0) {
        chain.n = (uint64_t)last.rows[0].n;
        if (!text_copy(chain.prev.text, sizeof chain.prev.text, last.rows[0].hash))
            return err_set(e, ERR_CORRUPT, "the last event of run %s has no hash", row->run_id);
        if (ret->wall_us < last.rows[0].at_us)
            ret->wall_us = last.rows[0].at_us;
    }
    ret->type = why->status == STORE_RUN_CANCELLED ? "run.cancelled" : "run.failed";
    ret->status = store_run_status_text(why->status);
    ret->payload = payload_of(why, ret->status, chain.n + 1);
    ledger_append(batch, &chain,
                  (struct store_event){
                      .tenant = row->tenant,
                      .run_id = row->run_id,
                      .dag_id = row->dag_id,
                      .type = ret->type,
                      .status = ret->status,
                      .trace_id = row->trace_id,
                      .at_us = ret->wall_us,
                      .payload = ret->payload,
                  });
    return true;
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
}

bool close_batch(const struct engine_env *env, struct past *past, const struct store_run *row,
                 const struct close_why *why, struct store_batch **ret,
                 struct close_event *ret_event, struct err *e)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct close_event event = {0};

    if (!add_event(env, row, why, batch, &event, e) ||
        !close_nodes(env, row, event.wall_us, batch, e) ||
        !close_letter(env, row, why, event.wall_us, batch, e)) {
        free(event.payload);
        return err_wrap(e, "end run %s", row->run_id);
    }
    end_run(env, past, row, why, event.wall_us, batch);
    *ret = take(batch);
    *ret_event = event;
    return true;
}
