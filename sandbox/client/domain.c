/* domain.c -- see domain.h. */
#include "sandbox/client/domain.h"

#include "base/clock.h"
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

static bool same_domain(const struct domain *d, const struct plugin *plugin,
                        const struct attempt_spec *spec)
{
    return d->plugin == plugin && !d->describes && d->profile == spec->profile &&
           d->isolation == spec->isolation && d->threads == (spec->limits.threads_max > 0) &&
           strcmp(d->tenant, spec->tenant) == 0;
}

struct domain *domain_of(struct domains *domains, struct plugin *plugin,
                         const struct attempt_spec *spec, bool describes)
{
    struct domain *d;

    TAILQ_FOREACH (d, &domains->list, link)
        if (!describes && same_domain(d, plugin, spec))
            return d;
    d = mem_new(struct domain);
    d->home = domains;
    d->plugin = plugin;
    d->profile = spec->profile;
    d->isolation = spec->isolation;
    d->threads = spec->limits.threads_max > 0;
    d->describes = describes;
    d->used_ns = domains->loop->now_ns;
    snprintf(d->tenant, sizeof d->tenant, "%s", spec->tenant);
    TAILQ_INIT(&d->zygotes);
    plugin->domains++;
    TAILQ_INSERT_TAIL(&domains->list, d, link);
    return d;
}

void domain_free(struct domain *d)
{
    struct zyg *z;

    assert(d->pools == 0);
    while ((z = TAILQ_FIRST(&d->zygotes)) != NULL)
        zygote_free(z);
    d->plugin->domains--;
    TAILQ_REMOVE(&d->home->list, d, link);
    free(d);
}

/* ---- zygotes ---- */

void zygote_start(struct domain *d)
{
    struct domains *home = d->home;
    struct zyg *z = mem_new(struct zyg);
    auto_done(buf) b = {0};
    int fd = fcntl(d->plugin->so_fd, F_DUPFD_CLOEXEC, 0);

    z->magic = ZYG_MAGIC;
    z->id = super_next_id(home->super);
    z->domain = d;
    z->started_ns = clock_mono_ns();
    z->deadline_ns = z->started_ns + home->load_ms * 1000000LL;
    TAILQ_INSERT_TAIL(&d->zygotes, z, link);
    d->zygote_count++;
    home->counts->zygotes++;
    home->counts->zygotes_started++;
    loop_timer_at(home->loop, z->deadline_ns);
    pack_u32(&b, (d->isolation != ISOLATION_WARM && !d->describes ? ZYGOTE_COLD : 0u) |
                     (d->threads ? ZYGOTE_THREADS : 0u));
    pack_str(&b, d->plugin->digest);
    if (fd >= 0)
        super_tell(home->super, MSG_ZYGOTE_START, z->id, b.data, b.len, &fd, 1);
    else
        z->deadline_ns = z->started_ns; /* no descriptor to give: ends as any that did not start */
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

bool zygote_can_fork(const struct zyg *z)
{
    if (z->state != ZYG_READY)
        return false;
    return z->domain->isolation == ISOLATION_EXEC ? z->spawned == 0
                                                  : z->spawning < SPAWNS_A_ZYGOTE_MAX;
}

void zygote_stop(struct zyg *z)
{
    if (z->state == ZYG_STOPPING)
        return;
    z->state = ZYG_STOPPING;
    super_tell(z->domain->home->super, MSG_ZYGOTE_STOP, z->id, NULL, 0, NULL, 0);
}

void zygote_kill(struct zyg *z)
{
    assert(z->state == ZYG_STARTING);
    z->state = ZYG_STOPPING;
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
