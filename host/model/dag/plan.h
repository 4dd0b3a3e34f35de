/* plan.h -- what a definition says, written out: its JSON, its hash, its plan. */
#ifndef ORCH_MODEL_DAG_PLAN_H
#define ORCH_MODEL_DAG_PLAN_H

#include "base/hash.h"
#include "base/json.h"
#include "model/dag/dag.h"

/* The normalised definition, defaults filled in, keys in the order of greenlang 1.1 and 1.2 with
 * ours behind them. dag_from_json of it gives the same model. The caller owns the reference. */
json_t *dag_to_json_owned(const struct dag *dag) must_check;
/* Appends it as json_add_compact would, node by node: all of a large one as values is fifty times
 * its text. */
void dag_add_compact(struct buf *b, const struct dag *dag);
/* One node of it. */
json_t *dag_node_to_json_owned(const struct dag_node *node) must_check;
json_t *retry_policy_to_json_owned(const struct retry_policy *policy) must_check;
json_t *timeout_policy_to_json_owned(const struct timeout_policy *policy) must_check;

/* SHA-256 of the JCS of the normalised definition without description, metadata, signature,
 * created_at and hash (DESIGN 4). dag->hash holds it. Fails where the configuration holds what
 * JCS cannot write. */
bool dag_hash(const struct dag *dag, struct sha256_hex *ret, struct err *e) must_check;

/* The object of conformance/README.md, item 1. dag may be NULL when the text could not be read. An
 * invalid definition has errors and nothing else: its lists and nodes are empty, its hash "". */
json_t *dag_plan_json_owned(const struct dag *dag, const struct dag_findings *findings) must_check;

#endif
