/* hosts.h -- several hosts on one store: who this one is to the others, whether it still holds what
 * it has, and what it hears of them (docs/adr/0048).
 *
 * An opening of the store, (host id, epoch), is alive until it ends in order, its home opens the
 * store again, or another host fences it. What an opening has, a run or a job, is free once the
 * opening is not alive: store_batch_run_claim and store_batch_job_claim take what is free and
 * nothing else. Every write of an opening that is not alive is refused as a whole.
 *
 * All calls but those that say so: loop thread. */
#ifndef ORCH_STORE_HOSTS_H
#define ORCH_STORE_HOSTS_H

#include "base/auto.h"
#include "store/rows.h"

struct store;

/* The opening; lives as long as the store and never changes: these three on any thread. */
const char *store_host_id(const struct store *store);
int64_t store_host_epoch(const struct store *store);
/* A row names it: lease_owner (NULL: nobody) and lease_epoch. */
bool store_host_is(const struct store *store, const char *owner, int64_t epoch) must_check;

/* Other hosts may have it open as well; otherwise nothing is ever news, and the hold is for good.
 */
bool store_shared(const struct store *store);

enum store_hold {
    STORE_HELD,
    /* Not renewed for 70 % of what the others wait for: they may take what it has before it hears
     * of it. Nothing may be begun; the store may come back to STORE_HELD by itself. */
    STORE_ADRIFT,
    /* Another host has followed. The store has failed (store_failed). */
    STORE_FENCED,
};
/* By this host's own clock, at this moment. */
enum store_hold store_hold(struct store *store);

enum store_news_kind {
    STORE_NEWS_EVENTS, /* another host's: the tenant's ledger goes at least to number */
    STORE_NEWS_FREE,   /* a run or a job may be free */
    STORE_NEWS_ORDERS, /* an order for a run of this host may wait */
    STORE_NEWS_KNOWN,  /* what hosts remember of the store has changed: number is an enum
                          store_known;  the tenant's, or NULL: any */
    STORE_NEWS_WANTED, /* a head over the tenant's ledger is waited for */
    STORE_NEWS_MISSED, /* news may have been lost: everything is worth a look */
    STORE_NEWS_KIND_COUNT,
};
enum store_known {
    STORE_KNOWN_DAGS,
    STORE_KNOWN_PLUGINS,
    STORE_KNOWN_TOKENS,
    STORE_KNOWN_TENANTS,
    STORE_KNOWN_LANES,
    STORE_KNOWN_QUOTAS,
    STORE_KNOWN_GATES,
    STORE_KNOWN_COUNT,
};
struct store_news {
    enum store_news_kind kind;
    const char *tenant; /* NULL: none, or any */
    int64_t number;
};
typedef void store_news_fn(void *arg, const struct store_news *news);

/* From then on news are delivered by store_turn, behind the completions that were there. They may
 * be lost, doubled or late: each says only that a look is worth it. Once; fn NULL: no more. */
void store_listen(struct store *store, store_news_fn *fn, void *arg);
/* Tells the other hosts what nothing that was committed tells. It may be lost, too. */
void store_tell(struct store *store, const struct store_news *news);

#endif
