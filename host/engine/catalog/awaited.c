/* awaited.c -- agents that should be there and are not: trouble of the host, not of who asks for
 * them. See agents.h. */
#include "engine/catalog/installed.h"

#include <string.h>

/* Another version serves, or it was taken away from all: then nobody waits for this one. */
static bool has_successor(const struct agents *agents, const struct manifest *m)
{
    const struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->manifest != NULL && b->state != BUNDLE_REFUSED &&
            strcmp(b->manifest->id, m->id) == 0)
            return true;
    }
    return false;
}

/* The file that has it, by whatever name; otherwise the one that has its name. */
static const struct bundle *file_of(const struct agents *agents, const struct expected *x)
{
    const struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (x->manifest->archive_sha256 != NULL &&
            strcmp(b->archive_hash.text, x->manifest->archive_sha256) == 0)
            return b;
    }
    HASH_FIND_STR(agents->bundles, x->file, b);
    return b;
}

static bool missed(const struct agents *agents, const struct expected *x, const char *agent_id,
                   struct err *ret)
{
    const struct bundle *file;

    if (manifest_agent_find(x->manifest, agent_id) == NULL || has_successor(agents, x->manifest))
        return false;
    file = file_of(agents, x);
    if (file != NULL && file->untrusted)
        return false;
    err_set(ret, ERR_UNAVAILABLE, "agent '%s' is not there: plugin '%s@%s' %s: %s", agent_id,
            x->manifest->id, x->manifest->version,
            file != NULL ? "was refused" : "has no bundle any more",
            file != NULL && file->reason != NULL ? file->reason : x->file);
    return true;
}

/* It was ready once in the life of this host. */
static bool refused_since(const struct bundle *b, const char *tenant, const char *agent_id)
{
    return b->state == BUNDLE_REFUSED && !b->untrusted && b->since_us != INT64_MAX &&
           b->manifest != NULL && manifest_agent_find(b->manifest, agent_id) != NULL &&
           bundle_for(b, tenant);
}

bool agents_awaited(const struct agents *agents, const char *tenant, const char *agent_id,
                    const char *digest, struct err *ret)
{
    const struct bundle *b;

    if (agents_busy(agents) || agents_fetching(agents))
        return !err_set(ret, ERR_UNAVAILABLE, "agent '%s' is not there: bundles are being loaded",
                        agent_id);
    if (digest != NULL)
        return !err_set(ret, ERR_UNAVAILABLE,
                        "the plugin of its start is not here: agent '%s' of the library with the "
                        "digest %s",
                        agent_id, digest);
    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (refused_since(b, tenant, agent_id))
            return !err_set(ret, ERR_UNAVAILABLE,
                            "agent '%s' is not there: plugin '%s' was refused: %s", agent_id,
                            b->label, b->reason != NULL ? b->reason : "");
    }
    for (size_t i = 0; i < agents->expected_count; i++) {
        if (missed(agents, &agents->expected[i], agent_id, ret))
            return true;
    }
    return false;
}
