/* provenance.c -- a run's evidence: its records, whether they still hold together, and the
 * signed statement.
 *
 * Checked on every read, from the stored records alone: each record's own hashes, each record's
 * parents against the definition, and the run's chain hash (DESIGN.md 6). A difference is shown,
 * counted and logged in the runbook's words; it is never hidden.
 *
 * A record has a hash for each parent, and so an answer would grow with the edges: the hashes are
 * left out behind the check when they are more than PARENTS_MAX, or with parents=false, and the
 * answer says so. The statement, alone with records=false, names every parent by its place
 * (model/ledger/places.h). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ledger/record.h"
#include "observe/metrics.h"

#include <string.h>

#define MISSING "Execution not found"

enum { PARENTS_MAX = 20000 }; /* hashes, three times in an answer: 4 MB */

struct evidence {
    json_t *records; /* array of records in level order, then node id */
    json_t *chains;  /* node id -> chain hash */
    json_t *nodes;   /* the definition's nodes */
    json_t *faults;  /* array of [msg, stepId, error], borrowed: what does not hold */
    bool parents;    /* their hashes are shown; what is asked for until it is known how many */
};

static void evidence_done(struct evidence *ev)
{
    json_decref(ev->records);
    json_decref(ev->chains);
    json_decref(ev->nodes);
}
DEFINE_AUTO_DONE(evidence)

/* ---- load ---- */

static bool add_records(struct evidence *ev, const struct store_provenance_list *rows,
                        struct err *e)
{
    for (size_t i = 0; i < rows->count; i++) {
        json_t *record = json_loads(rows->rows[i].record, 0, NULL);

        if (!json_is_object(record)) {
            json_decref(record);
            return err_set(e, ERR_CORRUPT, "the record of node '%s' is not an object",
                           rows->rows[i].node_id);
        }
        json_array_append_new(ev->records, record);
        json_object_set_new(ev->chains, rows->rows[i].node_id,
                            json_string(rows->rows[i].chain_hash));
    }
    return true;
}

static bool load_records(const struct view_source *from, const char *run_id, struct evidence *ev,
                         struct err *e)
{
    auto_mem char *token = NULL;

    ev->records = json_array();
    ev->chains = json_object();
    do {
        auto_done(store_provenance_list) rows = {0};

        if (!store_read_provenance(from->reader, from->tenant, run_id,
                                   (struct store_page){.token = token, .size = STORE_PAGE_ROWS_MAX},
                                   &rows, e) ||
            !add_records(ev, &rows, e))
            return false;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return true;
}

static bool few_parents(const struct evidence *ev)
{
    size_t count = 0, i;
    json_t *record;

    json_array_foreach(ev->records, i, record)
    {
        count += json_array_size(json_object_get(record, "parent_hashes"));
    }
    return count <= PARENTS_MAX;
}

static bool load_nodes(const struct view_source *from, const struct store_run *run,
                       struct evidence *ev, struct err *e)
{
    auto_done(store_dag_list) dags = {0};
    auto_json definition = NULL;

    if (!store_read_dag(from->reader, from->tenant, run->dag_id, run->dag_version, &dags, e))
        return err_wrap(e, "definition of the run");
    definition = json_loads(dags.rows[0].definition, 0, NULL);
    ev->nodes = json_incref(json_object_get(definition, "nodes"));
    return ev->nodes != NULL || err_set(e, ERR_CORRUPT, "the run's definition has no nodes");
}

/* ---- check ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_owned(const char **texts, size_t count)
{
    json_t *out = json_array();

    qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(texts[i], texts[i - 1]) != 0)
            json_array_append_new(out, json_string(texts[i]));
    }
    return out;
}

/* The chain hashes that the definition's dependencies have in this run. */
static json_t *expected_parents_owned(const struct evidence *ev, const char *node_id)
{
    const json_t *deps = json_object_get(json_object_get(ev->nodes, node_id), "depends_on");
    auto_mem const char **texts = mem_array(json_array_size(deps), const char *);
    size_t count = 0, i;
    json_t *dep;

    json_array_foreach(deps, i, dep)
    {
        const char *chain = json_string_value(json_object_get(ev->chains, json_string_value(dep)));

        if (chain != NULL)
            texts[count++] = chain;
    }
    return sorted_owned(texts, count);
}

static json_t *actual_parents_owned(const json_t *record)
{
    const json_t *parents = json_object_get(record, "parent_hashes");
    auto_mem const char **texts = mem_array(json_array_size(parents), const char *);
    size_t count = 0, i;
    json_t *parent;

    json_array_foreach(parents, i, parent)
    {
        if (json_is_string(parent))
            texts[count++] = json_string_value(parent);
    }
    return sorted_owned(texts, count);
}

static void add_fault(struct evidence *ev, const char *msg, const char *node_id, const char *why)
{
    json_array_append_new(ev->faults,
                          json_pack("[s, s, s]", msg, node_id != NULL ? node_id : "", why));
}

/* Appends one {node_id, chain_hash, valid, expected_parent_hashes, actual_parent_hashes}. */
static void add_checked(struct buf *b, struct evidence *ev, json_t *record)
{
    const char *node_id = json_string_value(json_object_get(record, "node_id"));
    auto_json expected = expected_parents_owned(ev, node_id != NULL ? node_id : "");
    auto_json actual = actual_parents_owned(record);
    bool own, parents = json_equal(expected, actual) == 1;
    struct err e = {0};

    own = node_record_verify(record, &e);
    if (!own || !parents)
        add_fault(ev, own ? "parent hash not found" : "provenance chain hash mismatch", node_id,
                  own ? "" : e.msg);
    jw_open(b, NULL, '{');
    jw_str(b, "node_id", node_id);
    jw_json(b, "chain_hash", json_object_get(record, "chain_hash"));
    jw_bool(b, "valid", own && parents);
    if (ev->parents) {
        jw_json(b, "expected_parent_hashes", expected);
        jw_json(b, "actual_parent_hashes", actual);
    } else {
        json_object_del(record, "parent_hashes");
    }
    jw_close(b, '}');
}

/* The run's hash over its records in the order of its levels. */
static void check_run_hash(struct evidence *ev, const struct store_run *run)
{
    auto_json levels = json_loads(run->levels != NULL ? run->levels : "[]", 0, NULL);
    auto_mem const char **hashes = mem_array(json_object_size(ev->chains), const char *);
    struct sha256_hex whole;
    size_t count = 0, i, j;
    json_t *level, *id;

    if (run->chain_hash == NULL)
        return;
    json_array_foreach(levels, i, level)
    {
        json_array_foreach(level, j, id)
        {
            const char *chain =
                json_string_value(json_object_get(ev->chains, json_string_value(id)));

            if (chain != NULL && count < json_object_size(ev->chains))
                hashes[count++] = chain;
        }
    }
    execution_chain_hash(hashes, count, &whole);
    if (strcmp(whole.text, run->chain_hash) == 0 && count == json_object_size(ev->chains))
        return;
    add_fault(ev, "provenance chain hash mismatch", NULL,
              "the run's hash is not that of its records");
}

/* On the loop: counted and logged in the runbook's words. */
static void tell_faults(struct api_request *req, const struct made *made)
{
    struct metrics *metrics = req->server->opt.metrics;
    const json_t *fault;
    size_t i;

    if (json_array_size(made->faults) == 0)
        return;
    json_array_foreach(made->faults, i, fault)
    {
        log_event(LOG_ERROR, "provenance.not_valid",
                  F_STR("msg", json_string_value(json_array_get(fault, 0))),
                  F_STR("stepId", json_string_value(json_array_get(fault, 1))),
                  F_STR("error", json_string_value(json_array_get(fault, 2))),
                  F_STR("tenant", req->who.tenant), F_STR("path", req->head.path));
    }
    metrics_add(metrics, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("verify_failed", "error"), 1);
    metrics_set(metrics, METRIC_CHAIN_VALID, METRIC_NO_LABELS, 0);
}

/* Appends nodes[], and valid under the name. What is wrong goes to whoever is told. */
static void check_all(struct made *made, struct evidence *ev, const struct store_run *run,
                      const char *name)
{
    json_t *record;
    size_t i;

    made->faults = json_array();
    made->told = tell_faults;
    ev->faults = made->faults;
    jw_open(&made->body, "nodes", '[');
    json_array_foreach(ev->records, i, record)
    {
        add_checked(&made->body, ev, record);
    }
    jw_close(&made->body, ']');
    check_run_hash(ev, run);
    jw_bool(&made->body, name, json_array_size(ev->faults) == 0);
}

static bool load_evidence(const struct view_source *from, const struct store_run *run,
                          struct evidence *ev, struct err *e)
{
    if (!load_records(from, run->run_id, ev, e) || !load_nodes(from, run, ev, e))
        return false;
    ev->parents = ev->parents && few_parents(ev);
    return true;
}

/* ---- answers ---- */

bool execution_provenance(const struct api_request *req, struct store_reader *reader,
                          struct made *made, struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(store_run_list) runs = {0};
    auto_done(evidence) ev = {0};
    struct buf *body = &made->body;

    if (!query_bool(req, "parents", true, &ev.parents, e) ||
        !read_run(&from, api_param(req, "execution_id"), MISSING, &runs, &made->code, e) ||
        !load_evidence(&from, &runs.rows[0], &ev, e))
        return false;
    if (json_array_size(ev.records) == 0) {
        made->code = "PROVENANCE_NOT_FOUND";
        return err_set(e, ERR_NOT_FOUND, "Provenance not found");
    }
    jw_open(body, NULL, '{');
    jw_str(body, "execution_id", runs.rows[0].run_id);
    jw_text(body, "chain_hash", runs.rows[0].chain_hash);
    jw_text(body, "provenance_chain_hash", runs.rows[0].chain_hash);
    jw_int(body, "node_count", (int64_t)json_array_size(ev.records));
    check_all(made, &ev, &runs.rows[0], "chain_valid");
    jw_bool(body, "parents_shown", ev.parents);
    jw_json(body, "provenances", ev.records);
    jw_close(body, '}');
    return true;
}

/* Appends runId, chainHash, records, nodes and chainValid; without records the first two. */
static bool add_run(struct made *made, const struct view_source *from, const struct store_run *run,
                    bool records, struct err *e)
{
    auto_done(evidence) ev = {.parents = true};

    jw_str(&made->body, "runId", run->run_id);
    jw_str(&made->body, "chainHash", run->chain_hash);
    if (!records)
        return true;
    if (!load_evidence(from, run, &ev, e))
        return false;
    check_all(made, &ev, run, "chainValid");
    jw_bool(&made->body, "parentsShown", ev.parents);
    jw_json(&made->body, "records", ev.records);
    return true;
}

/* statement is null until the run has ended and the authority has signed. */
bool run_provenance(const struct api_request *req, struct store_reader *reader, struct made *made,
                    struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    auto_done(store_run_list) runs = {0};
    auto_done(store_statement_list) statements = {0};
    struct buf *body = &made->body;
    bool records, signed_yet;

    if (!query_bool(req, "records", true, &records, e) ||
        !read_run(&from, api_param(req, "runId"), "Run not found", &runs, &made->code, e) ||
        (!store_read_statement(reader, from.tenant, runs.rows[0].run_id, &statements, e) &&
         e->code != ERR_NOT_FOUND))
        return false;
    signed_yet = statements.count > 0;
    jw_open(body, NULL, '{');
    if (!add_run(made, &from, &runs.rows[0], records, e))
        return false;
    jw_raw(body, "statement", signed_yet ? statements.rows[0].envelope : NULL);
    jw_time(body, "signedUtc", signed_yet ? statements.rows[0].created_us : 0);
    view_statement_state(body, &runs.rows[0]);
    jw_close(body, '}');
    return true;
}
