/* input.c -- what a node gets and gives. See internal.h. */
#include "model/run/internal.h"

#include <assert.h>

static void put_owned(json_t *object, const char *key, json_t *value)
{
    int bad = json_object_set_new_nocheck(object, key, value);

    assert(bad == 0); /* ids are UTF-8 and memory does not fail (base/mem.h) */
}

/* A node sees completed nodes of lower levels. Which of its own level have ended depends on
 * timing, and what a node gets must not. */
static json_t *results(void *arg, const char *node_id)
{
    const struct node_scope *ctx = arg;
    const struct dag_node *node = dag_find(ctx->run->dag, node_id);

    if (node == NULL || node->level >= ctx->level)
        return NULL;
    return ctx->run->steps[dag_index(ctx->run->dag, node)].outputs;
}

struct dag_scope scope_of(struct node_scope *ctx)
{
    return (struct dag_scope){.results = results, .ctx = ctx, .input = ctx->run->input};
}

static json_t *mapped_input(const struct run *run, const struct dag_node *node)
{
    struct node_scope ctx = {run, node->level};
    struct dag_scope scope = scope_of(&ctx);
    json_t *input = json_object();

    for (size_t i = 0; i < node->mapping_count; i++)
        put_owned(input, node->mappings[i].target,
                  path_resolve_owned(node->mappings[i].path, &scope));
    return input;
}

json_t *input_for_node_owned(const struct run *run, uint32_t index)
{
    const struct dag_node *node = &run->dag->nodes[index];

    if (node->mapping_count > 0)
        return mapped_input(run, node);
    if (run->opt.input_as_is)
        return json_incref(run->input);
    json_t *input = json_object();

    put_owned(input, "_input", json_incref(run->input));
    for (uint32_t i = 0; i < node->dep_count; i++) {
        const struct step *dep = &run->steps[node->deps[i]];

        if (dep->outputs != NULL)
            put_owned(input, run->dag->nodes[dep->node].node_id, json_incref(dep->outputs));
    }
    return input;
}

static json_t *first_failed(const struct run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        uint32_t node = run->dag->order[i];

        if (run->steps[node].state == NODE_FAILED)
            return json_string(run->dag->nodes[node].node_id);
    }
    return json_null(); /* the run's own timeout */
}

json_t *input_for_handler_owned(const struct run *run, uint32_t node)
{
    json_t *input = json_object();

    put_owned(input, "original_input", json_incref(run->steps[node].outputs));
    put_owned(input, "failed_node", first_failed(run));
    return input;
}

json_t *outputs_wrap_owned(json_t *value)
{
    if (json_is_object(value))
        return json_incref(value);
    json_t *wrapped = json_object();

    put_owned(wrapped, "result", value != NULL ? json_incref(value) : json_null());
    return wrapped;
}

void outputs_wrap_text(const json_t *value, struct buf *text)
{
    struct json_member result = {"result", buf_text(text)};
    struct buf wrapped = {0};

    if (json_is_object(value))
        return;
    json_add_members(&wrapped, &result, 1);
    buf_done(text);
    *text = wrapped;
}
