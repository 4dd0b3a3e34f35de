/* supply.c -- see supply.h. */
#include "sandbox/client/supply.h"

#include <string.h>

/* ---- retire ---- */

static void spoil_list(struct pools *pools, struct slot_list *list, const struct zyg *z)
{
    struct slot *slot, *next;

    for (slot = TAILQ_FIRST(list); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        if (slot->zyg != z || slot->seen.killed != KILL_NONE)
            continue;
        pools->counts->spares_spoiled++;
        if (slot->attempt != NULL)
            slot_abandon(slot, OUTCOME_INFRA, "its zygote is no longer trusted");
        else
            slot_kill(slot, KILL_INFRA);
    }
}

static bool same_owner(const struct pool *a, const struct pool *b)
{
    return a->plugin == b->plugin && strcmp(a->tenant, b->tenant) == 0;
}

void supply_spoil(struct pools *pools, struct zyg *z, const struct pool *whose)
{
    struct pool *pool;

    zygote_stop(z);
    TAILQ_FOREACH (pool, &pools->list, link) {
        if (pool->domain != z->domain || (whose != NULL && !same_owner(pool, whose)))
            continue;
        spoil_list(pools, &pool->slots.starting, z);
        spoil_list(pools, &pool->slots.ready, z);
    }
}

void supply_retire(struct pools *pools, struct domain *d)
{
    struct zyg *z;

    TAILQ_FOREACH (z, &d->zygotes, link)
        supply_spoil(pools, z, NULL);
    loop_timer_at(pools->loop, pools->loop->now_ns + SECOND_NS);
}

static void orphan(struct slot *slot, const struct zyg *z)
{
    if (slot->zyg != z)
        return;
    slot->zyg = NULL;
    slot->orphaned = z->state != ZYG_STOPPING;
}

void supply_forget(struct pools *pools, struct zyg *z)
{
    struct pool *pool;
    struct slot *slot;

    TAILQ_FOREACH (pool, &pools->list, link) {
        struct slot_set *set = &pool->slots;
        struct slot_list *const lists[] = {&set->starting, &set->ready, &set->running};

        if (pool->domain != z->domain)
            continue;
        if (pool->blamed == z->id) { /* it was dead already when that was asked of it */
            pool->blamed = 0;
            backoff_forgive(&pool->backoff);
        }
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
            TAILQ_FOREACH (slot, lists[i], link)
                orphan(slot, z);
    }
    zygote_free(z);
}

/* ---- start ---- */

/* Makes room for one more by stopping the zygotes of whoever else needed theirs least lately. */
static bool room_for_zygote(struct pools *pools, const struct domain *asks)
{
    struct domain *d, *oldest = NULL;
    int64_t now_ns = pools->loop->now_ns;
    struct pool *pool;

    if (pools->counts->zygotes < pools->zygotes_max)
        return true;
    TAILQ_FOREACH (pool, &pools->list, link) /* those that are in use are the latest */
        if (pool->waiting.count + pool->slots.running_count > 0)
            pool->domain->used_ns = now_ns;
    TAILQ_FOREACH (d, &pools->domains->list, link)
        if (d != asks && d->zygote_count > 0 && d->used_ns < now_ns &&
            (oldest == NULL || d->used_ns < oldest->used_ns))
            oldest = d;
    if (oldest != NULL)
        supply_retire(pools, oldest);
    loop_timer_at(pools->loop, now_ns + QUIET_NS);
    return false;
}

/* One is enough until it is busy; then one a CPU. */
static uint32_t zygotes_wanted(const struct pools *pools, const struct domain *d)
{
    return d->zygote_count == 0 ? 1 : pools->cpus;
}

/* exec: one an attempt, some on their way at once, and none that nobody asked for. */
static void start_for_exec(struct pools *pools, struct domain *d, uint32_t starting, uint32_t count)
{
    uint32_t most = 2 * pools->cpus;

    for (count = count < most ? count : most; starting < count; starting++) {
        if (!room_for_zygote(pools, d))
            return;
        zygote_start(d);
    }
}

struct zyg *supply_zygote(struct pools *pools, struct domain *d, bool waits, uint32_t count)
{
    struct zyg *z, *best = NULL;
    uint32_t starting = 0, usable = 0;

    TAILQ_FOREACH (z, &d->zygotes, link) {
        starting += z->state == ZYG_STARTING;
        usable += z->state != ZYG_STOPPING;
        if (zygote_can_fork(z, waits) && (best == NULL || z->spawning < best->spawning))
            best = z;
    }
    if (best != NULL || pools->super->gone)
        return best;
    if (d->kind == DOMAIN_EXEC) {
        if (!backoff_holds(&d->backoff, pools->loop))
            start_for_exec(pools, d, starting, count);
        return NULL;
    }
    if (usable > starting) /* they are busy, maybe for another pool */
        loop_timer_at(pools->loop, pools->loop->now_ns + QUIET_NS);
    if (starting == 0 && !backoff_holds(&d->backoff, pools->loop) &&
        usable < zygotes_wanted(pools, d) && room_for_zygote(pools, d))
        zygote_start(d);
    return NULL;
}
