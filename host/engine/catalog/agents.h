/* agents.h -- which plugin answers to an agent id: the plugins that were verified and loaded.
 *
 * Filled at start and by warm from HOME/plugins: a bundle is read once into a sealed memfd, the
 * authority verifies its envelope, then its archive's digest, then the shared object is unpacked
 * into a sealed memfd of its own and given to the sandbox. What fails any of it is not loaded and
 * says why; the host stays up without it. Of two plugins with one agent id the higher version
 * wins, then the digest, so the choice does not depend on the order of files. */
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
    uint32_t flags;
};

/* What env has is only looked at by the calls below. */
struct agents *agents_new(const struct engine_env *env) must_check;
void agents_free(struct agents *agents); /* accepts NULL */

/* Begins loading every bundle in the folder that is not loaded; done when agents_busy is false. */
void agents_scan(struct agents *agents);
bool agents_busy(const struct agents *agents);

/* NULL when no loaded plugin has it. Valid until the next callback. */
const struct agent *agents_find(const struct agents *agents, const char *agent_id);

/* From the sandbox's events. */
void agents_on_ready(struct agents *agents, const struct sandbox_plugin_info *info);
void agents_on_failed(struct agents *agents, const char *digest, const struct err *why);

/* Counts of loaded and refused plugins, for health. */
void agents_counts(const struct agents *agents, unsigned *ret_loaded, unsigned *ret_refused);

#endif
