/* statement_verify.c -- the auditor's half of statement.h. */
#include "model/ledger/layers.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A record's duration is of its times, which are cut to microseconds. */
#define DURATION_SLACK_MS 1.0

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

struct chained {
    const char *hash;
    size_t at; /* its place in the statement */
};

static int chained_order(const void *a, const void *b)
{
    return strcmp(((const struct chained *)a)->hash, ((const struct chained *)b)->hash);
}

/* Records stand in level order: a parent's is before its child's. */
static bool parents_known(const json_t *record, size_t at, const struct chained *sorted,
                          size_t count, struct err *e)
{
    const char *id = text_of(record, "node_id"), *before = "";
    const json_t *parent;
    size_t i;

    json_array_foreach(json_object_get(record, "parent_hashes"), i, parent)
    {
        struct chained key = {.hash = json_string_value(parent)};
        const struct chained *found = NULL;

        if (key.hash != NULL)
            found = bsearch(&key, sorted, count, sizeof *sorted, chained_order);
        if (found == NULL || found->at >= at)
            return err_set(e, ERR_CORRUPT, "node '%s': parent hash not found: %s", id,
                           key.hash != NULL ? key.hash : "(not text)");
        if (strcmp(before, key.hash) >= 0)
            return err_set(e, ERR_CORRUPT, "node '%s': its parent hashes are not sorted", id);
        before = key.hash;
    }
    return true;
}

/* Each node once: two with one chain hash would be one node twice. */
static bool all_differ(const struct chained *sorted, size_t count, struct err *e)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1].hash, sorted[i].hash) == 0)
            return err_set(e, ERR_CORRUPT, "two records have the chain hash %s", sorted[i].hash);
    }
    return true;
}

/* Every record by itself, then every link between them. Writes the chain hashes in order. */
static bool records_verify(const json_t *byproducts, const char **hashes, struct err *e)
{
    size_t count = json_array_size(byproducts);
    auto_mem struct chained *sorted = mem_array(count, struct chained);

    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(byproducts, i);
        const json_t *record = json_object_get(entry, "annotations");

        if (!node_record_verify(record, e))
            return false;
        if (strcmp(text_of(json_object_get(entry, "digest"), "sha256"),
                   text_of(record, "record_hash")) != 0)
            return err_set(e, ERR_CORRUPT, "node '%s': its byproduct has another digest",
                           text_of(record, "node_id"));
        hashes[i] = text_of(record, "chain_hash");
        sorted[i] = (struct chained){hashes[i], i};
    }
    qsort(sorted, count, sizeof *sorted, chained_order);
    if (!all_differ(sorted, count, e))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(byproducts, i);

        if (!parents_known(json_object_get(entry, "annotations"), i, sorted, count, e))
            return false;
    }
    return true;
}

/* ---- times ---- */

static bool time_of(const json_t *object, const char *key, const char *whose, int64_t *ret,
                    struct err *e)
{
    char again[CLOCK_TEXT_BYTES];

    if (clock_parse(text_of(object, key), ret)) {
        clock_text(*ret, again);
        if (strcmp(again, text_of(object, key)) == 0)
            return true;
    }
    return err_set(e, ERR_CORRUPT, "%s: %s is '%s', which is no time", whose, key,
                   text_of(object, key));
}

/* A node that a restart kept ended before its run began: only the ends are compared with it. */
static bool record_times(const json_t *record, int64_t finished, struct err *e)
{
    const char *id = text_of(record, "node_id");
    int64_t started, completed;
    double ms = json_number_value(json_object_get(record, "duration_ms"));
    double said;

    if (!time_of(record, "started_at", id, &started, e) ||
        !time_of(record, "completed_at", id, &completed, e))
        return false;
    if (completed < started)
        return err_set(e, ERR_CORRUPT, "node '%s': it was completed before it was started", id);
    if (completed > finished)
        return err_set(e, ERR_CORRUPT, "node '%s': it was completed after the run's end", id);
    said = (double)(completed - started) / 1000.0;
    if (ms - said > DURATION_SLACK_MS || said - ms > DURATION_SLACK_MS)
        return err_set(e, ERR_CORRUPT,
                       "node '%s': its duration is %g ms, its times are %g ms apart", id, ms, said);
    return true;
}

static bool times_verify(const json_t *details, const json_t *byproducts, struct err *e)
{
    const json_t *metadata = json_object_get(details, "metadata");
    int64_t started, finished;

    if (!time_of(metadata, "startedOn", "the run", &started, e) ||
        !time_of(metadata, "finishedOn", "the run", &finished, e))
        return false;
    if (finished < started)
        return err_set(e, ERR_CORRUPT, "the run ended before it was started");
    for (size_t i = 0; i < json_array_size(byproducts); i++) {
        if (!record_times(json_object_get(json_array_get(byproducts, i), "annotations"), finished,
                          e))
            return false;
    }
    return true;
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

/* The statement that this one's own parts make; the caller owns it. NULL: one is not text. */
static json_t *made_anew(const json_t *statement, const json_t *records, const char *chain)
{
    const json_t *predicate = json_object_get(statement, "predicate");
    const json_t *build = json_object_get(predicate, "buildDefinition");
    const json_t *details = json_object_get(predicate, "runDetails");
    const json_t *external = json_object_get(build, "externalParameters");
    const json_t *internal = json_object_get(build, "internalParameters");
    const json_t *metadata = json_object_get(details, "metadata");
    const json_t *builder = json_object_get(details, "builder");
    const json_t *orch = json_object_get(details, "orch");

    return statement_make(&(struct statement_run){
        .run_id = text_of(metadata, "invocationId"),
        .tenant = text_of(internal, "tenant"),
        .status = text_of(internal, "status"),
        .trace_id = text_of(orch, "traceId"),
        .dag_id = text_of(external, "dagId"),
        .dag_version = text_of(external, "dagVersion"),
        .dag_hash = text_of(external, "definitionHash"),
        .inputs_hash = text_of(external, "inputsHash"),
        .chain_hash = chain,
        .ledger_head = text_of(orch, "ledgerHead"),
        .started_at = text_of(metadata, "startedOn"),
        .ended_at = text_of(metadata, "finishedOn"),
        .builder_id = text_of(builder, "id"),
        .builder_version = text_of(json_object_get(builder, "version"), "orch"),
        .deterministic = json_is_true(json_object_get(internal, "deterministicMode")),
        .records = records,
    });
}

static bool same_as_made(const json_t *statement, const json_t *byproducts, const char *chain,
                         struct err *e)
{
    auto_json records = json_array();
    auto_json want = NULL;
    auto_done(buf) path = {0};

    for (size_t i = 0; i < json_array_size(byproducts); i++)
        json_array_append(records, json_object_get(json_array_get(byproducts, i), "annotations"));
    want = made_anew(statement, records, chain);
    if (!differs(statement, want, &path))
        return true;
    return err_set(e, ERR_CORRUPT, "the statement contradicts itself at %.200s", buf_text(&path));
}

/* Words of which there is a list; a status that no run ends with is no status. */
static bool words_verify(const json_t *build, const json_t *external, struct err *e)
{
    static const char *const ends[] = {"completed", "failed", "cancelled"};
    static const char *const hashes[] = {"definitionHash", "inputsHash"};
    const char *status = text_of(json_object_get(build, "internalParameters"), "status");
    bool known = false;

    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        known = known || strcmp(status, ends[i]) == 0;
    if (!known)
        return err_set(e, ERR_CORRUPT, "no run ends as '%.64s'", status);
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        const char *hash = text_of(external, hashes[i]);

        if (strlen(hash) != SHA256_HEX_BYTES - 1 ||
            strspn(hash, "0123456789abcdef") != SHA256_HEX_BYTES - 1)
            return err_set(e, ERR_CORRUPT, "%s is no SHA-256: '%.80s'", hashes[i], hash);
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
    if (!words_verify(build, external, e) || !times_verify(details, byproducts, e) ||
        !same_as_made(statement, byproducts, chain.text, e))
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
        .builder_id = text_of(json_object_get(details, "builder"), "id"),
        .node_count = count,
        .plugin_count = json_array_size(json_object_get(build, "resolvedDependencies")) - 1,
    };
    add_confinement(byproducts, ret);
    return true;
}
