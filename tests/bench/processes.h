/* processes.h -- a program with all that is below it, as /proc tells of them. */
#ifndef ORCH_TESTS_BENCH_PROCESSES_H
#define ORCH_TESTS_BENCH_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

/* Context switches of all its threads that are alive, wanted and unwanted. */
uint64_t process_switches(pid_t pid);

uint64_t process_rss_kib(pid_t pid);

struct tree_use {
    int processes;
    uint64_t rss_kib; /* shared pages in each */
    uint64_t pss_kib; /* shared pages by their sharers */
    uint64_t wakeups;
};

struct tree_use tree_use(pid_t root);

#endif
