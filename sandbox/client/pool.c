/* pool.c -- see pool.h. */
#include "sandbox/client/pool.h"

#include "base/mem.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/spec.h"
#include "sandbox/client/supply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { DESCRIBES_A_CPU = 4 };

static bool same_limits(const struct attempt_limits *a, const struct attempt_limits *b)
{
    /* What a process is given at its birth; the rest is told with the input. */
    return a->memory_bytes == b->memory_bytes && a->cpu_ms == b->cpu_ms &&
           a->threads_max == b->threads_max;
}

static bool is_of(const struct pool *pool, const struct plugin *plugin, const struct domain *domain,
                  const struct attempt_spec *spec)
{
    return pool->plugin == plugin && pool->domain == domain && !pool->slots.describes &&
           pool->slots.has_secrets == spec->has_secrets &&
           same_limits(&pool->slots.limits, &spec->limits) &&
           strcmp(pool->tenant, spec->tenant) == 0;
}

static struct pool *pool_new(struct pools *pools, struct plugin *plugin, struct domain *domain,
                             const struct attempt_spec *spec)
{
    struct pool *pool = mem_new(struct pool);

    pool->home = pools;
    pool->plugin = plugin;
    pool->domain = domain;
    snprintf(pool->tenant, sizeof pool->tenant, "%s", spec->tenant);
    pool->used_ns = pools->loop->now_ns;
    attempt_queue_init(&pool->waiting);
    slot_set_init(&pool->slots, pools->slots, pool);
    pool->slots.limits = spec->limits;
    pool->slots.has_secrets = spec->has_secrets;
    pool->slots.so = domain->kind == DOMAIN_WARM ? NULL : plugin->so;
    pool->slots.load_ms = pools->load_ms;
    domain->pools++;
    plugin->users++;
    TAILQ_INSERT_TAIL(&pools->list, pool, link);
    loop_timer_at(pools->loop, pools->loop->now_ns + POOL_IDLE_NS);
    return pool;
}

struct pool *pool_of(struct pools *pools, struct plugin *plugin, const struct attempt_spec *spec)
{
    struct domain *domain = domain_of(pools->domains, plugin, spec);
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (is_of(pool, plugin, domain, spec))
            return pool;
    pool = pool_new(pools, plugin, domain, spec);
    pool->target = pools->spares_min;
    return pool;
}

struct pool *pool_describe(struct pools *pools, struct plugin *plugin)
{
    const struct attempt_spec spec = {.tenant = "",
                                      .isolation = ISOLATION_COLD,
                                      .limits = spec_limits_default()};
    struct pool *pool = pool_new(pools, plugin, domain_of(pools->domains, plugin, &spec), &spec);

    pool->slots.describes = true;
    return pool;
}

/* ---- who gets a spare ---- */

void pool_bind(struct pool *pool, struct slot *slot, struct attempt *a)
{
    slot_bind(slot, a);
    backoff_reset(&pool->backoff);
    pool->used_ns = pool->domain->used_ns = pool->home->loop->now_ns;
}

static void serve_waiting(struct pool *pool)
{
    while (pool->waiting.count > 0 && pool->slots.ready_count > 0) {
        struct attempt *a = attempt_queue_take(&pool->waiting);

        pool->home->counts->attempts_waiting--;
        pool_bind(pool, TAILQ_FIRST(&pool->slots.ready), a);
    }
}

/* The pipe must be given out now, and belongs to one process: a spare, or one that is yet to be.
 * It is reserved either way. */
static bool reserve(struct pool *pool, struct attempt *a, int *ret_fd, struct err *e)
{
    struct slot *slot = TAILQ_FIRST(&pool->slots.ready);

    if (slot == NULL && !slot_make(&pool->slots, &slot, e))
        return false;
    assert(slot->attempt == NULL && slot->secret_fd >= 0);
    slot->attempt = a;
    a->slot = slot;
    *ret_fd = take_fd(&slot->secret_fd);
    return true;
}

bool pool_admit(struct pool *pool, struct attempt *a, int *ret_secret_fd, struct err *e)
{
    struct loop *loop = pool->home->loop;

    if (pool->slots.has_secrets && !reserve(pool, a, ret_secret_fd, e))
        return false;
    pool->home->counts->attempts_waiting++;
    /* They are used up faster than they are made; before the first one nobody knows. */
    if (pool->proved && pool->slots.ready_count == 0 && pool->target < pool->home->spares_max)
        pool->target = pool->target > 0 ? 2 * pool->target : 1;
    if (a->deadline_ns != 0)
        loop_timer_at(loop, a->deadline_ns);
    if (a->slot == NULL)
        attempt_queue_add(&pool->waiting, a);
    else if (a->slot->state == SLOT_READY)
        pool_bind(pool, a->slot, a);
    pool->used_ns = loop->now_ns;
    pool_pump(pool);
    return true;
}

void pool_warm(struct pool *pool, uint32_t count)
{
    uint32_t most = pool->home->spares_max;

    if (pool->target < count)
        pool->target = count < most ? count : most;
    pool_pump(pool);
}

/* ---- more processes ---- */

/* Those that were made for an attempt before there was a zygote. False: there is none. */
static bool order_made(struct pool *pool)
{
    struct slot *slot;

    TAILQ_FOREACH (slot, &pool->slots.starting, link) {
        struct zyg *z;

        if (slot->state != SLOT_MADE)
            continue;
        z = supply_zygote(pool->home, pool->domain, true, 1);
        if (z == NULL)
            return false;
        slot_order(slot, z);
    }
    return true;
}

/* Plugins that are described at once: a start with hundreds must not load them all together. */
static bool may_describe(const struct pools *pools)
{
    const struct pool *pool;
    uint32_t busy = 0;

    TAILQ_FOREACH (pool, &pools->list, link)
        busy += pool->slots.describes ? pool->slots.starting_count : 0;
    return busy < DESCRIBES_A_CPU * pools->cpus;
}

/* Spares to keep, as far as the others leave room for them. */
static uint32_t spares_wanted(const struct pool *pool, uint32_t coming)
{
    const struct sandbox_counts *counts = pool->home->counts;
    uint32_t others = counts->spares_ready + counts->spares_starting - coming;
    uint32_t most = pool->home->spares_max;

    if (pool->target + others <= most)
        return pool->target;
    return most > others ? most - others : 0;
}

/* Processes still to be asked for. */
static uint32_t wanted(const struct pool *pool)
{
    uint32_t coming = pool->slots.ready_count + pool->slots.starting_count, all;
    struct loop *loop = pool->home->loop;

    if (pool->slots.describes)
        return coming == 0 && may_describe(pool->home);
    /* It failed just now: one, to see whether it does again. */
    if (pool->plugin->strikes.failures > 0)
        return coming == 0;
    if (pool->waiting.count == 0 && coming > 0 && coming >= pool->target / 2 &&
        loop->now_ns < pool->used_ns + QUIET_NS) {
        if (coming < pool->target)
            loop_timer_at(loop, pool->used_ns + QUIET_NS);
        return 0;
    }
    all = spares_wanted(pool, coming) + pool->waiting.count;
    return all > coming ? all - coming : 0;
}

/* Nothing is asked for: its plugin is not there, or what was asked for failed just now. */
static bool is_held(const struct pool *pool)
{
    struct pools *home = pool->home;
    enum plugin_state due = pool->slots.describes ? PLUGIN_LOADING : PLUGIN_READY;

    return pool->plugin->state != due || home->super->gone ||
           backoff_holds(&pool->plugin->strikes, home->loop) ||
           backoff_holds(&pool->backoff, home->loop);
}

void pool_pump(struct pool *pool)
{
    struct pools *home = pool->home;
    struct err e = {0};
    uint32_t more;

    serve_waiting(pool);
    if (is_held(pool) || !order_made(pool))
        return;
    for (more = wanted(pool); more > 0 && home->slots->count < SLOTS_MAX; more--) {
        bool waits = pool->waiting.count > pool->slots.starting_count;
        struct zyg *z = supply_zygote(home, pool->domain, waits, more);
        struct slot *slot;

        if (z == NULL)
            return; /* one that becomes ready pumps again, and so does the timer */
        if (!slot_make(&pool->slots, &slot, &e)) {
            pool_failed(pool, home->loop->now_ns, OUTCOME_INFRA, e.msg);
            return;
        }
        slot_order(slot, z);
    }
    if (more > 0)
        loop_timer_at(home->loop, home->loop->now_ns + QUIET_NS);
}

/* ---- none to be had ---- */

void pool_drop_waiting(struct pool *pool, enum outcome outcome, const char *why)
{
    struct slot *slot, *next;
    struct attempt *a;

    while ((a = TAILQ_FIRST(&pool->waiting.list)) != NULL)
        attempt_gave_up(a, outcome, why);
    for (slot = TAILQ_FIRST(&pool->slots.starting); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        if (slot->attempt != NULL)
            slot_abandon(slot, outcome, why);
    }
}

void pool_drop_spares(struct pool *pool, uint32_t keep)
{
    struct slot *slot = TAILQ_FIRST(&pool->slots.ready), *next;

    for (uint32_t n = pool->slots.ready_count; slot != NULL && n > keep; n--, slot = next) {
        next = TAILQ_NEXT(slot, link);
        slot_kill(slot, KILL_INFRA);
    }
}

void pool_give_up(struct pool *pool, enum outcome outcome, const char *why)
{
    if (!pool->slots.describes) {
        if (outcome != OUTCOME_INFRA) /* with these limits it will not load another time either */
            pool->target = 0;
        pool_drop_waiting(pool, outcome, why);
        return;
    }
    if (pool->plugin->undescribed == NULL) /* plugins_turn refuses it */
        pool->plugin->undescribed = mem_str(why);
    loop_timer_at(pool->home->loop, pool->home->loop->now_ns);
}

void pool_failed(struct pool *pool, int64_t began_ns, enum outcome outcome, const char *why)
{
    pool->blamed = 0;
    if (backoff_failed(&pool->backoff, pool->home->loop, began_ns) &&
        pool->backoff.failures >= FAILURES_MAX)
        pool_give_up(pool, outcome, why);
}

/* ---- the end ---- */

void pool_free(struct pool *pool)
{
    struct slot_set *set = &pool->slots;
    struct slot_list *const lists[] = {&set->starting, &set->ready, &set->running};
    struct attempt *a;
    struct slot *slot;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        while ((slot = TAILQ_FIRST(lists[i])) != NULL) {
            if (slot->attempt != NULL)
                attempt_free(slot->attempt);
            slot_free(slot);
        }
    while ((a = attempt_queue_take(&pool->waiting)) != NULL)
        attempt_free(a);
    pool->domain->pools--;
    pool->plugin->users--;
    TAILQ_REMOVE(&pool->home->list, pool, link);
    free(pool);
}
