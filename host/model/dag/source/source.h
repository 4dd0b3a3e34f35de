/* source.h -- a definition's text as a JSON value that remembers where each part stood.
 *
 * Private to this folder. source_read takes untrusted bytes and bounds size, depth and numbers;
 * what it hands out is I-JSON (base/json.h), whichever language it was written in. */
#ifndef ORCH_MODEL_DAG_SOURCE_SOURCE_H
#define ORCH_MODEL_DAG_SOURCE_SOURCE_H

#include "base/auto.h"
#include "base/err.h"
#include "base/json.h"
#include "model/dag/place.h"

#include <stdbool.h>
#include <stddef.h>

struct source {
    json_t *root;
    struct places places;
};

void source_done(struct source *source);
DEFINE_AUTO_DONE(source)

/* The language by the first bytes, as dag_parse says. ret_place: where the text was wrong. Without
 * placed nothing need have a place. */
bool source_read(const char *text, size_t len, bool placed, struct source *ret,
                 struct json_place *ret_place, struct err *e) must_check;
bool source_read_json(const char *text, size_t len, bool placed, struct source *ret,
                      struct json_place *ret_place, struct err *e) must_check;
bool source_read_yaml(const char *text, size_t len, struct source *ret,
                      struct json_place *ret_place, struct err *e) must_check;

#endif
