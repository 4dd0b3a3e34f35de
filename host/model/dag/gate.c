/* gate.c -- see gate.h. */
#include "model/dag/gate.h"

#include "base/json.h"
#include "base/mem.h"
#include "model/dag/words.h"

#include <assert.h>

void gate_key_done(struct gate_key *key)
{
    expr_free(key->expr);
}

const char *on_conflict_text(enum on_conflict on_conflict)
{
    assert(on_conflict > ON_CONFLICT_INVALID && on_conflict < ON_CONFLICT_COUNT);
    return on_conflict_words[on_conflict];
}

/* No node has run yet. */
static json_t *no_results(void *ctx unused_arg, const char *node_id unused_arg)
{
    return NULL;
}

bool gate_key_text(const struct gate_key *key, json_t *input, const char *what, char **ret,
                   struct err *e)
{
    const struct dag_scope scope = {no_results, NULL, input};
    auto_json value = NULL;
    auto_done(buf) text = {0};

    if (key->expr == NULL) {
        *ret = mem_str("");
        return true;
    }
    if (!expr_value(key->expr, &scope, &value, e))
        return err_wrap(e, "%s", what);
    if (!json_is_string(value) && !json_is_number(value) && !json_is_boolean(value))
        return err_set(
            e, ERR_INVALID,
            "%s, '%s', yields %s for this input: it must be text, a number, true or false", what,
            key->text, json_type_name(value));
    if (!jcs_write(value, &text, e))
        return err_wrap(e, "%s", what);
    if (text.len > GATE_KEY_BYTES_MAX)
        return err_set(e, ERR_INVALID, "%s has %zu bytes for this input, at most %d are taken",
                       what, text.len, GATE_KEY_BYTES_MAX);
    *ret = buf_take(&text);
    return true;
}
