/* sample.h -- what a traced host has done so far, and how two of these differ by the step. */
#ifndef ORCH_TESTS_BENCH_SAMPLE_H
#define ORCH_TESTS_BENCH_SAMPLE_H

#include "alloc.h"
#include "host.h"

struct sample {
    struct trace_counts trace;
    struct alloc_counts allocs;
    uint64_t switches[ROLE_COUNT]; /* in TRACE_SWITCHES only */
};

/* The host's preloaded library is alloc.c. Waits until nobody does anything any more: a run's
 * statement is signed after its end was told. */
void sample_take(struct sample *sample, const struct bench_host *host);

/* A figure of a window, by the step; name is the caller's for the length of the call. */
typedef void sample_figure(void *arg, const char *name, double value);

/* What a host that was traced in this mode can tell. Names begin with the shape:
 * "c50_10step_orchd_calls". */
void sample_figures(const char *shape, const struct sample *from, const struct sample *to,
                    enum trace_mode mode, long steps, sample_figure *each, void *arg);

/* The calls that were counted by name, as a table to look at. */
void sample_print_calls(const struct sample *from, const struct sample *to, enum trace_mode mode,
                        long steps);

#endif
