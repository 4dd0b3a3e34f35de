/* ignored_names.c -- variables with our prefix or that of GreenLang's deployments from which nobody
 * reads anything, and what stands in their place. See config.h. */
#include "config/config.h"

#include "base/mem.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

#define OURS "ORCH_"
#define THEIRS "GL_ORCHESTRATOR_"

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
    {"DB_POOL_MIN", "all of --store-readers connect at the start"},
    {"DB_POOL_MAX_OVERFLOW", "there are never more than --store-readers"},
    {"REDIS_PREFIX", "the keys in Redis begin with gl:orchestrator:"},
    {"REDIS_TTL", "no definition is cached in Redis"},
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

/* Read beside the settings: by orch, and by both for where the programs are. */
static const char *const beside[] = {"ORCH_LIBEXEC", "ORCH_TENANT", "ORCH_TOKEN", "ORCH_URL"};

static const char *instead_of_theirs(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i].name, name) == 0)
            return names[i].instead;
    }
    return "no setting has this name";
}

static bool is_beside(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
        if (strcmp(beside[i], name) == 0)
            return true;
    }
    return false;
}

static void tell_ours(const char *name, config_tell tell, void *arg)
{
    const char *known[CONFIG_KEY_COUNT + ARRAY_LEN(beside) + 1] = {0};
    auto_mem char *instead = NULL;
    const char *nearest;

    for (int key = 0; key < CONFIG_KEY_COUNT; key++)
        known[key] = config_variable((enum config_key)key);
    memcpy(known + CONFIG_KEY_COUNT, beside, sizeof beside);
    nearest = text_nearest(name, known);
    instead = nearest != NULL ? mem_printf("no setting has this name; did you mean %s?", nearest)
                              : mem_str("no setting has this name");
    tell(arg, name, instead);
}

static void look_at(const char *name, config_tell tell, void *arg)
{
    if (config_reads(name) || is_beside(name))
        return;
    if (strncmp(name, OURS, strlen(OURS)) == 0)
        tell_ours(name, tell, arg);
    else if (strncmp(name, THEIRS, strlen(THEIRS)) == 0)
        tell(arg, name, instead_of_theirs(name + strlen(THEIRS)));
}

static const char *value_in(char *const *environment, const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;

    for (; len > 0 && *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return (*environment)[len + 1] != '\0' ? *environment + len + 1 : NULL;
    }
    return NULL;
}

static void look_at_key(enum config_key key, char *const *environment, config_tell tell, void *arg)
{
    const char *counts = NULL, *value = NULL;

    for (int i = 0; i < CONFIG_VARIABLES_MAX; i++) {
        const char *name = config_variable_at(key, i);
        const char *found = value_in(environment, name);

        if (found != NULL && value != NULL && strcmp(found, value) != 0) {
            auto_mem char *instead = mem_printf("%s counts", counts);

            tell(arg, name, instead);
        } else if (value == NULL) {
            counts = name;
            value = found;
        }
    }
}

void config_tell_ignored(char *const *environment, config_tell tell, void *arg)
{
    for (int key = 0; key < CONFIG_KEY_COUNT; key++)
        look_at_key((enum config_key)key, environment, tell, arg);
    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        char name[128];

        if (equals == NULL)
            continue;
        if (equals - *environment >= (ptrdiff_t)sizeof name)
            equals = *environment + sizeof name - 1;
        memcpy(name, *environment, (size_t)(equals - *environment));
        name[equals - *environment] = '\0';
        look_at(name, tell, arg);
    }
}
