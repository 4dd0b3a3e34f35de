/* dag.h -- the definition of a DAG: the model. model/dag/source/parse.h is the door through which
 * it comes in.
 *
 * Pure: no clock, store, socket or log. Any process may use it.
 * A dag owns everything that hangs on it (texts and JSON are borrowed from the document it keeps)
 * and never changes after it was made, so threads may share it.
 *
 * Nodes are addressed by their index in code-point order of their ids; `position` keeps the order
 * of the source. Of an invalid definition (any finding) only the findings count: `valid` is false,
 * it has no levels and no hash, and the plan refuses it.
 *
 * Fields and defaults: DESIGN 4, greenlang 1.1 to 1.4; StellaOps' steps[] + edges[] (stellaops
 * 1.2) are normalised to the same model. */
#ifndef ORCH_MODEL_DAG_DAG_H
#define ORCH_MODEL_DAG_DAG_H

#include "base/auto.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "model/dag/deadline.h"
#include "model/dag/expr/expr.h"
#include "model/dag/expr/path.h"
#include "model/dag/finding.h"
#include "model/dag/gate.h"
#include "model/dag/policy.h"
#include "model/words/confinement.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAG_PARALLEL_NODES_MAX 500u
#define DAG_PARALLEL_NODES_DEFAULT 10u

enum dag_failure {
    DAG_FAILURE_INVALID,
    DAG_FAILURE_FAIL_FAST,
    DAG_FAILURE_CONTINUE,
    DAG_FAILURE_COMPENSATE,
    DAG_FAILURE_COUNT,
};

enum node_failure {
    NODE_FAILURE_INVALID,
    NODE_FAILURE_STOP,
    NODE_FAILURE_SKIP,
    NODE_FAILURE_COMPENSATE,
    NODE_FAILURE_COUNT,
};

/* 0: not given, the profile's own limit counts. */
struct node_limits {
    int64_t cpu_ms;
    int64_t memory_bytes;
    int64_t output_bytes;
    int64_t log_bytes;
};

/* secret_refs: {"TOKEN": "secret://billing-token@3"} */
struct secret_ref {
    const char *name; /* how the agent asks for it */
    char *secret;     /* the name in the authority */
    char *version;    /* "" means the newest */
};

/* input_mapping: {target: path} */
struct input_mapping {
    const char *target;
    struct path *path;
};

struct compensation {
    const char *agent_id; /* NULL: the node has no handler */
    json_t *config;       /* object or NULL */
    /* NULL: the built-in defaults, not the DAG's (DESIGN 5). */
    struct retry_policy *retry_policy;
    struct timeout_policy *timeout_policy;
};

struct dag_node {
    const char *node_id;
    const char *agent_id;
    json_t *depends_on; /* texts as written: duplicates and unknown ids too; NULL: none */
    struct input_mapping *mappings;
    size_t mapping_count; /* 0: the default input shape of greenlang 1.6 */
    const char *output_key;
    const char *condition_text;            /* NULL: none */
    struct expr *condition;                /* NULL: always run (no condition or an empty one) */
    struct retry_policy *retry_policy;     /* NULL: the DAG's default */
    struct timeout_policy *timeout_policy; /* NULL: the DAG's default */
    struct deadline *deadline;             /* NULL: none */
    enum node_failure on_failure;
    struct compensation compensation;
    int32_t priority;
    json_t *metadata; /* object; NULL: {} */

    json_t *config; /* object handed to the agent; NULL: {} */
    struct secret_ref *secret_refs;
    size_t secret_ref_count;
    bool enabled;
    const char *lane; /* NULL: the default lane */
    enum isolation isolation;
    enum profile profile;
    struct node_limits limits;
    json_t *network; /* texts "host:port"; NULL: none */
    bool idempotent;

    /* Indexes of existing nodes, sorted, each once. */
    const uint32_t *deps;
    uint32_t dep_count;
    const uint32_t *dependents;
    uint32_t dependent_count;
    uint32_t level;
    uint32_t position;       /* in the source */
    struct json_place place; /* of its key */
    const char *named;       /* its node_id field when that differs from the key, else NULL */
};

/* order[first] .. order[first + count - 1] are the level's nodes in code-point order. */
struct dag_level {
    uint32_t first;
    uint32_t count;
};

struct dag {
    const char *dag_id;
    const char *name;
    const char *description;
    const char *version;
    struct dag_node *nodes;
    size_t node_count;
    struct retry_policy default_retry_policy;
    struct timeout_policy default_timeout_policy;
    double run_timeout_s;     /* 0: none */
    struct deadline deadline; /* of a run */
    uint32_t node_deadlines;  /* so many nodes have one, DEADLINE_NODES_MAX at most */
    enum dag_failure on_failure;
    uint32_t max_parallel_nodes;
    struct concurrency concurrency;
    struct debounce debounce;
    json_t *metadata;       /* object; NULL: {} */
    json_t *signature;      /* as published (DSSE), not checked here, or NULL */
    const char *created_at; /* NULL: not given */

    bool valid;
    struct sha256_hex hash; /* see model/dag/plan.h; "" when invalid */
    uint32_t *order;        /* every node index, level by level; NULL when invalid */
    struct dag_level *levels;
    size_t level_count;
    size_t visits; /* nodes and edges that validation touched: a test holds it linear */

    json_t *doc;        /* what the texts above are borrowed from */
    uint32_t *edges;    /* deps and dependents of all nodes */
    char *generated_id; /* dag_id when the source gave none */
};

void dag_free(struct dag *dag);
DEFINE_AUTO(dag)

/* Binary search by id; NULL when there is no such node. */
const struct dag_node *dag_find(const struct dag *dag, const char *node_id);
static inline uint32_t dag_index(const struct dag *dag, const struct dag_node *node)
{
    return (uint32_t)(node - dag->nodes);
}

/* The policy that counts for the node: its own as a whole, or the DAG's default. */
const struct retry_policy *dag_retry_policy(const struct dag *dag, const struct dag_node *node);
const struct timeout_policy *dag_timeout_policy(const struct dag *dag, const struct dag_node *node);

const char *dag_failure_text(enum dag_failure failure);
const char *node_failure_text(enum node_failure failure);

#endif
