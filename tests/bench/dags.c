/* dags.c -- see dags.h. */
#include "dags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER = 50, ERROR_BYTES = 710, CLASS_BYTES = 60 };

static json_t *node(json_t *depends_on, const char *isolation)
{
    return json_pack("{s:s, s:o, s:s, s:{s:{}}}", "agent_id", "conformance.stub", "depends_on",
                     depends_on, "isolation", isolation, "config", "return");
}

static json_t *dag_of(const char *id, json_t *nodes)
{
    return json_pack("{s:s, s:s, s:o, s:i}", "dag_id", id, "name", id, "nodes", nodes,
                     "max_parallel_nodes", LAYER);
}

json_t *dag_chain(const char *id, int length, const char *isolation)
{
    json_t *nodes = json_object();
    char name[32], before[32] = "";

    for (int i = 0; i < length; i++) {
        json_t *deps = json_array();

        if (i > 0)
            json_array_append_new(deps, json_string(before));
        snprintf(name, sizeof name, "n%04d", i);
        json_object_set_new(nodes, name, node(deps, isolation));
        memcpy(before, name, sizeof before);
    }
    return dag_of(id, nodes);
}

/* A word of this many letters. */
static json_t *word(size_t letters)
{
    char text[ERROR_BYTES];

    memset(text, 'x', letters);
    return json_stringn(text, letters);
}

json_t *dag_fails(const char *id)
{
    static const char node_id[] = "a-node-of-a-long-name-which-is-in-each-of-its-events-once-or-"
                                  "twice-so-that-they-are-longer";
    json_t *nodes = json_object();

    json_object_set_new(nodes, node_id,
                        json_pack("{s:s, s:{s:i}, s:{s:i, s:o, s:o}}", "agent_id",
                                  "conformance.stub", "retry_policy", "max_retries", 0, "config",
                                  "fail_times", 1, "error_message", word(ERROR_BYTES),
                                  "error_class", word(CLASS_BYTES)));
    return dag_of(id, nodes);
}

/* The two parents of node i, where it is not in the first layer. */
static int parent(int i, int which)
{
    return which == 0 ? i - LAYER : i / LAYER * LAYER - LAYER + (i + 1) % LAYER;
}

json_t *dag_layers(const char *id, int nodes, const char *isolation)
{
    json_t *all = json_object();

    for (int i = 0; i < nodes; i++) {
        json_t *deps = json_array();
        char name[32];

        for (int which = 0; which < 2 && i >= LAYER; which++)
            json_array_append_new(deps, json_sprintf("n%04d", parent(i, which)));
        snprintf(name, sizeof name, "n%04d", i);
        json_object_set_new(all, name, node(deps, isolation));
    }
    return dag_of(id, all);
}

void dag_layers_makefile(const char *path, int nodes)
{
    FILE *out = fopen(path, "w");

    if (out == NULL) {
        perror(path);
        exit(1);
    }
    fputs("all:", out);
    for (int i = 0; i < nodes; i++)
        fprintf(out, " n%04d", i);
    fputs("\n.PHONY: all\n", out);
    for (int i = 0; i < nodes; i++) {
        fprintf(out, ".PHONY: n%04d\nn%04d:", i, i);
        for (int which = 0; which < 2 && i >= LAYER; which++)
            fprintf(out, " n%04d", parent(i, which));
        fputs("\n\t@true\n", out);
    }
    fclose(out);
}
