/* code.c -- the plugin's code. Its attempt maps it while that may still be done, then enters the
 * filter after which no file is mapped executable; the loader's own mapping is trapped (trap.c),
 * and given what was mapped before, which moves to where the loader wants it. So nothing of a
 * plugin runs, at load time either, before the last filter stands.
 *
 * The file's head is read here as the loader reads it, and believed in nothing: whatever is mapped
 * is the sealed file, at a length of its own. See worker.h. */
#include "base/auto.h"
#include "sandbox/worker/worker.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CODES_MAX = 8, PHDRS_MAX = 32 };
#define SPAN_BYTES_MAX (2ULL << 30) /* more the gate lets nobody ask for */

/* Nothing: bytes is 0. */
static struct code {
    void *at;
    size_t bytes;
    uint64_t offset;
} codes[CODES_MAX];

struct head {
    ElfW(Ehdr) elf;
    ElfW(Phdr) phdrs[PHDRS_MAX];
};

static uint64_t page_down(uint64_t at)
{
    return at & ~((uint64_t)getpagesize() - 1);
}

static uint64_t page_up(uint64_t at)
{
    return page_down(at + (uint64_t)getpagesize() - 1);
}

/* As the loader asks for it: a segment by the pages of its part of the file, the first one with
 * room for all. */
static struct code ask_for(const ElfW(Phdr) * p, uint64_t all_end, bool first)
{
    uint64_t end = first ? all_end : p->p_vaddr + p->p_filesz;

    return (struct code){.bytes = page_up(end) - page_down(p->p_vaddr),
                         .offset = page_down(p->p_offset)};
}

static void map_one(int fd, struct code *ret, struct code code)
{
    if (code.bytes == 0 || code.bytes > SPAN_BYTES_MAX || code.offset > PLUGIN_SO_BYTES_MAX)
        return;
    code.at = mmap(NULL, code.bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, (off_t)code.offset);
    if (code.at != MAP_FAILED)
        *ret = code;
}

/* Where the last segment ends in memory; they ascend. */
static uint64_t end_of_all(const struct head *h)
{
    uint64_t end = 0;

    for (size_t i = 0; i < ARRAY_LEN(h->phdrs) && i < h->elf.e_phnum; i++)
        if (h->phdrs[i].p_type == PT_LOAD)
            end = h->phdrs[i].p_vaddr + h->phdrs[i].p_memsz;
    return end;
}

void code_map(int fd)
{
    struct head h = {0};
    ssize_t n = pread(fd, &h, sizeof h, 0);
    size_t count = 0;
    bool first = true;

    if (n < (ssize_t)sizeof h.elf ||
        (h.elf.e_phoff != sizeof h.elf &&
         pread(fd, h.phdrs, sizeof h.phdrs, (off_t)h.elf.e_phoff) < (ssize_t)sizeof h.phdrs[0]))
        return;
    for (size_t i = 0; i < ARRAY_LEN(h.phdrs) && i < h.elf.e_phnum; i++) {
        const ElfW(Phdr) *p = &h.phdrs[i];

        if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0 && count < CODES_MAX)
            map_one(fd, &codes[count++], ask_for(p, end_of_all(&h), first));
        first = first && p->p_type != PT_LOAD;
    }
}

static size_t take_bytes(struct code *code)
{
    size_t bytes = code->bytes;

    code->bytes = 0;
    return bytes;
}

static struct code *code_at(uint64_t offset)
{
    for (size_t i = 0; i < CODES_MAX; i++)
        if (codes[i].bytes > 0 && codes[i].offset == offset)
            return &codes[i];
    return NULL;
}

/* The first segment, where it is code, may be anywhere, and so where it is. */
long code_give(void *wanted, size_t bytes, int flags, uint64_t offset)
{
    struct code *code = code_at(offset);
    void *to = wanted;

    if (code == NULL || page_up(bytes) != code->bytes)
        return -EACCES;
    if ((flags & MAP_FIXED) == 0)
        to = code->at;
    else if (mremap(code->at, code->bytes, code->bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
        return -errno;
    (void)take_bytes(code);
    return (long)to;
}

void code_drop(void)
{
    for (size_t i = 0; i < CODES_MAX; i++)
        if (codes[i].bytes > 0)
            munmap(codes[i].at, take_bytes(&codes[i]));
}
