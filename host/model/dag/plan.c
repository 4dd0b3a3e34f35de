/* plan.c -- see plan.h. */
#include "model/dag/plan.h"

#include "base/mem.h"

#include <assert.h>

static void put(json_t *object, const char *key, json_t *value_owned)
{
    int status = json_object_set_new(object, key, value_owned);

    assert(status == 0); /* every text of a model is valid UTF-8 */
}

static void put_text(json_t *object, const char *key, const char *text_or_null)
{
    put(object, key, text_or_null != NULL ? json_string(text_or_null) : json_null());
}

/* A borrowed value of the document, or what stands for an absent one. */
static void put_shared(json_t *object, const char *key, json_t *value, json_t *absent_owned)
{
    auto_json absent = absent_owned;

    put(object, key, json_incref(value != NULL ? value : absent));
}

/* 0 means "none". */
static void put_optional(json_t *object, const char *key, double number)
{
    put(object, key, number > 0 ? json_real(number) : json_null());
}

static json_t *count_json(int64_t count)
{
    return count > 0 ? json_integer(count) : json_null();
}

json_t *retry_policy_to_json_owned(const struct retry_policy *policy)
{
    json_t *object = json_object();
    json_t *classes = json_array();

    for (size_t i = 0; i < policy->retryable_count; i++)
        json_array_append_new(classes, json_string(policy->retryable[i]));
    put(object, "max_retries", json_integer(policy->max_retries));
    put_text(object, "strategy", retry_strategy_text(policy->strategy));
    put(object, "base_delay", json_real(policy->base_delay_s));
    put(object, "max_delay", json_real(policy->max_delay_s));
    put(object, "jitter", json_boolean(policy->jitter));
    put(object, "jitter_range", json_real(policy->jitter_range));
    put(object, "retryable_exceptions", classes);
    return object;
}

json_t *timeout_policy_to_json_owned(const struct timeout_policy *policy)
{
    json_t *object = json_object();

    if (policy->attempt_is_integer)
        put(object, "timeout_seconds", json_integer((json_int_t)policy->attempt_s));
    else
        put(object, "timeout_seconds", json_real(policy->attempt_s));
    put_text(object, "on_timeout", timeout_action_text(policy->on_timeout));
    put_optional(object, "node_timeout_seconds", policy->node_s);
    put_optional(object, "queue_timeout_seconds", policy->queue_s);
    return object;
}

static json_t *retry_or_null(const struct retry_policy *policy)
{
    return policy != NULL ? retry_policy_to_json_owned(policy) : json_null();
}

static json_t *timeout_or_null(const struct timeout_policy *policy)
{
    return policy != NULL ? timeout_policy_to_json_owned(policy) : json_null();
}

/* As short as it was: null, an agent id, or the object. */
static json_t *compensation_json(const struct compensation *compensation)
{
    json_t *object;

    if (compensation->agent_id == NULL)
        return json_null();
    if (compensation->config == NULL && compensation->retry_policy == NULL &&
        compensation->timeout_policy == NULL)
        return json_string(compensation->agent_id);
    object = json_object();
    put_text(object, "agent_id", compensation->agent_id);
    put_shared(object, "config", compensation->config, json_object());
    put(object, "retry_policy", retry_or_null(compensation->retry_policy));
    put(object, "timeout_policy", timeout_or_null(compensation->timeout_policy));
    return object;
}

static json_t *mappings_json(const struct dag_node *node)
{
    json_t *object = json_object();

    for (size_t i = 0; i < node->mapping_count; i++)
        put_text(object, node->mappings[i].target, path_text(node->mappings[i].path));
    return object;
}

static json_t *secrets_json(const struct dag_node *node)
{
    json_t *object = json_object();

    for (size_t i = 0; i < node->secret_ref_count; i++) {
        const struct secret_ref *ref = &node->secret_refs[i];

        put(object, ref->name,
            json_sprintf("secret://%s%s%s", ref->secret, *ref->version != '\0' ? "@" : "",
                         ref->version));
    }
    return object;
}

static json_t *limits_json(const struct node_limits *limits)
{
    json_t *object = json_object();

    put(object, "cpu_ms", count_json(limits->cpu_ms));
    put(object, "memory_bytes", count_json(limits->memory_bytes));
    put(object, "output_bytes", count_json(limits->output_bytes));
    put(object, "log_bytes", count_json(limits->log_bytes));
    return object;
}

/* The twelve fields of greenlang 1.2. */
static void put_contract_fields(json_t *object, const struct dag_node *node)
{
    put_text(object, "node_id", node->node_id);
    put_text(object, "agent_id", node->agent_id);
    put_shared(object, "depends_on", node->depends_on, json_array());
    put(object, "input_mapping", mappings_json(node));
    put_text(object, "output_key", node->output_key);
    put_text(object, "condition", node->condition_text);
    put(object, "retry_policy", retry_or_null(node->retry_policy));
    put(object, "timeout_policy", timeout_or_null(node->timeout_policy));
    put_text(object, "on_failure", node_failure_text(node->on_failure));
    put(object, "compensation_handler", compensation_json(&node->compensation));
    put(object, "priority", json_integer(node->priority));
    put_shared(object, "metadata", node->metadata, json_object());
}

json_t *dag_node_to_json_owned(const struct dag_node *node)
{
    json_t *object = json_object();

    put_contract_fields(object, node);
    put_shared(object, "config", node->config, json_object());
    put(object, "secret_refs", secrets_json(node));
    put(object, "enabled", json_boolean(node->enabled));
    put_text(object, "lane", node->lane);
    put_text(object, "isolation", isolation_name(node->isolation));
    put_text(object, "profile", profile_name(node->profile));
    put(object, "limits", limits_json(&node->limits));
    put_shared(object, "network", node->network, json_array());
    put(object, "idempotent", json_boolean(node->idempotent));
    return object;
}

/* In the order of the source, which people recognise. */
static json_t *nodes_json(const struct dag *dag)
{
    auto_mem uint32_t *by_position = mem_array(dag->node_count + 1, uint32_t);
    json_t *object = json_object();

    for (uint32_t i = 0; i < dag->node_count; i++)
        by_position[dag->nodes[i].position] = i;
    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[by_position[i]];

        put(object, node->node_id, dag_node_to_json_owned(node));
    }
    return object;
}

json_t *dag_to_json_owned(const struct dag *dag)
{
    json_t *object = json_object();

    put_text(object, "dag_id", dag->dag_id);
    put_text(object, "name", dag->name);
    put_text(object, "description", dag->description);
    put_text(object, "version", dag->version);
    put(object, "nodes", nodes_json(dag));
    put(object, "default_retry_policy", retry_policy_to_json_owned(&dag->default_retry_policy));
    put(object, "default_timeout_policy",
        timeout_policy_to_json_owned(&dag->default_timeout_policy));
    put_text(object, "on_failure", dag_failure_text(dag->on_failure));
    put(object, "max_parallel_nodes", json_integer(dag->max_parallel_nodes));
    put_shared(object, "metadata", dag->metadata, json_object());
    put_text(object, "created_at", dag->created_at);
    put_text(object, "hash", dag->hash.text);
    put_optional(object, "run_timeout_seconds", dag->run_timeout_s);
    put_shared(object, "signature", dag->signature, json_null());
    return object;
}

bool dag_hash(const struct dag *dag, struct sha256_hex *ret, struct err *e)
{
    static const char *const outside[] = {"description", "metadata", "created_at", "hash",
                                          "signature"};
    auto_json object = dag_to_json_owned(dag);

    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        json_object_del(object, outside[i]);
    return jcs_sha256(object, ret, e);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static json_t *node_name(const struct dag *dag, uint32_t index)
{
    return json_string(dag->nodes[index].node_id);
}

static json_t *levels_json(const struct dag *dag)
{
    json_t *levels = json_array();

    for (size_t i = 0; i < dag->level_count; i++) {
        json_t *level = json_array();

        for (uint32_t k = 0; k < dag->levels[i].count; k++)
            json_array_append_new(level, node_name(dag, dag->order[dag->levels[i].first + k]));
        json_array_append_new(levels, level);
    }
    return levels;
}

static json_t *order_json(const struct dag *dag)
{
    json_t *order = json_array();

    for (size_t i = 0; i < dag->node_count; i++)
        json_array_append_new(order, node_name(dag, dag->order[i]));
    return order;
}

/* Nodes without dependencies, or without dependents. */
static json_t *ends_json(const struct dag *dag, bool roots)
{
    json_t *ends = json_array();

    for (uint32_t i = 0; i < dag->node_count; i++) {
        uint32_t edges = roots ? dag->nodes[i].dep_count : dag->nodes[i].dependent_count;

        if (edges == 0)
            json_array_append_new(ends, node_name(dag, i));
    }
    return ends;
}

static json_t *node_plan(const struct dag *dag, const struct dag_node *node)
{
    const struct retry_policy *retry = dag_retry_policy(dag, node);
    json_t *delays = json_array();
    json_t *object = json_object();

    for (uint32_t k = 1; k <= retry->max_retries; k++)
        json_array_append_new(delays, json_real(retry_delay_s(retry, k, 0)));
    put(object, "retry_delays_s", delays);
    put(object, "retry_policy", retry_policy_to_json_owned(retry));
    put(object, "timeout_policy", timeout_policy_to_json_owned(dag_timeout_policy(dag, node)));
    return object;
}

static json_t *node_plans(const struct dag *dag)
{
    json_t *object = json_object();

    for (size_t i = 0; i < dag->node_count; i++)
        put(object, dag->nodes[i].node_id, node_plan(dag, &dag->nodes[i]));
    return object;
}

json_t *dag_plan_json_owned(const struct dag *dag, const struct dag_findings *findings)
{
    bool valid = dag != NULL && dag->valid;
    json_t *plan = json_object();

    put(plan, "valid", json_boolean(valid));
    put(plan, "errors", findings_json_owned(findings));
    put(plan, "levels", valid ? levels_json(dag) : json_array());
    put(plan, "order", valid ? order_json(dag) : json_array());
    put(plan, "roots", valid ? ends_json(dag, true) : json_array());
    put(plan, "sinks", valid ? ends_json(dag, false) : json_array());
    put(plan, "nodes", valid ? node_plans(dag) : json_object());
    put_text(plan, "hash", valid ? dag->hash.text : "");
    return plan;
}
