/* state.h -- two images that differ in nothing that a start can see have the same state: the frames
 * of the WAL up to its last whole commit, the store's pages that no such frame replaces, the count,
 * the journal, which files there are. What is behind the last whole commit, torn in whatever way,
 * is no part of it. So one of them is opened for all; power_loss opens some of the others too. */
#ifndef ORCH_TESTS_SIM_POWER_STATE_H
#define ORCH_TESTS_SIM_POWER_STATE_H

#include "disk.h"

uint64_t state_of(struct disk *image);

/* What was seen of each state. */
struct states;
struct states *states_new(void);
void states_free(struct states *s); /* accepts NULL */
DEFINE_AUTO(states)
bool states_find(const struct states *s, uint64_t state, uint32_t *ret_found);
void states_add(struct states *s, uint64_t state, uint32_t found);
size_t states_count(const struct states *s);

#endif
