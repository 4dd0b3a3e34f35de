/* host.h -- an orchd of the benchmark's own, on a free loopback port and in a home that has keys
 * and plugins (./up and count_test.sh make one). Exits with a message when the host does not come.
 */
#ifndef ORCH_TESTS_BENCH_HOST_H
#define ORCH_TESTS_BENCH_HOST_H

#include "trace.h"

#include <stdbool.h>
#include <stddef.h>

struct host_order {
    const char *bin, *home; /* folders */
    const char *store;      /* a URL; NULL: a file in the home */
    bool traced;            /* with a tracer of this mode */
    enum trace_mode mode;
    const char *preload; /* a library for orchd alone; NULL: none */
    /* What it shares with us: a file of zeros, its path in the environment under this name. */
    const char *shared_name;
    size_t shared_bytes;
};

struct bench_host {
    char *url, *token;
    double ready_s;              /* from exec to the line that says so */
    struct trace *trace;         /* NULL: not traced */
    const volatile void *shared; /* with the preloaded library */
    size_t shared_bytes;
    pid_t pid;
};

void host_start(struct bench_host *host, const struct host_order *order);
void host_stop(struct bench_host *host);

#endif
