/* source.c -- the table of places. See source.h. */
#include "model/dag/source/source.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdint.h>
#include <string.h>

enum { SLOTS_MIN = 256 };

void source_done(struct source *source)
{
    json_decref(source->root);
    free(source->slots);
    *source = (struct source){0};
}

/* The slot that holds the pointer, or the free one where it belongs. */
static struct place_slot *slot_of(const struct source *source, const void *at)
{
    uint64_t hash = ((uint64_t)(uintptr_t)at >> 4) * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(hash >> 32) & (source->slot_cap - 1);

    while (source->slots[i].at != NULL && source->slots[i].at != at)
        i = (i + 1) & (source->slot_cap - 1);
    return &source->slots[i];
}

static void grow(struct source *source)
{
    struct source old = *source;

    source->slot_cap = old.slot_cap == 0 ? SLOTS_MIN : old.slot_cap * 2;
    source->slots = mem_array(source->slot_cap, struct place_slot);
    for (size_t i = 0; i < old.slot_cap; i++) {
        if (old.slots[i].at != NULL)
            *slot_of(source, old.slots[i].at) = old.slots[i];
    }
    free(old.slots);
}

static void put(struct source *source, const void *at, struct json_place place)
{
    struct place_slot *slot;

    if (source->slot_count * 2 >= source->slot_cap)
        grow(source);
    slot = slot_of(source, at);
    source->slot_count += slot->at == NULL ? 1 : 0;
    *slot = (struct place_slot){at, place};
}

static bool is_shared(const json_t *value)
{
    return json_is_boolean(value) || json_is_null(value);
}

void source_put_value(struct source *source, const json_t *value, struct json_place place)
{
    if (!is_shared(value))
        put(source, value, place);
}

void source_put_key(struct source *source, json_t *object, const char *key, struct json_place place)
{
    put(source, json_object_iter_key(json_object_iter_at(object, key)), place);
}

static bool find(const struct source *source, const void *at, struct json_place *ret)
{
    const struct place_slot *slot;

    if (at == NULL || source->slot_cap == 0)
        return false;
    slot = slot_of(source, at);
    *ret = slot->place;
    return slot->at != NULL;
}

struct json_place source_place(const struct source *source, const json_t *value, const char *key)
{
    struct json_place place;

    if (value != NULL && !is_shared(value) && find(source, value, &place))
        return place;
    if (find(source, key, &place))
        return place;
    return (struct json_place){0, 0};
}

/* "{" and then a quote or "}": YAML's own flow style seldom begins so, and JSON always does. */
static bool looks_like_json(const char *text, size_t len)
{
    static const char blank[] = " \t\r\n";
    size_t at = 0;

    while (at < len && strchr(blank, text[at]) != NULL)
        at++;
    if (at == len || text[at] != '{')
        return false;
    for (at++; at < len && strchr(blank, text[at]) != NULL;)
        at++;
    return at == len || text[at] == '"' || text[at] == '}';
}

bool source_read(const char *text, size_t len, struct source *ret, struct json_place *ret_place,
                 struct err *e)
{
    *ret_place = (struct json_place){0, 0};
    if (len > DEFINITION_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the definition has %zu bytes, at most %u are taken", len,
                       DEFINITION_BYTES_MAX);
    if (memchr(text, '\0', len) != NULL)
        return err_set(e, ERR_INVALID, "the definition holds a NUL byte");
    if (!text_utf8_valid(text, len))
        return err_set(e, ERR_INVALID, "the definition is not valid UTF-8");
    if (looks_like_json(text, len))
        return source_read_json(text, len, ret, ret_place, e);
    return source_read_yaml(text, len, ret, ret_place, e);
}
