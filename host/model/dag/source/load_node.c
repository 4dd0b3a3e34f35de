/* load_node.c -- one node: its table and what needs more than a table row. */
#include "model/dag/source/load.h"

#include "base/limits.h"
#include "base/mem.h"
#include "model/dag/words.h"
#include "model/words/confinement.h"
#include "model/words/secrets.h"

#include <stddef.h>
#include <string.h>

#define OUTPUT_KEY_CHARS_MAX 128
#define SECRET_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/"
#define CPU_MS_MAX 86400000.0            /* a day */
#define MEMORY_BYTES_MIN 1048576.0       /* 1 MiB: less than a plugin's own pages */
#define MEMORY_BYTES_MAX 1099511627776.0 /* 1 TiB */
#define LOG_BYTES_MAX 67108864.0         /* 64 MiB */

static void load_depends_on(struct loader *l, void *target, const char *key, json_t *value);
static void load_mapping(struct loader *l, void *target, const char *key, json_t *value);
static void load_condition(struct loader *l, void *target, const char *key, json_t *value);
static void load_compensation(struct loader *l, void *target, const char *key, json_t *value);
static void load_secret_refs(struct loader *l, void *target, const char *key, json_t *value);
static void load_limits(struct loader *l, void *target, const char *key, json_t *value);
static void load_network(struct loader *l, void *target, const char *key, json_t *value);

#define RETRY_SCHEMA "{\"$ref\": \"#/$defs/retry_policy\"}"
#define TIMEOUT_SCHEMA "{\"$ref\": \"#/$defs/timeout_policy\"}"

#define AT(member) offsetof(struct dag_node, member)
const struct field node_fields[] = {
    {.name = "node_id",
     FIELD_ID,
     AT(named),
     .max = NODE_ID_BYTES_MAX,
     .help = "The node's key once more; another text is an error."},
    {.name = "agent_id",
     FIELD_ID,
     AT(agent_id),
     .max = AGENT_ID_BYTES_MAX,
     .absent = "\"\"",
     .help = "Which agent runs, as its plugin's manifest names it. An unknown one fails the node."},
    {.name = "depends_on",
     FIELD_CUSTOM,
     0,
     .load = load_depends_on,
     .form = "a list of node ids",
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
     .absent = "[]",
     .help = "What must have ended before."},
    {.name = "input_mapping",
     FIELD_CUSTOM,
     0,
     .load = load_mapping,
     .form = "an object of name to path",
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\", "
               "\"minLength\": 1}}",
     .absent = "{}",
     .help = "The input's members and where each comes from; see Paths."},
    {.name = "output_key",
     FIELD_TEXT,
     AT(output_key),
     .max = OUTPUT_KEY_CHARS_MAX,
     .absent = "\"\"",
     .help = "Kept and shown; nothing depends on it."},
    {.name = "condition",
     FIELD_CUSTOM,
     0,
     .load = load_condition,
     .form = "an expression",
     .schema = "{\"type\": \"string\"}",
     .help = "The node is skipped when it is not true; see Conditions."},
    {.name = "retry_policy",
     FIELD_CUSTOM,
     AT(retry_policy),
     .load = load_retry_policy_ptr,
     .form = "a retry policy",
     .schema = RETRY_SCHEMA,
     .help = "Replaces the DAG's default as a whole; `{}` is the same as not given."},
    {.name = "timeout_policy",
     FIELD_CUSTOM,
     AT(timeout_policy),
     .load = load_timeout_policy_ptr,
     .form = "a timeout policy",
     .schema = TIMEOUT_SCHEMA,
     .help = "Replaces the DAG's default as a whole; `{}` is the same as not given."},
    {.name = "deadline",
     FIELD_CUSTOM,
     AT(deadline),
     .load = load_deadline_ptr,
     .form = "a deadline",
     .schema = "{\"$ref\": \"#/$defs/deadline\"}",
     .help = "When the node ought to have ended; see Deadlines."},
    {.name = "on_failure",
     FIELD_WORD,
     AT(on_failure),
     .words = node_failure_words,
     .absent = "\"stop\"",
     .help = "See What a failure does."},
    {.name = "compensation_handler",
     FIELD_CUSTOM,
     AT(compensation),
     .load = load_compensation,
     .form = "an agent id or a handler",
     .schema = "{\"anyOf\": [{\"type\": \"string\", \"maxLength\": 128}, "
               "{\"$ref\": \"#/$defs/compensation_handler\"}]}",
     .help = "Who undoes the node when the run is rolled back."},
    {.name = "priority",
     FIELD_INT32,
     AT(priority),
     INT32_MIN,
     INT32_MAX,
     .absent = "0",
     .help =
         "In its lane, 1 to 100, higher first; any other number counts as 5. A level's nodes are "
         "ordered by id (contract)."},
    {.name = "metadata",
     FIELD_OBJECT,
     AT(metadata),
     .absent = "{}",
     .help = "Yours; kept, shown, not part of the hash."},
    {.name = "config",
     FIELD_OBJECT,
     AT(config),
     .absent = "{}",
     .help = "Handed to the agent as it is."},
    {.name = "secret_refs",
     FIELD_CUSTOM,
     0,
     .load = load_secret_refs,
     .form = "an object of name to `secret://NAME[@VERSION]`",
     .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\", "
               "\"maxLength\": 266, \"pattern\": "
               "\"^secret://[A-Za-z0-9._/-]{1,128}(@[A-Za-z0-9._/-]{1,128})?$\"}, "
               "\"propertyNames\": {\"minLength\": 1, \"maxLength\": 128, \"pattern\": "
               "\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\"}}",
     .absent = "{}",
     .help = "Secrets by the name under which the agent asks for them; never their values."},
    {.name = "enabled",
     FIELD_BOOL,
     AT(enabled),
     .absent = "true",
     .help = "false: as if its condition were false."},
    {.name = "lane",
     FIELD_ID,
     AT(lane),
     .max = LANE_NAME_BYTES_MAX,
     .help = "Where its attempts wait for a worker; absent: `default`."},
    {.name = "isolation",
     FIELD_WORD,
     AT(isolation),
     .words = isolation_words,
     .help = "What attempts share: a loaded plugin (warm), nothing (cold), not even a fork (exec). "
             "Not given: the host and the plugin decide."},
    {.name = "profile",
     FIELD_WORD,
     AT(profile),
     .words = profile_words,
     .help =
         "What an attempt may do; never more than the plugin's manifest and the operator allow."},
    {.name = "limits",
     FIELD_CUSTOM,
     AT(limits),
     .load = load_limits,
     .form = "limits",
     .schema = "{\"$ref\": \"#/$defs/limits\"}",
     .absent = "{}",
     .help = "Below the profile's own and the operator's ceilings."},
    {.name = "network",
     FIELD_CUSTOM,
     AT(network),
     .load = load_network,
     .form = "a list of host:port",
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\", \"maxLength\": 261, "
               "\"pattern\": \"^[^\\\\u0000-\\\\u0020/@\\\\u007f-\\\\u009f]+:[0-9]{1,5}$\"}}",
     .absent = "[]",
     .help = "Whom a `net` attempt may call."},
    {.name = "idempotent",
     FIELD_BOOL,
     AT(idempotent),
     .absent = "true",
     .help = "false: an attempt that was lost with the host is not repeated, the node fails."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct node_limits, member)
const struct field limit_fields[] = {
    {.name = "cpu_ms", FIELD_INT64, AT(cpu_ms), 1, CPU_MS_MAX, .help = "Time on a processor."},
    {.name = "memory_bytes",
     FIELD_INT64,
     AT(memory_bytes),
     MEMORY_BYTES_MIN,
     MEMORY_BYTES_MAX,
     .help = "Memory of the attempt."},
    {.name = "output_bytes",
     FIELD_INT64,
     AT(output_bytes),
     1,
     NODE_OUTPUT_BYTES_MAX,
     .help = "The text of its result."},
    {.name = "log_bytes",
     FIELD_INT64,
     AT(log_bytes),
     1,
     LOG_BYTES_MAX,
     .help = "Its log; what is over is counted and left out."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct compensation, member)
const struct field compensation_fields[] = {
    {.name = "agent_id",
     FIELD_ID,
     AT(agent_id),
     .max = AGENT_ID_BYTES_MAX,
     .help =
         "Required. Its input is `{original_input, failed_node}`: the outputs of the node that it "
         "undoes, and the first node that failed."},
    {.name = "config",
     FIELD_OBJECT,
     AT(config),
     .absent = "{}",
     .help = "Handed to the agent as it is."},
    {.name = "retry_policy",
     FIELD_CUSTOM,
     AT(retry_policy),
     .load = load_retry_policy_ptr,
     .form = "a retry policy",
     .schema = RETRY_SCHEMA,
     .help = "Not given: the built-in defaults, not the DAG's."},
    {.name = "timeout_policy",
     FIELD_CUSTOM,
     AT(timeout_policy),
     .load = load_timeout_policy_ptr,
     .form = "a timeout policy",
     .schema = TIMEOUT_SCHEMA,
     .help = "Not given: the built-in defaults, not the DAG's."},
    {0},
};
#undef AT

static void load_depends_on(struct loader *l, void *target, const char *key, json_t *value)
{
    struct dag_node *node = target;

    if (load_texts(l, key, value))
        node->depends_on = value;
}

static void load_path(struct loader *l, struct dag_node *node, const char *name, json_t *value)
{
    struct loader inner = *l;

    inner.within = "input_mapping";
    inner.wrong = FINDING_BAD_MAPPING;
    if (json_string_length(value) == 0) {
        load_wrong(&inner, name, value, "a path such as results.NODE.KEY or input.KEY");
        return;
    }
    node->mappings[node->mapping_count++] = (struct input_mapping){
        .target = name,
        .path = path_new(json_string_value(value), json_string_length(value)),
    };
}

static void load_mapping(struct loader *l, void *target, const char *key, json_t *value)
{
    struct dag_node *node = target;
    const char *name;
    json_t *path;

    if (!json_is_object(value)) {
        l->wrong = FINDING_BAD_MAPPING;
        load_wrong(l, key, value, "an object of paths");
        l->wrong = FINDING_BAD_FIELD;
        return;
    }
    node->mappings = mem_array(json_object_size(value) + 1, struct input_mapping);
    json_object_foreach(value, name, path) load_path(l, node, name, path);
}

static void load_condition(struct loader *l, void *target, const char *key, json_t *value)
{
    struct dag_node *node = target;
    struct err e = {0};
    int column;

    if (!json_is_string(value)) {
        l->wrong = FINDING_BAD_CONDITION;
        load_wrong(l, key, value, "text");
        l->wrong = FINDING_BAD_FIELD;
        return;
    }
    node->condition_text = json_string_value(value);
    if (json_string_length(value) == 0)
        return;
    if (!expr_compile(json_string_value(value), json_string_length(value), &node->condition,
                      &column, &e))
        finding_add(l->findings, FINDING_BAD_CONDITION, places_find(&l->source->places, value, key),
                    &l->node_id, 1, "Node '%s': condition, column %d: %s", l->node_id, column,
                    e.msg);
}

/* An agent id, or an object with one and a configuration. */
static void load_compensation(struct loader *l, void *target, const char *key, json_t *value)
{
    struct compensation *compensation = target;
    struct loader inner = *l;

    inner.within = key;
    if (json_is_object(value)) {
        load_fields(&inner, compensation_fields, value, compensation);
        if (compensation->agent_id == NULL || *compensation->agent_id == '\0')
            finding_add(l->findings, l->wrong, places_find(&l->source->places, value, key),
                        &l->node_id, 1, "Node '%s': %s has no agent_id", l->node_id, key);
        return;
    }
    if (!json_is_string(value) || json_string_length(value) > AGENT_ID_BYTES_MAX)
        load_wrong(l, key, value, "an agent id or an object with agent_id");
    else if (json_string_length(value) > 0)
        compensation->agent_id = json_string_value(value);
}

/* NAME[@VERSION] after "secret://"; version becomes "" when it is not given. */
static bool split_secret(const char *reference, struct secret_ref *ret)
{
    static const char scheme[] = "secret://";
    const char *name = reference + strlen(scheme);
    size_t len, version_len = 0;

    if (strncmp(reference, scheme, strlen(scheme)) != 0)
        return false;
    len = strspn(name, SECRET_CHARS);
    if (name[len] == '@') {
        version_len = strspn(name + len + 1, SECRET_CHARS);
        if (version_len == 0 || name[len + 1 + version_len] != '\0')
            return false;
    } else if (name[len] != '\0') {
        return false;
    }
    if (len == 0 || len > SECRET_NAME_BYTES_MAX || version_len > SECRET_NAME_BYTES_MAX)
        return false;
    ret->secret = mem_strn(name, len);
    ret->version = mem_strn(name + len + (version_len > 0 ? 1 : 0), version_len);
    return true;
}

static void load_secret_refs(struct loader *l, void *target, const char *key, json_t *value)
{
    struct dag_node *node = target;
    const char *name;
    json_t *reference;

    if (!json_is_object(value)) {
        load_wrong(l, key, value, "an object of secret://NAME[@VERSION]");
        return;
    }
    node->secret_refs = mem_array(json_object_size(value) + 1, struct secret_ref);
    json_object_foreach(value, name, reference)
    {
        struct secret_ref ref = {.name = name};

        if (json_is_string(reference) && load_id_ok(name, SECRET_NAME_BYTES_MAX) &&
            split_secret(json_string_value(reference), &ref))
            node->secret_refs[node->secret_ref_count++] = ref;
        else /* the value is not repeated: it may be the secret itself */
            finding_add(l->findings, FINDING_BAD_FIELD,
                        places_find(&l->source->places, reference, name), &l->node_id, 1,
                        "Node '%s': secret_refs.%s must be secret://NAME[@VERSION]; a secret's "
                        "value never stands in a definition",
                        l->node_id, name);
    }
}

static void load_limits(struct loader *l, void *target, const char *key, json_t *value)
{
    struct loader inner = *l;

    inner.within = key;
    if (json_is_object(value))
        load_fields(&inner, limit_fields, value, target);
    else
        load_wrong(l, key, value, "an object");
}

/* host:port; the broker resolves and judges the host (SANDBOX.md), here only the form counts. */
static bool is_host_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    long port;
    char *end;

    if (colon == NULL || colon == text || strlen(text) > 261 || strpbrk(text, " \t/@") != NULL)
        return false;
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5)
        return false;
    port = strtol(colon + 1, &end, 10);
    return port >= 1 && port <= 65535;
}

static void load_network(struct loader *l, void *target, const char *key, json_t *value)
{
    json_t **network = target;
    size_t i;
    json_t *item;

    if (!load_texts(l, key, value))
        return;
    *network = value;
    json_array_foreach(value, i, item)
    {
        if (!is_host_port(json_string_value(item)) || !load_id_ok(json_string_value(item), 261))
            load_wrong(l, key, item, "a list of host:port");
    }
}

void load_node(struct loader *l, struct dag_node *node, json_t *value)
{
    node->agent_id = "";
    node->output_key = "";
    node->on_failure = NODE_FAILURE_STOP;
    node->enabled = true;
    node->idempotent = true;
    if (!load_id_ok(node->node_id, NODE_ID_BYTES_MAX))
        finding_add(l->findings, FINDING_BAD_FIELD, node->place, &l->node_id, 1,
                    "A node id must be text of 1 to %u bytes without control characters",
                    NODE_ID_BYTES_MAX);
    if (json_is_object(value))
        load_fields(l, node_fields, value, node);
    else if (!json_is_null(value))
        load_wrong(l, NULL, value, "an object");
    if (node->named != NULL && (*node->named == '\0' || strcmp(node->named, node->node_id) == 0))
        node->named = NULL;
}
