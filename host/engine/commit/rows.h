/* rows.h -- what a machine decides, as rows of the store. Inside the engine only. */
#ifndef ORCH_ENGINE_COMMIT_ROWS_H
#define ORCH_ENGINE_COMMIT_ROWS_H

#include "engine/commit/commit.h"

/* Drains the machine's decisions into the commit. */
void commit_decisions(struct commit *c);
/* A completed node that a restart keeps: its row, record and checkpoint under the new run. */
void commit_kept_node(struct commit *c, uint32_t node, struct node_tally tally,
                      const json_t *outputs);

/* Of run_rows.c. */
void commit_run_state(struct commit *c, const struct run_decision *d);
void commit_run_done(struct commit *c, const struct run_decision *d);

#endif
