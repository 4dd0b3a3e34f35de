/* alloc.h -- what the preloaded alloc.c counts, in a file that both sides map. */
#ifndef ORCH_TESTS_BENCH_ALLOC_H
#define ORCH_TESTS_BENCH_ALLOC_H

#include <stdint.h>

#define ALLOC_FILE "ORCH_BENCH_ALLOC"

struct alloc_counts {
    uint64_t made, freed, resized, bytes; /* made - freed: alive */
};

#endif
