/* statement_words.c -- see statement_check.h. */
#include "model/ledger/statement_check.h"

#include "base/limits.h"
#include "base/names.h"
#include "base/text.h"
#include "base/uuid.h"
#include "model/words/states.h"

#include <string.h>

#define HOST_ID "orch:host/"
enum { TRACE_HEX = 32 };

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

/* A status that no run ends with is no status. */
static bool status_verify(const struct statement_parts *p, struct err *e)
{
    static const char *const ends[] = {STATUS_COMPLETED, STATUS_FAILED, STATUS_CANCELLED, NULL};
    const char *status = json_text_of(p->internal, "status");

    return is_one_of(status, ends) || err_set(e, ERR_CORRUPT, "no run ends as '%.64s'", status);
}

static bool hash_verify(const json_t *object, const char *key, struct err *e)
{
    const char *hash = json_text_of(object, key);

    return text_is_sha256(hash) || err_set(e, ERR_CORRUPT, "%s is no SHA-256: '%.80s'", key, hash);
}

static bool is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static bool is_host(const char *id)
{
    size_t len = strlen(HOST_ID);

    return strncmp(id, HOST_ID, len) == 0 && text_is_sha256(id + len);
}

static bool is_restarted(const struct statement_parts *p)
{
    const char *of = json_text_of(p->orch, "restartOf");

    return json_object_get(p->orch, "restartOf") == NULL ||
           (uuid_is_valid(of) && strcmp(of, json_text_of(p->metadata, "invocationId")) != 0);
}

/* What a host writes there, whatever it is. */
static bool names_verify(const struct statement_parts *p, struct err *e)
{
    const char *run = json_text_of(p->metadata, "invocationId");
    const char *dag = json_text_of(p->external, "dagId");
    const char *version = json_text_of(p->external, "dagVersion");
    const char *trace = json_text_of(p->orch, "traceId");
    const char *builder = json_text_of(p->builder, "id");

    if (!uuid_is_valid(run))
        return err_set(e, ERR_CORRUPT, "invocationId is no run: '%.64s'", run);
    if (*dag == '\0' || strlen(dag) > DAG_ID_BYTES_MAX || *version == '\0' ||
        strlen(version) > DAG_ID_BYTES_MAX)
        return err_set(e, ERR_CORRUPT, "no definition is called '%.140s@%.140s'", dag, version);
    if (!name_check_tenant(json_text_of(p->internal, "tenant"), e)) {
        e->code = ERR_CORRUPT;
        return false;
    }
    if (!is_hex(trace, TRACE_HEX))
        return err_set(e, ERR_CORRUPT, "traceId is no trace: '%.64s'", trace);
    if (!is_host(builder))
        return err_set(e, ERR_CORRUPT, "builder is no host: '%.80s'", builder);
    if (*json_text_of(json_object_get(p->builder, "version"), "orch") == '\0')
        return err_set(e, ERR_CORRUPT, "builder has no version");
    return is_restarted(p) || err_set(e, ERR_CORRUPT, "restartOf is no other run");
}

/* One node without a record: how it ended, and whether the run could have completed with it. */
static bool other_verify(const struct statement_parts *p, const char *id, const json_t *state,
                         struct err *e)
{
    static const char *const states[] = {STATUS_PENDING, STATUS_FAILED, STATUS_SKIPPED,
                                         STATUS_CANCELLED, NULL};
    const char *word = json_string_value(state);

    if (*id == '\0' || strlen(id) > NODE_ID_BYTES_MAX)
        return err_set(e, ERR_CORRUPT, "otherNodes has a node without an id");
    if (word == NULL || !is_one_of(word, states))
        return err_set(e, ERR_CORRUPT, "node '%s': no node without a record is '%.64s'", id,
                       word != NULL ? word : "(not text)");
    if (strcmp(json_text_of(p->internal, "status"), STATUS_COMPLETED) == 0 &&
        strcmp(word, STATUS_SKIPPED) != 0)
        return err_set(e, ERR_CORRUPT, "node '%s' is %s, and the run is completed", id, word);
    return true;
}

static bool others_verify(const struct statement_parts *p, struct err *e)
{
    const json_t *others = json_object_get(p->orch, "otherNodes");
    const char *id;
    json_t *state;
    const json_t *record;
    size_t i;

    if (!json_is_object(others))
        return err_set(e, ERR_CORRUPT, "otherNodes is no object");
    if (json_object_size(others) + json_array_size(p->records) == 0)
        return err_set(e, ERR_CORRUPT, "the run has no nodes");
    json_object_foreach((json_t *)others, id, state)
    {
        if (!other_verify(p, id, state, e))
            return false;
    }
    json_array_foreach(p->records, i, record)
    {
        if (json_object_get(others, json_text_of(record, "node_id")) != NULL)
            return err_set(e, ERR_CORRUPT, "node '%s' has a record, and is without one",
                           json_text_of(record, "node_id"));
    }
    return true;
}

bool statement_words_verify(const struct statement_parts *p, struct err *e)
{
    if (!status_verify(p, e) || !hash_verify(p->external, "definitionHash", e) ||
        !hash_verify(p->external, "inputsHash", e))
        return false;
    return p->v1 ||
           (hash_verify(p->orch, "ledgerHead", e) && names_verify(p, e) && others_verify(p, e));
}
