/* pulse.c -- see pulse.h. */
#include "daemon/pulse.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge/client/client.h"
#include "bundle/archive.h"
#include "daemon/host.h"
#include "engine/engine.h"
#include "store/store.h"

#include <stdio.h>

#define S_NS (1000LL * 1000 * 1000)
#define BEAT_NS (1 * S_NS)
#define IDLE_BEAT_NS (10 * S_NS)
#define ASK_EVERY_NS (5 * S_NS)
enum { SILENT_S = 10, SILENT_KILL_S = 30, DETACHED_S = 5 };

static void kill_supervisor(struct host *host)
{
    struct err e = {0};

    err_set(&e, ERR_UNAVAILABLE, "the supervisor did not answer for %d s and was killed",
            SILENT_KILL_S);
    sandbox_kill_supervisor(host->sandbox);
    host->env.fatal(host->env.arg, &e);
}

static void beat_supervisor(struct host *host)
{
    struct pulse *p = &host->pulse;
    uint32_t before = p->silent_s;

    p->silent_s = sandbox_beat(host->sandbox);
    if (p->silent_s == SILENT_S)
        log_event(LOG_WARN, "supervisor.silent", F_INT("seconds", SILENT_S));
    if (before >= SILENT_S && p->silent_s == 0)
        log_event(LOG_INFO, "supervisor.answers", F_INT("silent_s", before));
    if (p->silent_s == SILENT_KILL_S)
        kill_supervisor(host);
}

/* That there is an answer, or an end, is enough: the link's state says which. */
static void authority_answered(void *arg, const struct authority_result *result unused_arg,
                               const struct err *e unused_arg)
{
    ((struct host *)arg)->pulse.asked = false;
}

static void ask_authority(struct host *host, int64_t now_ns)
{
    struct err e = {0};

    if (host->pulse.asked || now_ns - host->pulse.asked_ns < ASK_EVERY_NS)
        return;
    host->pulse.asked_ns = now_ns;
    host->pulse.asked =
        authority_public_keys(host->authority, (struct authority_reply){authority_answered, host},
                              &e);
}

static void beat_authority(struct host *host, int64_t now_ns)
{
    struct pulse *p = &host->pulse;

    if (authority_client_attached(host->authority)) {
        p->detached_s = 0;
        ask_authority(host, now_ns);
        return;
    }
    p->detached_s++;
    if (p->detached_s == DETACHED_S)
        log_event(LOG_WARN, "authority.away", F_INT("seconds", DETACHED_S));
    if (p->detached_s % (DETACHED_S + 1) == 0)
        sandbox_kill_authority(host->sandbox);
}

static void beat_bridge(struct host *host)
{
    if (host->bridge == NULL || bridge_client_beat(host->bridge) != SILENT_S)
        return;
    log_event(LOG_WARN, "bridge.silent", F_INT("seconds", SILENT_S));
    sandbox_kill_bridge(host->sandbox);
}

static void look_at_store(struct host *host)
{
    struct err why = {0};
    bool away = store_blocked(host->store, &why);

    if (away && !host->pulse.store_away)
        log_event(LOG_WARN, "store.away", F_ERR(&why));
    if (!away && host->pulse.store_away)
        log_event(LOG_INFO, "store.back");
    host->pulse.store_away = away;
}

static void look_at_wall_clock(struct host *host)
{
    int64_t step_us = wall_step(&host->pulse.wall, clock_wall_us(), clock_boot_us());

    if (step_us == 0)
        return;
    log_event(LOG_WARN, "clock.stepped", F_INT("by_ms", step_us / 1000));
    metrics_add(host->metrics, METRIC_CLOCK_STEPS, METRIC_NO_LABELS, 1);
}

/* Nothing is under way, and whoever was asked has answered. */
static bool is_idle(const struct host *host)
{
    const struct pulse *p = &host->pulse;

    return !sandbox_beat_waits(host->sandbox) && !p->asked && p->detached_s == 0 &&
           !p->store_away && host->engine != NULL && engine_idle(host->engine);
}

int64_t pulse_turn(struct host *host, int64_t now_ns)
{
    struct pulse *p = &host->pulse;
    bool idle = is_idle(host);
    int64_t due_ns = p->beat_ns + (idle ? IDLE_BEAT_NS : BEAT_NS);

    if (p->beat_ns != 0 && now_ns < due_ns)
        return due_ns;
    if (idle)
        bundle_archive_rest();
    p->beat_ns = now_ns;
    beat_supervisor(host);
    beat_authority(host, now_ns);
    beat_bridge(host);
    look_at_store(host);
    look_at_wall_clock(host);
    return now_ns + BEAT_NS;
}

const char *pulse_reason(const struct host *host)
{
    const struct pulse *p = &host->pulse;
    static char text[64];

    if (p->silent_s >= SILENT_S)
        snprintf(text, sizeof text, "the supervisor has not answered for %u s", p->silent_s);
    else if (p->detached_s >= DETACHED_S)
        snprintf(text, sizeof text, "the authority has been away for %u s", p->detached_s);
    else
        return NULL;
    return text;
}
