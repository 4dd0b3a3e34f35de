/* layers.h -- what is remembered of the confinement of an attempt, in two parts:
 *
 *   mask  outer: what the supervisor saw, or our own code said, before the plugin's first
 *         instruction; the level is of these alone
 *   said  inner: the attempt's own word once its plugin was loaded, worth what the plugin is worth
 *
 * A record has them as layer_mask, level, isolation and layers {"outer": [name...], "said":
 * [name...]}, names in the order of the bits (sandbox/wire/layer.h); a row has the second mask as
 * layers_said instead of the names. Where attempts share a loaded plugin both say so in words, as
 * isolation_note. A record or row without isolation is from before there were two parts: its mask
 * mixes both, and nobody knows what the attempt shared. Pure. */
#ifndef ORCH_MODEL_LEDGER_LAYERS_H
#define ORCH_MODEL_LEDGER_LAYERS_H

#include "base/err.h"
#include "base/jcs_object.h"
#include "base/json.h"
#include "model/words/confinement.h"
#include "sandbox/wire/layer.h"

#include <stdbool.h>
#include <stdint.h>

struct layer_facts {
    enum isolation isolation; /* UNSET: not known */
    uint32_t mask;
    uint32_t said;
    int level;
};

/* What people are told of the isolation beside its word; NULL: nothing. */
const char *isolation_note(enum isolation isolation);

/* The members of a record, and of a row: they stand together in canonical order, from isolation to
 * level. */
void layer_facts_write_record(const struct layer_facts *facts, struct jcs_object *record);
void layer_facts_write_row(const struct layer_facts *facts, struct jcs_object *row);
/* Refuses a record that contradicts itself: a level that the mask does not reach, names that are
 * not the mask's, one part without the other, a note where none belongs. */
bool layer_facts_verify(const json_t *record, struct layer_facts *ret, struct err *e) must_check;

/* Of a row that layer_facts_write_row wrote; what does not read as one is not known. */
struct layer_facts layer_facts_of_row(const json_t *object);

#endif
