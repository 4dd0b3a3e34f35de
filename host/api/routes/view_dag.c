/* view_dag.c -- definitions as JSON; see view.h. The stored text is the normalised definition. */
#include "api/http/jsonw.h"
#include "api/routes/view.h"

#include "base/clock.h"

static bool definition_owned(const struct store_dag *row, json_t **ret, struct err *e)
{
    *ret = json_loads(row->definition, JSON_DECODE_ANY, NULL);
    return json_is_object(*ret) ||
           err_set(e, ERR_CORRUPT, "the stored definition of '%s' is not an object", row->dag_id);
}

bool view_dag(struct buf *b, const char *key, const struct store_dag *row, struct err *e)
{
    auto_json dag = NULL;
    char when[CLOCK_TEXT_BYTES];

    if (!definition_owned(row, &dag, e))
        return false;
    clock_text(row->created_us, when);
    json_object_set_new(dag, "dag_id", json_string(row->dag_id));
    json_object_set_new(dag, "version", json_string(row->version));
    json_object_set_new(dag, "created_at", json_string(when));
    json_object_set_new(dag, "hash", json_string(row->hash));
    json_object_set_new(dag, "enabled", json_boolean(row->enabled));
    jw_json(b, key, dag);
    return true;
}

void view_dag_head(struct buf *b, const char *key, const struct store_dag *row)
{
    jw_open(b, key, '{');
    jw_str(b, "dag_id", row->dag_id);
    jw_str(b, "name", row->name);
    jw_text(b, "description", row->description);
    jw_str(b, "version", row->version);
    jw_raw(b, "nodes", NULL);
    jw_raw(b, "default_retry_policy", row->retry_policy);
    jw_raw(b, "default_timeout_policy", row->timeout_policy);
    jw_str(b, "on_failure", row->on_failure);
    jw_int(b, "max_parallel_nodes", row->max_parallel_nodes);
    jw_raw(b, "metadata", NULL);
    jw_time(b, "created_at", row->created_us);
    jw_str(b, "hash", row->hash);
    jw_bool(b, "enabled", row->enabled);
    jw_close(b, '}');
}

void view_dag_version_members(struct buf *b, const struct store_dag *row)
{
    jw_str(b, "dagId", row->dag_id);
    jw_str(b, "version", row->version);
    jw_str(b, "name", row->name);
    jw_bool(b, "active", row->enabled && row->deleted_us == 0);
    jw_str(b, "hash", row->hash);
    jw_bool(b, "signed", row->is_signed);
    jw_str(b, "createdBy", row->created_by);
    jw_time(b, "createdUtc", row->created_us);
}

void view_dag_version(struct buf *b, const char *key, const struct store_dag *row)
{
    jw_open(b, key, '{');
    view_dag_version_members(b, row);
    jw_close(b, '}');
}

/* A node with its id as stepId. */
static void add_steps(struct buf *b, const json_t *nodes)
{
    const char *id;
    json_t *node;

    jw_open(b, "steps", '[');
    json_object_foreach((json_t *)nodes, id, node)
    {
        auto_json step = json_copy(node);

        json_object_set_new(step, "stepId", json_string(id));
        jw_json(b, NULL, step);
    }
    jw_close(b, ']');
}

static void add_edges(struct buf *b, const json_t *nodes)
{
    const char *id;
    json_t *node, *dep;
    size_t i;

    jw_open(b, "edges", '[');
    json_object_foreach((json_t *)nodes, id, node)
    {
        json_array_foreach(json_object_get(node, "depends_on"), i, dep)
        {
            jw_open(b, NULL, '{');
            jw_str(b, "from", json_string_value(dep));
            jw_str(b, "to", id);
            jw_close(b, '}');
        }
    }
    jw_close(b, ']');
}

bool view_dag_full(struct buf *b, const char *key, const struct store_dag *row, struct err *e)
{
    auto_json dag = NULL;

    if (!definition_owned(row, &dag, e))
        return false;
    jw_open(b, key, '{');
    view_dag_version_members(b, row);
    jw_str(b, "description", row->description);
    add_steps(b, json_object_get(dag, "nodes"));
    add_edges(b, json_object_get(dag, "nodes"));
    jw_json(b, "metadata", json_object_get(dag, "metadata"));
    jw_raw(b, "signature", row->signature);
    jw_json(b, "definition", dag);
    jw_close(b, '}');
    return true;
}
