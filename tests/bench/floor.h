/* floor.h -- what the machine can do at all: the floors that the figures are divided by. */
#ifndef ORCH_TESTS_BENCH_FLOOR_H
#define ORCH_TESTS_BENCH_FLOOR_H

/* fdatasync calls a second, each after a 4 KiB write to a preallocated file in the folder. */
double floor_fdatasync(const char *folder, double seconds);
/* fork + _exit + wait a second, with so many parents at the same time. */
double floor_fork(int parents, double seconds);

double bench_now(void); /* monotonic seconds */

#endif
