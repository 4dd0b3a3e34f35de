/* contract_names.c -- variables of GreenLang's deployments that this host reads nothing from, and
 * what stands in their place. See config.h. */
#include "config/config.h"

#include <stddef.h>
#include <string.h>

#define PREFIX "GL_ORCHESTRATOR_"

/* greenlang 7.1 to 7.4; what keys.def has is read, and not here. */
static const struct {
    const char *name, *instead;
} names[] = {
    {"MAX_PARALLEL_NODES", "a definition's max_parallel_nodes counts"},
    {"DEFAULT_RETRY_MAX", "a definition's default_retry_policy counts"},
    {"DEFAULT_RETRY_DELAY", "a definition's default_retry_policy counts"},
    {"DEFAULT_RETRY_MAX_DELAY", "a definition's default_retry_policy counts"},
    {"DEFAULT_RETRY_STRATEGY", "a definition's default_retry_policy counts"},
    {"DEFAULT_MAX_RETRIES", "a definition's default_retry_policy counts"},
    {"DEFAULT_BASE_DELAY", "a definition's default_retry_policy counts"},
    {"DEFAULT_MAX_DELAY", "a definition's default_retry_policy counts"},
    {"DEFAULT_TIMEOUT", "a definition's default_timeout_policy counts"},
    {"DEFAULT_TIMEOUT_SECONDS", "a definition's default_timeout_policy counts"},
    {"CHECKPOINT_STRATEGY", "checkpoints are always in the store"},
    {"CHECKPOINT_DIR", "checkpoints are always in the store"},
    {"CHECKPOINT_RETENTION_DAYS", "nothing is removed from the store"},
    {"CHECKPOINT_RETENTION_HOURS", "nothing is removed from the store"},
    {"DB_CONNECTION_STRING", "the store is a file in --home"},
    {"DB_SCHEMA", "the store is a file in --home"},
    {"DB_POOL_MIN", "the store is a file in --home"},
    {"DB_POOL_MAX", "the store is a file in --home"},
    {"DB_POOL_SIZE", "the store is a file in --home"},
    {"DB_POOL_MAX_OVERFLOW", "the store is a file in --home"},
    {"REDIS_PREFIX", "there is no Redis"},
    {"REDIS_TTL", "there is no Redis"},
    {"RESULT_CACHE_ENABLED", "there is no cache of results"},
    {"RESULT_CACHE_TTL_SECONDS", "there is no cache of results"},
    {"ENABLE_PROVENANCE", "provenance is always on"},
    {"ENABLE_DETERMINISM", "runs are always deterministic"},
    {"DETERMINISTIC_MODE", "runs are always deterministic"},
    {"ENABLE_METRICS", "metrics are always on"},
    {"METRICS_ENABLED", "metrics are always on"},
    {"SERVICE_NAME", "the service is orchd"},
    {"ENVIRONMENT", "--dev alone makes a development host"},
};

static const char *instead_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].instead;
    }
    return "no setting has this name";
}

void config_tell_ignored(char *const *environment,
                         void (*tell)(const char *name, const char *instead))
{
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        char name[128];

        if (equals == NULL || strncmp(*environment, PREFIX, strlen(PREFIX)) != 0)
            continue;
        if (equals - *environment >= (ptrdiff_t)sizeof name)
            equals = *environment + sizeof name - 1;
        memcpy(name, *environment, (size_t)(equals - *environment));
        name[equals - *environment] = '\0';
        if (!config_reads(name))
            tell(name, instead_of(name + strlen(PREFIX)));
    }
}
