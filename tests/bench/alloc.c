/* alloc.c -- preloaded into orchd by bench_count: counts allocations into the file that
 * ORCH_BENCH_ALLOC names. The children of the process do not inherit this library. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include "alloc.h"
#include "probe.h"

#include <errno.h>
#include <stdlib.h>

/* The library's functions in our words.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* glibc's own: a look-up by dlsym would allocate before it is done.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *p, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *p);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static struct alloc_counts before; /* until the file is mapped */
static struct alloc_counts *counts = &before;

static void __attribute__((constructor)) setup(void)
{
    struct alloc_counts *shared = probe_share(ALLOC_FILE, sizeof *counts);

    counts = shared != NULL ? shared : &before;
}

static void add(uint64_t *count, uint64_t more)
{
    __atomic_fetch_add(count, more, __ATOMIC_RELAXED);
}

static void *made(void *p, size_t bytes)
{
    if (p != NULL) {
        add(&counts->made, 1);
        add(&counts->bytes, bytes);
    }
    return p;
}

void *malloc(size_t bytes)
{
    return made(__libc_malloc(bytes), bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return made(__libc_calloc(count, bytes), count * bytes);
}

void *realloc(void *p, size_t bytes)
{
    if (p == NULL)
        return malloc(bytes);
    add(&counts->resized, 1);
    return __libc_realloc(p, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return made(__libc_memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
    void *p = memalign(alignment, bytes);

    if (p == NULL)
        return ENOMEM;
    *ret = p;
    return 0;
}

void free(void *p)
{
    if (p != NULL)
        add(&counts->freed, 1);
    __libc_free(p);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
