/* settings.c -- see settings.h. */
#include "daemon/settings.h"

#include "daemon/files.h"
#include "daemon/host.h"
#include "daemon/queues.h"

#include <unistd.h>

/* An eighth stays free for the others; where there are less than eight, none does. */
static uint32_t tenant_attempts_max(const struct host *host)
{
    uint32_t all = host_attempts_max(host);
    int64_t set = config_int(host->config, CONFIG_TENANT_ATTEMPTS_MAX);

    return set > 0 ? (uint32_t)set : all - all / 8;
}

static int64_t machine_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    return pages > 0 && page > 0 ? (int64_t)pages * page : 0;
}

static struct engine_ceilings ceilings_of(const struct config *config)
{
    int64_t memory = config_int(config, CONFIG_NODE_MEMORY_MAX_MIB) << 20;

    return (struct engine_ceilings){
        .memory_bytes = memory > 0 ? memory : machine_bytes(),
        .cpu_ms = config_int(config, CONFIG_NODE_CPU_MAX_S) * 1000,
        .output_bytes = config_int(config, CONFIG_NODE_OUTPUT_MAX_KIB) << 10,
        .log_bytes = config_int(config, CONFIG_NODE_LOG_MAX_KIB) << 10,
    };
}

/* As long as it takes to find out that a server does not answer. */
static int64_t backend_grace_ns(const struct config *config)
{
    int64_t redis = config_int(config, CONFIG_REDIS_TIMEOUT_MS);
    int64_t nats = config_int(config, CONFIG_NATS_TIMEOUT_MS);

    return (redis < nats ? redis : nats) * 1000000;
}

struct engine_settings host_settings(const struct host *host)
{
    const struct config *config = host->config;

    return (struct engine_settings){
        .home = config_text(config, CONFIG_HOME),
        .folder_wins = config_bool(config, CONFIG_DEV),
        .runs_active_max = (uint32_t)config_int(config, CONFIG_RUNS_ACTIVE_MAX),
        .runs_waiting_max = (uint32_t)config_int(config, CONFIG_RUNS_WAITING_MAX),
        .attempts_max = host_attempts_max(host),
        .workers_per_type = (uint32_t)config_int(config, CONFIG_WORKERS_PER_TYPE),
        .places_max = host->files.attempts,
        .tenant_attempts_max = tenant_attempts_max(host),
        .ageing = {config_int(config, CONFIG_LANE_AGEING_AFTER_MS) * 1000000,
                   config_int(config, CONFIG_LANE_AGEING_STEP_MS) * 1000000},
        .finish_first = config_bool(config, CONFIG_FINISH_FIRST),
        .shed_marks = queues_marks(config, machine_bytes()),
        .backends = {[LANE_REDIS] = *config_text(config, CONFIG_REDIS_URL) != '\0',
                     [LANE_NATS] = *config_text(config, CONFIG_NATS_URL) != '\0'},
        .backend_grace_ns = backend_grace_ns(config),
        .tenant = config_text(config, CONFIG_TENANT),
        .lanes = host->lanes,
        .cancel_grace_ns = config_int(config, CONFIG_CANCEL_GRACE_MS) * 1000000,
        .schedule_grace_us = config_int(config, CONFIG_SCHEDULE_GRACE_MS) * 1000,
        .firings_keep_us = config_int(config, CONFIG_SCHEDULE_FIRINGS_DAYS) * 86400 * 1000000,
        .head_interval_ns = config_int(config, CONFIG_LEDGER_HEAD_SECONDS) * 1000000000,
        .min_level = (int)config_int(config, CONFIG_SANDBOX_MIN_LEVEL),
        .warm_tenants = config_text(config, CONFIG_WARM_TENANTS),
        .ceilings = ceilings_of(config),
    };
}
