/* files.c -- see files.h. */
#include "daemon/files.h"

#include "base/log.h"
#include "config/config.h"
#include "daemon/host.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SPARES_WANTED = 64, PROBES_WANTED = 64 };

static uint32_t attempts_wanted(const struct config *config)
{
    int64_t set = config_int(config, CONFIG_ATTEMPTS_MAX);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (set > 0)
        return (uint32_t)set;
    return 8u * (uint32_t)(cpus > 0 ? cpus : 1);
}

/* Three lanes of the contract, each with as many express workers as regular ones. */
static uint32_t lanes_wanted(const struct config *config)
{
    return 2 * 3 * (uint32_t)config_int(config, CONFIG_WORKERS_PER_TYPE);
}

uint32_t host_attempts_max(const struct host *host)
{
    uint32_t wanted = attempts_wanted(host->config);

    return wanted < host->files.attempts ? wanted : host->files.attempts;
}

/* The soft limit is raised as far as it may; the rest is shared out. */
static uint32_t descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return DESCRIPTORS_MIN;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_event(LOG_WARN, "host.descriptor_limit", F_STR("error", strerror(errno)));
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return DESCRIPTORS_MIN;
    return limit.rlim_cur < DESCRIPTORS_MAX ? (uint32_t)limit.rlim_cur : DESCRIPTORS_MAX;
}

/* A file of SQLite's has three of them, and few readers are in the host's own part. */
static uint32_t of_readers(const struct config *config, uint32_t limit)
{
    int64_t wanted = 3 * config_int(config, CONFIG_STORE_READERS);
    int64_t rest = (int64_t)limit - DESCRIPTORS_MIN;

    return wanted < rest ? (uint32_t)wanted : (uint32_t)(rest > 0 ? rest : 0);
}

bool host_share_descriptors(struct host *host, struct err *e)
{
    const struct descriptors_share want = {
        .attempts = attempts_wanted(host->config) + lanes_wanted(host->config),
        .spares = SPARES_WANTED,
        .connections = (uint32_t)config_int(host->config, CONFIG_HTTP_CONNECTIONS_MAX),
        .probes = PROBES_WANTED,
    };
    const struct descriptors_share *got = &host->files;
    uint32_t limit = descriptor_limit();

    if (!descriptors_share(limit - of_readers(host->config, limit), &want, &host->files, e))
        return false;
    if (got->attempts < want.attempts || got->connections < want.connections)
        log_event(LOG_WARN, "host.few_descriptors", F_INT("limit", limit),
                  F_INT("attempts_max", host_attempts_max(host)),
                  F_INT("connections_max", got->connections));
    return true;
}
