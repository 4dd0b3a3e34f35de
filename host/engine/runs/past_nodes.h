/* past_nodes.h -- a run's nodes, attempts and records as its past has them (past.h). On the thread
 * that reads, and touches nothing but the past. Of past.c alone. */
#ifndef ORCH_ENGINE_RUNS_PAST_NODES_H
#define ORCH_ENGINE_RUNS_PAST_NODES_H

#include "engine/runs/past.h"

/* Text that was good when it was written: what is wrong with it is not the client's fault. */
bool past_json(const char *text, json_t **ret, struct err *e) must_check;
/* Fills nodes, which are there and empty. ERR_CORRUPT: what is stored does not fit the definition,
 * or outputs do not have their hash. */
bool past_nodes_read(struct past *p, struct store_reader *reader, struct err *e) must_check;
void past_node_done(struct past_node *n);

#endif
