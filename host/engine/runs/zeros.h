/* zeros.h -- series that are there before anything moves them: a rule cannot tell "none yet" from
 * "nobody measures", and the first failure of a counter that was absent is no increase. Within the
 * bounds of observe/metrics.h. */
#ifndef ORCH_ENGINE_RUNS_ZEROS_H
#define ORCH_ENGINE_RUNS_ZEROS_H

#include "base/err.h"
#include "observe/metrics.h"
#include "store/reader.h"

/* Those whose labels have a closed list of values; at start. */
void zeros_begin(struct metrics *m);
/* Each tenant that the store knows, as far as the bounds go; at start: whatever was done for one
 * stands in its ledger. */
bool zeros_tenants(struct metrics *m, struct store_reader *reader, struct err *e) must_check;
/* A tenant, a DAG, a node was seen for the first time; again costs a look. */
void zeros_tenant(struct metrics *m, const char *tenant);
void zeros_dag(struct metrics *m, const char *dag_id);
void zeros_node(struct metrics *m, const char *dag_id, const char *node_id);

#endif
