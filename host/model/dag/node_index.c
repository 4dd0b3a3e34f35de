/* node_index.c -- see node_index.h. */
#include "model/dag/node_index.h"

#include "base/mem.h"

#include <string.h>

static uint64_t head_of(const char *text)
{
    uint64_t head = 0;
    unsigned i = 0;

    for (; i < sizeof head && text[i] != '\0'; i++)
        head = head << 8 | (unsigned char)text[i];
    return i > 0 ? head << 8 * (sizeof head - i) : 0;
}

/* What the first and the last have in common all have. */
static size_t common_of(const struct dag *dag)
{
    const char *first = dag->nodes[0].node_id, *last = dag->nodes[dag->node_count - 1].node_id;
    size_t at = 0;

    while (first[at] != '\0' && first[at] == last[at])
        at++;
    return at;
}

void node_index_make(struct node_index *ret, const struct dag *dag)
{
    *ret = (struct node_index){.nodes = dag->nodes, .count = dag->node_count};
    if (dag->node_count == 0)
        return;
    ret->common = common_of(dag);
    ret->heads = mem_array(dag->node_count, uint64_t);
    for (size_t i = 0; i < dag->node_count; i++)
        ret->heads[i] = head_of(dag->nodes[i].node_id + ret->common);
}

void node_index_done(struct node_index *index)
{
    free(index->heads);
    *index = (struct node_index){0};
}

/* As strcmp of id and the node's. */
static int compare(const struct node_index *index, uint64_t head, const char *id, size_t at)
{
    if (head != index->heads[at])
        return head < index->heads[at] ? -1 : 1;
    return strcmp(id, index->nodes[at].node_id);
}

const struct dag_node *node_index_find(const struct node_index *index, const char *id)
{
    size_t from = 0, to = index->count;
    uint64_t head;

    if (to == 0 || strncmp(id, index->nodes[0].node_id, index->common) != 0)
        return NULL;
    head = head_of(id + index->common);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare(index, head, id, middle);

        if (order == 0)
            return &index->nodes[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}
