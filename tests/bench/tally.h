/* tally.h -- one stop at a system call, counted: which call, of whom, and what it wrote where. */
#ifndef ORCH_TESTS_BENCH_TALLY_H
#define ORCH_TESTS_BENCH_TALLY_H

#include "trace.h"

#include <stdbool.h>
#include <uthash.h>

/* A process or thread that is traced. */
struct task {
    pid_t pid;
    enum trace_role role;
    bool thread;
    bool held;  /* stopped until its parent tells of it */
    bool waits; /* at the entry of a wait for events */
    long call;  /* the one it is in */
    long fd;    /* its first argument */
    uint64_t stops;
    UT_hash_handle hh;
};

/* The task stands at the entry or at the end of a call. */
void tally_call(struct trace_counts *counts, struct task *task);

#endif
