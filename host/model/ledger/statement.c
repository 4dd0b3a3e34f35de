/* statement.c -- see statement.h. Every object's members stand in canonical order. */
#include "model/ledger/statement.h"

#include "base/jcs_object.h"
#include "base/mem.h"
#include "model/ledger/places.h"

#include <string.h>

enum { HEAD_BYTES_USUAL = 2048, NODE_BYTES_USUAL = 2048 };

static struct jcs_part part_of(const char *text)
{
    return (struct jcs_part){text, strlen(text)};
}

/* The elements of an array behind its first have a comma before them. */
static void add_element(struct buf *b, bool *first)
{
    if (!*first)
        buf_addc(b, ',');
    *first = false;
}

static void add_digest(struct jcs_object *o, struct jcs_part sha256)
{
    jcs_object_key(o, "digest");
    buf_adds(o->b, "{\"sha256\":\"");
    buf_add(o->b, sha256.at, sha256.len);
    buf_adds(o->b, "\"}");
}

/* A text of ours and one that is escaped already. */
static void add_name(struct jcs_object *o, const char *key, const char *kind, struct jcs_part name)
{
    jcs_object_key(o, key);
    buf_addc(o->b, '"');
    buf_adds(o->b, kind);
    buf_add(o->b, name.at, name.len);
    buf_addc(o->b, '"');
}

static void add_resource(struct buf *b, const char *key, const char *kind, struct jcs_part name,
                         struct jcs_part sha256)
{
    struct jcs_object o = jcs_object_begin(b);

    add_digest(&o, sha256);
    add_name(&o, key, kind, name);
    jcs_object_end(&o);
}

static void add_subjects(struct buf *b, const struct statement_run *run)
{
    auto_done(buf) id = {0};

    buf_add_escaped(&id, run->run_id, strlen(run->run_id));
    buf_addc(b, '[');
    add_resource(b, "name", "run:", part_of(buf_text(&id)), part_of(run->chain_hash));
    for (size_t i = 0; i < run->record_count; i++) {
        buf_addc(b, ',');
        add_resource(b, "name", "output:", run->records[i].node_id, run->records[i].output_hash);
    }
    buf_addc(b, ']');
}

static void add_definition(struct buf *b, const struct statement_run *run)
{
    auto_done(buf) name = {0};

    buf_add_escaped(&name, run->dag_id, strlen(run->dag_id));
    buf_addc(&name, '@');
    buf_add_escaped(&name, run->dag_version, strlen(run->dag_version));
    add_resource(b, "uri", "orch:dag/", part_of(buf_text(&name)), part_of(run->dag_hash));
}

static bool same_plugin(const struct record_parts *a, const struct record_parts *b, bool v1)
{
    return jcs_part_compare(a->plugin_digest, b->plugin_digest) == 0 &&
           (v1 || jcs_part_compare(a->plugin, b->plugin) == 0);
}

/* Plugins are few beside nodes: those that are told already are looked through. */
static bool is_told(const struct record_parts *record, const struct record_parts *const *told,
                    size_t count, bool v1)
{
    for (size_t i = count; i > 0; i--) {
        if (same_plugin(record, told[i - 1], v1))
            return true;
    }
    return false;
}

/* The plugins of all records, each once. v1 had only the first name of two with the same bytes. */
static void add_dependencies(struct buf *b, const struct statement_run *run)
{
    auto_mem const struct record_parts **told =
        mem_array(run->record_count, const struct record_parts *);
    size_t count = 0;

    buf_addc(b, '[');
    add_definition(b, run);
    for (size_t i = 0; i < run->record_count; i++) {
        const struct record_parts *record = &run->records[i];

        if (record->plugin_digest.len == 0 || is_told(record, told, count, run->v1) ||
            (run->v1 && jcs_part_compare(record->plugin_digest, part_of(run->dag_hash)) == 0))
            continue;
        told[count++] = record;
        buf_addc(b, ',');
        add_resource(b, "uri", "orch:plugin/", record->plugin, record->plugin_digest);
    }
    buf_addc(b, ']');
}

/* The record in the form that the statement has: with the places of its parents for their hashes.
 */
static void add_annotations(struct buf *b, const struct record_parts *r, const uint32_t *parents,
                            size_t count)
{
    const char *behind = r->parents.at + r->parents.len, *end = r->text.at + r->text.len;
    bool first = true;

    buf_add(b, r->text.at, r->parents_at);
    buf_adds(b, "\"parents\":[");
    for (size_t i = 0; i < count; i++) {
        add_element(b, &first);
        buf_add_int(b, parents[i]);
    }
    buf_addc(b, ']');
    buf_add(b, behind, (size_t)(end - behind));
}

static void add_byproduct(struct buf *b, const struct statement_run *run, size_t i,
                          const struct parent_places *places)
{
    const struct record_parts *r = &run->records[i];
    struct jcs_object o = jcs_object_begin(b);
    uint32_t from = i > 0 ? places->ends[i - 1] : 0;

    jcs_object_key(&o, "annotations");
    if (run->v1 || r->parents.len == 0)
        buf_add(b, r->text.at, r->text.len);
    else
        add_annotations(b, r, places->parents + from, places->ends[i] - from);
    add_digest(&o, r->record_hash);
    add_name(&o, "name", "node:", r->node_id);
    jcs_object_end(&o);
}

static void add_byproducts(struct buf *b, const struct statement_run *run,
                           const struct parent_places *places)
{
    bool first = true;

    buf_addc(b, '[');
    for (size_t i = 0; i < run->record_count; i++) {
        add_element(b, &first);
        add_byproduct(b, run, i, places);
    }
    buf_addc(b, ']');
}

static void add_parameters(struct jcs_object *build, const struct statement_run *run)
{
    struct jcs_object o;

    jcs_object_key(build, "externalParameters");
    o = jcs_object_begin(build->b);
    jcs_object_str(&o, "dagId", run->dag_id);
    jcs_object_str(&o, "dagVersion", run->dag_version);
    jcs_object_str(&o, "definitionHash", run->dag_hash);
    jcs_object_str(&o, "inputsHash", run->inputs_hash);
    jcs_object_end(&o);
    jcs_object_key(build, "internalParameters");
    o = jcs_object_begin(build->b);
    jcs_object_bool(&o, "deterministicMode", run->deterministic);
    jcs_object_str(&o, "status", run->status);
    jcs_object_str(&o, "tenant", run->tenant);
    jcs_object_end(&o);
}

static void add_build(struct buf *b, const struct statement_run *run)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_str(&o, "buildType", run->v1 ? STATEMENT_BUILD_TYPE_V1 : STATEMENT_BUILD_TYPE);
    add_parameters(&o, run);
    jcs_object_key(&o, "resolvedDependencies");
    add_dependencies(b, run);
    jcs_object_end(&o);
}

static void add_builder(struct buf *b, const struct statement_run *run)
{
    struct jcs_object o = jcs_object_begin(b), version;

    jcs_object_str(&o, "id", run->builder_id);
    jcs_object_key(&o, "version");
    version = jcs_object_begin(b);
    jcs_object_str(&version, "orch",
                   run->builder_version != NULL ? run->builder_version : ORCH_VERSION);
    jcs_object_end(&version);
    jcs_object_end(&o);
}

static void add_metadata(struct buf *b, const struct statement_run *run)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_str(&o, "finishedOn", run->ended_at);
    jcs_object_str(&o, "invocationId", run->run_id);
    jcs_object_str(&o, "startedOn", run->started_at);
    jcs_object_end(&o);
}

static void add_extension(struct buf *b, const struct statement_run *run)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_str(&o, "ledgerHead", run->ledger_head);
    if (!run->v1) {
        jcs_object_key(&o, "otherNodes");
        buf_adds(b, run->others != NULL ? run->others : "{}");
    }
    if (!run->v1 && run->restart_of != NULL)
        jcs_object_str(&o, "restartOf", run->restart_of);
    jcs_object_str(&o, "traceId", run->trace_id);
    jcs_object_end(&o);
}

static void add_details(struct buf *b, const struct statement_run *run,
                        const struct parent_places *places)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_key(&o, "builder");
    add_builder(b, run);
    jcs_object_key(&o, "byproducts");
    add_byproducts(b, run, places);
    jcs_object_key(&o, "metadata");
    add_metadata(b, run);
    jcs_object_key(&o, "orch");
    add_extension(b, run);
    jcs_object_end(&o);
}

static void add_predicate(struct buf *b, const struct statement_run *run,
                          const struct parent_places *places)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_key(&o, "buildDefinition");
    add_build(b, run);
    jcs_object_key(&o, "runDetails");
    add_details(b, run, places);
    jcs_object_end(&o);
}

bool statement_make(const struct statement_run *run, struct buf *b, struct err *e)
{
    auto_done(parent_places) places = {0};
    struct jcs_object o;

    if (!parent_places_find(run->records, run->record_count, &places, e) ||
        (!run->v1 && !parent_places_in_time(&places, run->records, run->record_count, e)))
        return false;
    buf_reserve(b, HEAD_BYTES_USUAL + NODE_BYTES_USUAL * run->record_count);
    o = jcs_object_begin(b);
    jcs_object_str(&o, "_type", STATEMENT_TYPE);
    jcs_object_key(&o, "predicate");
    add_predicate(b, run, &places);
    jcs_object_str(&o, "predicateType", STATEMENT_PREDICATE_TYPE);
    jcs_object_key(&o, "subject");
    add_subjects(b, run);
    jcs_object_end(&o);
    return true;
}

/* ---- of records as trees ---- */

static bool text_of(const json_t *value, char **ret, struct err *e)
{
    auto_done(buf) text = {0};

    if (!jcs_write(value, &text, e))
        return false;
    *ret = buf_take(&text);
    return true;
}

struct texts {
    char **all;
    size_t count;
};

static void texts_done(struct texts *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->all[i]);
    free(t->all);
}
DEFINE_AUTO_DONE(texts)

bool statement_tree(const struct statement_run *run, const json_t *records, const json_t *others,
                    json_t **ret, struct err *e)
{
    size_t count = json_array_size(records);
    auto_mem struct record_parts *parts = mem_array(count, struct record_parts);
    auto_done(texts) texts = {mem_array(count, char *), 0};
    auto_mem char *others_text = NULL;
    auto_done(buf) made = {0};
    struct statement_run whole = *run;

    for (size_t i = 0; i < count; i++) {
        if (!text_of(json_array_get(records, i), &texts.all[i], e))
            return false;
        texts.count++;
        parts[i] = record_parts(texts.all[i]);
    }
    if (others != NULL && !text_of(others, &others_text, e))
        return false;
    whole.records = parts;
    whole.record_count = count;
    whole.others = others_text;
    if (!statement_make(&whole, &made, e))
        return false;
    *ret = json_loadb(made.data, made.len, 0, NULL);
    return *ret != NULL || err_set(e, ERR_CORRUPT, "the statement of these records is no JSON");
}
