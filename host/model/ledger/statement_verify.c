/* statement_verify.c -- the auditor's half of statement.h. */
#include "model/ledger/layers.h"
#include "model/ledger/places.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"
#include "model/ledger/statement_check.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool type_is(const json_t *statement, const char *key, const char *want, struct err *e)
{
    const char *got = json_text_of(statement, key);

    if (strcmp(got, want) != 0)
        return err_set(e, ERR_CORRUPT, "%s is '%s', not '%s'", key, got, want);
    return true;
}

/* ---- its parts ---- */

static void statement_parts_done(struct statement_parts *p)
{
    json_decref(p->records);
}
DEFINE_AUTO_DONE(statement_parts)

static struct statement_parts parts_of(const json_t *statement)
{
    const json_t *predicate = json_object_get(statement, "predicate");
    struct statement_parts p = {
        .build = json_object_get(predicate, "buildDefinition"),
        .details = json_object_get(predicate, "runDetails"),
    };

    p.v1 = strcmp(json_text_of(p.build, "buildType"), STATEMENT_BUILD_TYPE_V1) == 0;
    p.external = json_object_get(p.build, "externalParameters");
    p.internal = json_object_get(p.build, "internalParameters");
    p.metadata = json_object_get(p.details, "metadata");
    p.builder = json_object_get(p.details, "builder");
    p.orch = json_object_get(p.details, "orch");
    p.byproducts = json_object_get(p.details, "byproducts");
    return p;
}

/* The records in their own form, which is what their hashes are of. */
static bool load_records(struct statement_parts *p, struct err *e)
{
    auto_json listed = json_array();
    const json_t *entry;
    size_t i;

    json_array_foreach(p->byproducts, i, entry)
    {
        json_t *record = json_object_get(entry, "annotations");

        if (!json_is_object(record))
            return err_set(e, ERR_CORRUPT, "a node record is not an object");
        json_array_append(listed, record);
    }
    if (p->v1) {
        p->records = take(listed);
        return true;
    }
    return places_to_records(listed, &p->records, e);
}

/* Every record by itself. */
static bool records_verify(const struct statement_parts *p, struct err *e)
{
    const json_t *record;
    size_t i;

    json_array_foreach(p->records, i, record)
    {
        const json_t *digest = json_object_get(json_array_get(p->byproducts, i), "digest");

        if (!node_record_verify(record, e))
            return false;
        if (strcmp(json_text_of(digest, "sha256"), json_text_of(record, "record_hash")) != 0)
            return err_set(e, ERR_CORRUPT, "node '%s': its byproduct has another digest",
                           json_text_of(record, "node_id"));
    }
    return true;
}

static struct sha256_hex chain_of(const struct statement_parts *p)
{
    size_t count = json_array_size(p->records);
    auto_mem const char **hashes = mem_array(count, const char *);
    struct sha256_hex chain;

    for (size_t i = 0; i < count; i++)
        hashes[i] = json_text_of(json_array_get(p->records, i), "chain_hash");
    execution_chain_hash(hashes, count, &chain);
    return chain;
}

/* ---- what is said twice ---- */

/* Where two values differ first, as a path; false: nowhere. */
static bool differs(const json_t *got, const json_t *want, struct buf *path)
{
    size_t before = path->len, count;
    const char *key;
    json_t *value;

    if (json_typeof(got) != json_typeof(want))
        return true;
    if (json_is_object(got)) {
        json_object_foreach((json_t *)want, key, value)
        {
            const json_t *mine = json_object_get(got, key);

            buf_addf(path, "/%s", key);
            if (mine == NULL || differs(mine, value, path))
                return true;
            path->len = before;
        }
        json_object_foreach((json_t *)got, key, value)
        {
            buf_addf(path, "/%s", key);
            if (json_object_get(want, key) == NULL)
                return true;
            path->len = before;
        }
        return false;
    }
    if (!json_is_array(got))
        return json_equal(got, want) == 0;
    count =
        json_array_size(want) > json_array_size(got) ? json_array_size(want) : json_array_size(got);
    for (size_t i = 0; i < count; i++) {
        buf_addf(path, "/%zu", i);
        if (i >= json_array_size(got) || i >= json_array_size(want) ||
            differs(json_array_get(got, i), json_array_get(want, i), path))
            return true;
        path->len = before;
    }
    return false;
}

/* The statement that this one's own parts make; the caller owns it. */
static bool made_anew(const struct statement_parts *p, json_t **ret, struct err *e)
{
    struct sha256_hex chain = chain_of(p);

    return statement_tree(
        &(struct statement_run){
            .run_id = json_text_of(p->metadata, "invocationId"),
            .tenant = json_text_of(p->internal, "tenant"),
            .status = json_text_of(p->internal, "status"),
            .trace_id = json_text_of(p->orch, "traceId"),
            .dag_id = json_text_of(p->external, "dagId"),
            .dag_version = json_text_of(p->external, "dagVersion"),
            .dag_hash = json_text_of(p->external, "definitionHash"),
            .inputs_hash = json_text_of(p->external, "inputsHash"),
            .chain_hash = chain.text,
            .ledger_head = json_text_of(p->orch, "ledgerHead"),
            .started_at = json_text_of(p->metadata, "startedOn"),
            .ended_at = json_text_of(p->metadata, "finishedOn"),
            .builder_id = json_text_of(p->builder, "id"),
            .builder_version = json_text_of(json_object_get(p->builder, "version"), "orch"),
            .deterministic = json_is_true(json_object_get(p->internal, "deterministicMode")),
            .v1 = p->v1,
            .restart_of = json_string_value(json_object_get(p->orch, "restartOf")),
        },
        p->records, json_object_get(p->orch, "otherNodes"), ret, e);
}

static bool same_as_made(const json_t *statement, const struct statement_parts *p, struct err *e)
{
    auto_json want = NULL;
    auto_done(buf) path = {0};

    if (!made_anew(p, &want, e))
        return false;
    if (!differs(statement, want, &path))
        return true;
    return err_set(e, ERR_CORRUPT, "the statement contradicts itself at %.200s", buf_text(&path));
}

/* How the nodes were confined; their records are verified. */
static void add_confinement(const json_t *records, struct statement_facts *facts)
{
    const json_t *record;
    size_t i;

    facts->level = LAYER_LEVEL_MAX;
    json_array_foreach(records, i, record)
    {
        struct layer_facts layers;
        struct err e = {0};

        if (!layer_facts_verify(record, &layers, &e))
            layers = (struct layer_facts){0};
        facts->level = layers.level < facts->level ? layers.level : facts->level;
        facts->warm_count += layers.isolation == ISOLATION_WARM;
        facts->mixed_count += layers.isolation == ISOLATION_UNSET;
    }
}

static struct statement_facts facts_of(const json_t *statement, const struct statement_parts *p)
{
    const json_t *run = json_array_get(json_object_get(statement, "subject"), 0);
    struct statement_facts facts = {
        .run_id = json_text_of(p->metadata, "invocationId"),
        .dag_id = json_text_of(p->external, "dagId"),
        .dag_version = json_text_of(p->external, "dagVersion"),
        .status = json_text_of(p->internal, "status"),
        .chain_hash = json_text_of(json_object_get(run, "digest"), "sha256"),
        .builder_id = json_text_of(p->builder, "id"),
        .node_count = json_array_size(p->byproducts),
        .plugin_count = json_array_size(json_object_get(p->build, "resolvedDependencies")) - 1,
    };

    add_confinement(p->records, &facts);
    return facts;
}

bool statement_verify(const json_t *statement, struct statement_facts *ret, struct err *e)
{
    auto_done(statement_parts) p = parts_of(statement);

    if (!type_is(statement, "_type", STATEMENT_TYPE, e) ||
        !type_is(statement, "predicateType", STATEMENT_PREDICATE_TYPE, e) ||
        (!p.v1 && !type_is(p.build, "buildType", STATEMENT_BUILD_TYPE, e)))
        return false;
    if (!json_is_array(p.byproducts) || *json_text_of(p.metadata, "invocationId") == '\0')
        return err_set(e, ERR_CORRUPT, "no run or no node records in the statement");
    if (!load_records(&p, e) || !records_verify(&p, e) || !statement_words_verify(&p, e) ||
        !statement_times_verify(&p, e) || !same_as_made(statement, &p, e))
        return false;
    *ret = facts_of(statement, &p);
    return true;
}
