/* pool.h -- how many spares to keep, and who gets them.
 *
 * A pool is what may share a spare: one domain, one set of limits, with or without secrets. It owns
 * its slots and the queue of attempts that wait for one; it ends when it is empty and its plugin
 * was removed or it was not used for ten minutes.
 *
 * What always holds: while an attempt waits in the queue, no ready spare of its pool is idle
 * (pool_pump ends with one or the other empty). Spares are made in bursts, and not while a lone
 * attempt runs: on a small machine they would take its CPU. */
#ifndef ORCH_SANDBOX_CLIENT_POOL_H
#define ORCH_SANDBOX_CLIENT_POOL_H

#include "sandbox/client/attempt.h"
#include "sandbox/client/domain.h"
#include "sandbox/client/slot.h"

#include <sys/queue.h>

enum { FAILURES_MAX = 3 /* in a row, then those who wait are told */ };

#define QUIET_NS (2 * 1000 * 1000LL)  /* after a start, before spares are made again */
#define POOL_IDLE_NS (60 * SECOND_NS) /* then it keeps spares_min */
#define DOMAIN_IDLE_NS (600 * SECOND_NS)

struct pool {
    TAILQ_ENTRY(pool) link;
    struct pools *home;
    struct domain *domain;
    struct attempt_queue waiting;
    struct slot_set slots;
    uint32_t target;   /* spares to keep */
    uint32_t failures; /* in a row */
    int64_t not_before_ns;
    int64_t used_ns; /* the last start */
};

struct pools {
    struct loop *loop;
    struct super_link *super;
    struct sandbox_counts *counts;
    struct domains *domains;
    struct slots *slots;
    uint32_t spares_max, spares_min, zygotes_max, cpus;
    TAILQ_HEAD(pool_list, pool) list;
};

void pools_init(struct pools *pools, struct domains *domains, struct slots *slots,
                const struct sandbox_options *options);

/* The one of this plugin and the spec's kind; made when there is none. */
struct pool *pool_of(struct pools *pools, struct plugin *plugin, const struct attempt_spec *spec);
/* Lets a attempt in: it is bound at once, or waits. With secrets it is bound to one process from
 * now on, whose pipe is *ret_secret_fd; ret_secret_fd is NULL without. */
bool pool_admit(struct pool *pool, struct attempt *a, int *ret_secret_fd, struct err *e) must_check;
/* Asks for count spares ahead of need. */
void pool_warm(struct pool *pool, uint32_t count);

/* A ready slot runs the attempt. */
void pool_bind(struct pool *pool, struct slot *slot, struct attempt *a);
/* Gives spares to those who wait, and asks for as many more as are wanted. */
void pool_pump(struct pool *pool);
void pools_pump_domain(struct pools *pools, const struct domain *domain);
void pools_pump_plugin(struct pools *pools, const struct plugin *plugin);
/* A process could not be had. Tells those who wait when it happens again and again. */
void pool_failed(struct pool *pool, const char *why);
void pool_drop_waiting(struct pool *pool, const char *why);
/* Those that run too, as revoked. */
void pools_revoke(struct pools *pools, const struct plugin *plugin, const char *why);
void pools_drop_waiting_domain(struct pools *pools, const struct domain *domain, const char *why);

void pools_turn(struct pools *pools);
void pool_free(struct pool *pool);

#endif
