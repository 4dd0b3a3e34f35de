/* domain.h -- who may share a zygote, and the zygotes themselves: records, and what the supervisor
 * is told of them. When one is started or retired is decided above (supply.h, zygote.h).
 *
 *   CLEAN   zygotes that never load a plugin: one domain for all plugins and tenants, and one for
 *           all plugins that need the C library's mathematics
 *   EXEC    the same, but each forks once
 *   WARM    zygotes that loaded one plugin, for one tenant, with or without threads
 *
 * What always holds: a zygote goes STARTING, READY, STOPPING, and only forward; its record lives
 * until the supervisor said ZYGOTE_GONE. ZYGOTE_STOP is said when nothing that was asked of it is
 * under way any more: a stop for one plugin's sake takes no process away from another. ZYGOTE_STOP
 * and ZYGOTE_GONE may cross; a READY that comes behind a STOP is for nobody. */
#ifndef ORCH_SANDBOX_CLIENT_DOMAIN_H
#define ORCH_SANDBOX_CLIENT_DOMAIN_H

#include "sandbox/client/backoff.h"
#include "sandbox/client/client.h"
#include "sandbox/client/loop.h"
#include "sandbox/client/super.h"

#include <sys/queue.h>

struct plugin;

/* Under way at once. Spares take half of them, so that one plugin's do not keep another's attempts
 * waiting. */
enum { SPAWNS_A_ZYGOTE_MAX = 16, SPARES_A_ZYGOTE_MAX = SPAWNS_A_ZYGOTE_MAX / 2 };

enum zyg_state { ZYG_STARTING, ZYG_READY, ZYG_STOPPING };

struct zyg {
    uint32_t magic;
    TAILQ_ENTRY(zyg) link;
    uint64_t id;
    struct domain *domain;
    enum zyg_state state;
    bool stop_told;
    int64_t started_ns, deadline_ns; /* deadline: while starting */
    uint32_t spawning;               /* asked for, not there yet */
    uint64_t spawned;
};
TAILQ_HEAD(zyg_list, zyg);

enum domain_kind { DOMAIN_CLEAN, DOMAIN_EXEC, DOMAIN_WARM };

struct domain {
    TAILQ_ENTRY(domain) link;
    struct domains *home;
    enum domain_kind kind;
    bool math;
    struct plugin *plugin;             /* of WARM; else NULL */
    char tenant[TENANT_BYTES_MAX + 1]; /* of WARM */
    bool threads;                      /* of WARM */
    struct zyg_list zygotes;
    uint32_t zygote_count;
    struct backoff backoff; /* of starts */
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

/* The one of the spec's isolation, for WARM of its tenant, its threads and this plugin; made when
 * there is none. */
struct domain *domain_of(struct domains *domains, struct plugin *plugin,
                         const struct attempt_spec *spec);
/* With the records of its zygotes; it has no pool any more. */
void domain_free(struct domain *domain);

/* Asks the supervisor for one. */
void zygote_start(struct domain *domain);
struct zyg *zygote_find(struct domains *domains, uint64_t id);
/* It can fork once more now, for an attempt that waits or else for a spare. */
bool zygote_can_fork(const struct zyg *z, bool waits);
/* One more was asked of it; then: it has an answer, or needs none. */
void zygote_asked(struct zyg *z);
void zygote_answered(struct zyg *z);
/* No more forks: it ends when its attempts have. */
void zygote_stop(struct zyg *z);
/* The same, and all attempts of it are killed with it. */
void zygote_kill(struct zyg *z);
/* The record ends; nobody names it any more. */
void zygote_free(struct zyg *z);

#endif
