/* pool.c -- see pool.h. */
#include "sandbox/client/pool.h"

#include "base/mem.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/supply.h"

#include <assert.h>
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
                            .cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
    TAILQ_INIT(&pools->list);
}

static bool same_limits(const struct attempt_limits *a, const struct attempt_limits *b)
{
    /* What a process is given at its birth; the rest is told with the input. */
    return a->memory_bytes == b->memory_bytes && a->cpu_ms == b->cpu_ms &&
           a->threads_max == b->threads_max;
}

struct pool *pool_of(struct pools *pools, struct plugin *plugin, const struct attempt_spec *spec)
{
    struct domain *d = domain_of(pools->domains, plugin, spec, false);
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (pool->domain == d && pool->slots.has_secrets == spec->has_secrets &&
            same_limits(&pool->slots.limits, &spec->limits))
            return pool;
    pool = mem_new(struct pool);
    pool->home = pools;
    pool->domain = d;
    pool->target = pools->spares_min;
    pool->used_ns = pools->loop->now_ns;
    attempt_queue_init(&pool->waiting);
    slot_set_init(&pool->slots, pools->slots, pool);
    pool->slots.limits = spec->limits;
    pool->slots.has_secrets = spec->has_secrets;
    pool->slots.one_a_zygote = d->isolation == ISOLATION_EXEC;
    d->pools++;
    TAILQ_INSERT_TAIL(&pools->list, pool, link);
    loop_timer_at(pools->loop, pools->loop->now_ns + POOL_IDLE_NS);
    return pool;
}

/* ---- who gets a spare ---- */

void pool_bind(struct pool *pool, struct slot *slot, struct attempt *a)
{
    slot_bind(slot, a);
    pool->used_ns = pool->domain->used_ns = a->started_ns;
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
    if (pool->slots.ready_count == 0 && pool->target < pool->home->spares_max)
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
        z = supply_zygote(pool->home, pool->domain);
        if (z == NULL)
            return false;
        slot_order(slot, z);
    }
    return true;
}

/* Processes still to be asked for. */
static uint32_t wanted(const struct pool *pool)
{
    const struct sandbox_counts *counts = pool->home->counts;
    struct loop *loop = pool->home->loop;
    uint32_t coming = pool->slots.ready_count + pool->slots.starting_count;
    uint32_t spares = pool->target, most = pool->home->spares_max, others;

    if (loop->now_ns < pool->not_before_ns) {
        loop_timer_at(loop, pool->not_before_ns);
        return 0;
    }
    if (pool->waiting.count == 0 && coming > 0 && coming >= spares / 2 &&
        loop->now_ns < pool->used_ns + QUIET_NS) {
        if (coming < spares)
            loop_timer_at(loop, pool->used_ns + QUIET_NS);
        return 0;
    }
    others = counts->spares_ready + counts->spares_starting - coming;
    if (spares + others > most)
        spares = most > others ? most - others : 0;
    spares += pool->waiting.count;
    return spares > coming ? spares - coming : 0;
}

void pool_pump(struct pool *pool)
{
    struct pools *home = pool->home;
    struct err e;
    uint32_t more;

    serve_waiting(pool);
    if (pool->domain->plugin->state != PLUGIN_READY || home->super->gone)
        return;
    if (!order_made(pool))
        return;
    for (more = wanted(pool); more > 0 && home->slots->count < SLOTS_MAX; more--) {
        struct zyg *z = supply_zygote(home, pool->domain);
        struct slot *slot;

        if (z == NULL)
            return; /* one that becomes ready pumps again */
        if (!slot_make(&pool->slots, &slot, &e)) {
            pool_failed(pool, e.msg);
            return;
        }
        slot_order(slot, z);
    }
    if (more > 0)
        loop_timer_at(home->loop, home->loop->now_ns + QUIET_NS);
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
        if (pool->domain->plugin == plugin)
            pool_pump(pool);
}

/* ---- none to be had ---- */

void pool_drop_waiting(struct pool *pool, const char *why)
{
    struct slot *slot, *next;
    struct attempt *a;

    while ((a = TAILQ_FIRST(&pool->waiting.list)) != NULL)
        attempt_gave_up(a, OUTCOME_INFRA, why);
    for (slot = TAILQ_FIRST(&pool->slots.starting); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        if (slot->attempt != NULL)
            slot_abandon(slot, OUTCOME_INFRA, why);
    }
}

void pools_drop_waiting_domain(struct pools *pools, const struct domain *domain, const char *why)
{
    struct pool *pool;

    TAILQ_FOREACH (pool, &pools->list, link)
        if (pool->domain == domain)
            pool_drop_waiting(pool, why);
}

void pools_revoke(struct pools *pools, const struct plugin *plugin, const char *why)
{
    struct pool *pool;
    struct slot *slot;

    TAILQ_FOREACH (pool, &pools->list, link) {
        if (pool->domain->plugin != plugin)
            continue;
        TAILQ_FOREACH (slot, &pool->slots.running, link) {
            slot->attempt->reason = mem_str(why);
            slot_kill(slot, KILL_REVOKED);
        }
    }
}

void pool_failed(struct pool *pool, const char *why)
{
    struct loop *loop = pool->home->loop;

    if (++pool->failures < FAILURES_MAX)
        return;
    pool->failures = 0;
    pool->not_before_ns = loop->now_ns + SECOND_NS / 10;
    loop_timer_at(loop, pool->not_before_ns);
    pool_drop_waiting(pool, why);
}

/* ---- timers ---- */

static void drop_spares(struct pool *pool, uint32_t keep)
{
    struct slot *slot = TAILQ_FIRST(&pool->slots.ready), *next;

    for (uint32_t n = pool->slots.ready_count; slot != NULL && n > keep; n--, slot = next) {
        next = TAILQ_NEXT(slot, link);
        slot_kill(slot, KILL_INFRA);
    }
}

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

static void pool_turn(struct pool *pool)
{
    struct pools *home = pool->home;
    int64_t idle_ns = home->loop->now_ns - pool->used_ns;
    bool removed = pool->domain->plugin->state == PLUGIN_REMOVED;

    expire_waiting(pool);
    if (removed || idle_ns >= DOMAIN_IDLE_NS) {
        pool->target = 0;
        drop_spares(pool, 0);
        if (is_empty(pool))
            pool_free(pool);
        return;
    }
    if (idle_ns >= POOL_IDLE_NS && pool->target > home->spares_min) {
        pool->target = home->spares_min;
        drop_spares(pool, pool->target);
    }
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
    TAILQ_REMOVE(&pool->home->list, pool, link);
    free(pool);
}
