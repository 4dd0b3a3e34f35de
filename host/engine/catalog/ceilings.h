/* ceilings.h -- the operator's ceilings over what a node may ask for. Pure.
 *
 * A definition that asks for more is refused when it is published and when it is to be run: what
 * was published before a ceiling came is not silently given less. A node that asks for nothing gets
 * the sandbox's default, or the ceiling where that is lower. */
#ifndef ORCH_ENGINE_CATALOG_CEILINGS_H
#define ORCH_ENGINE_CATALOG_CEILINGS_H

#include "base/err.h"
#include "engine/env/env.h"
#include "model/dag/dag.h"

/* ERR_UNPROCESSABLE with the field, what is asked, the ceiling and the setting that it is. */
bool ceilings_allow_node(const struct engine_ceilings *ceilings, const struct dag_node *node,
                         struct err *e) must_check;
/* The first node that asks for too much. */
bool ceilings_allow(const struct engine_ceilings *ceilings, const struct dag *dag,
                    struct err *e) must_check;
/* What the sandbox is to hold the node to. */
struct attempt_limits ceilings_limits(const struct engine_ceilings *ceilings,
                                      const struct node_limits *asked) must_check;

#endif
