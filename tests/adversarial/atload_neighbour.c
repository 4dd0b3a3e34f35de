/* atload_neighbour.c -- what one attempt might leave for the next, and look for of the last. */
#include "atload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In two halves, so that nothing finds the needle itself. */
static const char head[] = "PLANTED-", tail[] = "by-a-neighbour-5c1e";
enum { NEEDLE_BYTES = sizeof head + sizeof tail - 2, COPIES = 64, DESCRIPTORS = 4096 };

static char in_data[64] = "x", in_bss[64];
static __thread char in_tls[64];

static void spell(char *to)
{
    memcpy(to, head, sizeof head - 1);
    memcpy(to + sizeof head - 1, tail, sizeof tail);
}

/* Everywhere that memory of a process can be. */
static void do_plant(void)
{
    char on_stack[64];
    char *mapped;

    spell(on_stack);
    spell(in_data);
    spell(in_bss);
    spell(in_tls);
    for (int i = 0; i < COPIES; i++) {
        char *heap = malloc(64 << (i % 8));

        if (heap != NULL)
            spell(heap);
    }
    setenv("PLANTED", on_stack, 1);
    for (int flags = MAP_SHARED; flags <= MAP_PRIVATE; flags++) {
        mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        if (mapped != MAP_FAILED)
            spell(mapped);
    }
    tell("planted %s ", getenv("PLANTED") != NULL ? "" : "no variable");
}

/* The kernel says whether a page can be read. */
static int readable(uintptr_t page)
{
    return RAW5(SYS_rt_sigprocmask, 0, page, NULL, 8, 0) != -EFAULT;
}
static int scan(uintptr_t around, const char *needle, uintptr_t own)
{
    uintptr_t from = (around & ~4095ul) - (16u << 20), to = (around & ~4095ul) + (16u << 20);
    int found = 0;

    for (uintptr_t page = from; page < to; page += 4096) {
        const char *at = (const char *)page, *end = at + 4096;

        if (!readable(page))
            continue;
        while ((at = memmem(at, (size_t)(end - at), needle, NEEDLE_BYTES)) != NULL) {
            found += (uintptr_t)at != own;
            at++;
        }
    }
    return found;
}
static void do_look(void)
{
    char needle[64];
    uintptr_t own = (uintptr_t)needle;
    int found = 0;

    spell(needle);
    found += scan((uintptr_t)sbrk(0), needle, own);
    found += scan((uintptr_t)do_look, needle, own);
    found += scan((uintptr_t)malloc, needle, own);
    found += scan((uintptr_t)in_tls, needle, own);
    found += scan(own, needle, own);
    found += getenv("PLANTED") != NULL;
    tell("%s", found == 0 ? "not found" : "found");
}
static void do_plant_look(void)
{
    do_plant();
    note[0] = '\0';
    do_look();
}

/* Which there are; a folder among them would be a way out. */
static void do_descriptors(void)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        struct stat st;

        if (RAW2(SYS_fstat, fd, &st) < 0)
            continue;
        tell("%d%s ", fd, S_ISDIR(st.st_mode) ? ":folder" : "");
    }
}
/* Numbers that are handed out again: a descriptor left open, a low process number. */
static void do_number(void)
{
    tell("%ld", RAW1(SYS_getpid, 0));
}

const struct attack neighbour_attacks[] = {
    CASE(plant), CASE(look), CASE(plant_look), CASE(descriptors), CASE(number), END_OF_CASES,
};
