/* names.h -- what a new definition calls its parts: ids that a path of the API can name, and
 * mappings that name a node. Asked where a definition comes in, not of stored ones: what was
 * published before these rules still runs. */
#ifndef ORCH_MODEL_DAG_NAMES_H
#define ORCH_MODEL_DAG_NAMES_H

#include "model/dag/dag.h"
#include "model/dag/finding.h"

/* Adds a bad_field for each id or version that no request could name: with a slash, "." or "..",
 * empty, or a word that stands in its place in a path. The list is in its order afterwards. */
void dag_check_names(const struct dag *dag, struct dag_findings *findings);

/* Adds a bad_field where its id begins with what is kept for the tasks of lanes. */
#define DAG_OF_LANE "lane."
void dag_check_kept(const struct dag *dag, struct dag_findings *findings);

/* [{node_id, target, path, message}]: mappings that are null in every run, because they begin with
 * neither input nor results, or name no node. Legal (greenlang 1.6), and mostly a mistake. At most
 * DAG_WARNINGS_MAX; the caller owns the reference. */
enum { DAG_WARNINGS_MAX = 100 };
json_t *dag_warnings_owned(const struct dag *dag) must_check;

#endif
