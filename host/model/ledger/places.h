/* places.h -- how a statement names a node's parents: by their places among its records, from 0.
 *
 * A record (record.h) has the chain hash of each parent, so that it proves itself alone; a
 * statement of it all would say each of them once for every child. There a record has "parents", in
 * ascending order, where "parent_hashes" stand in its own form; the one is made of the other
 * without loss, and the hashes of a record are always those of its own form. Pure. */
#ifndef ORCH_MODEL_LEDGER_PLACES_H
#define ORCH_MODEL_LEDGER_PLACES_H

#include "base/err.h"
#include "base/json.h"
#include "model/ledger/record.h"

/* The parents of all records behind each other; those of record i end at ends[i]. */
struct parent_places {
    uint32_t *parents, *ends;
};
void parent_places_done(struct parent_places *places);
DEFINE_AUTO_DONE(parent_places)

/* records: in level order, then node id. Refuses two of one node or of one chain hash, a parent
 * that is none of them or not before its child, and a parent twice. */
bool parent_places_find(const struct record_parts *records, size_t count, struct parent_places *ret,
                        struct err *e) must_check;
/* No node began before each of its parents had ended. The times are in our one form. */
bool parent_places_in_time(const struct parent_places *places, const struct record_parts *records,
                           size_t count, struct err *e) must_check;

/* Back to the records' own form; refuses places that no record has before the child's, and those
 * out of order. The caller owns *ret. */
bool places_to_records(const json_t *placed, json_t **ret, struct err *e) must_check;

#endif
