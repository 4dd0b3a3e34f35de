/* plugin_words.h -- what a plugin says of itself once it was loaded. Untrusted words: checked for
 * shape (plugin_info.h), nothing else. */
#ifndef ORCH_SANDBOX_IMAGE_PLUGIN_WORDS_H
#define ORCH_SANDBOX_IMAGE_PLUGIN_WORDS_H

#include <stdint.h>

struct sandbox_agent {
    const char *id, *version, *summary, *profile;
    const char *input_schema, *output_schema, *policies; /* JSON text or "" */
    uint32_t flags;                                      /* ORCH_AGENT_* */
};

struct sandbox_plugin_info {
    const char *digest, *id, *version;
    uint32_t abi_major, abi_minor;
    const struct sandbox_agent *agents;
    uint32_t n_agents;
};

#endif
