/* testing.h -- faults on demand, for tests alone: no program of ours includes this. */
#ifndef ORCH_STORE_TESTING_H
#define ORCH_STORE_TESTING_H

#include <stdint.h>

struct store;
struct store_driver;

/* A driver of a test's own, for the addresses that it takes. */
void store_testing_set_driver(const struct store_driver *driver);

/* The nth commit from now (1: the next) fails as a full disk would, before it reaches the disk. */
void store_testing_fail_commit(struct store *store, uint64_t nth);
/* While held, the writer takes nothing from the queue: what is submitted piles up. */
void store_testing_hold(struct store *store, int held);

/* What store_hold says from here on (an enum store_hold). */
void store_testing_set_hold(struct store *store, int hold);

#endif
