/* plugin.h -- the plugins that attempts may name: checked bytes in, a description out.
 *
 * Owns a descriptor of each plugin's sealed bytes. A plugin is LOADING until a process loaded it
 * once and its words about itself were read; then READY, and its pools get processes; REMOVED when
 * it was refused, revoked, quarantined or taken away: nothing waits for it any more, and it is
 * freed when its last pool and domain are.
 *
 * A strike is a process of its that failed behind its confinement and before it was used, by the
 * plugin's doing. Behind each its pools pause; the third in a row is its quarantine; an attempt
 * that took its input and gave a whole result ends the row. */
#ifndef ORCH_SANDBOX_CLIENT_PLUGIN_H
#define ORCH_SANDBOX_CLIENT_PLUGIN_H

#include "sandbox/client/backoff.h"
#include "sandbox/client/client.h"
#include "sandbox/client/events.h"
#include "sandbox/client/spec.h"
#include "sandbox/wire/super_wire.h"

#include <sys/queue.h>

struct pools;

enum plugin_state { PLUGIN_LOADING, PLUGIN_READY, PLUGIN_REMOVED };

struct plugin {
    TAILQ_ENTRY(plugin) link;
    struct plugins *home;
    char digest[DIGEST_TEXT_BYTES];
    struct shared_fd *so;
    bool math;          /* it may need the C library's mathematics */
    char *id, *version; /* expected; NULL: any */
    struct spec_terms terms;
    enum plugin_state state;
    struct backoff strikes;
    char *undescribed; /* why no process could be had that says what it is; NULL: not given up */
    uint32_t users;    /* pools and domains */
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
/* Attempts that run go on; outcome and why are of those that wait. */
void plugin_remove(struct plugin *plugin, enum outcome outcome, const char *why);
/* Those that run end too, also of one that was removed before. */
void plugins_revoke(struct plugins *plugins, const char *digest, const char *why);

/* A process loaded it; bytes are its untrusted words. */
void plugin_described(struct plugin *plugin, const void *bytes, size_t len);
/* For good: it is removed. */
void plugin_refused(struct plugin *plugin, const struct err *why);
/* A strike, of a process that was asked for at began_ns. */
void plugin_struck(struct plugin *plugin, int64_t began_ns, const char *why);
/* An attempt gave a whole result. */
void plugin_served(struct plugin *plugin);
/* Refuses what could not be described, frees what was removed and is no longer used. */
void plugins_turn(struct plugins *plugins);

#endif
