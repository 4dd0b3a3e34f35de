/* source.h -- a definition's text as a JSON value that remembers where each part stood.
 *
 * Private to host/model/dag. source_read takes untrusted bytes and bounds size, depth and numbers;
 * what it hands out is I-JSON (base/json.h), whichever language it was written in. */
#ifndef ORCH_MODEL_DAG_SOURCE_SOURCE_H
#define ORCH_MODEL_DAG_SOURCE_SOURCE_H

#include "base/auto.h"
#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

struct place_slot {
    const void *at; /* a value, or the key text inside an object */
    struct json_place place;
};

struct source {
    json_t *root;
    struct place_slot *slots; /* open addressing, cap is a power of two */
    size_t slot_count;
    size_t slot_cap;
};

void source_done(struct source *source);
DEFINE_AUTO_DONE(source)

/* The language by the first bytes, as dag_parse says. ret_place: where the text was wrong. */
bool source_read(const char *text, size_t len, struct source *ret, struct json_place *ret_place,
                 struct err *e) must_check;
bool source_read_json(const char *text, size_t len, struct source *ret,
                      struct json_place *ret_place, struct err *e) must_check;
bool source_read_yaml(const char *text, size_t len, struct source *ret,
                      struct json_place *ret_place, struct err *e) must_check;

/* true, false and null are one object each in jansson, so they have no place of their own. */
void source_put_value(struct source *source, const json_t *value, struct json_place place);
/* The key must be in the object. */
void source_put_key(struct source *source, json_t *object, const char *key,
                    struct json_place place);

/* Where the value stands, else where the key does (its text inside the object), else zeros. */
struct json_place source_place(const struct source *source, const json_t *value, const char *key);

#endif
