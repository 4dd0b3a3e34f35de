/* eval.c -- evaluation: every value is a JSON value, every step is counted. */
#include "model/dag/expr/expr.h"

#include "base/json.h"
#include "model/dag/expr/tree.h"

#include <assert.h>
#include <string.h>

enum { TEXT_BYTES_A_STEP = 64 };

struct eval {
    const struct dag_scope *scope;
    size_t steps_left;
    bool exhausted;
};

static json_t *eval_owned(struct eval *ev, const struct expr_node *node) must_check;
static bool equal(struct eval *ev, const json_t *a, const json_t *b);

/* False when the bound is met; whatever is computed from then on is thrown away. */
static bool spend(struct eval *ev, size_t steps)
{
    if (steps > ev->steps_left) {
        ev->exhausted = true;
        ev->steps_left = 0;
        return false;
    }
    ev->steps_left -= steps;
    return true;
}

static bool spend_text(struct eval *ev, const json_t *text)
{
    return spend(ev, json_string_length(text) / TEXT_BYTES_A_STEP + 1);
}

static bool truth(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_object_size(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return json_real_value(value) != 0;
    default:
        return json_is_true(value);
    }
}

/* Booleans count as 0 and 1, as in Python. */
static bool number(const json_t *value, double *ret)
{
    if (json_is_boolean(value))
        *ret = json_is_true(value) ? 1 : 0;
    else if (json_is_number(value))
        *ret = json_number_value(value); /* exact: integers stay within 2^53 (base/json.h) */
    else
        return false;
    return true;
}

static bool equal_arrays(struct eval *ev, const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!equal(ev, json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

static bool equal_objects(struct eval *ev, const json_t *a, const json_t *b)
{
    const char *key;
    json_t *member;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)a, key, member)
    {
        const json_t *other = json_object_get(b, key);

        if (other == NULL || !equal(ev, member, other))
            return false;
    }
    return true;
}

/* Recursion is bounded by the depth that base/json.h lets in, and by the steps. */
static bool equal(struct eval *ev, const json_t *a, const json_t *b)
{
    double x, y;

    if (!spend(ev, 1))
        return false;
    if (number(a, &x) && number(b, &y))
        return x == y;
    if (json_is_string(a) && json_is_string(b))
        return json_string_length(a) == json_string_length(b) && spend_text(ev, a) &&
               json_equal(a, b) == 1;
    if (json_is_array(a) && json_is_array(b))
        return equal_arrays(ev, a, b);
    if (json_is_object(a) && json_is_object(b))
        return equal_objects(ev, a, b);
    return json_is_null(a) && json_is_null(b);
}

/* -1, 0 or 1; false for values that have no order. UTF-8 bytes sort as code points do. */
static bool order(struct eval *ev, const json_t *a, const json_t *b, int *ret)
{
    double x, y;

    if (number(a, &x) && number(b, &y)) {
        *ret = (x > y) - (x < y);
        return true;
    }
    if (!json_is_string(a) || !json_is_string(b) || !spend_text(ev, a))
        return false;
    *ret = strcmp(json_string_value(a), json_string_value(b));
    return true;
}

static bool ordered(struct eval *ev, enum expr_kind kind, const json_t *a, const json_t *b)
{
    int sign;

    if (!order(ev, a, b, &sign))
        return false;
    switch (kind) {
    case EXPR_LT:
        return sign < 0;
    case EXPR_LE:
        return sign <= 0;
    case EXPR_GT:
        return sign > 0;
    default:
        assert(kind == EXPR_GE);
        return sign >= 0;
    }
}

static bool member_of(struct eval *ev, const json_t *value, const json_t *of)
{
    if (json_is_object(of))
        return json_is_string(value) && json_object_get(of, json_string_value(value)) != NULL;
    for (size_t i = 0; i < json_array_size(of); i++) {
        if (equal(ev, value, json_array_get(of, i)))
            return true;
    }
    return false;
}

static json_t *relation_owned(struct eval *ev, const struct expr_node *node)
{
    auto_json left = eval_owned(ev, node->children[0]);
    auto_json right = eval_owned(ev, node->children[1]);

    switch (node->kind) {
    case EXPR_EQ:
        return json_boolean(equal(ev, left, right));
    case EXPR_NE:
        return json_boolean(!equal(ev, left, right));
    case EXPR_IN:
        return json_boolean(member_of(ev, left, right));
    default:
        return json_boolean(ordered(ev, node->kind, left, right));
    }
}

static size_t code_points(const json_t *text)
{
    const char *bytes = json_string_value(text);
    size_t count = 0;

    for (size_t i = 0; i < json_string_length(text); i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80 ? 1 : 0;
    return count;
}

static json_t *size_owned(struct eval *ev, const json_t *value)
{
    if (json_is_string(value) && spend_text(ev, value))
        return json_integer((json_int_t)code_points(value));
    if (json_is_array(value))
        return json_integer((json_int_t)json_array_size(value));
    if (json_is_object(value))
        return json_integer((json_int_t)json_object_size(value));
    return json_null();
}

static bool text_test(struct eval *ev, enum expr_function function, const json_t *text,
                      const json_t *part)
{
    const char *in = json_string_value(text), *what = json_string_value(part);
    size_t in_len = json_string_length(text), what_len = json_string_length(part);

    if (in == NULL || what == NULL || what_len > in_len || !spend_text(ev, text))
        return false;
    if (function == FN_STARTS_WITH)
        return memcmp(in, what, what_len) == 0;
    if (function == FN_ENDS_WITH)
        return memcmp(in + in_len - what_len, what, what_len) == 0;
    assert(function == FN_CONTAINS);
    return memmem(in, in_len, what, what_len) != NULL;
}

static json_t *call_owned(struct eval *ev, const struct expr_node *node)
{
    auto_json first = NULL;
    auto_json second = NULL;

    if (node->function == FN_HAS)
        return json_boolean(path_exists(node->children[0]->path, ev->scope));
    first = eval_owned(ev, node->children[0]);
    if (node->function == FN_SIZE)
        return size_owned(ev, first);
    second = eval_owned(ev, node->children[1]);
    return json_boolean(text_test(ev, node->function, first, second));
}

static bool truth_of(struct eval *ev, const struct expr_node *node)
{
    auto_json value = eval_owned(ev, node);

    return truth(value);
}

/* Stops at the first operand that decides. */
static json_t *joined_owned(struct eval *ev, const struct expr_node *node)
{
    bool decides = node->kind == EXPR_OR;

    for (size_t i = 0; i < node->child_count; i++) {
        if (truth_of(ev, node->children[i]) == decides)
            return json_boolean(decides);
    }
    return json_boolean(!decides);
}

static json_t *list_owned(struct eval *ev, const struct expr_node *node)
{
    json_t *list = json_array();

    for (size_t i = 0; i < node->child_count; i++)
        json_array_append_new(list, eval_owned(ev, node->children[i]));
    return list;
}

/* Never NULL. Recursion is bounded by EXPR_DEPTH_MAX. */
static json_t *eval_owned(struct eval *ev, const struct expr_node *node)
{
    if (!spend(ev, 1))
        return json_null();
    switch (node->kind) {
    case EXPR_CONST:
        return json_incref(node->constant);
    case EXPR_PATH:
        return path_resolve_owned(node->path, ev->scope);
    case EXPR_LIST:
        return list_owned(ev, node);
    case EXPR_CALL:
        return call_owned(ev, node);
    case EXPR_NOT:
        return json_boolean(!truth_of(ev, node->children[0]));
    case EXPR_AND:
    case EXPR_OR:
        return joined_owned(ev, node);
    case EXPR_CHOICE:
        return eval_owned(ev, node->children[truth_of(ev, node->children[0]) ? 1 : 2]);
    default:
        return relation_owned(ev, node);
    }
}

bool expr_eval(const struct expr *expr, const struct dag_scope *scope, bool *ret, struct err *e)
{
    struct eval ev = {.scope = scope, .steps_left = EXPR_STEPS_MAX};
    bool result = truth_of(&ev, expr->root);

    if (ev.exhausted)
        return err_set(e, ERR_LIMIT, "the condition took more than %u steps", EXPR_STEPS_MAX);
    *ret = result;
    return true;
}

bool expr_value(const struct expr *expr, const struct dag_scope *scope, json_t **ret, struct err *e)
{
    struct eval ev = {.scope = scope, .steps_left = EXPR_STEPS_MAX};
    auto_json value = eval_owned(&ev, expr->root);

    if (ev.exhausted)
        return err_set(e, ERR_LIMIT, "the expression took more than %u steps", EXPR_STEPS_MAX);
    *ret = take(value);
    return true;
}
