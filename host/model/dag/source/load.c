/* load.c -- from a document to a model: the definition's own table, the nodes in their order, and
 * the checks that follow. See parse.h. */
#include "model/dag/source/load.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/text.h"
#include "model/dag/graph.h"
#include "model/dag/names.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"
#include "model/dag/words.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NAME_CHARS_MAX 256 /* V021: VARCHAR(256) */
#define VERSION_CHARS_MAX 32
#define DESCRIPTION_CHARS_MAX 65536
#define TIME_CHARS_MAX 64

static void load_nodes(struct loader *l, void *target, const char *key, json_t *value);
static void load_default_retry(struct loader *l, void *target, const char *key, json_t *value);
static void load_default_timeout(struct loader *l, void *target, const char *key, json_t *value);

#define AT(member) offsetof(struct dag, member)
const struct field dag_fields[] = {
    {.name = "dag_id",
     FIELD_ID,
     AT(dag_id),
     .max = DAG_ID_BYTES_MAX,
     .help = "Not given or empty: made of the name and the node ids."},
    {.name = "name",
     FIELD_TEXT,
     AT(name),
     .max = NAME_CHARS_MAX,
     .absent = "\"\"",
     .help = "For people."},
    {.name = "description",
     FIELD_TEXT,
     AT(description),
     .max = DESCRIPTION_CHARS_MAX,
     .absent = "\"\"",
     .help = "For people; not part of the hash."},
    {.name = "version",
     FIELD_TEXT,
     AT(version),
     .max = VERSION_CHARS_MAX,
     .absent = "\"1.0.0\"",
     .help = "A published version never changes; other content gets the next free one."},
    {.name = "nodes",
     FIELD_CUSTOM,
     0,
     .load = load_nodes,
     .form = "an object of node id to node",
     .schema = "{\"type\": \"object\", \"minProperties\": 1, \"maxProperties\": 10000, "
               "\"propertyNames\": {\"minLength\": 1, \"maxLength\": 128, \"pattern\": "
               "\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\"}, \"additionalProperties\": "
               "{\"anyOf\": [{\"$ref\": \"#/$defs/node\"}, {\"type\": \"null\"}]}}",
     .help = "Required; or `steps` and `edges`."},
    {.name = "default_retry_policy",
     FIELD_CUSTOM,
     AT(default_retry_policy),
     .load = load_default_retry,
     .form = "a retry policy",
     .schema = "{\"$ref\": \"#/$defs/retry_policy\"}",
     .absent = "{}",
     .help = "For nodes without one."},
    {.name = "default_timeout_policy",
     FIELD_CUSTOM,
     AT(default_timeout_policy),
     .load = load_default_timeout,
     .form = "a timeout policy",
     .schema = "{\"$ref\": \"#/$defs/timeout_policy\"}",
     .absent = "{}",
     .help = "For nodes without one."},
    {.name = "run_timeout_seconds",
     FIELD_NUMBER,
     AT(run_timeout_s),
     0.001,
     TIMEOUT_S_MAX,
     .help = "What a whole run may take; not given: as long as it takes."},
    {.name = "deadline",
     FIELD_CUSTOM,
     AT(deadline),
     .load = load_deadline,
     .form = "a deadline",
     .schema = "{\"$ref\": \"#/$defs/deadline\"}",
     .help = "When a run ought to be done; see Deadlines."},
    {.name = "on_failure",
     FIELD_WORD,
     AT(on_failure),
     .words = dag_failure_words,
     .absent = "\"fail_fast\"",
     .help = "See What a failure does."},
    {.name = "max_parallel_nodes",
     FIELD_UINT32,
     AT(max_parallel_nodes),
     0,
     DAG_PARALLEL_NODES_MAX,
     .absent = "10",
     .help = "Nodes of a run at once; 0 is the default."},
    {.name = "concurrency",
     FIELD_CUSTOM,
     AT(concurrency),
     .load = load_concurrency,
     .form = "an object",
     .schema = "{\"$ref\": \"#/$defs/concurrency\"}",
     .help = "How many runs of a key go on at once; see Concurrency."},
    {.name = "debounce",
     FIELD_CUSTOM,
     AT(debounce),
     .load = load_debounce,
     .form = "an object",
     .schema = "{\"$ref\": \"#/$defs/debounce\"}",
     .help = "Starts that follow each other become one run; see Debounce."},
    {.name = "metadata",
     FIELD_OBJECT,
     AT(metadata),
     .absent = "{}",
     .help = "Yours; kept, shown, not part of the hash."},
    {.name = "signature",
     FIELD_ANY,
     AT(signature),
     .help = "A DSSE envelope over the definition, as `orch dag export` writes it."},
    {.name = "created_at",
     FIELD_TEXT,
     AT(created_at),
     .max = TIME_CHARS_MAX,
     .help = "Kept from an export; not part of the hash."},
    {.name = "hash", FIELD_IGNORED, .help = "An export carries it; it is always computed anew."},
    {0},
};
#undef AT

static void load_default_retry(struct loader *l, void *target, const char *key, json_t *value)
{
    load_retry_policy(l, key, value, target);
}

static void load_default_timeout(struct loader *l, void *target, const char *key, json_t *value)
{
    load_timeout_policy(l, key, value, target);
}

struct member {
    const char *key;
    json_t *value;
    uint32_t position;
};

/* UTF-8 bytes sort as code points do. */
static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static struct member *sorted_members_owned(json_t *object)
{
    struct member *members = mem_array(json_object_size(object) + 1, struct member);
    uint32_t count = 0;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        members[count] = (struct member){key, value, count};
        count++;
    }
    sort_mostly_ordered(members, count, sizeof(struct member), by_key);
    return members;
}

static void load_nodes(struct loader *l, void *target, const char *key, json_t *value)
{
    struct dag *dag = target;
    size_t count = json_object_size(value);
    auto_mem struct member *members = NULL;

    if (!json_is_object(value)) {
        load_wrong(l, key, value, "an object of node id to node");
        return;
    }
    if (count > DAG_NODES_MAX) {
        finding_add(l->findings, FINDING_TOO_LARGE, places_find(&l->source->places, value, key),
                    NULL, 0, "The DAG has %zu nodes, at most %u are taken", count, DAG_NODES_MAX);
        return;
    }
    members = sorted_members_owned(value);
    dag->nodes = mem_array(count + 1, struct dag_node);
    dag->node_count = count;
    for (size_t i = 0; i < count; i++) {
        struct loader inner = *l;

        inner.node_id = members[i].key;
        dag->nodes[i].node_id = members[i].key;
        dag->nodes[i].position = members[i].position;
        dag->nodes[i].place = places_find(&l->source->places, NULL, members[i].key);
        load_node(&inner, &dag->nodes[i], members[i].value);
    }
}

/* A key as Python prints it inside a list. Characters that Python would write as \x or \u escapes
 * (blanks beyond ASCII, unassigned code points) stay as they are. */
static void add_python_text(struct buf *b, const char *text)
{
    char quote = strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? '"' : '\'';

    buf_addc(b, quote);
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == quote)
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
    buf_addc(b, quote);
}

/* greenlang 1.1: "dag_" and 12 hex digits of SHA-256 of "test-dag:['A', 'B']". */
static void generate_id(struct dag *dag)
{
    auto_done(buf) text = {0};
    struct sha256_hex hash;

    buf_addf(&text, "%s:[", dag->name);
    for (size_t i = 0; i < dag->node_count; i++) {
        buf_adds(&text, i > 0 ? ", " : "");
        add_python_text(&text, dag->nodes[i].node_id);
    }
    buf_addc(&text, ']');
    hash = sha256_hex(text.data, text.len);
    dag->generated_id = mem_printf("dag_%.12s", hash.text);
    dag->dag_id = dag->generated_id;
}

static struct dag *dag_new(json_t *doc)
{
    struct dag *dag = mem_new(struct dag);

    dag->doc = json_incref(doc);
    dag->dag_id = "";
    dag->name = "";
    dag->description = "";
    dag->version = "1.0.0";
    dag->default_retry_policy = retry_policy_default;
    dag->default_timeout_policy = timeout_policy_default;
    dag->on_failure = DAG_FAILURE_FAIL_FAST;
    return dag;
}

static void finish(struct dag *dag, struct dag_findings *findings)
{
    struct err e = {0};

    dag->valid = findings->count == 0 && findings->left_out == 0;
    if (!dag->valid)
        return;
    graph_levels(dag);
    if (dag_hash(dag, &dag->hash, &e))
        return;
    finding_add(findings, FINDING_BAD_FIELD, (struct json_place){0, 0}, NULL, 0,
                "The definition cannot be hashed: %s", e.msg);
    dag->valid = false;
}

static void count_deadlines(struct dag *dag, struct dag_findings *findings)
{
    for (size_t i = 0; i < dag->node_count; i++)
        dag->node_deadlines += dag->nodes[i].deadline != NULL;
    if (dag->node_deadlines > DEADLINE_NODES_MAX)
        finding_add(findings, FINDING_TOO_LARGE, (struct json_place){0, 0}, NULL, 0,
                    "%u nodes have a deadline, at most %u are taken", dag->node_deadlines,
                    DEADLINE_NODES_MAX);
}

static struct dag *load_owned(const struct source *source, struct dag_findings *findings)
{
    struct dag *dag = dag_new(source->root);
    struct loader loader = {
        .source = source,
        .dag = dag,
        .findings = findings,
        .wrong = FINDING_BAD_FIELD,
    };

    load_fields(&loader, dag_fields, source->root, dag);
    if (*dag->dag_id == '\0')
        generate_id(dag);
    if (dag->max_parallel_nodes == 0)
        dag->max_parallel_nodes = DAG_PARALLEL_NODES_DEFAULT; /* 0 is taken as "not given" */
    count_deadlines(dag, findings);
    graph_index(dag);
    graph_check(dag, &source->places, findings);
    findings_finish(findings);
    finish(dag, findings);
    return dag;
}

/* Takes the places of source; its root is replaced when it has steps[]. */
static bool load_source(struct source *source, struct dag **ret, struct dag_findings *findings,
                        struct err *e)
{
    json_t *native;

    if (!json_is_object(source->root))
        return err_set(e, ERR_INVALID, "a definition is an object, not %s",
                       json_type_name(source->root));
    if (json_object_get(source->root, "steps") != NULL) {
        native = load_steps_owned(source, findings);
        json_decref(source->root);
        source->root = native;
    }
    *ret = load_owned(source, findings);
    return true;
}

/* The finding has its place in numbers; an error has it only in its message. */
static const char *without_place(const char *message, struct json_place place)
{
    char prefix[64];
    int len = snprintf(prefix, sizeof(prefix), "line %d column %d: ", place.line, place.column);

    return strncmp(message, prefix, (size_t)len) == 0 ? message + len : message;
}

static bool refuse(struct dag_findings *findings, struct json_place place, const struct err *e)
{
    finding_add(findings, FINDING_BAD_SYNTAX, place, NULL, 0, "%s", without_place(e->msg, place));
    return false;
}

static bool parse(const char *text, size_t len, bool placed, struct dag **ret,
                  struct dag_findings *findings, struct err *e)
{
    auto_done(source) source = {0};
    struct json_place place = {0, 0};
    struct err local = {0}, *reason = e != NULL ? e : &local;

    if (source_read(text, len, placed, &source, &place, reason) &&
        load_source(&source, ret, findings, reason))
        return true;
    return refuse(findings, place, reason);
}

static bool names_are_sound(const struct dag *dag)
{
    auto_done(dag_findings) findings = {0};

    dag_check_names(dag, &findings);
    return findings.count == 0;
}

/* Only what is found wrong has use for its place, and to know all places takes as long as the rest:
 * a text in which something is found is read again for them. */
bool dag_parse(const char *text, size_t len, struct dag **ret, struct dag_findings *findings,
               struct err *e)
{
    struct dag *dag = NULL;

    assert(findings->count == 0);
    if (!parse(text, len, false, &dag, findings, e))
        return false;
    if (dag->valid && names_are_sound(dag)) {
        *ret = dag;
        return true;
    }
    dag_free(dag);
    dag_findings_done(findings);
    return parse(text, len, true, ret, findings, e);
}

bool dag_text_read(const char *text, size_t len, json_t **ret, struct err *e)
{
    auto_done(source) source = {0};
    struct json_place place;

    if (!source_read(text, len, false, &source, &place, e))
        return false;
    *ret = json_incref(source.root);
    return true;
}

bool dag_from_json(json_t *doc, struct dag **ret, struct dag_findings *findings, struct err *e)
{
    auto_done(source) source = {.root = json_incref(doc)};
    struct err local = {0}, *reason = e != NULL ? e : &local;

    if (load_source(&source, ret, findings, reason))
        return true;
    return refuse(findings, (struct json_place){0, 0}, reason);
}

static const struct json_limits kept_limits = {DEFINITION_KEPT_BYTES_MAX, JSON_DEPTH_MAX,
                                               DEFINITION_KEPT_VALUES_MAX};

bool dag_kept_check(const char *text, size_t len, struct err *e)
{
    return json_scan(text, len, &kept_limits, NULL, e) ||
           err_wrap(e, "the definition with its defaults written out");
}

bool dag_kept_read(const char *text, json_t **ret, struct err *e)
{
    return json_parse(text, strlen(text), &kept_limits, ret, NULL, e);
}

bool dag_from_json_valid(json_t *doc, struct dag **ret, struct err *e)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) text = {0};
    auto_obj(dag) dag = NULL;

    if (!dag_from_json(doc, &dag, &findings, e))
        return false;
    if (!dag->valid) {
        findings_text(&findings, &text);
        return err_set(e, ERR_UNPROCESSABLE, "DAG validation failed: %s", buf_text(&text));
    }
    *ret = take(dag);
    return true;
}
