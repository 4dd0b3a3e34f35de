/* ending.c -- see ending.h. */
#include "daemon/ending.h"

#include "base/log.h"
#include "daemon/host.h"
#include "daemon/told.h"
#include "engine/engine.h"

static uint32_t running(const struct host *host)
{
    return engine_counts(host->engine).attempts_running;
}

static void drain(struct host *host, int64_t now_ns)
{
    int64_t drain_s = config_int(host->config, CONFIG_DRAIN_S);

    engine_drain(host->engine);
    host->ending = (struct ending){ENDING_DRAINING, now_ns + drain_s * 1000000000};
    log_event(LOG_INFO, "host.draining", F_INT("signal", told_to_end()),
              F_INT("attempts_running", running(host)), F_INT("drain_s", drain_s));
}

static void ask(struct host *host, int64_t now_ns)
{
    host->ending =
        (struct ending){ENDING_ASKED,
                        now_ns + config_int(host->config, CONFIG_CANCEL_GRACE_MS) * 1000000};
    if (running(host) == 0)
        return;
    log_event(LOG_INFO, "host.drain_over", F_INT("attempts_running", running(host)));
    engine_ask_to_stop(host->engine);
}

bool ending_turn(struct host *host, int64_t now_ns)
{
    struct ending *ending = &host->ending;

    if (told_to_end() == 0)
        return ending->phase == ENDING_OVER;
    if (host->api == NULL)
        ending->phase = ENDING_OVER;
    if (ending->phase == ENDING_LIVING)
        drain(host, now_ns);
    if (ending->phase == ENDING_DRAINING && config_int(host->config, CONFIG_DRAIN_S) == 0)
        ending->phase = ENDING_OVER; /* cut off at once */
    if (ending->phase == ENDING_DRAINING && (told_to_hurry() || now_ns >= ending->until_ns))
        ask(host, now_ns);
    if (ending->phase == ENDING_ASKED && now_ns >= ending->until_ns)
        ending->phase = ENDING_OVER;
    if (ending->phase != ENDING_OVER && engine_idle(host->engine))
        ending->phase = ENDING_OVER;
    return ending->phase == ENDING_OVER;
}

int64_t ending_next_timer(const struct host *host)
{
    bool waits = host->ending.phase == ENDING_DRAINING || host->ending.phase == ENDING_ASKED;

    return waits ? host->ending.until_ns : INT64_MAX;
}

void ending_now(struct host *host)
{
    host->ending.phase = ENDING_OVER;
}
