/* place.c -- see place.h. */
#include "model/dag/place.h"

#include "base/mem.h"

#include <stdint.h>

enum { SLOTS_MIN = 256 };

void places_done(struct places *places)
{
    free(places->slots);
    *places = (struct places){0};
}

/* The slot that holds the pointer, or the free one where it belongs. */
static struct place_slot *slot_of(const struct places *places, const void *at)
{
    uint64_t hash = ((uint64_t)(uintptr_t)at >> 4) * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(hash >> 32) & (places->cap - 1);

    while (places->slots[i].at != NULL && places->slots[i].at != at)
        i = (i + 1) & (places->cap - 1);
    return &places->slots[i];
}

static void grow(struct places *places)
{
    struct places old = *places;

    places->cap = old.cap == 0 ? SLOTS_MIN : old.cap * 2;
    places->slots = mem_array(places->cap, struct place_slot);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].at != NULL)
            *slot_of(places, old.slots[i].at) = old.slots[i];
    }
    free(old.slots);
}

static void put(struct places *places, const void *at, struct json_place place)
{
    struct place_slot *slot;

    if (places->count * 2 >= places->cap)
        grow(places);
    slot = slot_of(places, at);
    places->count += slot->at == NULL ? 1 : 0;
    *slot = (struct place_slot){at, place};
}

static bool is_shared(const json_t *value)
{
    return json_is_boolean(value) || json_is_null(value);
}

void places_put_value(struct places *places, const json_t *value, struct json_place place)
{
    if (!is_shared(value))
        put(places, value, place);
}

void places_put_own_key(struct places *places, const char *key, struct json_place place)
{
    put(places, key, place);
}

void places_put_key(struct places *places, json_t *object, const char *key, struct json_place place)
{
    put(places, json_object_iter_key(json_object_iter_at(object, key)), place);
}

static bool find(const struct places *places, const void *at, struct json_place *ret)
{
    const struct place_slot *slot;

    if (at == NULL || places->cap == 0)
        return false;
    slot = slot_of(places, at);
    *ret = slot->place;
    return slot->at != NULL;
}

struct json_place places_find(const struct places *places, const json_t *value, const char *key)
{
    struct json_place place;

    if (value != NULL && !is_shared(value) && find(places, value, &place))
        return place;
    if (find(places, key, &place))
        return place;
    return (struct json_place){0, 0};
}
