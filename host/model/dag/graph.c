/* graph.c -- the contract's five checks (greenlang 2) and the levels (greenlang 3).
 *
 * Every pass touches each node and each edge a bounded number of times (dag->visits counts) and
 * none recurses. Cycles are what a depth-first search from the nodes in sorted order over
 * dependency -> dependent edges, successors sorted, meets as back edges. */
#include "model/dag/graph.h"

#include "base/mem.h"
#include "model/dag/node_index.h"

#include <string.h>

struct graph {
    struct dag *dag;
    const struct places *places;
    struct dag_findings *findings;
};

/* ---- indexes --------------------------------------------------------------------------------- */

static int by_number(const void *a_, const void *b_)
{
    const uint32_t *a = a_, *b = b_;

    return (*a > *b) - (*a < *b);
}

static uint32_t unique(uint32_t *numbers, uint32_t count)
{
    uint32_t kept = 0;

    if (count > 1)
        qsort(numbers, count, sizeof(uint32_t), by_number);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    }
    return kept;
}

/* Writes the existing dependencies of a node, sorted and each once; returns how many. */
static uint32_t index_deps(const struct node_index *index, const struct dag_node *node,
                           uint32_t *out)
{
    uint32_t count = 0;
    size_t i;
    json_t *item;

    json_array_foreach(node->depends_on, i, item)
    {
        const struct dag_node *dep = node_index_find(index, json_string_value(item));

        if (dep != NULL)
            out[count++] = (uint32_t)(dep - index->nodes);
    }
    return unique(out, count);
}

/* Nodes come in sorted order, so each list of dependents is sorted as well. */
static void index_dependents(struct dag *dag, uint32_t *room)
{
    for (size_t i = 0; i < dag->node_count; i++) {
        dag->nodes[i].dependents = room;
        room += dag->nodes[i].dependent_count;
        dag->nodes[i].dependent_count = 0;
    }
    for (size_t i = 0; i < dag->node_count; i++) {
        for (uint32_t d = 0; d < dag->nodes[i].dep_count; d++) {
            struct dag_node *dep = &dag->nodes[dag->nodes[i].deps[d]];
            uint32_t *list = (uint32_t *)dep->dependents; /* in dag->edges, which is ours */

            list[dep->dependent_count++] = (uint32_t)i;
        }
    }
}

void graph_index(struct dag *dag)
{
    auto_done(node_index) index = {0};
    size_t listed = 0;
    uint32_t *room;

    node_index_make(&index, dag);
    for (size_t i = 0; i < dag->node_count; i++)
        listed += json_array_size(dag->nodes[i].depends_on);
    dag->edges = mem_array(2 * listed + 1, uint32_t);
    room = dag->edges;
    for (size_t i = 0; i < dag->node_count; i++) {
        struct dag_node *node = &dag->nodes[i];

        node->deps = room;
        node->dep_count = index_deps(&index, node, room);
        room += node->dep_count;
        for (uint32_t d = 0; d < node->dep_count; d++)
            dag->nodes[node->deps[d]].dependent_count++;
    }
    dag->visits += dag->node_count + listed;
    index_dependents(dag, dag->edges + listed);
}

/* ---- self_dep, duplicate, missing ------------------------------------------------------------ */

/* The node's list of dependencies, else its key. */
static struct json_place deps_place(const struct graph *g, const struct dag_node *node)
{
    struct json_place place = places_find(g->places, node->depends_on, NULL);

    return place.line > 0 ? place : node->place;
}

static void check_self(struct graph *g)
{
    for (uint32_t i = 0; i < g->dag->node_count; i++) {
        const struct dag_node *node = &g->dag->nodes[i];

        g->dag->visits++;
        if (node->dep_count > 0 &&
            bsearch(&i, node->deps, node->dep_count, sizeof(i), by_number) != NULL)
            finding_add(g->findings, FINDING_SELF_DEP, deps_place(g, node), &node->node_id, 1,
                        "Node '%s' depends on itself", node->node_id);
    }
}

static void check_named(struct graph *g)
{
    auto_mem uint32_t *by_position = mem_array(g->dag->node_count + 1, uint32_t);

    for (uint32_t i = 0; i < g->dag->node_count; i++)
        by_position[g->dag->nodes[i].position] = i;
    for (size_t i = 0; i < g->dag->node_count; i++) {
        const struct dag_node *node = &g->dag->nodes[by_position[i]];

        g->dag->visits++;
        if (node->named != NULL)
            finding_add(g->findings, FINDING_DUPLICATE, node->place,
                        (const char *[]){node->node_id, node->named}, 2,
                        "Node key '%s' does not match node_id '%s'", node->node_id, node->named);
    }
}

static void check_missing_of(struct graph *g, const struct dag_node *node)
{
    size_t i;
    json_t *item;

    if (node->dep_count == json_array_size(node->depends_on)) {
        g->dag->visits += node->dep_count; /* each was found, and none twice */
        return;
    }
    json_array_foreach(node->depends_on, i, item)
    {
        const char *dep = json_string_value(item);

        g->dag->visits++;
        if (dag_find(g->dag, dep) == NULL)
            finding_add(g->findings, FINDING_MISSING, places_find(g->places, item, NULL),
                        (const char *[]){node->node_id, dep}, 2,
                        "Node '%s' depends on '%s' which does not exist in the DAG", node->node_id,
                        dep);
    }
}

static void check_missing(struct graph *g)
{
    for (size_t i = 0; i < g->dag->node_count; i++)
        check_missing_of(g, &g->dag->nodes[i]);
}

/* ---- cycle ----------------------------------------------------------------------------------- */

enum color { WHITE, GREY, BLACK };

struct frame {
    uint32_t node;
    uint32_t next; /* of its dependents */
};

struct search {
    struct graph *g;
    struct frame *stack;
    uint32_t depth;
    uint8_t *colors;
    uint32_t *heights; /* where a grey node stands on the stack */
};

static void push(struct search *s, uint32_t node)
{
    s->colors[node] = GREY;
    s->heights[node] = s->depth;
    s->stack[s->depth++] = (struct frame){node, 0};
    s->g->dag->visits++;
}

/* The closed path from the revisited node over the stack's top and back. */
static void add_cycle(struct search *s, uint32_t revisited)
{
    const struct dag *dag = s->g->dag;
    uint32_t from = s->heights[revisited], count = s->depth - from + 1;
    auto_mem const char **path = NULL;
    auto_done(buf) text = {0};

    if (finding_overflows(s->g->findings))
        return;
    path = mem_array(count, const char *);
    for (uint32_t i = 0; i + 1 < count; i++) {
        path[i] = dag->nodes[s->stack[from + i].node].node_id;
        buf_addf(&text, "%s -> ", path[i]);
    }
    path[count - 1] = dag->nodes[revisited].node_id;
    finding_add(s->g->findings, FINDING_CYCLE, deps_place(s->g, &dag->nodes[revisited]), path,
                count, "Cycle detected: %s%s", buf_text(&text), path[count - 1]);
}

static void search_step(struct search *s)
{
    struct frame *top = &s->stack[s->depth - 1];
    const struct dag_node *node = &s->g->dag->nodes[top->node];
    uint32_t next;

    if (top->next == node->dependent_count) {
        s->colors[top->node] = BLACK;
        s->depth--;
        return;
    }
    next = node->dependents[top->next++];
    s->g->dag->visits++;
    if (s->colors[next] == WHITE)
        push(s, next);
    else if (s->colors[next] == GREY)
        add_cycle(s, next);
}

static void check_cycles(struct graph *g)
{
    size_t count = g->dag->node_count;
    auto_mem struct frame *stack = mem_array(count + 1, struct frame);
    auto_mem uint8_t *colors = mem_array(count + 1, uint8_t);
    auto_mem uint32_t *heights = mem_array(count + 1, uint32_t);
    struct search s = {.g = g, .stack = stack, .colors = colors, .heights = heights};

    for (uint32_t i = 0; i < count; i++) {
        if (colors[i] == WHITE)
            push(&s, i);
        while (s.depth > 0)
            search_step(&s);
    }
}

/* ---- unreachable, empty ---------------------------------------------------------------------- */

static void reach_from(struct graph *g, uint32_t *queue, bool *reached, uint32_t queued)
{
    for (uint32_t taken = 0; taken < queued; taken++) {
        const struct dag_node *node = &g->dag->nodes[queue[taken]];

        g->dag->visits += 1 + node->dependent_count;
        for (uint32_t d = 0; d < node->dependent_count; d++) {
            if (reached[node->dependents[d]])
                continue;
            reached[node->dependents[d]] = true;
            queue[queued++] = node->dependents[d];
        }
    }
}

static void check_reachable(struct graph *g)
{
    auto_mem uint32_t *queue = mem_array(g->dag->node_count + 1, uint32_t);
    auto_mem bool *reached = mem_array(g->dag->node_count + 1, bool);
    uint32_t roots = 0;

    for (uint32_t i = 0; i < g->dag->node_count; i++) {
        reached[i] = g->dag->nodes[i].dep_count == 0;
        if (reached[i])
            queue[roots++] = i;
    }
    reach_from(g, queue, reached, roots);
    for (uint32_t i = 0; i < g->dag->node_count; i++) {
        const struct dag_node *node = &g->dag->nodes[i];

        if (!reached[i])
            finding_add(g->findings, FINDING_UNREACHABLE, node->place, &node->node_id, 1,
                        "Node '%s' is unreachable from any root node", node->node_id);
    }
}

void graph_check(struct dag *dag, const struct places *places, struct dag_findings *findings)
{
    struct graph g = {dag, places, findings};

    /* Nodes that could not be taken at all (too many, not an object) were a finding already. */
    if (dag->node_count == 0 && json_object_size(json_object_get(dag->doc, "nodes")) == 0)
        finding_add(findings, FINDING_EMPTY_DAG, (struct json_place){0, 0}, NULL, 0,
                    "The DAG has no nodes");
    check_self(&g);
    check_named(&g);
    check_missing(&g);
    check_cycles(&g);
    check_reachable(&g);
}

/* ---- levels ---------------------------------------------------------------------------------- */

/* Takes one layer off: appends to order what the layer's nodes were the last dependency of. */
static uint32_t release(struct dag *dag, struct dag_level layer, uint32_t *waiting, uint32_t end)
{
    for (uint32_t i = layer.first; i < layer.first + layer.count; i++) {
        const struct dag_node *node = &dag->nodes[dag->order[i]];

        dag->visits += 1 + node->dependent_count;
        for (uint32_t d = 0; d < node->dependent_count; d++) {
            if (--waiting[node->dependents[d]] == 0)
                dag->order[end++] = node->dependents[d];
        }
    }
    return end;
}

static void add_level(struct dag *dag, uint32_t first, uint32_t count)
{
    qsort(dag->order + first, count, sizeof(uint32_t), by_number);
    for (uint32_t i = first; i < first + count; i++)
        dag->nodes[dag->order[i]].level = (uint32_t)dag->level_count;
    dag->levels[dag->level_count++] = (struct dag_level){first, count};
}

void graph_levels(struct dag *dag)
{
    auto_mem uint32_t *waiting = mem_array(dag->node_count + 1, uint32_t);
    uint32_t end = 0, first = 0;

    dag->order = mem_array(dag->node_count + 1, uint32_t);
    dag->levels = mem_array(dag->node_count + 1, struct dag_level);
    for (uint32_t i = 0; i < dag->node_count; i++) {
        waiting[i] = dag->nodes[i].dep_count;
        if (waiting[i] == 0)
            dag->order[end++] = i;
    }
    while (first < end) {
        uint32_t count = end - first;

        add_level(dag, first, count);
        end = release(dag, dag->levels[dag->level_count - 1], waiting, end);
        first += count;
    }
}
