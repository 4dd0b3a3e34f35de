/* parse.h -- the door of definitions: bytes in, model and findings out. What comes in is untrusted;
 * size, depth and numbers are bounded before memory is taken. Pure; any process may call. */
#ifndef ORCH_MODEL_DAG_SOURCE_PARSE_H
#define ORCH_MODEL_DAG_SOURCE_PARSE_H

#include "model/dag/dag.h"

/* Reads a definition: JSON when the text begins with "{" and a quote or "}", otherwise YAML 1.2
 * (core schema; anchors, aliases, tags and several documents are refused).
 *
 * True: *ret is the model, and it is valid exactly when the list of findings is empty.
 * False: the text could not be read at all; the one finding says where, and so does e. */
bool dag_parse(const char *text, size_t len, struct dag **ret, struct dag_findings *findings,
               struct err *e) must_check;

/* The value alone, of whatever is written in these languages, with the same bounds; the caller owns
 * it. */
bool dag_text_read(const char *text, size_t len, json_t **ret, struct err *e) must_check;

/* The same from a parsed body; findings have no places. Holds a reference to doc, which the caller
 * leaves unchanged from now on. False only when doc is not an object. */
bool dag_from_json(json_t *doc, struct dag **ret, struct dag_findings *findings,
                   struct err *e) must_check;

/* The form in which the store keeps a definition (dag_to_json_owned, canonical): with every default
 * in it, it is larger than the text that came. Checked before it is kept, so that it can be read
 * again: ERR_TOO_LARGE has both numbers. */
bool dag_kept_check(const char *text, size_t len, struct err *e) must_check;
bool dag_kept_read(const char *text, json_t **ret, struct err *e) must_check;

/* For a definition that must be valid (one from the store): otherwise ERR_UNPROCESSABLE with all
 * messages. */
bool dag_from_json_valid(json_t *doc, struct dag **ret, struct err *e) must_check;

#endif
