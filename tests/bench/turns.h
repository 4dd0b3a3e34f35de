/* turns.h -- what the preloaded turns.c measures, in a file that both sides map: how long the loop
 * of the program's first thread was between two waits. */
#ifndef ORCH_TESTS_BENCH_TURNS_H
#define ORCH_TESTS_BENCH_TURNS_H

#include <stdint.h>

#define TURNS_FILE "ORCH_BENCH_TURNS"

enum { TURNS_BUCKETS = 20000, TURNS_BUCKET_US = 10 }; /* the last has what is longer */

struct turns {
    uint32_t wall[TURNS_BUCKETS]; /* other processes may have had the CPU meanwhile */
    uint32_t cpu[TURNS_BUCKETS];
};

#endif
