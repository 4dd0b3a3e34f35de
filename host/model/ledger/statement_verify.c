/* statement_verify.c -- the auditor's half of statement.h. */
#include "model/ledger/layers.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static bool type_is(const json_t *statement, const char *key, const char *want, struct err *e)
{
    const char *got = text_of(statement, key);

    if (strcmp(got, want) != 0)
        return err_set(e, ERR_CORRUPT, "%s is '%s', not '%s'", key, got, want);
    return true;
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool parents_known(const json_t *record, const char **sorted, size_t count, struct err *e)
{
    const json_t *parent;
    size_t i;

    json_array_foreach(json_object_get(record, "parent_hashes"), i, parent)
    {
        const char *hash = json_string_value(parent);

        if (hash == NULL || bsearch(&hash, sorted, count, sizeof *sorted, text_order) == NULL)
            return err_set(e, ERR_CORRUPT, "node '%s': parent hash not found: %s",
                           text_of(record, "node_id"), hash != NULL ? hash : "(not text)");
    }
    return true;
}

/* Every record by itself, then every link between them. Writes the chain hashes in order. */
static bool records_verify(const json_t *byproducts, const char **hashes, struct err *e)
{
    size_t count = json_array_size(byproducts);
    auto_mem const char **sorted = mem_array(count, const char *);

    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(byproducts, i);
        const json_t *record = json_object_get(entry, "annotations");

        if (!node_record_verify(record, e))
            return false;
        if (strcmp(text_of(json_object_get(entry, "digest"), "sha256"),
                   text_of(record, "record_hash")) != 0)
            return err_set(e, ERR_CORRUPT, "node '%s': its byproduct has another digest",
                           text_of(record, "node_id"));
        hashes[i] = sorted[i] = text_of(record, "chain_hash");
    }
    qsort(sorted, count, sizeof *sorted, text_order);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(byproducts, i);

        if (!parents_known(json_object_get(entry, "annotations"), sorted, count, e))
            return false;
    }
    return true;
}

static bool subject_is(const json_t *subject, const char *kind, const char *name,
                       const char *digest, struct err *e)
{
    auto_mem char *want = mem_printf("%s%s", kind, name);
    const char *got = text_of(json_object_get(subject, "digest"), "sha256");

    if (strcmp(text_of(subject, "name"), want) != 0)
        return err_set(e, ERR_CORRUPT, "subject '%s' stands where '%s' should",
                       text_of(subject, "name"), want);
    if (strcmp(got, digest) != 0)
        return err_set(e, ERR_CORRUPT, "subject '%s' has digest %s, the records give %s", want, got,
                       digest);
    return true;
}

static bool subjects_verify(const json_t *statement, const char *run_id, const char *chain,
                            const json_t *byproducts, struct err *e)
{
    const json_t *subjects = json_object_get(statement, "subject");
    size_t count = json_array_size(byproducts);

    if (json_array_size(subjects) != count + 1)
        return err_set(e, ERR_CORRUPT, "%zu subjects for %zu completed nodes",
                       json_array_size(subjects), count);
    if (!subject_is(json_array_get(subjects, 0), "run:", run_id, chain, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *record = json_object_get(json_array_get(byproducts, i), "annotations");

        if (!subject_is(json_array_get(subjects, i + 1), "output:", text_of(record, "node_id"),
                        text_of(record, "output_hash"), e))
            return false;
    }
    return true;
}

/* How the nodes were confined; their records are verified. */
static void add_confinement(const json_t *byproducts, struct statement_facts *facts)
{
    const json_t *entry;
    size_t i;

    facts->level = LAYER_LEVEL_MAX;
    json_array_foreach(byproducts, i, entry)
    {
        struct layer_facts layers;
        struct err e = {0};

        if (!layer_facts_verify(json_object_get(entry, "annotations"), &layers, &e))
            layers = (struct layer_facts){0};
        facts->level = layers.level < facts->level ? layers.level : facts->level;
        facts->warm_count += layers.isolation == ISOLATION_WARM;
        facts->mixed_count += layers.isolation == ISOLATION_UNSET;
    }
}

bool statement_verify(const json_t *statement, struct statement_facts *ret, struct err *e)
{
    const json_t *predicate = json_object_get(statement, "predicate");
    const json_t *build = json_object_get(predicate, "buildDefinition");
    const json_t *details = json_object_get(predicate, "runDetails");
    const json_t *byproducts = json_object_get(details, "byproducts");
    const json_t *external = json_object_get(build, "externalParameters");
    const char *run_id = text_of(json_object_get(details, "metadata"), "invocationId");
    size_t count = json_array_size(byproducts);
    auto_mem const char **hashes = mem_array(count, const char *);
    struct sha256_hex chain;

    if (!type_is(statement, "_type", STATEMENT_TYPE, e) ||
        !type_is(statement, "predicateType", STATEMENT_PREDICATE_TYPE, e) ||
        !type_is(build, "buildType", STATEMENT_BUILD_TYPE, e))
        return false;
    if (!json_is_array(byproducts) || *run_id == '\0')
        return err_set(e, ERR_CORRUPT, "no run or no node records in the statement");
    if (!records_verify(byproducts, hashes, e))
        return false;
    execution_chain_hash(hashes, count, &chain);
    if (!subjects_verify(statement, run_id, chain.text, byproducts, e))
        return false;
    *ret = (struct statement_facts){
        .run_id = run_id,
        .dag_id = text_of(external, "dagId"),
        .dag_version = text_of(external, "dagVersion"),
        .status = text_of(json_object_get(build, "internalParameters"), "status"),
        .chain_hash =
            text_of(json_object_get(json_array_get(json_object_get(statement, "subject"), 0),
                                    "digest"),
                    "sha256"),
        .node_count = count,
        .plugin_count = json_array_size(json_object_get(build, "resolvedDependencies")) - 1,
    };
    add_confinement(byproducts, ret);
    return true;
}
