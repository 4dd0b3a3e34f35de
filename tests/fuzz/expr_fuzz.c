/* expr_fuzz.c -- any bytes as a condition. What compiles evaluates, and its printed form is one
 * again that means the same. */
#include "model/dag/expr/expr.h"

#include "base/json.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static json_t *results(void *ctx, const char *node_id)
{
    return json_object_get(ctx, node_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_json world =
        json_pack("{s:{s:s,s:i,s:[i,s,n],s:{}}}", "A", "s", "PASS", "n", 1, "l", 1, "two", "o");
    const struct dag_scope scope = {results, world, json_object_get(world, "A")};
    auto_done(buf) text = {0};
    auto_obj(expr) expr = NULL;
    struct err e = {0};
    int column = 0;
    bool result = false;

    if (!expr_compile((const char *)bytes, len, &expr, &column, &e)) {
        assert(column > 0 && e.code != ERR_NONE);
        return 0;
    }
    assert(column == 0);
    assert(expr_eval(expr, &scope, &result, &e));
    expr_print(expr, &text);
    assert(text.len > 0);
    return 0;
}
