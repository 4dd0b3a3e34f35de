/* domain.h -- who may share a zygote, and the zygotes themselves: records, and what the supervisor
 * is told of them. When one is started or retired is decided above (supply.h, zygote.h).
 *
 *   domain    (plugin, profile, isolation, tenant, threads)
 *   zygote    a running orch-worker that forks for one domain
 *
 * What always holds: a zygote goes STARTING, READY, STOPPING, and only forward; its record lives
 * until the supervisor said ZYGOTE_GONE. ZYGOTE_STOP and ZYGOTE_GONE may cross; a READY that comes
 * behind a STOP is for nobody. */
#ifndef ORCH_SANDBOX_CLIENT_DOMAIN_H
#define ORCH_SANDBOX_CLIENT_DOMAIN_H

#include "sandbox/client/client.h"
#include "sandbox/client/loop.h"
#include "sandbox/client/super.h"

#include <sys/queue.h>

struct plugin;

enum { SPAWNS_A_ZYGOTE_MAX = 16 /* under way at once */ };

enum zyg_state { ZYG_STARTING, ZYG_READY, ZYG_STOPPING };

struct zyg {
    uint32_t magic;
    TAILQ_ENTRY(zyg) link;
    uint64_t id;
    struct domain *domain;
    enum zyg_state state;
    int64_t started_ns, deadline_ns; /* deadline: while starting */
    uint32_t spawning;               /* asked for, not there yet */
    uint64_t spawned;
};
TAILQ_HEAD(zyg_list, zyg);

struct domain {
    TAILQ_ENTRY(domain) link;
    struct domains *home;
    struct plugin *plugin;
    char tenant[TENANT_BYTES_MAX + 1];
    enum profile profile;
    enum isolation isolation;
    bool threads;
    bool describes; /* loads the plugin once for on_plugin_ready, then ends */
    struct zyg_list zygotes;
    uint32_t zygote_count, failures; /* failures: in a row */
    int64_t not_before_ns;           /* after a failure */
    int64_t used_ns;
    uint32_t pools;
};

struct domains {
    struct loop *loop;
    struct super_link *super;
    struct sandbox_counts *counts;
    uint32_t load_ms;
    TAILQ_HEAD(domain_list, domain) list;
};

void domains_init(struct domains *domains, struct loop *loop, struct super_link *super,
                  struct sandbox_counts *counts, uint32_t load_ms);

/* The one of this plugin and the spec's profile, isolation, tenant and threads; made when there is
 * none. describes: always a new one. */
struct domain *domain_of(struct domains *domains, struct plugin *plugin,
                         const struct attempt_spec *spec, bool describes);
/* With the records of its zygotes; it has no pool any more. */
void domain_free(struct domain *domain);

/* Asks the supervisor for one. */
void zygote_start(struct domain *domain);
struct zyg *zygote_find(struct domains *domains, uint64_t id);
/* It can fork for one more attempt now. */
bool zygote_can_fork(const struct zyg *z);
/* No more forks: it ends when its attempts have. */
void zygote_stop(struct zyg *z);
/* The same, and all attempts of it are killed with it. */
void zygote_kill(struct zyg *z);
/* The record ends; nobody names it any more. */
void zygote_free(struct zyg *z);

#endif
