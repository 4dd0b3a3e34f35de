/* pool.h -- how many spares to keep, and who gets them.
 *
 * A pool is what may share a spare: one plugin, one tenant, one domain, one set of limits, with or
 * without secrets. It owns its slots and the queue of attempts that wait for one; it ends when it
 * is empty and its plugin was removed or it was not used for ten minutes. One pool of each plugin
 * is another thing: it has one process, once, that says what the plugin says of itself.
 *
 * What always holds: while an attempt waits in the queue, no ready spare of its pool is idle
 * (pool_pump ends with one or the other empty). Spares are made in bursts, and not while a lone
 * attempt runs: on a small machine they would take its CPU.
 *
 * Failures are counted in three places, so that none delays another's processes:
 *
 *   domain->backoff    of zygotes, supply.h
 *   pool->backoff      of processes, where it was nobody's fault or the fault of low limits; behind
 *                      the third in a row each is told to those who wait
 *   plugin->strikes    of processes whose plugin was at fault, plugin.h */
#ifndef ORCH_SANDBOX_CLIENT_POOL_H
#define ORCH_SANDBOX_CLIENT_POOL_H

#include "sandbox/client/attempt.h"
#include "sandbox/client/backoff.h"
#include "sandbox/client/domain.h"
#include "sandbox/client/slot.h"

#include <sys/queue.h>

#define QUIET_NS (2 * 1000 * 1000LL)  /* after a start, before spares are made again */
#define POOL_IDLE_NS (60 * SECOND_NS) /* then it keeps spares_min */
#define DOMAIN_IDLE_NS (600 * SECOND_NS)

struct pool {
    TAILQ_ENTRY(pool) link;
    struct pools *home;
    struct plugin *plugin;
    struct domain *domain;
    char tenant[TENANT_BYTES_MAX + 1];
    struct attempt_queue waiting;
    struct slot_set slots;
    uint32_t target; /* spares to keep */
    bool proved;     /* a process of it was ready once */
    struct backoff backoff;
    uint64_t blamed; /* the zygote of the last failure, when it seemed well; 0: none */
    int64_t used_ns; /* the last start */
};

struct pools {
    struct loop *loop;
    struct super_link *super;
    struct sandbox_counts *counts;
    struct domains *domains;
    struct slots *slots;
    uint32_t spares_max, spares_min, zygotes_max, load_ms, cpus;
    TAILQ_HEAD(pool_list, pool) list;
};

/* ---- pool.c: one ---- */

/* The one of this plugin and the spec's kind; made when there is none. */
struct pool *pool_of(struct pools *pools, struct plugin *plugin, const struct attempt_spec *spec);
/* The one in which the plugin says what it is. */
struct pool *pool_describe(struct pools *pools, struct plugin *plugin);
/* Lets a attempt in: it is bound at once, or waits. With secrets it is bound to one process from
 * now on, whose pipe is *ret_secret_fd; ret_secret_fd is NULL without. */
bool pool_admit(struct pool *pool, struct attempt *a, int *ret_secret_fd, struct err *e) must_check;
/* Asks for count spares ahead of need. */
void pool_warm(struct pool *pool, uint32_t count);

/* A ready slot runs the attempt. */
void pool_bind(struct pool *pool, struct slot *slot, struct attempt *a);
/* Gives spares to those who wait, and asks for as many more as are wanted. */
void pool_pump(struct pool *pool);
/* A process that was asked for at began_ns could not be had; outcome and why are for those who
 * wait, if it is one too many. */
void pool_failed(struct pool *pool, int64_t began_ns, enum outcome outcome, const char *why);
/* It seems that none can be had. */
void pool_give_up(struct pool *pool, enum outcome outcome, const char *why);
/* Attempts that have no process, and those that wait for one of their own. */
void pool_drop_waiting(struct pool *pool, enum outcome outcome, const char *why);
/* All spares but so many that are ready. */
void pool_drop_spares(struct pool *pool, uint32_t keep);
void pool_free(struct pool *pool);

/* ---- pools.c: all ---- */

void pools_init(struct pools *pools, struct domains *domains, struct slots *slots,
                const struct sandbox_options *options);
void pools_pump_domain(struct pools *pools, const struct domain *domain);
void pools_pump_plugin(struct pools *pools, const struct plugin *plugin);
void pools_give_up_domain(struct pools *pools, const struct domain *domain, const char *why);
/* Of the plugin: what waits, and the spares. */
void pools_end_plugin(struct pools *pools, const struct plugin *plugin, enum outcome outcome,
                      const char *why);
/* What runs too, as revoked. */
void pools_revoke(struct pools *pools, const struct plugin *plugin, const char *why);
void pools_turn(struct pools *pools);

#endif
