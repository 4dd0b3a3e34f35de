/* node_index.h -- nodes by id, for who looks up many: the first bytes behind what all ids have in
 * common stand side by side, so that a search seldom goes to an id. Private to this folder. Pure.
 */
#ifndef ORCH_MODEL_DAG_NODE_INDEX_H
#define ORCH_MODEL_DAG_NODE_INDEX_H

#include "model/dag/dag.h"

struct node_index {
    const struct dag_node *nodes; /* in their order, not changed meanwhile */
    size_t count;
    size_t common;   /* the ids' first bytes that are the same in all */
    uint64_t *heads; /* the eight behind them, as numbers that are ordered as texts are */
};

void node_index_make(struct node_index *ret, const struct dag *dag);
void node_index_done(struct node_index *index);
DEFINE_AUTO_DONE(node_index)

/* As dag_find. */
const struct dag_node *node_index_find(const struct node_index *index, const char *id);

#endif
