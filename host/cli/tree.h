/* tree.h -- a run as a tree of text: its nodes in level order with state, time, attempts, plugin,
 * isolation and sandbox level. Pure: JSON in, text out.
 *
 * The run is a trace (contract/greenlang.md 6, route 10): status, dag_id, start_time,
 * end_time, topology_levels, node_traces{id: status, attempt_count, duration_ms, started_at,
 * sandbox, error}. Plugin and sandbox come from the node records of GET /executions/{id}/provenance
 * (model/ledger/record.h) once there are any. Absent members leave their place empty. */
#ifndef ORCH_CLI_TREE_H
#define ORCH_CLI_TREE_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"

struct tree_view {
    const json_t *trace;
    const json_t *records; /* object: node id to node record, or NULL */
    const char *version;   /* of the definition, or NULL */
    int64_t now_us;        /* wall clock, for what is still running */
    size_t rows_max;       /* 0: all nodes; otherwise only so many, the active and failed first */
};

/* Appends one line for the run and one a node shown, then one that counts what was left out. */
void tree_add(const struct cli *cli, struct buf *b, const struct tree_view *view);
/* Appends "6 nodes: 5 completed, 1 failed; 7 attempts". */
void tree_add_totals(struct buf *b, const json_t *trace);
/* One plain line for each node whose status or attempt differs between two traces (before may be
 * NULL): "intake  completed in 0.02s", for a standard output that is no terminal. */
void tree_add_changes(struct buf *b, const json_t *before, const json_t *after);

/* completed, failed, cancelled. */
bool run_is_final(const char *status);

#endif
