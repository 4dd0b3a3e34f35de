/* zygote.c -- domains and their zygotes: when one is started, used, retired. */
#include "base/clock.h"
#include "base/mem.h"
#include "ipc/pack.h"
#include "sandbox/client/internal.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MIN_NS (50 * 1000 * 1000LL)
#define RETRY_MAX_NS (5 * SECOND_NS)

static bool same_domain(const struct domain *d, const struct plugin *plugin,
                        const struct attempt_spec *spec)
{
    return d->plugin == plugin && !d->describes && d->profile == spec->profile &&
           d->isolation == spec->isolation && d->threads == (spec->limits.threads_max > 0) &&
           strcmp(d->tenant, spec->tenant) == 0;
}

struct domain *domain_of(struct sandbox *sb, struct plugin *plugin, const struct attempt_spec *spec,
                         bool describes)
{
    struct domain *d;

    TAILQ_FOREACH (d, &sb->domains, link)
        if (!describes && same_domain(d, plugin, spec))
            return d;
    d = mem_new(struct domain);
    d->plugin = plugin;
    d->profile = spec->profile;
    d->isolation = spec->isolation;
    d->threads = spec->limits.threads_max > 0;
    d->describes = describes;
    d->used_ns = sb->now_ns;
    snprintf(d->tenant, sizeof d->tenant, "%s", spec->tenant);
    TAILQ_INIT(&d->zygotes);
    plugin->domains++;
    TAILQ_INSERT_TAIL(&sb->domains, d, link);
    return d;
}

/* ---- start ---- */

static void start_zygote(struct sandbox *sb, struct domain *d)
{
    struct zyg *z = mem_new(struct zyg);
    auto_done(buf) b = {0};
    int fd = fcntl(d->plugin->so_fd, F_DUPFD_CLOEXEC, 0);

    z->id = sb->next_id++;
    z->domain = d;
    z->started_ns = clock_mono_ns();
    z->deadline_ns = z->started_ns + sb->options.load_ms * 1000000LL;
    TAILQ_INSERT_TAIL(&d->zygotes, z, link);
    d->zygote_count++;
    sb->zygote_count++;
    sb->counts.zygotes_started++;
    timer_at(sb, z->deadline_ns);
    pack_u32(&b, (d->isolation != ISOLATION_WARM && !d->describes ? ZYGOTE_COLD : 0u) |
                     (d->threads ? ZYGOTE_THREADS : 0u));
    pack_str(&b, d->plugin->digest);
    if (fd >= 0)
        tell_super(sb, MSG_ZYGOTE_START, z->id, b.data, b.len, &fd, 1);
    else
        z->deadline_ns = z->started_ns; /* no descriptor to give: ends as any that did not start */
}

/* Makes room for one more by stopping the zygotes of whoever needed theirs least lately. */
static bool room_for_zygote(struct sandbox *sb)
{
    struct domain *d, *oldest = NULL;
    struct pool *pool;

    if (sb->zygote_count < sb->options.zygotes_max)
        return true;
    TAILQ_FOREACH (pool, &sb->pools, link) /* those that are in use are the latest */
        if (pool->waiting_count + pool->running_count > 0)
            pool->domain->used_ns = sb->now_ns;
    TAILQ_FOREACH (d, &sb->domains, link)
        if (d->zygote_count > 0 && d->used_ns < sb->now_ns &&
            (oldest == NULL || d->used_ns < oldest->used_ns))
            oldest = d;
    if (oldest != NULL)
        domain_retire(sb, oldest);
    timer_at(sb, sb->now_ns + QUIET_NS);
    return false;
}

static bool can_fork(const struct domain *d, const struct zyg *z)
{
    if (z->state != ZYG_READY)
        return false;
    return d->isolation == ISOLATION_EXEC ? z->spawned == 0 : z->spawning < SPAWNS_A_ZYGOTE_MAX;
}

/* One is enough until it is busy; then one a CPU. exec: one an attempt. */
static uint32_t zygotes_wanted(const struct sandbox *sb, const struct domain *d)
{
    if (d->describes)
        return 1;
    if (d->isolation == ISOLATION_EXEC)
        return d->zygote_count + 1;
    return d->zygote_count == 0 ? 1 : sb->cpus;
}

struct zyg *domain_zygote(struct sandbox *sb, struct domain *d)
{
    struct zyg *z, *best = NULL;
    uint32_t starting = 0, usable = 0;

    TAILQ_FOREACH (z, &d->zygotes, link) {
        starting += z->state == ZYG_STARTING;
        usable += z->state != ZYG_STOPPING;
        if (can_fork(d, z) && (best == NULL || z->spawning < best->spawning))
            best = z;
    }
    if (best != NULL || sb->gone)
        return best;
    if (starting > 0 && d->isolation != ISOLATION_EXEC)
        return NULL;
    if (sb->now_ns < d->not_before_ns) {
        timer_at(sb, d->not_before_ns);
        return NULL;
    }
    if (usable < zygotes_wanted(sb, d) && starting < 2 * sb->cpus && room_for_zygote(sb))
        start_zygote(sb, d);
    return NULL;
}

/* ---- ready, gone ---- */

static struct zyg *find_zygote(struct sandbox *sb, uint64_t id)
{
    struct domain *d;
    struct zyg *z;

    TAILQ_FOREACH (d, &sb->domains, link)
        TAILQ_FOREACH (z, &d->zygotes, link)
            if (z->id == id)
                return z;
    return NULL;
}

void zygote_ready(struct sandbox *sb, uint64_t id, const void *info, size_t bytes)
{
    struct zyg *z = find_zygote(sb, id);
    struct domain *d = z != NULL ? z->domain : NULL;

    if (z == NULL || z->state != ZYG_STARTING)
        return;
    z->state = ZYG_READY;
    d->failures = 0;
    if (d->describes) {
        plugin_loaded(sb, d, info, bytes);
        domain_retire(sb, d);
        return;
    }
    pools_pump_domain(sb, d);
}

/* Slots outlive their zygote; they only stop naming it. */
static void forget_zygote(struct sandbox *sb, struct zyg *z)
{
    struct domain *d = z->domain;
    struct pool *pool;
    struct slot *slot;

    TAILQ_FOREACH (pool, &sb->pools, link) {
        struct slot_list *const lists[] = {&pool->starting, &pool->ready, &pool->running};

        if (pool->domain != d)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(lists); i++)
            TAILQ_FOREACH (slot, lists[i], link)
                slot->zyg = slot->zyg == z ? NULL : slot->zyg;
    }
    TAILQ_REMOVE(&d->zygotes, z, link);
    d->zygote_count--;
    sb->zygote_count--;
    free(z);
}

static void start_failed(struct sandbox *sb, struct domain *d, const struct err *why)
{
    int64_t pause = RETRY_MIN_NS << (d->failures < 8 ? d->failures : 8);
    struct pool *pool;

    d->failures++;
    d->not_before_ns = sb->now_ns + (pause < RETRY_MAX_NS ? pause : RETRY_MAX_NS);
    timer_at(sb, d->not_before_ns);
    if (d->describes && (why->code != ERR_UNAVAILABLE || d->failures >= FAILURES_MAX)) {
        plugin_refused(sb, d, why);
        return;
    }
    if (d->failures < FAILURES_MAX)
        return;
    TAILQ_FOREACH (pool, &sb->pools, link)
        if (pool->domain == d)
            pool_drop_waiting(sb, pool, why->msg);
}

void zygote_gone(struct sandbox *sb, uint64_t id, enum err_code code, const char *text)
{
    struct zyg *z = find_zygote(sb, id);
    struct domain *d = z != NULL ? z->domain : NULL;
    enum zyg_state was;
    struct err why;

    if (z == NULL)
        return;
    was = z->state;
    forget_zygote(sb, z);
    if (was == ZYG_STOPPING)
        return;
    sb->counts.zygotes_lost++;
    err_set(&why, code, "%s", text);
    if (was == ZYG_STARTING)
        start_failed(sb, d, &why);
    pools_pump_domain(sb, d);
}

/* ---- retire ---- */

static void spoil(struct sandbox *sb, struct slot_list *list, const struct zyg *z)
{
    struct slot *slot, *next;

    for (slot = TAILQ_FIRST(list); slot != NULL; slot = next) {
        next = TAILQ_NEXT(slot, link);
        if (slot->zyg != z || slot->seen.killed != KILL_NONE)
            continue;
        sb->counts.spares_spoiled++;
        if (slot->attempt != NULL)
            slot_abandon(sb, slot, OUTCOME_INFRA, "its zygote is no longer trusted");
        else
            slot_kill(sb, slot, KILL_INFRA);
    }
}

void zygote_retire(struct sandbox *sb, struct zyg *z, bool spoil_spares)
{
    struct pool *pool;

    if (z->state != ZYG_STOPPING) {
        z->state = ZYG_STOPPING;
        tell_super(sb, MSG_ZYGOTE_STOP, z->id, NULL, 0, NULL, 0);
    }
    TAILQ_FOREACH (pool, &sb->pools, link) {
        if (!spoil_spares || pool->domain != z->domain)
            continue;
        spoil(sb, &pool->starting, z);
        spoil(sb, &pool->ready, z);
    }
}

void domain_retire(struct sandbox *sb, struct domain *d)
{
    struct zyg *z;

    TAILQ_FOREACH (z, &d->zygotes, link)
        zygote_retire(sb, z, true);
    timer_at(sb, sb->now_ns + SECOND_NS);
}

static void zygote_turn(struct sandbox *sb, struct zyg *z)
{
    struct err why;

    if (z->state == ZYG_STARTING && sb->now_ns >= z->deadline_ns) {
        err_set(&why, ERR_TIMEOUT, "the plugin did not load in %u ms", sb->options.load_ms);
        z->state = ZYG_STOPPING;
        tell_super(sb, MSG_ZYGOTE_KILL, z->id, NULL, 0, NULL, 0);
        start_failed(sb, z->domain, &why);
    } else if (z->state == ZYG_STARTING) {
        timer_at(sb, z->deadline_ns);
    } else if (z->state == ZYG_READY &&
               (z->spawned >= ZYGOTE_ATTEMPTS_MAX || sb->now_ns >= z->started_ns + ZYGOTE_AGE_NS)) {
        zygote_retire(sb, z, false);
    }
}

void domains_turn(struct sandbox *sb)
{
    struct domain *d, *next;
    struct zyg *z;

    for (d = TAILQ_FIRST(&sb->domains); d != NULL; d = next) {
        next = TAILQ_NEXT(d, link);
        TAILQ_FOREACH (z, &d->zygotes, link)
            zygote_turn(sb, z);
        if (d->describes && d->plugin->state == PLUGIN_LOADING)
            domain_zygote(sb, d);
        if (sb->now_ns >= d->used_ns + DOMAIN_IDLE_NS && d->pools == 0 && !d->describes)
            domain_retire(sb, d);
        if (d->zygote_count == 0 && d->pools == 0 && d->plugin->state != PLUGIN_LOADING)
            domain_free(sb, d);
    }
}

void domain_free(struct sandbox *sb, struct domain *d)
{
    struct zyg *z;

    while ((z = TAILQ_FIRST(&d->zygotes)) != NULL)
        forget_zygote(sb, z);
    d->plugin->domains--;
    TAILQ_REMOVE(&sb->domains, d, link);
    free(d);
}
