/* bridge.c -- see bridge.h. */
#include "daemon/bridge.h"

#include "base/auto.h"
#include "base/mem.h"
#include "bridge/client/client.h"
#include "daemon/host.h"
#include "engine/engine.h"
#include "lanes/lanes.h"

#include <stdio.h>
#include <unistd.h>

enum { LOCK_TTL_MS = 30000 };
#define LOCK_KEY "gl:orchestrator:lock:%s"

static uint32_t set(const struct host *host, enum config_key key)
{
    return (uint32_t)config_int(host->config, key);
}

void bridge_begin(struct host *host)
{
    const struct config *config = host->config;
    struct bridge_setup setup = {
        .redis = {set(host, CONFIG_REDIS_TIMEOUT_MS), set(host, CONFIG_REDIS_BACKOFF_MAX_MS)},
        .nats = {set(host, CONFIG_NATS_TIMEOUT_MS), set(host, CONFIG_NATS_BACKOFF_MAX_MS)},
        .redis_block_ms = set(host, CONFIG_REDIS_BLOCK_MS),
        .sweep_ms = set(host, CONFIG_LANE_ORPHAN_SWEEP_MS),
        .idle_ms = set(host, CONFIG_LANE_ORPHAN_IDLE_MS),
        .ack_retry_ms = set(host, CONFIG_LANE_ACK_RETRY_MS),
    };
    const char *redis = config_text(config, CONFIG_REDIS_URL);
    const char *nats = config_text(config, CONFIG_NATS_URL);

    if (*redis == '\0' && *nats == '\0')
        return;
    snprintf(setup.redis_url, sizeof setup.redis_url, "%s", redis);
    snprintf(setup.nats_url, sizeof setup.nats_url, "%s", nats);
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

/* The state of each server that the host was told of; NULL: it was not. */
static const struct bridge_state *state_of(const struct host *host, enum bridge_backend backend)
{
    enum config_key url = backend == BRIDGE_REDIS ? CONFIG_REDIS_URL : CONFIG_NATS_URL;

    if (host->bridge == NULL || *config_text(host->config, url) == '\0')
        return NULL;
    return bridge_client_state(host->bridge, backend);
}

void bridge_degraded(const struct host *host, json_t *reasons)
{
    for (int i = BRIDGE_REDIS; i < BRIDGE_BACKENDS; i++) {
        const struct bridge_state *state = state_of(host, (enum bridge_backend)i);
        auto_mem char *text = NULL;

        if (state == NULL || state->up)
            continue;
        text =
            mem_printf("%s is not there: %s", lane_backend_text((enum lane_backend)i), state->why);
        json_array_append_new(reasons, json_string(text));
    }
}

void bridge_checks(const struct host *host, json_t *checks)
{
    for (int i = BRIDGE_REDIS; i < BRIDGE_BACKENDS; i++) {
        const struct bridge_state *state = state_of(host, (enum bridge_backend)i);

        if (state != NULL)
            json_object_set_new(checks, lane_backend_text((enum lane_backend)i),
                                json_pack("{s:s, s:s}", "status", state->up ? "pass" : "fail",
                                          "detail", state->up ? "connected" : state->why));
    }
}
