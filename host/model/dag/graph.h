/* graph.h -- from nodes that name their dependencies to a checked, levelled graph. For
 * model/dag/source, which calls the three in this order while it makes a dag. Pure. */
#ifndef ORCH_MODEL_DAG_GRAPH_H
#define ORCH_MODEL_DAG_GRAPH_H

#include "model/dag/dag.h"
#include "model/dag/place.h"

/* Fills deps and dependents. */
void graph_index(struct dag *dag);
/* The contract's five checks (greenlang 2). */
void graph_check(struct dag *dag, const struct places *places, struct dag_findings *findings);
/* order and levels; only of a dag that had no finding. */
void graph_levels(struct dag *dag);

#endif
