/* tree.c -- the compiled form: nodes, names and the printer. */
#include "model/dag/expr/tree.h"

#include "base/json.h"
#include "base/mem.h"
#include "model/dag/expr/expr.h"

#include <assert.h>

static const char *const function_texts[FN_COUNT] = {
    [FN_SIZE] = "size",          [FN_HAS] = "has",           [FN_STARTS_WITH] = "startsWith",
    [FN_ENDS_WITH] = "endsWith", [FN_CONTAINS] = "contains",
};

static const char *const operator_texts[EXPR_KIND_COUNT] = {
    [EXPR_NOT] = "!", [EXPR_AND] = "&&", [EXPR_OR] = "||", [EXPR_EQ] = "==", [EXPR_NE] = "!=",
    [EXPR_LT] = "<",  [EXPR_LE] = "<=",  [EXPR_GT] = ">",  [EXPR_GE] = ">=", [EXPR_IN] = "in",
};

struct expr_node *expr_node_new(enum expr_kind kind)
{
    struct expr_node *node = mem_new(struct expr_node);

    node->kind = kind;
    return node;
}

/* Recursion is bounded by EXPR_DEPTH_MAX. */
void expr_node_free(struct expr_node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->child_count; i++)
        expr_node_free(node->children[i]);
    free(node->children);
    json_decref(node->constant);
    path_free(node->path);
    free(node);
}

void expr_node_add_take(struct expr_node *node, struct expr_node **child)
{
    node->children = mem_resize(node->children, node->child_count + 1, sizeof(struct expr_node *));
    node->children[node->child_count++] = take(*child);
}

const char *expr_function_text(enum expr_function function)
{
    assert(function > FN_INVALID && function < FN_COUNT);
    return function_texts[function];
}

const char *expr_operator_text(enum expr_kind kind)
{
    assert(operator_texts[kind] != NULL);
    return operator_texts[kind];
}

static void print_node(const struct expr_node *node, struct buf *b);

static void print_children(const struct expr_node *node, struct buf *b, const char *between)
{
    for (size_t i = 0; i < node->child_count; i++) {
        if (i > 0)
            buf_adds(b, between);
        print_node(node->children[i], b);
    }
}

static void print_operator(const struct expr_node *node, struct buf *b)
{
    auto_mem char *between = mem_printf(" %s ", expr_operator_text(node->kind));

    buf_addc(b, '(');
    print_children(node, b, between);
    buf_addc(b, ')');
}

static void print_choice(const struct expr_node *node, struct buf *b)
{
    buf_addc(b, '(');
    print_node(node->children[0], b);
    buf_adds(b, " ? ");
    print_node(node->children[1], b);
    buf_adds(b, " : ");
    print_node(node->children[2], b);
    buf_addc(b, ')');
}

static void print_node(const struct expr_node *node, struct buf *b)
{
    switch (node->kind) {
    case EXPR_CONST:
        json_add_compact(b, node->constant);
        return;
    case EXPR_PATH:
        buf_adds(b, path_text(node->path));
        return;
    case EXPR_LIST:
        buf_addc(b, '[');
        print_children(node, b, ", ");
        buf_addc(b, ']');
        return;
    case EXPR_CALL:
        buf_addf(b, "%s(", expr_function_text(node->function));
        print_children(node, b, ", ");
        buf_addc(b, ')');
        return;
    case EXPR_NOT:
        buf_addc(b, '!');
        print_node(node->children[0], b);
        return;
    case EXPR_CHOICE:
        print_choice(node, b);
        return;
    default:
        print_operator(node, b);
    }
}

void expr_print(const struct expr *expr, struct buf *b)
{
    print_node(expr->root, b);
}

void expr_free(struct expr *expr)
{
    if (expr == NULL)
        return;
    expr_node_free(expr->root);
    free(expr);
}
