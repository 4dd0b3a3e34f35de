/* pools.c -- all pools together: what befalls a domain or a plugin, and what time does to them. See
 * pool.h. */
#include "base/mem.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/pool.h"

#include <unistd.h>

void pools_init(struct pools *pools, struct domains *domains, struct slots *slots,
                const struct sandbox_options *options)
{
    *pools = (struct pools){.loop = slots->loop,
                            .super = slots->super,
                            .counts = slots->counts,
                            .domains = domains,
                            .slots = slots,
                            .spares_max = options->spares_max,
                            .spares_min = options->spares_min,
                            .zygotes_max = options->zygotes_max,
                            .load_ms = options->load_ms,
                            .cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
    TAILQ_INIT(&pools->list);
}

void pools_pump_domain(struct pools *pools, const struct domain *domain)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (pool->domain == domain)
            pool_pump(pool);
}

void pools_pump_plugin(struct pools *pools, const struct plugin *plugin)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (pool->plugin == plugin)
            pool_pump(pool);
}

/* ---- the end of what a pool lives from ---- */

void pools_give_up_domain(struct pools *pools, const struct domain *domain, const char *why)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (pool->domain == domain)
            pool_give_up(pool, OUTCOME_INFRA, why);
}

/* With those that are not there yet: nobody will want them. */
static void end_spares(struct pool *pool)
{
    struct slot *slot, *next;

    for (slot = TAILQ_FIRST(&pool->slots.starting); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        slot_abandon(slot, OUTCOME_INFRA, "");
    }
    pool_drop_spares(pool, 0);
}

void pools_end_plugin(struct pools *pools, const struct plugin *plugin, enum outcome outcome,
                      const char *why)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link) {
        if (pool->plugin != plugin)
            continue;
        pool_drop_waiting(pool, outcome, why);
        end_spares(pool);
    }
}

void pools_revoke(struct pools *pools, const struct plugin *plugin, const char *why)
{
    struct pool *pool;
    struct slot *slot;

    TAILQ_FOREACH (pool, &pools->list, link) {
        if (pool->plugin != plugin)
            continue;
        TAILQ_FOREACH (slot, &pool->slots.running, link) {
            free(slot->attempt->reason);
            slot->attempt->reason = mem_str(why);
            slot_kill(slot, KILL_REVOKED);
        }
    }
}

/* ---- timers ---- */

static bool is_empty(const struct pool *pool)
{
    const struct slot_set *set = &pool->slots;

    return pool->waiting.count + set->starting_count + set->ready_count + set->running_count == 0;
}

static void expire_waiting(struct pool *pool)
{
    struct loop *loop = pool->home->loop;
    struct attempt *a, *next;

    for (a = TAILQ_FIRST(&pool->waiting.list); a != NULL; a = next) {
        next = TAILQ_NEXT(a, link);
        if (a->deadline_ns == 0)
            continue;
        if (loop->now_ns >= a->deadline_ns)
            attempt_gave_up(a, OUTCOME_TIMEOUT, "the deadline passed before it could start");
        else
            loop_timer_at(loop, a->deadline_ns);
    }
}

/* Nobody will come to it any more, or nobody came for long. */
static bool is_over(const struct pool *pool, int64_t idle_ns)
{
    if (pool->slots.describes)
        return pool->plugin->state != PLUGIN_LOADING;
    return pool->plugin->state == PLUGIN_REMOVED || idle_ns >= DOMAIN_IDLE_NS;
}

static void pool_turn(struct pool *pool)
{
    struct pools *home = pool->home;
    int64_t idle_ns = home->loop->now_ns - pool->used_ns;

    expire_waiting(pool);
    if (is_over(pool, idle_ns)) {
        pool->target = 0;
        pool_drop_spares(pool, 0);
        if (is_empty(pool))
            pool_free(pool);
        return;
    }
    if (idle_ns >= POOL_IDLE_NS && pool->target > home->spares_min) {
        pool->target = home->spares_min;
        pool_drop_spares(pool, pool->target);
    }
    if (!pool->slots.describes)
        loop_timer_at(home->loop,
                      pool->used_ns + (idle_ns < POOL_IDLE_NS ? POOL_IDLE_NS : DOMAIN_IDLE_NS));
    pool_pump(pool);
}

void pools_turn(struct pools *pools)
{
    struct pool *pool, *next;

    for (pool = TAILQ_FIRST(&pools->list); pool != NULL; pool = next) {
        next = TAILQ_NEXT(pool, link);
        pool_turn(pool);
    }
}
