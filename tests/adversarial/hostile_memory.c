/* hostile_memory.c -- pages that are written and then executed. */
#include "hostile.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- executable memory ---- */

static const char *do_mmap_exec(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? strerrorname_np(errno) : "done";
}
static const char *do_mprotect_exec(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return failed(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static const char *do_mprotect_code(void)
{
    uintptr_t page = (uintptr_t)do_mprotect_exec & ~4095ul;

    return failed(mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}
static const char *do_memfd(void)
{
    return failed(memfd_create("x", 0));
}
static const char *do_mremap(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mremap(p, 4096, 4096, MREMAP_MAYMOVE | 4 /* DONTUNMAP */) == MAP_FAILED
               ? strerrorname_np(errno)
               : "done";
}
static const char *do_remap(void)
{
    return failed(remap_file_pages(text, 4096, 0, 0, 0));
}

const struct attack memory_attacks[] = {
    CASE(mmap_exec), CASE(mprotect_exec), CASE(mprotect_code), CASE(memfd),
    CASE(mremap),    CASE(remap),         END_OF_CASES,
};
