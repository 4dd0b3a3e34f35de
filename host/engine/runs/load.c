/* load.c -- see load.h. */
#include "engine/runs/load.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/env/env.h"
#include "engine/runs/pins.h"
#include "model/dag/policy.h"

#include <string.h>

#define ELAPSED_US_MAX ((int64_t)(TIMEOUT_S_MAX * 1e6))

static bool chain_goes_on(struct active_run *ar, struct err *e)
{
    auto_done(store_event_list) last = {0};

    if (!store_read_last_event(ar->env->reader, ar->tenant, ar->run_id, &last, e))
        return false;
    if (last.count == 0)
        return true;
    active_run_not_before(ar, last.rows[0].at_us);
    ar->chain.n = (uint64_t)last.rows[0].n;
    if (!text_copy(ar->chain.prev.text, sizeof ar->chain.prev.text, last.rows[0].hash))
        return err_set(e, ERR_CORRUPT, "the last event of run %s has no hash", ar->run_id);
    return true;
}

/* Text that was good when it was written: what is wrong with it is not the client's fault. */
static bool stored_json(const char *text, json_t **ret, struct err *e)
{
    /* Deeper than at the door: what is no object is kept inside of one. */
    static const struct json_limits limits = {JSON_BYTES_MAX, JSON_DEPTH_MAX + 1, JSON_VALUES_MAX};

    if (json_parse(text, strlen(text), &limits, ret, NULL, e))
        return true;
    e->code = ERR_CORRUPT;
    return false;
}

/* "": it restarts none. */
static const char *restart_of(const struct store_run *row)
{
    bool is = row->parent_kind != NULL && strcmp(row->parent_kind, PARENT_RESTART) == 0;

    return is && row->parent_run_id != NULL ? row->parent_run_id : "";
}

struct dag_key load_key(const struct store_run *row)
{
    return (struct dag_key){row->tenant, row->dag_id, row->dag_version};
}

bool load_has_definition(const struct dag_cache *dags, const struct store_run *row)
{
    struct dag_key key = load_key(row);

    return dag_cache_has(dags, &key);
}

void load_await_definition(struct dag_cache *dags, const struct store_run *row,
                           const struct dag_wait *wait)
{
    struct dag_key key = load_key(row);

    dag_cache_await(dags, &key, wait);
}

/* What goes on is what was started. */
static bool input_fits(const struct store_run *row, const json_t *input, struct err *e)
{
    auto_done(buf) canonical = {0};
    struct sha256_hex hash;

    if (!jcs_write(input, &canonical, e))
        return false;
    hash = sha256_hex(buf_text(&canonical), canonical.len);
    return strcmp(hash.text, row->inputs_hash) == 0 ||
           err_set(e, ERR_CORRUPT, "integrity: input_data hashes to %s, inputs_hash is %s",
                   hash.text, row->inputs_hash);
}

bool load_row(const struct engine_env *env, struct dag_cache *dags, const struct store_run *row,
              struct active_run **ret, struct err *e)
{
    auto_json input = NULL;
    auto_json pins = NULL;
    auto_obj(active_run) ar = NULL;
    struct dag_key key = load_key(row);
    struct dag_use *use;

    if (!stored_json(row->input, &input, e) || !input_fits(row, input, e) ||
        !pins_read(row->agent_digests, &pins, e) || !dag_cache_get(dags, &key, &use, e))
        return err_wrap(e, "run %s", row->run_id);
    ar = active_run_new(env, row->tenant, &use, input);
    ar->pins = take(pins);
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
    if (!chain_goes_on(ar, e))
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
                             .grace_ns = ar->env->set.cancel_grace_ns,
                             .elapsed_ns = row->started_us > 0 ? since_ns(ar, row->started_us) : 0,
                             .paused = row->paused,
                             .cancelled = row->cancel_requested,
                         });
}

/* ---- nodes ---- */

static enum node_state state_of(enum store_node_status status)
{
    static const enum node_state of[STORE_NODE_STATUS_COUNT] = {
        [STORE_NODE_PENDING] = NODE_PENDING,     [STORE_NODE_RUNNING] = NODE_RUNNING,
        [STORE_NODE_COMPLETED] = NODE_COMPLETED, [STORE_NODE_FAILED] = NODE_FAILED,
        [STORE_NODE_SKIPPED] = NODE_SKIPPED,     [STORE_NODE_TIMED_OUT] = NODE_FAILED,
        [STORE_NODE_RETRYING] = NODE_WAITING,    [STORE_NODE_CANCELLED] = NODE_CANCELLED,
    };

    return of[status];
}

/* The outputs of a completed node, their hash compared; NULL without an error when the operator
 * deleted them: then the node runs again (runbook C). */
static bool outputs_of(struct active_run *ar, const struct store_node *row, json_t **ret,
                       size_t *ret_bytes, struct err *e)
{
    struct metrics *m = ar->env->metrics;
    auto_json outputs = NULL;
    auto_done(buf) canonical = {0};
    const struct buf compact = {.len = row->outputs != NULL ? strlen(row->outputs) : 0};
    struct sha256_hex hash;

    *ret = NULL;
    if (row->outputs == NULL)
        return true;
    if (!stored_json(row->outputs, &outputs, e) || !jcs_write(outputs, &canonical, e))
        return err_wrap(e, "checkpoint corrupted: node '%s'", row->node_id);
    hash = sha256_hex(buf_text(&canonical), canonical.len);
    *ret_bytes = outputs_bytes(&canonical, &compact);
    if (row->output_hash == NULL || strcmp(hash.text, row->output_hash) != 0) {
        metrics_add(m, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("verify_failed", "error"), 1);
        return err_set(e, ERR_CORRUPT,
                       "checkpoint integrity verification failed: node '%s': hash mismatch: "
                       "stored %s, outputs hash to %s",
                       row->node_id, row->output_hash != NULL ? row->output_hash : "(none)",
                       hash.text);
    }
    metrics_add(m, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("load", "success"), 1);
    *ret = take(outputs);
    return true;
}

static struct layer_facts sandbox_of(const struct store_node *row)
{
    auto_json sandbox = row->sandbox != NULL ? json_loads(row->sandbox, 0, NULL) : NULL;

    return layer_facts_of_row(sandbox);
}

/* An agent that calls its error so did not time out. */
static bool timed_out(const struct store_node *row)
{
    bool agents = row->error_source != NULL && strcmp(row->error_source, "agent") == 0;

    return !agents && row->error_class != NULL && strcmp(row->error_class, "TimeoutError") == 0;
}

/* The last attempt of a node that has ended. */
struct last_attempt {
    enum outcome class; /* INVALID: there is none */
    int64_t ended_us;
};

/* The delay behind it goes on from where it was. */
static void note_delay(const struct active_run *ar, const struct last_attempt *last,
                       struct node_past *past)
{
    past->class = last->class;
    past->waited_ns = since_ns(ar, last->ended_us);
}

static bool restore_node(struct active_run *ar, const struct store_node *row,
                         const struct last_attempt *last, bool past_only, struct err *e)
{
    const struct dag_node *node = dag_find(ar->dag, row->node_id);
    auto_json outputs = NULL;
    struct node_past past = {
        .state = state_of(row->status),
        .tally = {(uint32_t)row->tally_given, (uint32_t)row->attempts, (uint32_t)row->tally_used,
                  (uint32_t)row->tally_infra},
        .error = row->error,
        .timed_out = timed_out(row),
    };
    struct node_fact *fact;
    size_t bytes = 0;

    if (node == NULL)
        return err_set(e, ERR_CORRUPT, "stored node '%s' is not in the definition", row->node_id);
    if (past.state == NODE_COMPLETED) {
        if (!outputs_of(ar, row, &outputs, &bytes, e))
            return false;
        if (outputs == NULL && past_only)
            outputs = json_object();
        else if (outputs == NULL)
            past.state = NODE_PENDING;
        else
            active_run_keep(ar, dag_index(ar->dag, node), bytes);
        past.outputs = outputs;
    }
    fact = &ar->nodes[dag_index(ar->dag, node)];
    note_delay(ar, &last[dag_index(ar->dag, node)], &past);
    fact->started_us = row->started_us;
    fact->attempt_started_us = row->tally_given == 1 ? row->started_us : 0; /* else not kept */
    fact->ended_us = row->completed_us;
    fact->sandbox = sandbox_of(row);
    if (row->input_hash != NULL &&
        !text_copy(fact->input_hash.text, SHA256_HEX_BYTES, row->input_hash))
        return err_set(e, ERR_CORRUPT, "node '%s': bad input hash", row->node_id);
    return run_restore_node(ar->run, dag_index(ar->dag, node), &past, e);
}

/* The last attempt of a node's handler. */
struct handler_past {
    bool told;
    struct node_past past;
    int64_t started_us;
    char *error; /* owned */
};

struct loading {
    struct active_run *ar;
    bool past_only; /* it does not go on: what completed did, whatever was deleted since */
    struct handler_past *handlers; /* by node, as the next */
    struct last_attempt *last;
};

typedef bool restore_page(const struct loading *l, struct store_page page, char **ret_next,
                          struct err *e);

/* Walks all pages of one list of the run. */
static bool restore_all(const struct loading *l, restore_page *one, struct err *e)
{
    auto_mem char *token = NULL;

    do {
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};
        char *next = NULL;

        if (!one(l, page, &next, e))
            return false;
        free(token);
        token = next;
    } while (token != NULL);
    return true;
}

static bool restore_nodes(const struct loading *l, struct store_page page, char **ret_next,
                          struct err *e)
{
    const struct store_node_filter filter = {l->ar->tenant, l->ar->run_id, .outputs = true};
    auto_done(store_node_list) rows = {0};

    if (!store_read_nodes(l->ar->env->reader, &filter, page, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!restore_node(l->ar, &rows.rows[i], l->last, l->past_only, e))
            return false;
    }
    *ret_next = mem_str(rows.next_page);
    return true;
}

/* What a restart's new record of the node says again. */
static bool record_facts(struct node_fact *fact, const json_t *record, struct err *e)
{
    const char *plugin = json_string_value(json_object_get(record, "plugin"));
    const char *digest = json_string_value(json_object_get(record, "plugin_digest"));
    const char *profile = json_string_value(json_object_get(record, "profile"));

    return (plugin != NULL && text_copy(fact->plugin, sizeof fact->plugin, plugin) &&
            digest != NULL && text_copy(fact->plugin_digest.text, SHA256_HEX_BYTES, digest) &&
            profile != NULL && profile_parse(profile, &fact->profile) &&
            layer_facts_verify(record, &fact->sandbox, e));
}

/* Canonical, whichever order its row has; NULL when it is no record. */
static char *record_text(const json_t *record)
{
    auto_done(buf) text = {0};
    struct err e = {0};

    return json_is_object(record) && jcs_write(record, &text, &e) ? buf_take(&text) : NULL;
}

static bool restore_record(struct active_run *ar, const struct store_provenance *row, struct err *e)
{
    const struct dag_node *node = dag_find(ar->dag, row->node_id);
    auto_json record = NULL;
    struct node_fact *fact;

    if (node == NULL || run_node(ar->run, dag_index(ar->dag, node)).state != NODE_COMPLETED)
        return true;
    fact = &ar->nodes[dag_index(ar->dag, node)];
    record = json_loads(row->record, 0, NULL);
    fact->record = record_text(record);
    if (fact->record == NULL ||
        !text_copy(fact->output_hash.text, SHA256_HEX_BYTES, row->output_hash) ||
        !text_copy(fact->chain_hash.text, SHA256_HEX_BYTES, row->chain_hash) ||
        !record_facts(fact, record, e))
        return err_set(e, ERR_CORRUPT, "provenance record of node '%s' is damaged", row->node_id);
    return true;
}

static bool restore_records(const struct loading *l, struct store_page page, char **ret_next,
                            struct err *e)
{
    auto_done(store_provenance_list) rows = {0};

    if (!store_read_provenance(l->ar->env->reader, l->ar->tenant, l->ar->run_id, page, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!restore_record(l->ar, &rows.rows[i], e))
            return false;
    }
    *ret_next = mem_str(rows.next_page);
    return true;
}

/* ---- compensations: their facts are in the attempts' rows ---- */

static struct node_tally tally_of(const struct store_attempt *row)
{
    auto_json detail = row->detail != NULL ? json_loads(row->detail, 0, NULL) : NULL;
    const json_t *tally = json_object_get(detail, "tally");
    uint32_t n[4];

    for (size_t i = 0; i < 4; i++)
        n[i] = (uint32_t)json_integer_value(json_array_get(tally, i));
    if (detail == NULL) /* an open attempt */
        return (struct node_tally){.attempts = (uint32_t)row->attempt,
                                   .counted = (uint32_t)row->attempt,
                                   .used = (uint32_t)row->attempt};
    return (struct node_tally){n[0], n[1], n[2], n[3]};
}

static enum node_state handler_state(const struct store_attempt *row)
{
    if (strcmp(row->outcome, STATUS_RUNNING) == 0)
        return NODE_RUNNING;
    if (strcmp(row->outcome, outcome_name(OUTCOME_OK)) == 0)
        return NODE_COMPLETED;
    return row->retryable ? NODE_WAITING : NODE_FAILED;
}

static void note_last(const struct loading *l, const struct store_attempt *row)
{
    const struct dag_node *node = dag_find(l->ar->dag, row->node_id);

    if (node != NULL)
        l->last[dag_index(l->ar->dag, node)] =
            (struct last_attempt){outcome_parse(row->outcome), row->completed_us};
}

static bool note_handler(const struct loading *l, const struct store_attempt *row, struct err *e)
{
    static const char prefix[] = "compensate_";
    const struct dag_node *node;
    struct handler_past *h;

    if (strncmp(row->node_id, prefix, sizeof prefix - 1) != 0)
        return true;
    node = dag_find(l->ar->dag, row->node_id + sizeof prefix - 1);
    if (node == NULL)
        return err_set(e, ERR_CORRUPT, "stored handler '%s' is of no node", row->node_id);
    h = &l->handlers[dag_index(l->ar->dag, node)];
    free(h->error);
    *h = (struct handler_past){
        .told = true,
        .past = {.state = handler_state(row), .tally = tally_of(row)},
        .started_us = row->started_us,
        .error = mem_str(row->error),
    };
    return true;
}

/* Rows come by (node, attempt), on as many pages as it takes: a later one of the handler, or of
 * the node, tells its state anew. */
static bool note_attempts(const struct loading *l, struct store_page page, char **ret_next,
                          struct err *e)
{
    auto_done(store_attempt_list) rows = {0};

    if (!store_read_attempts(l->ar->env->reader, l->ar->tenant, l->ar->run_id, NULL, page, &rows,
                             e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!rows.rows[i].compensation)
            note_last(l, &rows.rows[i]);
        else if (!note_handler(l, &rows.rows[i], e))
            return false;
    }
    *ret_next = mem_str(rows.next_page);
    return true;
}

static bool restore_handler(struct active_run *ar, uint32_t index, struct handler_past *h,
                            struct err *e)
{
    const struct dag_node *node = &ar->dag->nodes[index];
    auto_json outputs = json_object();

    ar->nodes[index].attempt_started_us = h->started_us;
    h->past.error = h->error;
    if (h->past.state == NODE_COMPLETED)
        h->past.outputs = outputs;
    if (h->past.state == NODE_COMPLETED || h->past.state == NODE_FAILED)
        json_array_append_new(ar->compensations,
                              json_pack("{s:s, s:s?, s:s, s:s?}", "node_id", node->node_id,
                                        "handler", node->compensation.agent_id, "status",
                                        node_state_text(h->past.state), "error", h->error));
    return run_restore_compensation(ar->run, index, &h->past, e);
}

static bool restore_handlers(const struct loading *l, struct err *e)
{
    for (uint32_t i = 0; i < l->ar->dag->node_count; i++) {
        if (l->handlers[i].told && !restore_handler(l->ar, i, &l->handlers[i], e))
            return false;
    }
    return true;
}

static bool load_all(struct active_run *ar, bool past_only, struct err *e)
{
    auto_mem struct handler_past *handlers = mem_array(ar->dag->node_count, struct handler_past);
    auto_mem struct last_attempt *last = mem_array(ar->dag->node_count, struct last_attempt);
    const struct loading l = {ar, past_only, handlers, last};
    bool ok = restore_all(&l, note_attempts, e) && restore_all(&l, restore_nodes, e) &&
              restore_all(&l, restore_records, e) && restore_handlers(&l, e);

    for (size_t i = 0; i < ar->dag->node_count; i++)
        free(handlers[i].error);
    return ok;
}

bool load_facts(struct active_run *ar, struct err *e)
{
    return load_all(ar, false, e);
}

bool load_past(struct active_run *ar, struct err *e)
{
    return load_all(ar, true, e);
}
