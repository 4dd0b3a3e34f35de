/* life.h -- a store's life between two crashes: opened, given batches in groups, closed and opened
 * again, closed. Every change of the disk stands in the disk's log, in an order that the seed alone
 * decides: a group is submitted while the writer is held, and the next one when it was told.
 *
 * What was promised at which place of the log is noted beside it: told at a place is all that the
 * loop could have heard before the next change of the disk. */
#ifndef ORCH_TESTS_SIM_POWER_LIFE_H
#define ORCH_TESTS_SIM_POWER_LIFE_H

#include "base/err.h"
#include "disk.h"

/* From this place of the log on, until the next. */
struct promise {
    size_t from;
    uint32_t told;      /* so many batches must be there */
    uint32_t submitted; /* no more than these may be */
};

/* Embedded. */
struct life {
    struct promise *promises;
    size_t count;
};

void life_done(struct life *l);
DEFINE_AUTO_DONE(life)

void life_promise(struct life *l, size_t from, uint32_t told, uint32_t submitted);
const struct promise *life_at(const struct life *l, size_t place);

/* Lives on the disk; l has what was promised of it at its log's end. False: what is there is less,
 * or the store failed. */
bool life_run(struct life *l, struct disk *d, uint64_t seed, struct err *e) must_check;

/* Opens the store of an image, as whoever starts the host after a power loss, and looks at all of
 * it; then gives it one batch more. */
bool life_after(struct disk *image, uint64_t seed, uint32_t *ret_found, struct err *e) must_check;

#endif
