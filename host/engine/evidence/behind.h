/* behind.h -- the tenants whose newest events are under no head, as far as the host knows of them;
 * in the order in which they came. */
#ifndef ORCH_ENGINE_EVIDENCE_BEHIND_H
#define ORCH_ENGINE_EVIDENCE_BEHIND_H

#include <stdint.h>
#include <uthash.h>

struct behind {
    int64_t newest; /* seq of its newest committed event */
    int64_t sealed; /* every event up to here is under a stored head */
    int64_t goal;   /* the newest when the pass began; 0: not of this pass */
    UT_hash_handle hh;
    char tenant[];
};

/* Its ledger goes at least to newest; sealed counts for who is not in the table. */
void behind_note(struct behind **table, const char *tenant, int64_t sealed, int64_t newest);
struct behind *behind_find(struct behind *table, const char *tenant); /* NULL: not there */
void behind_drop(struct behind **table, struct behind *b);
/* How many events they have that are under no head. */
int64_t behind_events(const struct behind *table);

#endif
