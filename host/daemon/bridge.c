/* bridge.c -- see bridge.h. */
#include "daemon/bridge.h"

#include "base/mem.h"
#include "bridge/client/client.h"
#include "daemon/host.h"
#include "engine/engine.h"

#include <stdio.h>
#include <unistd.h>

enum { LOCK_TTL_MS = 30000 };
#define LOCK_KEY "gl:orchestrator:lock:%s"

void bridge_begin(struct host *host)
{
    const struct config *config = host->config;
    struct bridge_setup setup = {
        .timeout_ms = (uint32_t)config_int(config, CONFIG_REDIS_TIMEOUT_MS),
        .backoff_max_ms = (uint32_t)config_int(config, CONFIG_REDIS_BACKOFF_MAX_MS),
    };
    const char *url = config_text(config, CONFIG_REDIS_URL);

    if (*url == '\0')
        return;
    snprintf(setup.redis_url, sizeof setup.redis_url, "%s", url);
    host->bridge = bridge_client_new(&setup);
}

static void lock(struct host *host, const char *run_id)
{
    const char *address = config_text(host->config, CONFIG_LISTEN);
    auto_mem char *key = mem_printf(LOCK_KEY, run_id);

    bridge_client_keep(host->bridge, key, address, strlen(address), LOCK_TTL_MS);
}

static void lock_again(void *arg, const char *run_id)
{
    lock(arg, run_id);
}

void bridge_attach(struct host *host, int fd)
{
    if (host->bridge == NULL) {
        close(fd);
        return;
    }
    bridge_client_attach(host->bridge, &fd);
    if (host->engine != NULL)
        engine_each_run(host->engine, lock_again, host);
}

void bridge_run_here(void *arg, const char *run_id, bool here)
{
    struct host *host = arg;
    auto_mem char *key = NULL;

    if (host->bridge == NULL)
        return;
    if (here) {
        lock(host, run_id);
        return;
    }
    key = mem_printf(LOCK_KEY, run_id);
    bridge_client_forget(host->bridge, key);
}

void bridge_degraded(const struct host *host, json_t *reasons)
{
    const struct bridge_state *state;
    auto_mem char *text = NULL;

    if (host->bridge == NULL)
        return;
    state = bridge_client_state(host->bridge);
    if (state->up)
        return;
    text = mem_printf("redis is not there: %s", state->why);
    json_array_append_new(reasons, json_string(text));
}
