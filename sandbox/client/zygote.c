/* zygote.c -- see zygote.h. */
#include "sandbox/client/zygote.h"

#include "ipc/pack.h"
#include "sandbox/client/supply.h"

#include <assert.h>

enum { ZYGOTE_ATTEMPTS_MAX = 5000 /* then a fresh address space layout */ };

#define ZYGOTE_AGE_NS (900 * SECOND_NS)

/* ---- ready, gone ---- */

static void ready(struct plugins *plugins, struct zyg *z)
{
    if (z->state != ZYG_STARTING)
        return;
    z->state = ZYG_READY;
    pools_pump_domain(plugins->pools, z->domain);
}

/* One that did not start, or ended unasked. What only its plugin can have done is a strike. */
static void failed(struct plugins *plugins, struct domain *d, int64_t began_ns,
                   const struct err *why)
{
    bool counted = backoff_failed(&d->backoff, plugins->pools->loop, began_ns);

    if (d->kind == DOMAIN_WARM && why->code != ERR_UNAVAILABLE)
        plugin_struck(d->plugin, began_ns, why->msg);
    if (counted && d->backoff.failures >= FAILURES_MAX)
        pools_give_up_domain(plugins->pools, d, why->msg);
}

/* code: of no meaning when it was to end. */
static void gone(struct plugins *plugins, struct zyg *z, enum err_code code, const char *text)
{
    struct domain *d = z->domain;
    enum zyg_state was = z->state;
    int64_t began_ns = z->started_ns;
    struct err why = {0};

    supply_forget(plugins->pools, z);
    if (was == ZYG_STOPPING)
        return;
    plugins->pools->counts->zygotes_lost++;
    err_set(&why, code != ERR_NONE ? code : ERR_UNAVAILABLE, "%s", text);
    failed(plugins, d, began_ns, &why);
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
            ready(plugins, z);
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

static void overdue(struct plugins *plugins, struct zyg *z)
{
    uint32_t load_ms = z->domain->home->load_ms;
    struct err why = {0};

    if (z->domain->kind == DOMAIN_WARM)
        err_set(&why, ERR_TIMEOUT, "the plugin did not load in %u ms", load_ms);
    else
        err_set(&why, ERR_UNAVAILABLE, "a zygote did not start in %u ms", load_ms);
    zygote_kill(z);
    failed(plugins, z->domain, z->started_ns, &why);
}

static void zygote_turn(struct plugins *plugins, struct zyg *z)
{
    struct loop *loop = plugins->pools->loop;

    if (z->state == ZYG_STARTING && loop->now_ns >= z->deadline_ns)
        overdue(plugins, z);
    else if (z->state == ZYG_STARTING)
        loop_timer_at(loop, z->deadline_ns);
    else if (z->state == ZYG_READY &&
             (z->spawned >= ZYGOTE_ATTEMPTS_MAX || loop->now_ns >= z->started_ns + ZYGOTE_AGE_NS))
        zygote_stop(z); /* its spares are as good as any */
}

static void domain_turn(struct plugins *plugins, struct domain *d)
{
    struct pools *pools = plugins->pools;
    struct zyg *z;

    TAILQ_FOREACH (z, &d->zygotes, link)
        zygote_turn(plugins, z);
    if (pools->loop->now_ns >= d->used_ns + DOMAIN_IDLE_NS && d->pools == 0)
        supply_retire(pools, d);
    if (d->zygote_count == 0 && d->pools == 0)
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
