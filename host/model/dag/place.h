/* place.h -- where each part of a definition stood in its text: a table from JSON values and keys
 * to line and column. Whoever reads the text puts, every finding asks. Owned by the reader's source
 * for the time of one parse; the values must outlive it. Pure. */
#ifndef ORCH_MODEL_DAG_PLACE_H
#define ORCH_MODEL_DAG_PLACE_H

#include "base/auto.h"
#include "base/json.h"

#include <stddef.h>

struct place_slot {
    const void *at; /* a value, or the key text inside an object */
    struct json_place place;
};

struct places {
    struct place_slot *slots; /* open addressing, cap is a power of two */
    size_t count;
    size_t cap;
};

void places_done(struct places *places);

/* true, false and null are one object each in jansson, so they have no place of their own. */
void places_put_value(struct places *places, const json_t *value, struct json_place place);
/* The key must be in the object. */
void places_put_key(struct places *places, json_t *object, const char *key,
                    struct json_place place);

/* The same with the key's text inside the object, as json_object_foreach gives it. */
void places_put_own_key(struct places *places, const char *key, struct json_place place);

/* Where the value stands, else where the key does (its text inside the object), else zeros. */
struct json_place places_find(const struct places *places, const json_t *value, const char *key);

#endif
