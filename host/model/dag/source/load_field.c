/* load_field.c -- the engine behind the tables. See load.h. */
#include "model/dag/source/load.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/dag/words.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { FIELDS_MAX = 32 };

/* "Node 'A': retry_policy.strategy", "Node 'A'" */
static void add_name(struct buf *b, const struct loader *l, const char *key)
{
    if (l->node_id != NULL)
        buf_addf(b, "Node '%s'%s", l->node_id, l->within != NULL || key != NULL ? ": " : "");
    if (l->within != NULL)
        buf_addf(b, "%s%s", l->within, key != NULL ? "." : "");
    if (key != NULL)
        buf_adds(b, key);
}

/* What stood there, short enough for a message. */
static void add_given(struct buf *b, const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) <= 64)
        buf_addf(b, "'%s'", json_string_value(value));
    else if (json_is_object(value) || json_is_array(value) || json_is_string(value))
        buf_addf(b, "%s %s", json_is_string(value) ? "a long" : "an", json_type_name(value));
    else
        json_add_compact(b, value);
}

static void add_finding(struct loader *l, enum finding_type type, struct json_place place,
                        const char *text)
{
    finding_add(l->findings, type, place, &l->node_id, l->node_id != NULL ? 1 : 0, "%s", text);
}

void load_wrong(struct loader *l, const char *key, const json_t *value, const char *wanted)
{
    auto_done(buf) text = {0};

    add_name(&text, l, key);
    buf_addf(&text, " must be %s, not ", wanted);
    add_given(&text, value);
    add_finding(l, l->wrong, places_find(&l->source->places, value, key), buf_text(&text));
}

static void unknown(struct loader *l, const struct field *fields, const char *key)
{
    const char *names[FIELDS_MAX + 1] = {NULL};
    const char *nearest;
    auto_done(buf) text = {0};

    for (size_t i = 0; fields[i].name != NULL; i++) {
        assert(i < FIELDS_MAX);
        names[i] = fields[i].name;
    }
    nearest = text_nearest(key, names);
    add_name(&text, l, NULL);
    buf_addf(&text, "%sunknown field '%s'", text.len > 0 ? ": " : "", key);
    if (nearest != NULL)
        buf_addf(&text, ", did you mean '%s'?", nearest);
    add_finding(l, FINDING_UNKNOWN_FIELD, places_find(&l->source->places, NULL, key),
                buf_text(&text));
}

static size_t characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80 ? 1 : 0;
    return count;
}

/* C0, DEL and C1 (which UTF-8 writes as C2 80 to C2 9F). */
static bool has_controls(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0))
            return true;
    }
    return false;
}

bool load_id_ok(const char *text, size_t bytes_max)
{
    size_t len = strlen(text);

    return len > 0 && len <= bytes_max && !has_controls(text);
}

/* A whole number is an integer however it is written: 3.0 is 3. */
static bool take_integer(const struct field *f, const json_t *value, void *at)
{
    double number = json_number_value(value);

    if (!json_is_number(value) || number != floor(number) || number < f->min || number > f->max)
        return false;
    if (f->kind == FIELD_UINT32)
        *(uint32_t *)at = (uint32_t)number;
    else if (f->kind == FIELD_INT32)
        *(int32_t *)at = (int32_t)number;
    else
        *(int64_t *)at = (int64_t)number;
    return true;
}

static bool take_word(const struct field *f, const json_t *value, void *at)
{
    int index = json_is_string(value) ? word_index(f->words, json_string_value(value)) : 0;

    if (index > 0)
        *(int *)at = index;
    return index > 0;
}

static bool take_text(const struct field *f, const json_t *value, void *at)
{
    const char *given = json_string_value(value);

    if (given == NULL)
        return false;
    if (f->kind == FIELD_TEXT && (double)characters(given) > f->max)
        return false;
    if (f->kind == FIELD_ID && *given != '\0' && !load_id_ok(given, (size_t)f->max))
        return false;
    *(const char **)at = given;
    return true;
}

static bool take_real(const struct field *f, const json_t *value, void *at)
{
    double number = json_number_value(value);

    if (!json_is_number(value) || number < f->min || number > f->max)
        return false;
    *(double *)at = number;
    return true;
}

static bool take_flag(const json_t *value, void *at)
{
    if (json_is_boolean(value))
        *(bool *)at = json_is_true(value);
    return json_is_boolean(value);
}

static bool value_of(const struct field *f, json_t *value, void *at)
{
    static_assert(sizeof(enum retry_strategy) == sizeof(int), "words are stored as int");

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_ID:
        return take_text(f, value, at);
    case FIELD_BOOL:
        return take_flag(value, at);
    case FIELD_UINT32:
    case FIELD_INT32:
    case FIELD_INT64:
        return take_integer(f, value, at);
    case FIELD_NUMBER:
        return take_real(f, value, at);
    case FIELD_WORD:
        return take_word(f, value, at);
    case FIELD_OBJECT:
        if (!json_is_object(value))
            return false;
        *(json_t **)at = value;
        return true;
    default:
        assert(f->kind == FIELD_ANY);
        *(json_t **)at = value;
        return true;
    }
}

static void add_words(struct buf *b, const char *const *words)
{
    buf_adds(b, "one of ");
    for (int i = 1; words[i] != NULL; i++)
        buf_addf(b, "%s%s", i > 1 ? ", " : "", words[i]);
}

void field_add_form(struct buf *b, const struct field *f)
{
    switch (f->kind) {
    case FIELD_TEXT:
        buf_addf(b, "text of at most %.0f characters", f->max);
        return;
    case FIELD_ID:
        buf_addf(b, "text of at most %.0f bytes without control characters", f->max);
        return;
    case FIELD_BOOL:
        buf_adds(b, "true or false");
        return;
    case FIELD_NUMBER:
        buf_addf(b, "a number from %g to %.0f", f->min, f->max);
        return;
    case FIELD_WORD:
        add_words(b, f->words);
        return;
    case FIELD_OBJECT:
        buf_adds(b, "an object");
        return;
    case FIELD_CUSTOM:
        buf_adds(b, f->form);
        return;
    case FIELD_ANY:
    case FIELD_IGNORED:
        buf_adds(b, "anything");
        return;
    default:
        buf_addf(b, "an integer from %.0f to %.0f", f->min, f->max);
    }
}

static void load_one(struct loader *l, const struct field *f, const char *key, json_t *value,
                     void *target)
{
    auto_done(buf) wanted = {0};

    if (f->kind == FIELD_IGNORED || json_is_null(value))
        return;
    if (f->kind == FIELD_CUSTOM) {
        f->load(l, (char *)target + f->offset, key, value);
        return;
    }
    if (value_of(f, value, (char *)target + f->offset))
        return;
    field_add_form(&wanted, f);
    load_wrong(l, key, value, buf_text(&wanted));
}

void load_fields(struct loader *l, const struct field *fields, json_t *object, void *target)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        const struct field *f = fields;

        while (f->name != NULL && (*f->name != *key || strcmp(f->name, key) != 0))
            f++;
        if (f->name != NULL)
            load_one(l, f, key, value, target);
        else
            unknown(l, fields, key);
    }
}

bool load_texts(struct loader *l, const char *key, json_t *value)
{
    bool ok = true;
    size_t i;
    json_t *item;

    if (!json_is_array(value)) {
        load_wrong(l, key, value, "a list of texts");
        return false;
    }
    json_array_foreach(value, i, item)
    {
        if (json_is_string(item))
            continue;
        load_wrong(l, key, item, "a list of texts");
        ok = false;
    }
    return ok;
}
