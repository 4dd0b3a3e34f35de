/* statement.c -- see statement.h. */
#include "model/ledger/statement.h"

#include "base/mem.h"
#include "model/ledger/places.h"
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

/* The plugins of all records, each once. v1 had only the first name of two with the same bytes. */
static json_t *dependencies_of(const struct statement_run *run)
{
    json_t *all = json_array();
    auto_json seen = json_object();
    const json_t *record;
    size_t i;

    json_array_append_new(all, json_pack("{s:s+++, s:o}", "uri", "orch:dag/", run->dag_id, "@",
                                         run->dag_version, "digest", digest_of(run->dag_hash)));
    if (run->v1)
        json_object_set_new(seen, run->dag_hash, json_true());
    json_array_foreach(run->records, i, record)
    {
        const char *plugin = text_of(record, "plugin"), *digest = text_of(record, "plugin_digest");
        auto_mem char *key = mem_printf("%s%s", digest, run->v1 ? "" : plugin);

        if (*digest == '\0' || json_object_get(seen, key) != NULL)
            continue;
        json_object_set_new(seen, key, json_true());
        json_array_append_new(all, json_pack("{s:s+, s:o}", "uri", "orch:plugin/", plugin, "digest",
                                             digest_of(digest)));
    }
    return all;
}

/* records: in the form that the statement has. */
static json_t *byproducts_of(const json_t *records)
{
    json_t *all = json_array();
    const json_t *record;
    size_t i;

    json_array_foreach(records, i, record) json_array_append_new(
        all, json_pack("{s:s+, s:o, s:O}", "name", "node:", text_of(record, "node_id"), "digest",
                       digest_of(text_of(record, "record_hash")), "annotations", record));
    return all;
}

static json_t *extension_of(const struct statement_run *run)
{
    json_t *orch =
        json_pack("{s:s, s:s}", "ledgerHead", run->ledger_head, "traceId", run->trace_id);

    if (run->v1)
        return orch;
    json_object_set_new(orch, "otherNodes",
                        run->others != NULL ? json_incref((json_t *)run->others) : json_object());
    if (run->restart_of != NULL)
        json_object_set_new(orch, "restartOf", json_string(run->restart_of));
    return orch;
}

static json_t *build_of(const struct statement_run *run)
{
    json_t *external =
        json_pack("{s:s, s:s, s:s, s:s}", "dagId", run->dag_id, "dagVersion", run->dag_version,
                  "definitionHash", run->dag_hash, "inputsHash", run->inputs_hash);
    json_t *internal = json_pack("{s:s, s:b, s:s}", "tenant", run->tenant, "deterministicMode",
                                 run->deterministic, "status", run->status);

    return json_pack("{s:s, s:o, s:o, s:o}", "buildType",
                     run->v1 ? STATEMENT_BUILD_TYPE_V1 : STATEMENT_BUILD_TYPE, "externalParameters",
                     external, "internalParameters", internal, "resolvedDependencies",
                     dependencies_of(run));
}

static json_t *details_of(const struct statement_run *run, const json_t *placed)
{
    json_t *builder = json_pack("{s:s, s:{s:s}}", "id", run->builder_id, "version", "orch",
                                run->builder_version != NULL ? run->builder_version : ORCH_VERSION);
    json_t *metadata = json_pack("{s:s, s:s, s:s}", "invocationId", run->run_id, "startedOn",
                                 run->started_at, "finishedOn", run->ended_at);

    return json_pack("{s:o, s:o, s:o, s:o}", "builder", builder, "metadata", metadata, "byproducts",
                     byproducts_of(run->v1 ? run->records : placed), "orch", extension_of(run));
}

bool statement_make(const struct statement_run *run, json_t **ret, struct err *e)
{
    auto_json placed = NULL;

    if (!places_of_records(run->records, &placed, e) || (!run->v1 && !places_in_time(placed, e)))
        return false;
    *ret = json_pack("{s:s, s:o, s:s, s:{s:o, s:o}}", "_type", STATEMENT_TYPE, "subject",
                     subjects_of(run), "predicateType", STATEMENT_PREDICATE_TYPE, "predicate",
                     "buildDefinition", build_of(run), "runDetails", details_of(run, placed));
    return true;
}
