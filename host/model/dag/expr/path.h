/* path.h -- the path language of greenlang 1.6: `results.<node>[.<key>...]`, `input[.<key>...]`.
 *
 * Split at dots; no escapes, no list indexes. Anything unresolved is null, except that
 * `results.<node without a result>` with no key is {}. A path owns its text; it is immutable and
 * may be used from several threads. */
#ifndef ORCH_MODEL_DAG_EXPR_PATH_H
#define ORCH_MODEL_DAG_EXPR_PATH_H

#include "base/auto.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct path;

/* What an evaluation sees. results gives a node's stored outputs, borrowed, or NULL when the node
 * has none; it is called with ctx. input is the run's input. */
struct dag_scope {
    json_t *(*results)(void *ctx, const char *node_id);
    void *ctx;
    json_t *input;
};

/* Every non-empty text is a path: one with an unknown root resolves to null. */
struct path *path_new(const char *text, size_t len) must_check;
void path_free(struct path *path);
DEFINE_AUTO(path)

const char *path_text(const struct path *path);

/* Never NULL; the caller owns the reference. */
json_t *path_resolve_owned(const struct path *path, const struct dag_scope *scope) must_check;
/* True when the path leads to a value, even to null; false where path_resolve fills in. */
bool path_exists(const struct path *path, const struct dag_scope *scope);

#endif
