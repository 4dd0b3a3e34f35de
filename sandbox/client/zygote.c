/* zygote.c -- see zygote.h. */
#include "sandbox/client/zygote.h"

#include "ipc/pack.h"
#include "sandbox/client/supply.h"

#include <assert.h>

enum { ZYGOTE_ATTEMPTS_MAX = 5000 /* then a fresh address space layout */ };

#define ZYGOTE_AGE_NS (900 * SECOND_NS)
#define RETRY_MIN_NS (50 * 1000 * 1000LL)
#define RETRY_MAX_NS (5 * SECOND_NS)

/* ---- ready, gone ---- */

static void ready(struct plugins *plugins, struct zyg *z, const void *info, size_t bytes)
{
    struct domain *d = z->domain;

    if (z->state != ZYG_STARTING)
        return;
    z->state = ZYG_READY;
    d->failures = 0;
    if (d->describes) {
        plugin_loaded(plugins, d->plugin, info, bytes);
        supply_retire(plugins->pools, d);
        return;
    }
    pools_pump_domain(plugins->pools, d);
}

static void start_failed(struct plugins *plugins, struct domain *d, const struct err *why)
{
    int64_t pause = RETRY_MIN_NS << (d->failures < 8 ? d->failures : 8);
    struct loop *loop = plugins->pools->loop;

    d->failures++;
    d->not_before_ns = loop->now_ns + (pause < RETRY_MAX_NS ? pause : RETRY_MAX_NS);
    loop_timer_at(loop, d->not_before_ns);
    if (d->describes && (why->code != ERR_UNAVAILABLE || d->failures >= FAILURES_MAX)) {
        plugin_refused(plugins, d->plugin, why);
        return;
    }
    if (d->failures >= FAILURES_MAX)
        pools_drop_waiting_domain(plugins->pools, d, why->msg);
}

/* code: of no meaning when it was to end. */
static void gone(struct plugins *plugins, struct zyg *z, enum err_code code, const char *text)
{
    struct domain *d = z->domain;
    enum zyg_state was = z->state;
    struct err why;

    supply_forget(plugins->pools, z);
    if (was == ZYG_STOPPING)
        return;
    plugins->pools->counts->zygotes_lost++;
    if (was == ZYG_STARTING) {
        err_set(&why, code != ERR_NONE ? code : ERR_UNAVAILABLE, "%s", text);
        start_failed(plugins, d, &why);
    }
    pools_pump_domain(plugins->pools, d);
}

bool zygote_heard(struct plugins *plugins, const struct frame *frame)
{
    struct zyg *z = zygote_find(plugins->pools->domains, frame->id);
    struct unpack u = unpack_of(frame->payload, frame->payload_bytes);
    char text[ERR_MSG_BYTES];
    enum err_code code;

    if (frame->type == MSG_ZYGOTE_READY) {
        if (z != NULL)
            ready(plugins, z, frame->payload, frame->payload_bytes);
        return true;
    }
    assert(frame->type == MSG_ZYGOTE_GONE);
    code = (enum err_code)unpack_u32(&u);
    unpack_str(&u, text, sizeof text);
    if (!unpack_end(&u, NULL) || code >= ERR_CODE_COUNT)
        return false;
    if (z != NULL)
        gone(plugins, z, code, text);
    return true;
}

/* ---- timers ---- */

static void zygote_turn(struct plugins *plugins, struct zyg *z)
{
    uint32_t load_ms = z->domain->home->load_ms;
    struct loop *loop = plugins->pools->loop;
    struct err why;

    if (z->state == ZYG_STARTING && loop->now_ns >= z->deadline_ns) {
        err_set(&why, ERR_TIMEOUT, "the plugin did not load in %u ms", load_ms);
        zygote_kill(z);
        start_failed(plugins, z->domain, &why);
    } else if (z->state == ZYG_STARTING) {
        loop_timer_at(loop, z->deadline_ns);
    } else if (z->state == ZYG_READY && (z->spawned >= ZYGOTE_ATTEMPTS_MAX ||
                                         loop->now_ns >= z->started_ns + ZYGOTE_AGE_NS)) {
        zygote_stop(z); /* its spares are as good as any */
    }
}

static void domain_turn(struct plugins *plugins, struct domain *d)
{
    struct pools *pools = plugins->pools;
    struct zyg *z;

    TAILQ_FOREACH (z, &d->zygotes, link)
        zygote_turn(plugins, z);
    if (d->describes && d->plugin->state == PLUGIN_LOADING)
        supply_zygote(pools, d);
    if (pools->loop->now_ns >= d->used_ns + DOMAIN_IDLE_NS && d->pools == 0 && !d->describes)
        supply_retire(pools, d);
    if (d->zygote_count == 0 && d->pools == 0 && d->plugin->state != PLUGIN_LOADING)
        domain_free(d);
}

void zygotes_turn(struct plugins *plugins)
{
    struct domain *d, *next;

    for (d = TAILQ_FIRST(&plugins->pools->domains->list); d != NULL; d = next) {
        next = TAILQ_NEXT(d, link);
        domain_turn(plugins, d);
    }
}
