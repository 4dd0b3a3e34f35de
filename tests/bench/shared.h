/* shared.h -- memory that a benchmark and the processes it forks both see. */
#ifndef ORCH_TESTS_BENCH_SHARED_H
#define ORCH_TESTS_BENCH_SHARED_H

#include <stddef.h>

/* Zeroed; it exits with a message when there is none. Released by munmap, or with the process. */
void *shared_new(size_t bytes);

#endif
