/* show.c -- what the table of bundles says to others: verdicts, and why an agent is not there. */
#include "engine/catalog/installed.h"

#include "base/text.h"

#include <string.h>

static bool names_agent(const struct bundle *b, const char *agent_id)
{
    return b->manifest != NULL && manifest_agent_find(b->manifest, agent_id) != NULL;
}

static bool is_withdrawn(const struct bundle *b, const char *tenant, const char *agent_id,
                         const char *digest)
{
    return b->state >= BUNDLE_REVOKED && names_agent(b, agent_id) && bundle_for(b, tenant) &&
           (digest == NULL || strcmp(b->digest.text, digest) == 0);
}

bool agents_withdrawn(const struct agents *agents, const char *tenant, const char *agent_id,
                      const char *digest, struct err *ret)
{
    const struct bundle *b;

    if (agents_find(agents, tenant, agent_id, digest) != NULL)
        return false;
    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (!is_withdrawn(b, tenant, agent_id, digest))
            continue;
        err_set(ret, ERR_UNPROCESSABLE, "agent '%s' cannot run: plugin '%s'%s is %s: %s", agent_id,
                b->label, digest != NULL ? ", which the run began with," : "",
                bundle_state_word(b->state), b->reason != NULL ? b->reason : "");
        return true;
    }
    return false;
}

static json_t *agent_ids(const struct manifest *m)
{
    json_t *ids = json_array();

    for (size_t i = 0; i < m->agent_count; i++)
        json_array_append_new(ids, json_string(m->agents[i].id));
    return ids;
}

/* The names of files and what was wrong with them may be any bytes. */
static void put(json_t *row, const char *key, const char *text)
{
    auto_done(buf) clean = {0};

    text_add_utf8(&clean, text, strlen(text));
    json_object_set_new(row, key, json_string(buf_text(&clean)));
}

static json_t *shown(const struct bundle *b, const char *tenant)
{
    json_t *row = json_object();

    put(row, "file", b->file);
    put(row, "verdict", bundle_state_word(b->state));
    if (b->reason != NULL)
        put(row, "reason", b->reason);
    if (b->manifest == NULL)
        return row;
    put(row, "pluginId", b->manifest->id);
    put(row, "version", b->manifest->version);
    put(row, "digest", b->digest.text);
    put(row, "keyId", b->key_id);
    put(row, "signer", b->signer);
    json_object_set_new(row, "allowed", json_boolean(bundle_for(b, tenant)));
    json_object_set_new(row, "warm", json_boolean(b->warm));
    json_object_set_new(row, "stored", json_boolean(b->stored));
    if (b->not_stored != NULL)
        put(row, "notStored", b->not_stored);
    json_object_set_new(row, "agents", agent_ids(b->manifest));
    return row;
}

json_t *agents_list_owned(const struct agents *agents, const char *tenant)
{
    const struct bundle *b;
    json_t *rows = json_array();

    for (b = agents->bundles; b != NULL; b = b->hh.next)
        json_array_append_new(rows, shown(b, tenant));
    return rows;
}
