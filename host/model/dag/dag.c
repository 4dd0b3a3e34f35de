/* dag.c -- a definition that was read: what is found in it, and its end. See dag.h. */
#include "model/dag/dag.h"

#include <stdlib.h>
#include <string.h>

static void node_done(struct dag_node *node)
{
    for (size_t i = 0; i < node->mapping_count; i++)
        path_free(node->mappings[i].path);
    for (size_t i = 0; i < node->secret_ref_count; i++) {
        free(node->secret_refs[i].secret);
        free(node->secret_refs[i].version);
    }
    free(node->mappings);
    free(node->secret_refs);
    expr_free(node->condition);
    retry_policy_free(node->retry_policy);
    free(node->timeout_policy);
    free(node->deadline);
    retry_policy_free(node->compensation.retry_policy);
    free(node->compensation.timeout_policy);
}

void dag_free(struct dag *dag)
{
    if (dag == NULL)
        return;
    for (size_t i = 0; i < dag->node_count; i++)
        node_done(&dag->nodes[i]);
    retry_policy_done(&dag->default_retry_policy);
    gate_key_done(&dag->concurrency.key);
    gate_key_done(&dag->debounce.key);
    free(dag->nodes);
    free(dag->order);
    free(dag->levels);
    free(dag->edges);
    free(dag->generated_id);
    json_decref(dag->doc);
    free(dag);
}

static int node_by_id(const void *id, const void *node)
{
    return strcmp(id, ((const struct dag_node *)node)->node_id);
}

const struct dag_node *dag_find(const struct dag *dag, const char *node_id)
{
    if (dag->node_count == 0)
        return NULL;
    return bsearch(node_id, dag->nodes, dag->node_count, sizeof(struct dag_node), node_by_id);
}

const struct retry_policy *dag_retry_policy(const struct dag *dag, const struct dag_node *node)
{
    return node->retry_policy != NULL ? node->retry_policy : &dag->default_retry_policy;
}

const struct timeout_policy *dag_timeout_policy(const struct dag *dag, const struct dag_node *node)
{
    return node->timeout_policy != NULL ? node->timeout_policy : &dag->default_timeout_policy;
}
