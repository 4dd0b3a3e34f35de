/* spec.c -- see spec.h. */
#include "engine/attempts/spec.h"

#include "base/mem.h"
#include "engine/catalog/agents.h"
#include "engine/catalog/ceilings.h"
#include "engine/env/env.h"

#include <fnmatch.h>
#include <string.h>

/* One of the words of the list, with commas and spaces between, is a pattern of the tenant. */
static bool tenant_in(const char *list, const char *tenant)
{
    auto_mem char *words = mem_str(list);
    char *left = NULL, *word;

    for (word = strtok_r(words, ", ", &left); word != NULL; word = strtok_r(NULL, ", ", &left)) {
        if (fnmatch(word, tenant, 0) == 0)
            return true;
    }
    return false;
}

/* Attempts that share a loaded plugin: the node asks, the operator lets its tenant, the publisher's
 * grant lets the plugin. Otherwise as if it had not asked. */
static enum isolation isolation_of(const struct engine_env *env, const struct dag_node *node,
                                   const char *tenant, const struct agent *agent)
{
    if (node->isolation != ISOLATION_WARM)
        return node->isolation;
    return agent->warm && tenant_in(env->set.warm_tenants, tenant) ? ISOLATION_WARM
                                                                   : ISOLATION_UNSET;
}

/* The node's wishes; a handler runs with the agent's own. */
static void spec_of_node(const struct engine_env *env, struct attempt_spec *spec,
                         const struct dag_node *node, const struct agent *agent)
{
    if (node->profile != PROFILE_UNSET)
        spec->profile = node->profile;
    spec->isolation = isolation_of(env, node, spec->tenant, agent);
    spec->limits = ceilings_limits(&env->set.ceilings, &node->limits);
    spec->has_secrets = node->secret_ref_count > 0;
}

/* Equal in every replay: from the run's seed and the node, not from the machine. */
static void seed_of(const struct attempt_order *order, uint8_t seed[32])
{
    auto_mem char *text = mem_printf("%llu:%s", (unsigned long long)order->seed, order->node_id);

    sha256(text, strlen(text), seed);
}

struct attempt_spec order_spec(const struct engine_env *env, const struct attempt_order *order,
                               const struct agent *agent, const char *key)
{
    struct active_run *ar = order->ar;
    const struct dag_node *node = &ar->dag->nodes[order->ref.node];
    struct attempt_spec spec = {
        .digest = agent->digest.text,
        .agent_id = order->agent_id,
        .tenant = ar->tenant,
        .profile = agent->profile,
        .limits = ceilings_limits(&env->set.ceilings, &(struct node_limits){0}),
        .min_level = env->set.min_level,
        .deadline_ns = order->timeout_ns > 0 ? env->clock.mono_ns() + order->timeout_ns : 0,
        .run_id = ar->run_id,
        .node_id = order->node_id,
        .attempt = order->ref.attempt,
        .idempotency_key = key,
        .logical_time_us =
            ar->deterministic ? (uint64_t)node->level * 1000000u : (uint64_t)env->clock.wall_us(),
        .config_json = order->config,
        .config_bytes = order->config_bytes,
        .input_json = order->input,
        .input_bytes = order->input_bytes,
    };

    seed_of(order, spec.seed);
    if (!order->ref.compensation)
        spec_of_node(env, &spec, node, agent);
    return spec;
}

enum outcome order_refusal_class(enum err_code code)
{
    switch (code) {
    case ERR_UNSUPPORTED:
    case ERR_DENIED:
        return OUTCOME_POLICY_VIOLATION;
    case ERR_TOO_LARGE:
    case ERR_INVALID:
        return OUTCOME_BAD_INPUT;
    default:
        return OUTCOME_INFRA;
    }
}

void order_remember_plugin(struct attempt_order *order, const struct agent *agent,
                           enum profile profile)
{
    struct node_fact *fact = &order->ar->nodes[order->ref.node];

    if (order->ref.compensation)
        return; /* the node's record is of the node's own attempt */
    snprintf(fact->plugin, sizeof fact->plugin, "%s", agent->plugin);
    fact->plugin_digest = agent->digest;
    fact->profile = profile;
    fact->worker = order->item.worker;
    fact->lane = order->lane;
    fact->sandbox = (struct layer_facts){0};
}

struct attempt_outcome order_outcome(const struct attempt_result *result)
{
    return (struct attempt_outcome){
        .class = result->outcome,
        .error_class = result->error_class,
        .message = result->error_message,
        .agents_words = result->plugins_words,
        .outputs = result->output_json,
    };
}

bool order_may_end_with_host(enum outcome outcome)
{
    return outcome == OUTCOME_CRASH || outcome == OUTCOME_LOST || outcome == OUTCOME_INFRA ||
           outcome == OUTCOME_PROTOCOL || outcome == OUTCOME_CANCELLED;
}
