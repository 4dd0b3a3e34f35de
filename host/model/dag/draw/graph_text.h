/* graph_text.h -- a definition as text for people: mermaid, dot, ascii and YAML. Each appends to
 * b. Ids come from outside: every writer escapes for its own language. */
#ifndef ORCH_MODEL_DAG_DRAW_GRAPH_TEXT_H
#define ORCH_MODEL_DAG_DRAW_GRAPH_TEXT_H

#include "base/buf.h"
#include "model/dag/dag.h"

enum dag_graph_format {
    DAG_GRAPH_INVALID,
    DAG_GRAPH_MERMAID, /* greenlang 6, route 19 */
    DAG_GRAPH_DOT,
    DAG_GRAPH_ASCII, /* the levels, one block each; needs a valid dag */
    DAG_GRAPH_FORMAT_COUNT,
};

/* GRAPH_INVALID for an unknown word. */
enum dag_graph_format dag_graph_format_of(const char *text);

void dag_graph(const struct dag *dag, enum dag_graph_format format, struct buf *b);

/* Block-style YAML of the normalised definition (greenlang 6, route 18). */
void dag_yaml(const struct dag *dag, struct buf *b);
/* Any JSON value as block-style YAML 1.2 that a YAML 1.1 reader understands alike. */
void yaml_add(struct buf *b, const json_t *value);

#endif
