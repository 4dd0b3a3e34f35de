/* load_gate.c -- concurrency and debounce of a definition. */
#include "model/dag/source/load.h"

#include "model/dag/words.h"

#include <stddef.h>

static void load_key(struct loader *l, void *target, const char *key, json_t *value);

#define KEY_FORM .form = "an expression", .schema = "{\"type\": \"string\", \"minLength\": 1}"

#define AT(member) offsetof(struct concurrency, member)
const struct field concurrency_fields[] = {
    {.name = "key",
     FIELD_CUSTOM,
     AT(key),
     .load = load_key,
     KEY_FORM,
     .help = "Over `input`; runs with the same value share the limit. Not given: all runs of the "
             "DAG do."},
    {.name = "limit",
     FIELD_UINT32,
     AT(limit),
     1,
     CONCURRENCY_MAX,
     .absent = "1",
     .help = "So many runs of a key at once."},
    {.name = "on_conflict",
     FIELD_WORD,
     AT(on_conflict),
     .words = on_conflict_words,
     .absent = "\"queue\"",
     .help = "What becomes of a start that finds the limit reached."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct debounce, member)
const struct field debounce_fields[] = {
    {.name = "key",
     FIELD_CUSTOM,
     AT(key),
     .load = load_key,
     KEY_FORM,
     .help = "Over `input`; starts with the same value become one run. Not given: all starts of "
             "the DAG do."},
    {.name = "period",
     FIELD_NUMBER,
     AT(period_s),
     0.001,
     DEBOUNCE_S_MAX,
     .help = "Seconds; required. The run begins so long behind the last start."},
    {.name = "max_wait",
     FIELD_NUMBER,
     AT(max_wait_s),
     0.001,
     DEBOUNCE_S_MAX,
     .help = "Seconds; and at most so long behind the first. Not given: as long as starts follow."},
    {0},
};
#undef AT

static void load_key(struct loader *l, void *target, const char *key, json_t *value)
{
    struct gate_key *gate = target;
    struct err e = {0};
    int column;

    if (!json_is_string(value) || json_string_length(value) == 0) {
        load_wrong(l, key, value, "an expression");
        return;
    }
    gate->text = json_string_value(value);
    if (!expr_compile(gate->text, json_string_length(value), &gate->expr, &column, &e))
        finding_add(l->findings, FINDING_BAD_CONDITION, places_find(&l->source->places, value, key),
                    NULL, 0, "%s.%s, column %d: %s", l->within, key, column, e.msg);
}

static bool load_object(struct loader *l, const struct field *fields, const char *key,
                        json_t *value, void *target)
{
    struct loader inner = *l;

    if (!json_is_object(value)) {
        load_wrong(l, key, value, "an object");
        return false;
    }
    inner.within = key;
    load_fields(&inner, fields, value, target);
    return true;
}

void load_concurrency(struct loader *l, void *target, const char *key, json_t *value)
{
    struct concurrency *concurrency = target;

    concurrency->limit = 1;
    concurrency->on_conflict = ON_CONFLICT_QUEUE;
    (void)load_object(l, concurrency_fields, key, value, concurrency);
}

void load_debounce(struct loader *l, void *target, const char *key, json_t *value)
{
    struct debounce *debounce = target;
    json_t *period = json_object_get(value, "period");

    if (!load_object(l, debounce_fields, key, value, debounce))
        return;
    if (period == NULL || json_is_null(period))
        load_wrong(l, key, value, "an object with a period");
    else if (debounce->max_wait_s > 0 && debounce->max_wait_s < debounce->period_s)
        load_wrong(l, key, value, "an object whose max_wait is not below its period");
}
