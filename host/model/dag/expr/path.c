/* path.c -- see path.h. */
#include "model/dag/expr/path.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct path {
    char *text;
    char *split;           /* the text again, each dot a NUL */
    const char **segments; /* borrowed from split */
    size_t count;
};

enum path_root { ROOT_NONE, ROOT_RESULTS, ROOT_INPUT };

struct path *path_new(const char *text, size_t len)
{
    struct path *path = mem_new(struct path);
    char *at;

    assert(len > 0);
    path->text = mem_strn(text, len);
    path->split = mem_strn(text, len);
    path->count = 1;
    for (size_t i = 0; i < len; i++)
        path->count += text[i] == '.' ? 1 : 0;
    path->segments = mem_array(path->count, const char *);
    at = path->split;
    for (size_t i = 0; i < path->count; i++)
        path->segments[i] = strsep(&at, ".");
    return path;
}

void path_free(struct path *path)
{
    if (path == NULL)
        return;
    free(path->text);
    free(path->split);
    free(path->segments);
    free(path);
}

const char *path_text(const struct path *path)
{
    return path->text;
}

static enum path_root root_of(const struct path *path)
{
    if (strcmp(path->segments[0], "input") == 0)
        return ROOT_INPUT;
    if (strcmp(path->segments[0], "results") == 0 && path->count > 1)
        return ROOT_RESULTS;
    return ROOT_NONE;
}

/* Borrowed; NULL where the path leads nowhere. A step into anything but an object is NULL. */
static json_t *walk(const struct path *path, const struct dag_scope *scope)
{
    enum path_root root = root_of(path);
    json_t *at = NULL;

    if (root == ROOT_INPUT)
        at = scope->input;
    else if (root == ROOT_RESULTS)
        at = scope->results(scope->ctx, path->segments[1]);
    for (size_t i = root == ROOT_RESULTS ? 2 : 1; at != NULL && i < path->count; i++)
        at = json_object_get(at, path->segments[i]);
    return at;
}

json_t *path_resolve_owned(const struct path *path, const struct dag_scope *scope)
{
    json_t *found = walk(path, scope);

    if (found != NULL)
        return json_incref(found);
    if (root_of(path) == ROOT_RESULTS && path->count == 2)
        return json_object();
    return json_null();
}

bool path_exists(const struct path *path, const struct dag_scope *scope)
{
    return walk(path, scope) != NULL;
}
