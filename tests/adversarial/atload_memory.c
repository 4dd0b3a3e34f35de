/* atload_memory.c -- memory that outlives an attempt, and more of it than is granted. */
#include "atload.h"

#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { SHARED_BYTES = 64 << 20, TEXT_BYTES = 1024 };
#define GIGABYTE (1ul << 30)

static char *shared;

/* The mapping is there for every process that is forked behind this. */
static void do_shared(void)
{
    long at =
        raw(SYS_mmap, 0, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    tell_result("shared", at);
    if (at > 0 || at <= -4096)
        shared = (char *)at;
}

static void do_tell_shared(void)
{
    note[0] = '\0';
    tell("%s", shared != NULL && shared[0] != '\0' ? shared : "nothing");
}

/* The input, and the secret where there is one, for those that come later. */
static void do_keep(void)
{
    const orch_secret_v1 *secrets = host->ext(host, ORCH_EXT_SECRET);
    orch_bytes value = ctx->inputs[0];

    if (secrets != NULL && secrets->get(run, "token", &value) != ORCH_OK)
        value = ctx->inputs[0];
    if (shared != NULL) {
        const char *text = value.ptr;

        for (size_t i = 0; i < value.len && i < TEXT_BYTES; i++)
            shared[i] = text[i] == '"' ? '.' : text[i];
    }
    tell("kept ");
}

/* Pages that are charged to whoever touched them, in memory that somebody else keeps. */
static void do_charge(void)
{
    do_shared();
    if (shared != NULL)
        memset(shared + 4096, 1, SHARED_BYTES - 4096);
}
static void do_touch_shared(void)
{
    if (shared != NULL)
        memset(shared + 4096, 1, SHARED_BYTES - 4096);
}

static void touch(size_t bytes)
{
    long at = raw(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at < 0 && at > -4096) {
        tell_result("touch", at);
        return;
    }
    for (size_t i = 0; i < bytes; i += 4096)
        ((volatile char *)at)[i] = 1;
    tell("touched %zu ", bytes);
    nap(); /* for whoever looks */
}
static void do_touch_3g(void)
{
    touch(3 * GIGABYTE);
}
/* In pieces, each below any limit of one mapping. */
static void do_touch_pieces(void)
{
    for (size_t total = 0; total < 3 * GIGABYTE; total += 1 << 20) {
        long at =
            raw(SYS_mmap, 0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (at < 0 && at > -4096) {
            tell_result("pieces", at);
            return;
        }
        memset((void *)at, 1, 1 << 20);
    }
    tell("pieces touched ");
    nap();
}
static int deeper(int n)
{
    volatile char frame[4096];

    frame[n % 4096] = (char)n;
    return always ? deeper(n + 1) + frame[0] : 0;
}
static void do_recurse(void)
{
    tell("%d ", deeper(0));
}
/* On a stack of its own, so that the kernel's last word can be caught. */
static char other[65536] __attribute__((aligned(16)));
static void on_segv(int number)
{
    (void)number;
    spin();
}
static void do_recurse_caught(void)
{
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    struct sigaction action = {.sa_handler = on_segv, .sa_flags = SA_ONSTACK};

    sigaltstack(&stack, NULL);
    sigaction(SIGSEGV, &action, NULL);
    tell("%d ", deeper(0));
}

const struct attack memory_attacks[] = {
    CASE(shared),   CASE(tell_shared),  CASE(keep),    CASE(charge),         CASE(touch_shared),
    CASE(touch_3g), CASE(touch_pieces), CASE(recurse), CASE(recurse_caught), END_OF_CASES,
};
