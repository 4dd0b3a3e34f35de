/* load_steps.c -- StellaOps' shape (stellaops 1.2, 2.2) as ours: steps[] become nodes, edges[]
 * become dependencies, camelCase names become the native ones. Values are shared with the source,
 * so their places stay true; new keys get the places of the old ones. */
#include "model/dag/source/load.h"

#include <string.h>

const struct alias dag_aliases[] = {
    {"dagId", "dag_id"},
    {"onFailure", "on_failure"},
    {"maxParallelNodes", "max_parallel_nodes"},
    {"defaultRetryPolicy", "default_retry_policy"},
    {"defaultTimeoutPolicy", "default_timeout_policy"},
    {"runTimeoutSeconds", "run_timeout_seconds"},
    {"createdAt", "created_at"},
    {NULL, NULL},
};

const struct alias step_aliases[] = {
    {"id", "node_id"},
    {"stepId", "node_id"},
    {"step_id", "node_id"},
    {"agent", "agent_id"},
    {"agentId", "agent_id"},
    {"plugin", "agent_id"},
    {"dependsOn", "depends_on"},
    {"inputMapping", "input_mapping"},
    {"outputKey", "output_key"},
    {"retryPolicy", "retry_policy"},
    {"timeoutPolicy", "timeout_policy"},
    {"onFailure", "on_failure"},
    {"compensationHandler", "compensation_handler"},
    {"secretRefs", "secret_refs"},
    {NULL, NULL},
};

struct steps {
    struct source *source;
    struct dag_findings *findings;
    json_t *nodes;
};

static const char *native_name(const struct alias *aliases, const char *key)
{
    for (; aliases->given != NULL; aliases++) {
        if (strcmp(aliases->given, key) == 0)
            return aliases->native;
    }
    return key;
}

static void wrong(struct steps *s, const json_t *value, const char *key, const char *text)
{
    finding_add(s->findings, FINDING_BAD_FIELD, places_find(&s->source->places, value, key), NULL,
                0, "%s", text);
}

/* Adds a member under its native name; a name given twice under two spellings is a finding. */
static void put(struct steps *s, json_t *object, const char *native, const char *key, json_t *value)
{
    struct json_place place = places_find(&s->source->places, NULL, key);

    if (json_object_get(object, native) != NULL) {
        finding_add(s->findings, FINDING_BAD_FIELD, place, NULL, 0, "'%s' is given under two names",
                    native);
        return;
    }
    json_object_set(object, native, value);
    if (place.line > 0)
        places_put_key(&s->source->places, object, native, place);
}

static json_t *renamed_owned(struct steps *s, const struct alias *aliases, json_t *object)
{
    json_t *native = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        put(s, native, native_name(aliases, key), key, value);
    }
    return native;
}

/* The source's own list must not grow with the edges: the caller may still hold it. */
static void own_depends_on(struct steps *s, json_t *node)
{
    json_t *given = json_object_get(node, "depends_on");
    json_t *own;

    if (given != NULL && !json_is_null(given) && !json_is_array(given))
        return; /* the loader words what is wrong */
    own = json_is_array(given) ? json_copy(given) : json_array();
    places_put_value(&s->source->places, own, places_find(&s->source->places, given, NULL));
    json_object_set_new(node, "depends_on", own);
}

static void add_step(struct steps *s, json_t *step)
{
    auto_json node = NULL;
    const char *id;
    struct json_place place = places_find(&s->source->places, step, NULL);

    if (!json_is_object(step)) {
        wrong(s, step, NULL, "a step must be an object");
        return;
    }
    node = renamed_owned(s, step_aliases, step);
    id = json_string_value(json_object_get(node, "node_id"));
    if (id == NULL || *id == '\0') {
        wrong(s, step, NULL, "a step must have an id");
        return;
    }
    if (json_object_get(s->nodes, id) != NULL) {
        finding_add(s->findings, FINDING_DUPLICATE, place, (const char *[]){id, id}, 2,
                    "Step '%s' is given twice", id);
        return;
    }
    own_depends_on(s, node);
    json_object_set(s->nodes, id, node);
    if (place.line > 0)
        places_put_key(&s->source->places, s->nodes, id, place);
}

static void add_edge(struct steps *s, json_t *edge)
{
    json_t *from = json_is_array(edge) ? json_array_get(edge, 0) : json_object_get(edge, "from");
    json_t *to = json_is_array(edge) ? json_array_get(edge, 1) : json_object_get(edge, "to");
    json_t *node;

    if (!json_is_string(from) || !json_is_string(to) ||
        (json_is_array(edge) ? json_array_size(edge) : json_object_size(edge)) != 2) {
        wrong(s, edge, NULL, "an edge must be {from, to} or [from, to]");
        return;
    }
    node = json_object_get(s->nodes, json_string_value(to));
    if (node == NULL) {
        finding_add(s->findings, FINDING_MISSING, places_find(&s->source->places, edge, NULL),
                    (const char *[]){json_string_value(from), json_string_value(to)}, 2,
                    "Edge '%s' -> '%s' leads to a step that does not exist in the DAG",
                    json_string_value(from), json_string_value(to));
        return;
    }
    json_array_append(json_object_get(node, "depends_on"), from);
}

static void for_each(struct steps *s, json_t *root, const char *key,
                     void (*add)(struct steps *, json_t *))
{
    json_t *list = json_object_get(root, key);
    size_t i;
    json_t *item;

    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        wrong(s, list, json_object_iter_key(json_object_iter_at(root, key)),
              "steps and edges must be lists");
    json_array_foreach(list, i, item) add(s, item);
}

json_t *load_steps_owned(struct source *source, struct dag_findings *findings)
{
    json_t *root = source->root;
    struct steps s = {source, findings, json_object()};
    json_t *native = renamed_owned(&s, dag_aliases, root);

    for_each(&s, root, "steps", add_step);
    for_each(&s, root, "edges", add_edge);
    if (json_object_get(native, "nodes") != NULL)
        wrong(&s, NULL, NULL, "a definition has nodes or steps, not both");
    json_object_del(native, "steps");
    json_object_del(native, "edges");
    json_object_set_new(native, "nodes", s.nodes);
    return native;
}
