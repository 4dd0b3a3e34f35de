/* graph_text.c -- mermaid, dot and ascii. See graph_text.h. */
#include "model/dag/draw/graph_text.h"

#include "base/text.h"
#include "model/dag/plan.h"
#include "model/dag/words.h"

#include <assert.h>
#include <string.h>

static const char *const format_words[] = {NULL, "mermaid", "dot", "ascii", NULL};

static_assert(ARRAY_LEN(format_words) == DAG_GRAPH_FORMAT_COUNT + 1, "a word a format");

enum dag_graph_format dag_graph_format_of(const char *text)
{
    return (enum dag_graph_format)word_index(format_words, text);
}

/* ---- mermaid --------------------------------------------------------------------------------- */

/* What needs no quotes in mermaid; `end` is a keyword of it. */
static bool mermaid_plain(const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

    return *text != '\0' && strspn(text, plain) == strlen(text) && strcmp(text, "end") != 0;
}

/* Inside of quotes; mermaid's entities are written with "#". */
static void mermaid_text(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\"#<>&;", *text) != NULL)
            buf_addf(b, "#%d;", *text);
        else
            buf_addc(b, *text);
    }
}

/* The id itself where mermaid takes it (greenlang's form), else a made-up one. */
static void mermaid_id(const struct dag *dag, const char *id, struct buf *b)
{
    const struct dag_node *node = dag_find(dag, id);

    if (mermaid_plain(id))
        buf_adds(b, id);
    else if (node != NULL)
        buf_addf(b, "node_%u_", dag_index(dag, node));
    else
        buf_adds(b, "missing_");
}

static void mermaid_label(const struct dag_node *node, struct buf *b)
{
    if (mermaid_plain(node->node_id) && mermaid_plain(node->agent_id)) {
        buf_addf(b, "[%s\\n%s]\n", node->node_id, node->agent_id);
        return;
    }
    buf_adds(b, "[\"");
    mermaid_text(b, node->node_id);
    buf_adds(b, "\\n");
    mermaid_text(b, node->agent_id);
    buf_adds(b, "\"]\n");
}

static void mermaid(const struct dag *dag, struct buf *b)
{
    buf_adds(b, "graph TD\n");
    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[i];
        size_t d;
        json_t *dep;

        buf_adds(b, "    ");
        mermaid_id(dag, node->node_id, b);
        mermaid_label(node, b);
        json_array_foreach(node->depends_on, d, dep)
        {
            buf_adds(b, "    ");
            mermaid_id(dag, json_string_value(dep), b);
            buf_adds(b, " --> ");
            mermaid_id(dag, node->node_id, b);
            buf_addc(b, '\n');
        }
    }
}

/* ---- dot ------------------------------------------------------------------------------------- */

static void dot_text(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(b, '\\');
        buf_addc(b, *text);
    }
}

static void dot_quoted(struct buf *b, const char *text)
{
    buf_addc(b, '"');
    dot_text(b, text);
    buf_addc(b, '"');
}

static void dot_node(const struct dag_node *node, struct buf *b)
{
    size_t d;
    json_t *dep;

    buf_adds(b, "    ");
    dot_quoted(b, node->node_id);
    buf_adds(b, " [label=\"");
    dot_text(b, node->node_id);
    buf_adds(b, "\\n");
    dot_text(b, node->agent_id);
    buf_adds(b, "\"];\n");
    json_array_foreach(node->depends_on, d, dep)
    {
        buf_adds(b, "    ");
        dot_quoted(b, json_string_value(dep));
        buf_adds(b, " -> ");
        dot_quoted(b, node->node_id);
        buf_adds(b, ";\n");
    }
}

static void dot(const struct dag *dag, struct buf *b)
{
    buf_adds(b, "digraph ");
    dot_quoted(b, dag->dag_id);
    buf_adds(b, " {\n    node [shape=box];\n");
    for (size_t i = 0; i < dag->node_count; i++)
        dot_node(&dag->nodes[i], b);
    buf_adds(b, "}\n");
}

/* ---- ascii ----------------------------------------------------------------------------------- */

static void ascii_node(const struct dag *dag, const struct dag_node *node, struct buf *b)
{
    text_add_printable(b, node->node_id, strlen(node->node_id));
    for (uint32_t d = 0; d < node->dep_count; d++) {
        const char *dep = dag->nodes[node->deps[d]].node_id;

        buf_adds(b, d == 0 ? " <- " : ", ");
        text_add_printable(b, dep, strlen(dep));
    }
    buf_addc(b, '\n');
}

static void ascii(const struct dag *dag, struct buf *b)
{
    assert(dag->valid);
    for (size_t i = 0; i < dag->level_count; i++) {
        for (uint32_t k = 0; k < dag->levels[i].count; k++) {
            if (k == 0)
                buf_addf(b, "level %-4zu ", i);
            else
                buf_adds(b, "           ");
            ascii_node(dag, &dag->nodes[dag->order[dag->levels[i].first + k]], b);
        }
    }
}

void dag_graph(const struct dag *dag, enum dag_graph_format format, struct buf *b)
{
    switch (format) {
    case DAG_GRAPH_MERMAID:
        mermaid(dag, b);
        return;
    case DAG_GRAPH_DOT:
        dot(dag, b);
        return;
    default:
        assert(format == DAG_GRAPH_ASCII);
        ascii(dag, b);
    }
}

void dag_yaml(const struct dag *dag, struct buf *b)
{
    auto_json value = dag_to_json_owned(dag);

    yaml_add(b, value);
}
