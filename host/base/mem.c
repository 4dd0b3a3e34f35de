/* mem.c -- see mem.h. */
#include "base/mem.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *must(void *p)
{
    if (p == NULL) {
        fputs("orch: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_alloc(size_t bytes)
{
    return must(malloc(bytes > 0 ? bytes : 1));
}

void *mem_zero(size_t count, size_t bytes)
{
    return must(calloc(count > 0 ? count : 1, bytes > 0 ? bytes : 1));
}

void *mem_resize(void *p, size_t count, size_t bytes)
{
    return must(reallocarray(p, count > 0 ? count : 1, bytes > 0 ? bytes : 1));
}

void *mem_dup(const void *p, size_t bytes)
{
    void *copy = mem_alloc(bytes);

    if (bytes > 0)
        memcpy(copy, p, bytes);
    return copy;
}

char *mem_str(const char *text)
{
    return text != NULL ? must(strdup(text)) : NULL;
}

char *mem_strn(const char *text, size_t bytes)
{
    char *copy = mem_alloc(bytes + 1);

    if (bytes > 0)
        memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    int bytes;

    va_start(args, fmt);
    bytes = vasprintf(&text, fmt, args);
    va_end(args);
    return must(bytes < 0 ? NULL : text);
}

void mem_give_back(void)
{
    malloc_trim(0);
}

/* What malloc takes from the kernel one by one; what the heap grows by beyond what is expected; and
 * more than it has left at its end, so that it must grow. */
enum {
    HUGE_PAGE_BYTES = 2 << 20,
    MAPPED_BYTES = 32 << 20,
    MORE_BYTES = 1 << 20,
    END_BYTES = 512 << 10
};

static uintptr_t heap_end(void)
{
    return (uintptr_t)sbrk(0);
}

static void *small_pages; /* taken, and of most of it nothing is ever touched */

/* Fills the heap up to from, where the first huge page begins: one that was touched before it was
 * advised stays small pages. first_owned is at the heap's end, or of another allocator. */
static void begin_at(uintptr_t from, void *first_owned)
{
    uintptr_t first = (uintptr_t)first_owned;

    if (first > from || from - first > 2 * HUGE_PAGE_BYTES)
        free(first_owned);
    else
        small_pages = mem_resize(first_owned, from - first, 1);
}

void mem_expect(size_t bytes)
{
    uintptr_t end = heap_end(), page = ~((uintptr_t)HUGE_PAGE_BYTES - 1), from, to;
    void *first;

    if (bytes < HUGE_PAGE_BYTES || bytes > INT_MAX)
        return;
    from = (end + END_BYTES + HUGE_PAGE_BYTES - 1) & page;
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    mallopt(M_TOP_PAD, (int)bytes);
    first = must(malloc(from - end));
    mallopt(M_TOP_PAD, MORE_BYTES);
    to = heap_end() & page;
    if (from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* without: as any other memory */
    begin_at(from, first);
}
