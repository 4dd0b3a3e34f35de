/* pool.c -- how many spares to keep, and who gets them. */
#include "base/mem.h"
#include "sandbox/client/internal.h"

#include <assert.h>
#include <string.h>

static bool same_limits(const struct attempt_limits *a, const struct attempt_limits *b)
{
    /* What a process is given at its birth; the rest is told with the input. */
    return a->memory_bytes == b->memory_bytes && a->cpu_ms == b->cpu_ms &&
           a->threads_max == b->threads_max;
}

struct pool *pool_of(struct sandbox *sb, struct plugin *plugin, const struct attempt_spec *spec)
{
    struct domain *d = domain_of(sb, plugin, spec, false);
    struct pool *pool;

    TAILQ_FOREACH (pool, &sb->pools, link)
        if (pool->domain == d && pool->has_secrets == spec->has_secrets &&
            same_limits(&pool->limits, &spec->limits))
            return pool;
    pool = mem_new(struct pool);
    pool->domain = d;
    pool->limits = spec->limits;
    pool->has_secrets = spec->has_secrets;
    pool->target = sb->options.spares_min;
    pool->used_ns = sb->now_ns;
    TAILQ_INIT(&pool->waiting);
    TAILQ_INIT(&pool->starting);
    TAILQ_INIT(&pool->ready);
    TAILQ_INIT(&pool->running);
    d->pools++;
    TAILQ_INSERT_TAIL(&sb->pools, pool, link);
    timer_at(sb, sb->now_ns + POOL_IDLE_NS);
    return pool;
}

static void serve_waiting(struct sandbox *sb, struct pool *pool)
{
    while (pool->waiting_count > 0 && pool->ready_count > 0) {
        struct attempt *a = TAILQ_FIRST(&pool->waiting);

        TAILQ_REMOVE(&pool->waiting, a, link);
        a->queued = false;
        pool->waiting_count--;
        sb->counts.attempts_waiting--;
        slot_bind(sb, TAILQ_FIRST(&pool->ready), a);
    }
}

/* Those that were made for an attempt before there was a zygote. False: there is none. */
static bool order_made(struct sandbox *sb, struct pool *pool)
{
    struct slot *slot;

    TAILQ_FOREACH (slot, &pool->starting, link) {
        struct zyg *z;

        if (slot->state != SLOT_MADE)
            continue;
        z = domain_zygote(sb, pool->domain);
        if (z == NULL)
            return false;
        slot_order(sb, slot, z);
    }
    return true;
}

/* Processes still to be asked for. Spares are made in bursts and not while a lone attempt runs:
 * on a small machine they would take its CPU. */
static uint32_t wanted(struct sandbox *sb, const struct pool *pool)
{
    uint32_t coming = pool->ready_count + pool->starting_count;
    uint32_t spares = pool->target, others;

    if (sb->now_ns < pool->not_before_ns) {
        timer_at(sb, pool->not_before_ns);
        return 0;
    }
    if (pool->waiting_count == 0 && coming > 0 && coming >= spares / 2 &&
        sb->now_ns < pool->used_ns + QUIET_NS) {
        if (coming < spares)
            timer_at(sb, pool->used_ns + QUIET_NS);
        return 0;
    }
    others = sb->counts.spares_ready + sb->counts.spares_starting - coming;
    if (spares + others > sb->options.spares_max)
        spares = sb->options.spares_max > others ? sb->options.spares_max - others : 0;
    spares += pool->waiting_count;
    return spares > coming ? spares - coming : 0;
}

void pool_pump(struct sandbox *sb, struct pool *pool)
{
    struct err e;
    uint32_t more;

    serve_waiting(sb, pool);
    if (pool->domain->plugin->state != PLUGIN_READY || sb->gone)
        return;
    if (!order_made(sb, pool))
        return;
    for (more = wanted(sb, pool); more > 0 && sb->slot_count < SLOTS_MAX; more--) {
        struct zyg *z = domain_zygote(sb, pool->domain);
        struct slot *slot;

        if (z == NULL)
            return; /* one that becomes ready pumps again */
        if (!slot_make(sb, pool, &slot, &e)) {
            pool_failed(sb, pool, e.msg);
            return;
        }
        slot_order(sb, slot, z);
    }
    if (more > 0)
        timer_at(sb, sb->now_ns + QUIET_NS);
}

void pools_pump_domain(struct sandbox *sb, struct domain *domain)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &sb->pools, link)
        if (pool->domain == domain)
            pool_pump(sb, pool);
}

void pool_failed(struct sandbox *sb, struct pool *pool, const char *why)
{
    if (++pool->failures < FAILURES_MAX)
        return;
    pool->failures = 0;
    pool->not_before_ns = sb->now_ns + SECOND_NS / 10;
    timer_at(sb, pool->not_before_ns);
    pool_drop_waiting(sb, pool, why);
}

void pool_drop_waiting(struct sandbox *sb, struct pool *pool, const char *why)
{
    struct slot *slot, *next;
    struct attempt *a;

    while ((a = TAILQ_FIRST(&pool->waiting)) != NULL)
        attempt_gave_up(sb, a, OUTCOME_INFRA, why);
    for (slot = TAILQ_FIRST(&pool->starting); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        if (slot->attempt != NULL)
            slot_abandon(sb, slot, OUTCOME_INFRA, why);
    }
}

/* ---- timers ---- */

static void drop_spares(struct sandbox *sb, struct pool *pool, uint32_t keep)
{
    struct slot *slot = TAILQ_FIRST(&pool->ready), *next;

    for (uint32_t n = pool->ready_count; slot != NULL && n > keep; n--, slot = next) {
        next = TAILQ_NEXT(slot, link);
        slot_kill(sb, slot, KILL_INFRA);
    }
}

static bool is_empty(const struct pool *pool)
{
    return pool->waiting_count + pool->starting_count + pool->ready_count + pool->running_count ==
           0;
}

static void expire_waiting(struct sandbox *sb, struct pool *pool)
{
    struct attempt *a, *next;

    for (a = TAILQ_FIRST(&pool->waiting); a != NULL; a = next) {
        next = TAILQ_NEXT(a, link);
        if (a->deadline_ns == 0)
            continue;
        if (sb->now_ns >= a->deadline_ns)
            attempt_gave_up(sb, a, OUTCOME_TIMEOUT, "the deadline passed before it could start");
        else
            timer_at(sb, a->deadline_ns);
    }
}

static void pool_turn(struct sandbox *sb, struct pool *pool)
{
    int64_t idle_ns = sb->now_ns - pool->used_ns;
    bool removed = pool->domain->plugin->state == PLUGIN_REMOVED;

    expire_waiting(sb, pool);
    if (removed || idle_ns >= DOMAIN_IDLE_NS) {
        pool->target = 0;
        drop_spares(sb, pool, 0);
        if (is_empty(pool))
            pool_free(sb, pool);
        return;
    }
    if (idle_ns >= POOL_IDLE_NS && pool->target > sb->options.spares_min) {
        pool->target = sb->options.spares_min;
        drop_spares(sb, pool, pool->target);
    }
    timer_at(sb, pool->used_ns + (idle_ns < POOL_IDLE_NS ? POOL_IDLE_NS : DOMAIN_IDLE_NS));
    pool_pump(sb, pool);
}

void pools_turn(struct sandbox *sb)
{
    struct pool *pool, *next;

    for (pool = TAILQ_FIRST(&sb->pools); pool != NULL; pool = next) {
        next = TAILQ_NEXT(pool, link);
        pool_turn(sb, pool);
    }
}

void pool_free(struct sandbox *sb, struct pool *pool)
{
    struct slot_list *const lists[] = {&pool->starting, &pool->ready, &pool->running};
    struct attempt *a;
    struct slot *slot;

    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        while ((slot = TAILQ_FIRST(lists[i])) != NULL) {
            if (slot->attempt != NULL)
                attempt_free(sb, slot->attempt);
            slot_free(sb, slot);
        }
    while ((a = TAILQ_FIRST(&pool->waiting)) != NULL) {
        TAILQ_REMOVE(&pool->waiting, a, link);
        attempt_free(sb, a);
    }
    pool->domain->pools--;
    TAILQ_REMOVE(&sb->pools, pool, link);
    free(pool);
}

bool sandbox_warm(struct sandbox *sb, const struct attempt_spec *given, uint32_t count,
                  struct err *e)
{
    struct attempt_spec spec = *given;
    struct plugin *plugin;
    struct pool *pool;

    if (!attempt_check_spec(sb, &spec, &plugin, e))
        return false;
    pool = pool_of(sb, plugin, &spec);
    if (pool->target < count)
        pool->target = count < sb->options.spares_max ? count : sb->options.spares_max;
    pool_pump(sb, pool);
    return true;
}
