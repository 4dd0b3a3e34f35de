/* plugin_info.h -- a plugin's description of itself, as a process that loaded it sent it. Pure; the
 * words are the plugin's and are checked for shape only: lengths, UTF-8, at least one agent. */
#ifndef ORCH_SANDBOX_IMAGE_PLUGIN_INFO_H
#define ORCH_SANDBOX_IMAGE_PLUGIN_INFO_H

#include "base/auto.h"
#include "base/err.h"
#include "sandbox/image/plugin_words.h"
#include "sandbox/wire/super_wire.h"

/* Two of the plugin and seven of each agent. */
enum { INFO_TEXTS_MAX = 2 + AGENTS_MAX * 7 };

struct plugin_info {
    struct sandbox_plugin_info public; /* points into this object */
    struct sandbox_agent agents[AGENTS_MAX];
    char *texts[INFO_TEXTS_MAX];
    size_t text_count;
};

/* NULL with e set when it cannot be read. */
struct plugin_info *plugin_info_read(const void *bytes, size_t len, struct err *e) must_check;
void plugin_info_free(struct plugin_info *info);
DEFINE_AUTO(plugin_info)

#endif
