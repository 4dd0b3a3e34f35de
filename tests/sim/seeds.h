/* seeds.h -- the command line that the simulators share. */
#ifndef ORCH_TESTS_SIM_SEEDS_H
#define ORCH_TESTS_SIM_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

/* NAME [--seeds A..B]; without it 1 to `to`. False: the usage was printed. */
bool seeds_parse(int argc, char **argv, uint64_t to, uint64_t *ret_from, uint64_t *ret_to);
/* The worlds' stores go where a sync costs nothing, if there is such a place: more worlds a second.
 */
void seeds_use_memory(void);

#endif
