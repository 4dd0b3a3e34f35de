/* stop.c -- see stop.h. */
#include "daemon/stop.h"

#include "api/api.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/client/client.h"
#include "daemon/host.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/revocations.h"
#include "daemon/told.h"
#include "engine/catalog/agents.h"
#include "engine/engine.h"
#include "store/beside.h"

#include <assert.h>
#include <poll.h>
#include <unistd.h>

enum { LAST_COMMITS_MS = 10000 };

/* A manager that counts the time of a reload wants to know when it began. */
static void tell_service_manager(const struct host *host)
{
    auto_mem char *reloading = NULL;

    if (!host->fenced || told_to_end() != 0) {
        notify_service_manager("STOPPING=1");
        return;
    }
    reloading = mem_printf("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ns() / 1000);
    notify_service_manager(reloading);
}

static void close_door(struct host *host)
{
    const char *pid_file = config_text(host->config, CONFIG_PID_FILE);

    tell_service_manager(host);
    if (host->api != NULL)
        api_drain(host->api);
    if (*pid_file != '\0' && host->api != NULL)
        unlink(pid_file);
    if (host->engine != NULL)
        engine_stop(host->engine);
}

static _Noreturn void give_up(const struct host *host)
{
    log_event(LOG_ERROR, "host.store_stalled", F_INT("commits_lost", store_pending(host->store)),
              F_INT("waited_ms", LAST_COMMITS_MS));
    _exit(1);
}

static void take_commits(struct host *host)
{
    struct pollfd p = {.fd = store_poll_fd(host->store), .events = POLLIN};

    poll(&p, 1, 100);
    if (host->engine != NULL)
        engine_store_turn(host->engine);
    else
        store_turn(host->store);
}

/* What was submitted is committed and answered. Runs stay resumable. */
static void finish_commits(struct host *host)
{
    const int64_t patience = LAST_COMMITS_MS * 1000000LL;
    int64_t until = clock_mono_ns() + patience;

    for (size_t left = store_pending(host->store); left > 0;) {
        size_t before = left;

        take_commits(host);
        left = store_pending(host->store);
        if (left < before)
            until = clock_mono_ns() + patience;
        else if (clock_mono_ns() > until)
            give_up(host);
    }
}

static void finish(struct host *host)
{
    if (host->store != NULL)
        finish_commits(host);
    if (host->agents != NULL)
        agents_end(host->agents);
    if (host->authority != NULL)
        authority_client_end(host->authority);
    if (host->store != NULL)
        finish_commits(host);
}

/* Behind the end of the attempts: another host may begin them from here on. */
static void release(struct host *host)
{
    if (host->engine == NULL)
        return;
    engine_release(host->engine);
    finish_commits(host);
}

void stop_host(struct host *host)
{
    close_door(host);
    finish(host);
    assert(host->store == NULL || store_pending(host->store) == 0);
    api_close(take(host->api));
    if (host->engine != NULL)
        engine_forget_waiters(host->engine);
    loop_free(host->loop);
    beside_free(take(host->beside)); /* what is still being read is waited for, told to nobody */
    sandbox_free(host->sandbox);
    release(host);
    agents_free(host->agents);
    store_reader_free(host->reader);
    store_close(host->store);
    engine_free(host->engine);
    authority_client_free(host->authority);
    bridge_client_free(host->bridge);
    revocations_free(host->revocations);
    metrics_free(host->metrics);
    task_times_free(host->task_times);
    json_decref(host->lanes);
}
