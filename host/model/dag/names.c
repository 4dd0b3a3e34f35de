/* names.c -- see names.h. */
#include "model/dag/names.h"

#include "base/limits.h"
#include "base/mem.h"
#include "model/dag/expr/path.h"

#include <string.h>

/* Fixed words of /dags/{dag_id} and /dags/{dag_id}/{version}; a test of the routes holds them. */
static const char *const dag_id_words[] = {"import", NULL};
static const char *const version_words[] = {"validate", "execute", "export", "visualize", NULL};
#define VERSION_VERB ":disable"

static bool is_word(const char *text, const char *const *words)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

/* NULL: a path can name it. */
static const char *fault_of(const char *text, const char *const *words)
{
    if (*text == '\0')
        return "is empty";
    if (strlen(text) > NODE_ID_BYTES_MAX)
        return "is longer than 128 bytes";
    if (strchr(text, '/') != NULL)
        return "has a slash";
    if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return "is a step in a path";
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F)
            return "has a control character";
    }
    return is_word(text, words) ? "is a word of the API's paths" : NULL;
}

static void check(struct dag_findings *findings, const char *what, const char *text,
                  const char *const *words, const struct dag_node *node)
{
    const char *fault = fault_of(text, words);
    const struct json_place nowhere = {0};

    if (fault != NULL)
        finding_add(findings, FINDING_BAD_FIELD, node != NULL ? node->place : nowhere,
                    node != NULL ? &node->node_id : NULL, node != NULL ? 1 : 0,
                    "%s '%.64s' %s, so no request could name it", what, text, fault);
}

static bool has_verb(const char *version)
{
    size_t len = strlen(version), verb = strlen(VERSION_VERB);

    return len >= verb && strcmp(version + len - verb, VERSION_VERB) == 0;
}

void dag_check_names(const struct dag *dag, struct dag_findings *findings)
{
    size_t before = findings->count;

    check(findings, "dag_id", dag->dag_id, dag_id_words, NULL);
    check(findings, "version", dag->version, version_words, NULL);
    if (has_verb(dag->version))
        finding_add(findings, FINDING_BAD_FIELD, (struct json_place){0}, NULL, 0,
                    "version '%.64s' ends like a verb of the API's paths, so no request could name "
                    "it",
                    dag->version);
    for (size_t i = 0; i < dag->node_count; i++)
        check(findings, "node id", dag->nodes[i].node_id, NULL, &dag->nodes[i]);
    if (findings->count > before)
        findings_finish(findings);
}

void dag_check_kept(const struct dag *dag, struct dag_findings *findings)
{
    if (strncmp(dag->dag_id, DAG_OF_LANE, strlen(DAG_OF_LANE)) != 0)
        return;
    finding_add(findings, FINDING_BAD_FIELD, (struct json_place){0}, NULL, 0,
                "dag_id '%.64s' begins with '" DAG_OF_LANE
                "', which is kept for the tasks of lanes",
                dag->dag_id);
    findings_finish(findings);
}

/* ---- mappings ---- */

/* NULL: it may lead to a value. */
static char *nothing_there(const struct dag *dag, const char *path)
{
    size_t root = strcspn(path, ".");
    auto_mem char *node_id = NULL;

    if (strncmp(path, "input", root) == 0 && root == strlen("input"))
        return NULL;
    if (strncmp(path, "results", root) != 0 || root != strlen("results") || path[root] == '\0')
        return mem_printf("'%.64s' begins with neither 'input' nor 'results.NODE'", path);
    node_id = mem_strn(path + root + 1, strcspn(path + root + 1, "."));
    if (dag_find(dag, node_id) != NULL)
        return NULL;
    return mem_printf("'%.64s' names no node of this definition", path);
}

json_t *dag_warnings_owned(const struct dag *dag)
{
    json_t *list = json_array();

    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[i];

        for (size_t k = 0; k < node->mapping_count; k++) {
            const char *path = path_text(node->mappings[k].path);
            auto_mem char *why = nothing_there(dag, path);

            if (why == NULL)
                continue;
            if (json_array_size(list) == DAG_WARNINGS_MAX)
                return list;
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s+}", "node_id", node->node_id,
                                                  "target", node->mappings[k].target, "path", path,
                                                  "message", why, ": it is null in every run"));
        }
    }
    return list;
}
