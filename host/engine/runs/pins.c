/* pins.c -- see pins.h. */
#include "engine/runs/pins.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/catalog/agents.h"
#include "engine/env/env.h"

#include <string.h>

typedef bool each_agent_fn(void *arg, const char *agent_id);

/* Of the nodes and their handlers, some more than once, until each says false. */
static bool each_agent(const struct dag *dag, each_agent_fn *each, void *arg)
{
    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[i];

        if (!each(arg, node->agent_id) ||
            (node->compensation.agent_id != NULL && !each(arg, node->compensation.agent_id)))
            return false;
    }
    return true;
}

struct asked {
    const struct engine_env *env;
    const char *tenant;
    json_t *pins;
};

static bool pin(void *arg, const char *agent_id)
{
    const struct asked *asked = arg;
    const struct agent *agent;

    if (json_object_get(asked->pins, agent_id) != NULL)
        return true;
    agent = asked->env->agent_find(asked->env->agents, asked->tenant, agent_id, NULL);
    json_object_set_new(asked->pins, agent_id,
                        agent != NULL ? json_string(agent->digest.text) : json_null());
    return true;
}

json_t *pins_owned(const struct engine_env *env, const char *tenant, const struct dag *dag)
{
    struct asked asked = {env, tenant, json_object()};

    (void)!each_agent(dag, pin, &asked);
    return asked.pins;
}

static bool is_digest(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == SHA256_HEX_BYTES - 1;
}

bool pins_read(const char *text, json_t **ret, struct err *e)
{
    auto_json pins = NULL;
    const char *agent_id;
    json_t *digest;

    *ret = NULL;
    if (text == NULL)
        return true;
    pins = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(pins))
        return err_set(e, ERR_CORRUPT, "agent_digests is no object");
    json_object_foreach(pins, agent_id, digest)
    {
        if (!json_is_null(digest) && !is_digest(digest))
            return err_set(e, ERR_CORRUPT, "agent_digests has no digest of agent '%s'", agent_id);
    }
    *ret = json_incref(pins);
    return true;
}

const char *pins_digest(const json_t *pins, const char *agent_id)
{
    return json_string_value(json_object_get(pins, agent_id));
}

bool pins_here(const struct engine_env *env, const char *tenant, const json_t *pins)
{
    const char *agent_id;
    json_t *digest;

    json_object_foreach((json_t *)pins, agent_id, digest)
    {
        if (env->agent_find(env->agents, tenant, agent_id, json_string_value(digest)) == NULL)
            return false;
    }
    return true;
}

static bool is_here(void *arg, const char *agent_id)
{
    const struct asked *asked = arg;

    return asked->env->agent_find(asked->env->agents, asked->tenant, agent_id, NULL) != NULL;
}

bool pins_dag_here(const struct engine_env *env, const char *tenant, const struct dag *dag)
{
    struct asked asked = {env, tenant, NULL};

    return each_agent(dag, is_here, &asked);
}
