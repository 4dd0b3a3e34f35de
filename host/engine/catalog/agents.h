/* agents.h -- which plugin answers to an agent id: the bundles of the plugins folder, each with its
 * verdict.
 *
 * Filled at start and by warm from HOME/plugins: a bundle is read once into a sealed memfd, the
 * authority verifies its envelope and says for which tenants its key counts, then the shared object
 * is unpacked into a sealed memfd of its own and given to the sandbox. Only the agents that the
 * signed manifest names are registered, and only when the loaded object says the same. What fails
 * any of it is not loaded and says why; the host stays up without it.
 *
 * A name belongs to who had it first: of two plugin ids, or two keys, with one agent id or plugin
 * id and a tenant in common the later one is a conflict, whatever its version. First is who was
 * installed earlier, then whose file name comes first. Of several versions of one plugin the
 * highest serves, then the one with the higher digest.
 *
 *   first                  then                  so
 *   loaded                 its key is revoked    scan: withdrawn, attempts end as revoked
 *   loaded                 its file is removed   scan: the same
 *   being verified         it does not load, is  the answer finds its own bytes, or nobody who
 *                          removed, scanned      waits for it
 *   being verified         trust changes         scan: verified once more
 *   a conflict             the other one goes    it gets the name at once
 *   quarantined            scan                  stays so, until it is released or the host ends */
#ifndef ORCH_ENGINE_CATALOG_AGENTS_H
#define ORCH_ENGINE_CATALOG_AGENTS_H

#include "base/err.h"
#include "base/hash.h"
#include "sandbox/client/client.h"

#include <stdbool.h>

struct agents;
struct engine_env;

struct agent {
    const char *id, *version;
    const char *plugin_id, *plugin_version;
    const char *plugin; /* "id@version" */
    struct sha256_hex digest;
    enum profile profile;
    bool idempotent; /* as its manifest says */
    bool warm;       /* its publisher may have attempts share a loaded plugin */
};

/* What env has is only looked at by the calls below. */
struct agents *agents_new(const struct engine_env *env) must_check;
/* The host ends: what is not answered any more is no bundle's fault, and is not told as one. */
void agents_end(struct agents *agents);
void agents_free(struct agents *agents); /* accepts NULL; the authority answers nothing more */

/* Looks at every bundle in the folder: what is new or was refused is loaded, what is loaded is
 * verified again under the trust as it is now. Done when agents_busy is false. */
void agents_scan(struct agents *agents);
bool agents_busy(const struct agents *agents);

/* The store may have other bundles now: what is lacking is fetched, what was removed elsewhere goes
 * (stock.h). Beside the loop. */
void agents_look(struct agents *agents);
/* Looks from time to time, once there was a scan; when it is wanted next. */
int64_t agents_turn(struct agents *agents, int64_t now_ns);
/* The first look is under way: nobody has a name yet. */
bool agents_fetching(const struct agents *agents);
/* Every bundle has its verdict, and those that are ready are in the store or say why not. */
bool agents_settled(const struct agents *agents);

/* Of the next three: digest NULL asks for the plugin that has the name, as it is now. Otherwise for
 * the library with that digest, which a run is pinned to (docs/adr/0054): it need not have the name
 * any more, and is judged as if no other version were there. A development host, whose versions
 * change their bytes, takes the one that serves where it has not that.
 *
 * NULL when no loaded plugin has it for this tenant. Valid until the next callback. */
const struct agent *agents_find(const struct agents *agents, const char *tenant,
                                const char *agent_id, const char *digest);
/* True with why in *ret when it was taken away from this tenant: revoked, removed or quarantined.
 */
bool agents_withdrawn(const struct agents *agents, const char *tenant, const char *agent_id,
                      const char *digest, struct err *ret);
/* True with why in *ret when it is not there and should be: bundles are still being loaded, or one
 * that was ready once is missing or damaged. One that nobody trusts any more is not awaited; one
 * that a run is pinned to always is. */
bool agents_awaited(const struct agents *agents, const char *tenant, const char *agent_id,
                    const char *digest, struct err *ret);

/* From the sandbox's events. */
void agents_on_ready(struct agents *agents, const struct sandbox_plugin_info *info);
void agents_on_failed(struct agents *agents, const char *digest, const struct err *why);
void agents_on_quarantined(struct agents *agents, const char *digest, const struct err *why);

/* Tries a quarantined library again. ERR_NOT_FOUND when none of this tenant's is that. */
bool agents_release(struct agents *agents, const char *tenant, const char *digest,
                    struct err *e) must_check;

/* Takes a library away, from all hosts of the store. ERR_NOT_FOUND when none of this tenant's is
 * that. */
bool agents_remove(struct agents *agents, const char *tenant, const char *digest,
                   struct err *e) must_check;

/* Counts of ready bundles and of those with a verdict against them, for health. */
void agents_counts(const struct agents *agents, unsigned *ret_loaded, unsigned *ret_refused);
/* [{file, verdict, reason, pluginId, ...}] of every bundle (docs/API.md); the caller owns it. No
 * names of tenants: allowed says whether the one that asks is among them. */
json_t *agents_list_owned(const struct agents *agents, const char *tenant) must_check;

#endif
