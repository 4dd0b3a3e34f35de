/* plugin.h -- the plugins that attempts may name: checked bytes in, a description out.
 *
 * Owns a descriptor of each plugin's sealed bytes. A plugin is LOADING until a zygote loaded it
 * once and its words about itself were read; then READY, and its pools get processes; REMOVED when
 * it was refused or taken away: nothing waits for it any more, and it is freed when its last domain
 * is. */
#ifndef ORCH_SANDBOX_CLIENT_PLUGIN_H
#define ORCH_SANDBOX_CLIENT_PLUGIN_H

#include "sandbox/client/client.h"
#include "sandbox/client/events.h"
#include "sandbox/wire/super_wire.h"

#include <sys/queue.h>

struct domain;
struct pools;

enum plugin_state { PLUGIN_LOADING, PLUGIN_READY, PLUGIN_REMOVED };

struct plugin {
    TAILQ_ENTRY(plugin) link;
    char digest[DIGEST_TEXT_BYTES];
    int so_fd;
    char *id, *version; /* expected; NULL: any */
    enum isolation isolation;
    enum plugin_state state;
    uint32_t domains;
};

struct plugins {
    struct pools *pools;
    struct events *events;
    TAILQ_HEAD(plugin_list, plugin) list;
};

void plugins_init(struct plugins *plugins, struct pools *pools, struct events *events);
void plugins_done(struct plugins *plugins);

bool plugin_add(struct plugins *plugins, const struct sandbox_plugin *given,
                struct err *e) must_check;
struct plugin *plugin_find(struct plugins *plugins, const char *digest);
void plugin_remove(struct plugins *plugins, struct plugin *plugin, const char *why);

/* A zygote loaded it; bytes are its untrusted words. */
void plugin_loaded(struct plugins *plugins, struct plugin *plugin, const void *bytes, size_t len);
/* For good: it is removed. */
void plugin_refused(struct plugins *plugins, struct plugin *plugin, const struct err *why);
/* Frees what was removed and is no longer used. */
void plugins_sweep(struct plugins *plugins);

#endif
