/* past_nodes.c -- see past_nodes.h. */
#include "engine/runs/past_nodes.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

void past_node_done(struct past_node *n)
{
    json_decref(n->past.outputs);
    buf_done(&n->fact.texts.canonical);
    buf_done(&n->fact.texts.compact);
    free(n->fact.record);
    free(n->error);
    free(n->handler.error);
}

bool past_json(const char *text, json_t **ret, struct err *e)
{
    /* Deeper than at the door: what is no object is kept inside of one. */
    static const struct json_limits limits = {JSON_BYTES_MAX, JSON_DEPTH_MAX + 1, JSON_VALUES_MAX};

    if (json_parse(text, strlen(text), &limits, ret, NULL, e))
        return true;
    e->code = ERR_CORRUPT;
    return false;
}

struct reading {
    struct past *past;
    const struct dag *dag;
    struct store_reader *reader;
};

/* NULL: the definition has no such node. */
static struct past_node *node_of(const struct reading *r, const char *node_id)
{
    const struct dag_node *node = dag_find(r->dag, node_id);

    return node != NULL ? &r->past->nodes[dag_index(r->dag, node)] : NULL;
}

typedef bool read_page_fn(const struct reading *r, struct store_page page, char **ret_next,
                          struct err *e);

/* Walks all pages of one list of the run. */
static bool read_all(const struct reading *r, read_page_fn *one, struct err *e)
{
    auto_mem char *token = NULL;

    do {
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};
        char *next = NULL;

        if (!one(r, page, &next, e))
            return false;
        free(token);
        token = next;
    } while (token != NULL);
    return true;
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

/* The texts of a sink are the run's output. */
static bool keeps_texts(const struct reading *r, const struct past_node *n)
{
    return r->past->kind == PAST_COPIED || (r->past->kind == PAST_GOES_ON &&
                                            r->dag->nodes[n - r->past->nodes].dependent_count == 0);
}

static void keep_outputs(const struct reading *r, struct past_node *n, json_t **outputs,
                         struct buf *canonical, size_t stored)
{
    const struct buf compact = {.len = stored};

    n->output_bytes = outputs_bytes(canonical, &compact);
    n->past.outputs = r->past->kind == PAST_OVER ? json_object() : take(*outputs);
    if (!keeps_texts(r, n))
        return;
    n->fact.texts.canonical = *canonical;
    *canonical = (struct buf){0};
    json_add_compact(&n->fact.texts.compact, n->past.outputs);
}

/* The outputs of a completed node, their hash compared; none without an error when the operator
 * deleted them: then the node runs again (runbook C). */
static bool read_outputs(const struct reading *r, const struct store_node *row, struct past_node *n,
                         struct err *e)
{
    auto_json outputs = NULL;
    auto_done(buf) canonical = {0};
    struct sha256_hex hash;

    if (row->outputs == NULL)
        return true;
    if (!past_json(row->outputs, &outputs, e) || !jcs_write(outputs, &canonical, e))
        return err_wrap(e, "checkpoint corrupted: node '%s'", row->node_id);
    hash = sha256_hex(buf_text(&canonical), canonical.len);
    if (row->output_hash == NULL || strcmp(hash.text, row->output_hash) != 0) {
        r->past->mismatched++;
        return err_set(e, ERR_CORRUPT,
                       "checkpoint integrity verification failed: node '%s': hash mismatch: "
                       "stored %s, outputs hash to %s",
                       row->node_id, row->output_hash != NULL ? row->output_hash : "(none)",
                       hash.text);
    }
    r->past->loaded++;
    keep_outputs(r, n, &outputs, &canonical, strlen(row->outputs));
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

static bool read_node(const struct reading *r, const struct store_node *row, struct err *e)
{
    struct past_node *n = node_of(r, row->node_id);

    if (n == NULL)
        return err_set(e, ERR_CORRUPT, "stored node '%s' is not in the definition", row->node_id);
    n->stored = true;
    n->error = mem_str(row->error);
    n->past.state = state_of(row->status);
    n->past.tally = (struct node_tally){(uint32_t)row->tally_given, (uint32_t)row->attempts,
                                        (uint32_t)row->tally_used, (uint32_t)row->tally_infra};
    n->past.error = n->error;
    n->past.timed_out = timed_out(row);
    n->fact.profile = PROFILE_PURE;
    n->fact.started_us = row->started_us;
    n->fact.attempt_started_us = row->tally_given == 1 ? row->started_us : 0; /* else not kept */
    n->fact.ended_us = row->completed_us;
    n->fact.sandbox = sandbox_of(row);
    if (row->input_hash != NULL &&
        !text_copy(n->fact.input_hash.text, SHA256_HEX_BYTES, row->input_hash))
        return err_set(e, ERR_CORRUPT, "node '%s': bad input hash", row->node_id);
    return n->past.state != NODE_COMPLETED || read_outputs(r, row, n, e);
}

static bool read_nodes(const struct reading *r, struct store_page page, char **ret_next,
                       struct err *e)
{
    const struct store_run *run = &r->past->row.rows[0];
    const struct store_node_filter filter = {run->tenant, run->run_id, .outputs = true};
    auto_done(store_node_list) rows = {0};

    if (!store_read_nodes(r->reader, &filter, page, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!read_node(r, &rows.rows[i], e))
            return false;
    }
    *ret_next = mem_str(rows.next_page);
    return true;
}

/* ---- records ---- */

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

static void read_record(const struct reading *r, const struct store_provenance *row)
{
    struct past_node *n = node_of(r, row->node_id);
    auto_json record = NULL;
    struct err e = {0};

    if (n == NULL || n->past.state != NODE_COMPLETED)
        return;
    record = json_loads(row->record, 0, NULL);
    n->fact.record = record_text(record);
    n->record_damaged = n->fact.record == NULL ||
                        !text_copy(n->fact.output_hash.text, SHA256_HEX_BYTES, row->output_hash) ||
                        !text_copy(n->fact.chain_hash.text, SHA256_HEX_BYTES, row->chain_hash) ||
                        !record_facts(&n->fact, record, &e);
}

static bool read_records(const struct reading *r, struct store_page page, char **ret_next,
                         struct err *e)
{
    const struct store_run *run = &r->past->row.rows[0];
    auto_done(store_provenance_list) rows = {0};

    if (!store_read_provenance(r->reader, run->tenant, run->run_id, page, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        read_record(r, &rows.rows[i]);
    *ret_next = mem_str(rows.next_page);
    return true;
}

/* ---- attempts; what compensations did is in theirs ---- */

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

static void note_last(const struct reading *r, const struct store_attempt *row)
{
    struct past_node *n = node_of(r, row->node_id);

    if (n == NULL)
        return;
    n->past.class = outcome_parse(row->outcome);
    n->fact.preempted += n->past.class == OUTCOME_PREEMPTED;
    n->last_ended_us = row->completed_us;
}

static bool note_handler(const struct reading *r, const struct store_attempt *row, struct err *e)
{
    static const char prefix[] = "compensate_";
    struct past_node *n;

    if (strncmp(row->node_id, prefix, sizeof prefix - 1) != 0)
        return true;
    n = node_of(r, row->node_id + sizeof prefix - 1);
    if (n == NULL)
        return err_set(e, ERR_CORRUPT, "stored handler '%s' is of no node", row->node_id);
    free(n->handler.error);
    n->handler = (struct past_handler){
        .told = true,
        .state = handler_state(row),
        .tally = tally_of(row),
        .started_us = row->started_us,
        .error = mem_str(row->error),
    };
    return true;
}

/* Rows come by (node, attempt), on as many pages as it takes: a later one of the handler, or of
 * the node, tells its state anew. */
static bool read_attempts(const struct reading *r, struct store_page page, char **ret_next,
                          struct err *e)
{
    const struct store_run *run = &r->past->row.rows[0];
    auto_done(store_attempt_list) rows = {0};

    if (!store_read_attempts(r->reader, run->tenant, run->run_id, NULL, page, &rows, e))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (!rows.rows[i].compensation)
            note_last(r, &rows.rows[i]);
        else if (!note_handler(r, &rows.rows[i], e))
            return false;
    }
    *ret_next = mem_str(rows.next_page);
    return true;
}

bool past_nodes_read(struct past *p, struct store_reader *reader, struct err *e)
{
    const struct reading r = {p, dag_use_dag(p->use), reader};

    return read_all(&r, read_attempts, e) && read_all(&r, read_nodes, e) &&
           read_all(&r, read_records, e);
}
