/* words.h -- does a plugin say of itself what its signed manifest says of it?
 *
 * Who signed the manifest answers for its names; the object's own words only may not differ:
 * id, version, ABI major, and of each agent id, version, profile, pure and idempotent. Summaries,
 * schemas and policies are read from the manifest alone and are not compared. Pure. */
#ifndef ORCH_BUNDLE_WORDS_H
#define ORCH_BUNDLE_WORDS_H

#include "base/err.h"
#include "bundle/manifest.h"
#include "sandbox/image/plugin_words.h"

/* ERR_UNPROCESSABLE with the first field that differs: what the plugin says, what was wanted. */
bool manifest_agrees(const struct manifest *m, const struct sandbox_plugin_info *said,
                     struct err *e) must_check;
/* The words that agree with m; borrowed from it. agents has room for MANIFEST_AGENTS_MAX. */
struct sandbox_plugin_info manifest_words(const struct manifest *m,
                                          struct sandbox_agent *agents) must_check;

/* The ABI: an agent that names no profile wants "pure". */
const char *plugin_says_profile(const struct sandbox_agent *said);

#endif
