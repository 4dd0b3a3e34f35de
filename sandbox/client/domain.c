/* domain.c -- see domain.h. */
#include "sandbox/client/domain.h"

#include "base/mem.h"
#include "ipc/pack.h"
#include "sandbox/client/plugin.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ZYG_MAGIC 0x27907e01u

void domains_init(struct domains *domains, struct loop *loop, struct super_link *super,
                  struct sandbox_counts *counts, uint32_t load_ms)
{
    *domains = (struct domains){.loop = loop, .super = super, .counts = counts, .load_ms = load_ms};
    TAILQ_INIT(&domains->list);
}

/* ---- domains ---- */

static enum domain_kind kind_of(enum isolation isolation)
{
    switch (isolation) {
    case ISOLATION_WARM:
        return DOMAIN_WARM;
    case ISOLATION_EXEC:
        return DOMAIN_EXEC;
    default:
        assert(isolation == ISOLATION_COLD);
        return DOMAIN_CLEAN;
    }
}

static bool is_of(const struct domain *d, const struct plugin *plugin,
                  const struct attempt_spec *spec)
{
    if (d->kind != kind_of(spec->isolation) || d->math != plugin->math)
        return false;
    return d->kind != DOMAIN_WARM ||
           (d->plugin == plugin && d->threads == (spec->limits.threads_max > 0) &&
            strcmp(d->tenant, spec->tenant) == 0);
}

static struct domain *domain_new(struct domains *domains, enum domain_kind kind, bool math)
{
    struct domain *d = mem_new(struct domain);

    d->home = domains;
    d->kind = kind;
    d->math = math;
    d->used_ns = domains->loop->now_ns;
    TAILQ_INIT(&d->zygotes);
    TAILQ_INSERT_TAIL(&domains->list, d, link);
    return d;
}

struct domain *domain_of(struct domains *domains, struct plugin *plugin,
                         const struct attempt_spec *spec)
{
    struct domain *d;

    TAILQ_FOREACH (d, &domains->list, link)
        if (is_of(d, plugin, spec))
            return d;
    d = domain_new(domains, kind_of(spec->isolation), plugin->math);
    if (d->kind != DOMAIN_WARM)
        return d;
    d->plugin = plugin;
    d->threads = spec->limits.threads_max > 0;
    snprintf(d->tenant, sizeof d->tenant, "%s", spec->tenant);
    plugin->users++;
    return d;
}

void domain_free(struct domain *d)
{
    struct zyg *z;

    assert(d->pools == 0);
    while ((z = TAILQ_FIRST(&d->zygotes)) != NULL)
        zygote_free(z);
    if (d->plugin != NULL)
        d->plugin->users--;
    TAILQ_REMOVE(&d->home->list, d, link);
    free(d);
}

/* ---- zygotes ---- */

static struct zyg *zygote_new(struct domain *d)
{
    struct domains *home = d->home;
    struct zyg *z = mem_new(struct zyg);

    z->magic = ZYG_MAGIC;
    z->id = super_next_id(home->super);
    z->domain = d;
    z->started_ns = home->loop->now_ns;
    z->deadline_ns = z->started_ns + home->load_ms * 1000000LL;
    TAILQ_INSERT_TAIL(&d->zygotes, z, link);
    d->zygote_count++;
    home->counts->zygotes++;
    home->counts->zygotes_started++;
    loop_timer_at(home->loop, z->deadline_ns);
    return z;
}

void zygote_start(struct domain *d)
{
    bool warm = d->kind == DOMAIN_WARM;
    auto_done(buf) b = {0};
    int fd = warm ? fcntl(d->plugin->so->fd, F_DUPFD_CLOEXEC, 0) : -1;
    struct zyg *z;

    if (warm && fd < 0) { /* no descriptor to give */
        backoff_failed(&d->backoff, d->home->loop, d->home->loop->now_ns);
        return;
    }
    z = zygote_new(d);
    pack_u32(&b, (warm ? ZYGOTE_WARM : 0u) | (d->threads ? ZYGOTE_THREADS : 0u) |
                     (d->math ? ZYGOTE_MATH : 0u));
    pack_str(&b, warm ? d->plugin->digest : "");
    super_tell(d->home->super, MSG_ZYGOTE_START, z->id, b.data, b.len, &fd, warm);
}

struct zyg *zygote_find(struct domains *domains, uint64_t id)
{
    struct domain *d;
    struct zyg *z;

    TAILQ_FOREACH (d, &domains->list, link)
        TAILQ_FOREACH (z, &d->zygotes, link) {
            assert(z->magic == ZYG_MAGIC && z->domain == d);
            if (z->id == id)
                return z;
        }
    return NULL;
}

bool zygote_can_fork(const struct zyg *z, bool waits)
{
    if (z->state != ZYG_READY)
        return false;
    if (z->domain->kind == DOMAIN_EXEC)
        return z->spawned == 0;
    return z->spawning < (waits ? SPAWNS_A_ZYGOTE_MAX : SPARES_A_ZYGOTE_MAX);
}

/* What is under way comes first. */
static void tell_stop(struct zyg *z)
{
    if (z->stop_told || z->spawning > 0)
        return;
    z->stop_told = true;
    super_tell(z->domain->home->super, MSG_ZYGOTE_STOP, z->id, NULL, 0, NULL, 0);
}

void zygote_stop(struct zyg *z)
{
    if (z->state == ZYG_STOPPING)
        return;
    z->state = ZYG_STOPPING;
    tell_stop(z);
}

void zygote_asked(struct zyg *z)
{
    assert(z->state == ZYG_READY);
    z->spawning++;
    z->spawned++;
}

void zygote_answered(struct zyg *z)
{
    assert(z->spawning > 0);
    z->spawning--;
    if (z->state == ZYG_STOPPING)
        tell_stop(z);
    else if (z->domain->kind == DOMAIN_EXEC)
        zygote_stop(z); /* its one attempt has it now */
}

void zygote_kill(struct zyg *z)
{
    assert(z->state == ZYG_STARTING);
    z->state = ZYG_STOPPING;
    z->stop_told = true;
    super_tell(z->domain->home->super, MSG_ZYGOTE_KILL, z->id, NULL, 0, NULL, 0);
}

void zygote_free(struct zyg *z)
{
    struct domain *d = z->domain;

    assert(z->magic == ZYG_MAGIC && d->zygote_count > 0);
    z->magic = 0;
    TAILQ_REMOVE(&d->zygotes, z, link);
    d->zygote_count--;
    d->home->counts->zygotes--;
    free(z);
}
