/* plan.c -- see plan.h. */
#include "model/dag/plan.h"

#include "base/mem.h"
#include "model/dag/put.h"

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
