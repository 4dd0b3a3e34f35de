/* history.h -- the batches that a store is given, and a look whether they are there.
 *
 * Batch N makes run N with some steps, whose events are a hash chain; ends run N - 2; and writes a
 * log line, of a page or of forty. So what is there of N says what should be there of the runs
 * before it, and the batches are a row: one is there only behind the one before it. */
#ifndef ORCH_TESTS_SIM_POWER_HISTORY_H
#define ORCH_TESTS_SIM_POWER_HISTORY_H

#include "store/store.h"

struct store_batch *history_batch(uint32_t number) must_check;
/* One that a store with batch 0 refuses; what it has of rows before that is to be nowhere. */
struct store_batch *history_bad_batch(void) must_check;

/* How many batches are there. False: something is torn, missing between, or does not verify. */
bool history_check(struct store *store, uint32_t *ret_found, struct err *e) must_check;

#endif
