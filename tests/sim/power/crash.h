/* crash.h -- what a power loss may leave of a disk.
 *
 * A platter is a disk as it is without its cache: it takes the log of a disk operation by
 * operation, and holds what was synced and what was not. From any place in the log it makes images.
 * Of each file that has unsynced writes, an image has, by the seed, for each sector (512 or 4096
 * bytes) one of the contents that it had since the last sync, and one of the sizes; of each name
 * one of the files that it had. So writes are dropped, reordered, torn; names are made or not; and
 * what two files keep has nothing to do with each other. */
#ifndef ORCH_TESTS_SIM_POWER_CRASH_H
#define ORCH_TESTS_SIM_POWER_CRASH_H

#include "disk.h"

struct platter;

/* Holds the disk's files as synced. */
struct platter *platter_new(const struct disk *d);
void platter_free(struct platter *p); /* accepts NULL */
DEFINE_AUTO(platter)

/* The next operation of the log; its bytes are the log's for as long as the platter is used. */
void platter_take(struct platter *p, const struct disk_op *op);
/* Is anything not synced? Without it all images are one. */
bool platter_pending(const struct platter *p);

/* The caller's. Seed 0: all of it, as the cache of a program that was killed has it. */
struct disk *platter_image(const struct platter *p, uint64_t seed) must_check;

#endif
