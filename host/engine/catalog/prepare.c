/* prepare.c -- a definition read, checked, settled and written out as a row: all that grows with
 * it, beside the loop. See publishing.h. */
#include "engine/catalog/publishing.h"

#include "base/mem.h"
#include "engine/catalog/ceilings.h"
#include "model/dag/dag.h"
#include "model/dag/names.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <string.h>

static char *text_of(json_t *value)
{
    auto_done(buf) text = {0};

    json_add_compact(&text, value);
    json_decref(value);
    return buf_take(&text);
}

/* ---- the patch over the newest version ---- */

static void merge_node(json_t *nodes, const char *id, json_t *patch)
{
    json_t *node = json_object_get(nodes, id);

    if (json_is_object(node) && json_is_object(patch))
        json_object_update(node, patch);
    else
        json_object_set(nodes, id, patch);
}

/* null leaves a member as it is (greenlang 6, route 4). */
static void merge(json_t *doc, const json_t *patch)
{
    const char *key, *id;
    json_t *value, *node;

    json_object_foreach((json_t *)patch, key, value)
    {
        json_t *nodes = json_object_get(doc, "nodes");

        if (json_is_null(value))
            continue;
        if (strcmp(key, "nodes") != 0 || !json_is_object(value)) {
            json_object_set(doc, key, value);
            continue;
        }
        json_object_foreach(value, id, node) merge_node(nodes, id, node);
    }
}

static bool patched(const struct publishing *p, struct store_reader *reader, json_t **ret,
                    struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (!store_read_dag_latest(reader, p->by->who.tenant, p->dag_id, STORE_DAG_LIVE, &rows, e) ||
        !dag_kept_read(rows.rows[0].definition, ret, e))
        return false;
    merge(*ret, p->given.json);
    return true;
}

/* ---- reading ---- */

/* False with findings: it is no good definition; without: what it is a patch of is not there. */
static bool read_given(const struct publishing *p, struct store_reader *reader, struct dag **ret,
                       struct dag_findings *findings, struct err *e)
{
    json_t *json = p->given.json;
    auto_json doc = NULL;

    if (p->given.form == GIVEN_TEXT)
        return dag_parse(json_string_value(json), json_string_length(json), ret, findings, e);
    if (p->given.form == GIVEN_OBJECT)
        return dag_from_json(json, ret, findings, e);
    return patched(p, reader, &doc, e) && dag_from_json(doc, ret, findings, e);
}

/* Valid, every id of it can be asked for, and its own is not kept for others. */
static bool named_well(const struct publishing *p, const struct dag *dag,
                       struct dag_findings *findings)
{
    if (findings->count == 0)
        dag_check_names(dag, findings);
    if (findings->count == 0 && !p->given.of_lane)
        dag_check_kept(dag, findings);
    return findings->count == 0;
}

static void keep_findings(struct prepared *made, const struct dag_findings *findings)
{
    auto_done(buf) text = {0};

    for (size_t i = 0; i < findings->count; i++)
        made->finding_counts[findings->items[i].type]++;
    made->findings = findings_json_owned(findings);
    findings_text(findings, &text);
    err_set(&made->why, ERR_UNPROCESSABLE, "%s", buf_text(&text));
}

static bool read_checked(struct publishing *p, struct store_reader *reader, struct dag **ret)
{
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;

    if (read_given(p, reader, &dag, &findings, &p->made.why) && named_well(p, dag, &findings)) {
        *ret = take(dag);
        return true;
    }
    if (findings.count > 0)
        keep_findings(&p->made, &findings);
    return false;
}

/* ---- settling ---- */

static bool is_new_id(const struct dag *dag, const char *tenant, struct store_reader *reader,
                      struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (store_read_dag_latest_head(reader, tenant, dag->dag_id, STORE_DAG_LIVE, &rows, e))
        return err_set(e, ERR_INVALID, "DAG '%s' already exists", dag->dag_id);
    return e->code == ERR_NOT_FOUND;
}

static bool settle(struct publishing *p, struct store_reader *reader, struct dag **dag,
                   struct err *e)
{
    const char *tenant = p->by->who.tenant;

    return ceilings_allow(&p->env->set.ceilings, *dag, e) &&
           (!p->given.new_id || is_new_id(*dag, tenant, reader, e)) &&
           settle_version(reader, tenant, p->given.rule, dag, &p->made.created, e);
}

static bool write_row(struct publishing *p, const struct dag *dag, struct err *e)
{
    auto_done(buf) definition = {0};
    auto_mem char *retry = text_of(retry_policy_to_json_owned(&dag->default_retry_policy));
    auto_mem char *timeout = text_of(timeout_policy_to_json_owned(&dag->default_timeout_policy));

    dag_add_compact(&definition, dag);
    if (!dag_kept_check(definition.data, definition.len, e))
        return false;
    p->made.batch = store_batch_new();
    store_batch_dag_put(p->made.batch, &(struct store_dag){
                                           .tenant = p->by->who.tenant,
                                           .dag_id = dag->dag_id,
                                           .version = dag->version,
                                           .name = dag->name,
                                           .description = dag->description,
                                           .definition = definition.data,
                                           .hash = dag->hash.text,
                                           .retry_policy = retry,
                                           .timeout_policy = timeout,
                                           .on_failure = dag_failure_text(dag->on_failure),
                                           .signature = p->made.signature,
                                           .created_by = p->by->who.subject,
                                           .max_parallel_nodes = dag->max_parallel_nodes,
                                           .enabled = true,
                                           .created_us = p->given.now_us,
                                           .updated_us = p->given.now_us,
                                       });
    return true;
}

static bool prepare(struct publishing *p, struct store_reader *reader)
{
    struct prepared *made = &p->made;
    auto_obj(dag) dag = NULL;

    if (!read_checked(p, reader, &dag) || !settle(p, reader, &dag, &made->why))
        return false;
    if (p->given.signature != NULL)
        made->signature = text_of(json_incref(p->given.signature));
    if (!write_row(p, dag, &made->why))
        return false;
    made->dag_id = mem_str(dag->dag_id);
    made->version = mem_str(dag->version);
    made->hash = dag->hash;
    made->warnings = dag_warnings_owned(dag);
    return true;
}

void publishing_prepare(struct publishing *p, struct store_reader *reader)
{
    p->made.ok = prepare(p, reader);
    json_decref(take(p->given.json));
    json_decref(take(p->given.signature));
}
