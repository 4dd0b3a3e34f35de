/* shown.c -- see shown.h. */
#include "engine/catalog/shown.h"

#include "base/mem.h"
#include "engine/env/env.h"

#include <string.h>

bool dag_shows(const struct engine_env *env)
{
    return env->set.backends[LANE_REDIS];
}

static char *name_owned(const struct engine_env *env, const char *key)
{
    auto_mem char *name = NULL;

    if (!dag_shows(env))
        return NULL;
    name = mem_printf("gl:orchestrator:dag:%s", key);
    for (char *p = strchr(name, '\n'); p != NULL; p = strchr(p, '\n'))
        *p = ':';
    return strlen(name) < BRIDGE_KEY_BYTES_MAX ? take(name) : NULL;
}

void dag_shown(const struct engine_env *env, const char *key, const char *text)
{
    auto_mem char *name = name_owned(env, key);
    size_t bytes = strlen(text);

    if (name != NULL && bytes <= BRIDGE_VALUE_BYTES_MAX)
        bridge_client_keep(env->bridge, name, text, bytes, DAG_SHOWN_TTL_MS);
}

void dag_shown_end(const struct engine_env *env, const char *key)
{
    auto_mem char *name = name_owned(env, key);

    if (name != NULL)
        bridge_client_forget(env->bridge, name);
}
