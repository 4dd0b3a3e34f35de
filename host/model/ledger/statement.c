/* statement.c -- see statement.h. */
#include "model/ledger/statement.h"

#include "base/mem.h"
#include "model/ledger/record.h"

#include <stdlib.h>
#include <string.h>

static json_t *digest_of(const char *sha256_text)
{
    return json_pack("{s:s}", "sha256", sha256_text);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static json_t *subjects_of(const struct statement_run *run)
{
    json_t *subjects = json_array();
    const json_t *record;
    size_t i;

    json_array_append_new(subjects, json_pack("{s:s+, s:o}", "name", "run:", run->run_id, "digest",
                                              digest_of(run->chain_hash)));
    json_array_foreach(run->records, i, record)
        json_array_append_new(subjects, json_pack("{s:s+, s:o}", "name",
                                                  "output:", text_of(record, "node_id"), "digest",
                                                  digest_of(text_of(record, "output_hash"))));
    return subjects;
}

static bool has_dependency(const json_t *dependencies, const char *digest)
{
    const json_t *dependency;
    size_t i;

    json_array_foreach(dependencies, i, dependency)
    {
        if (strcmp(text_of(json_object_get(dependency, "digest"), "sha256"), digest) == 0)
            return true;
    }
    return false;
}

static json_t *dependencies_of(const struct statement_run *run)
{
    json_t *all = json_array();
    const json_t *record;
    size_t i;

    json_array_append_new(all, json_pack("{s:s+++, s:o}", "uri", "orch:dag/", run->dag_id, "@",
                                         run->dag_version, "digest", digest_of(run->dag_hash)));
    json_array_foreach(run->records, i, record)
    {
        const char *digest = text_of(record, "plugin_digest");

        if (*digest != '\0' && !has_dependency(all, digest))
            json_array_append_new(all, json_pack("{s:s+, s:o}", "uri", "orch:plugin/",
                                                 text_of(record, "plugin"), "digest",
                                                 digest_of(digest)));
    }
    return all;
}

static json_t *byproducts_of(const struct statement_run *run)
{
    json_t *all = json_array();
    const json_t *record;
    size_t i;

    json_array_foreach(run->records, i, record) json_array_append_new(
        all, json_pack("{s:s+, s:o, s:O}", "name", "node:", text_of(record, "node_id"), "digest",
                       digest_of(text_of(record, "record_hash")), "annotations", record));
    return all;
}

json_t *statement_make(const struct statement_run *run)
{
    json_t *external =
        json_pack("{s:s, s:s, s:s, s:s}", "dagId", run->dag_id, "dagVersion", run->dag_version,
                  "definitionHash", run->dag_hash, "inputsHash", run->inputs_hash);
    json_t *internal = json_pack("{s:s, s:b, s:s}", "tenant", run->tenant, "deterministicMode",
                                 run->deterministic, "status", run->status);
    json_t *build = json_pack("{s:s, s:o, s:o, s:o}", "buildType", STATEMENT_BUILD_TYPE,
                              "externalParameters", external, "internalParameters", internal,
                              "resolvedDependencies", dependencies_of(run));
    json_t *builder = json_pack("{s:s, s:{s:s}}", "id", run->builder_id, "version", "orch",
                                run->builder_version != NULL ? run->builder_version : ORCH_VERSION);
    json_t *metadata = json_pack("{s:s, s:s, s:s}", "invocationId", run->run_id, "startedOn",
                                 run->started_at, "finishedOn", run->ended_at);
    json_t *details = json_pack("{s:o, s:o, s:o, s:{s:s, s:s}}", "builder", builder, "metadata",
                                metadata, "byproducts", byproducts_of(run), "orch", "ledgerHead",
                                run->ledger_head, "traceId", run->trace_id);

    return json_pack("{s:s, s:o, s:s, s:{s:o, s:o}}", "_type", STATEMENT_TYPE, "subject",
                     subjects_of(run), "predicateType", STATEMENT_PREDICATE_TYPE, "predicate",
                     "buildDefinition", build, "runDetails", details);
}
