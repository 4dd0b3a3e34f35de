/* hostile_limits.c -- time, memory, floods. */
#include "hostile.h"

#include <alloca.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* ---- limits ---- */

static const char *do_loop(void)
{
    while (always)
        ;
    return "ended";
}
static const char *do_stop(void)
{
    return failed(raise(SIGSTOP));
}
static const char *do_block(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return do_loop();
}
static const char *do_stubborn(void)
{
    struct timespec second = {1, 0};

    signal(SIGTERM, SIG_IGN);
    if (signal(SIGXCPU, SIG_IGN) != SIG_ERR || signal(SIGPROF, SIG_IGN) != SIG_ERR)
        return "the limit's signals can be ignored";
    while (always)
        nanosleep(&second, NULL);
    return "ended";
}
static void spin(int signal)
{
    (void)signal;
    do_loop();
}
static const char *do_catch_segv(void)
{
    signal(SIGSEGV, spin);
    *(volatile int *)8 = 1;
    return "ended";
}
static const char *do_catch_sys(void)
{
    signal(SIGSYS, spin);
    return failed(kill(1, SIGKILL));
}
static const char *do_malloc(void)
{
    size_t total = 0;
    char *p;

    while ((p = malloc(1 << 20)) != NULL && total < 8192) {
        memset(p, 1, 1 << 20);
        total++;
    }
    return "malloc said NULL";
}
static const char *do_touch(void)
{
    size_t bytes = 4ULL << 30;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED)
        return strerrorname_np(errno);
    for (size_t i = 0; i < bytes; i += 4096)
        p[i] = 1;
    return "4 GiB";
}
static int deeper(int n)
{
    volatile char frame[4096];

    frame[n % 4096] = (char)n;
    return always ? deeper(n + 1) + frame[0] : 0;
}
static const char *do_recurse(void)
{
    return deeper(0) != 0 ? "a" : "b";
}
static const char *do_alloca(void)
{
    volatile char *p = alloca(1ul << 30);

    p[0] = 1;
    return p[0] == 1 ? "a" : "b";
}
static void flood(int fd, size_t total)
{
    static char bytes[65536];

    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < total; i += sizeof bytes)
        if (write(fd, bytes, sizeof bytes) < 0)
            return;
}
static const char *do_flood_out(void)
{
    flood(1, 512u << 20);
    return "flooded";
}
static const char *do_flood_err(void)
{
    flood(2, 512u << 20);
    return "flooded";
}
static const char *do_flood_log(void)
{
    for (int i = 0; i < 200000; i++)
        host->log(run, ORCH_LOG_INFO, (orch_bytes){"a line of the log that says little", 34});
    return "flooded";
}
static const char *do_flood_channel(void)
{
    struct {
        uint32_t type, bytes;
        int32_t level;
        uint32_t zero;
        char text[4096];
    } packet = {17, 8 + 4096, 1, 0, ""};

    while (write(3, &packet, sizeof packet) > 0)
        ;
    return failed(-1);
}

const struct attack limit_attacks[] = {
    CASE(loop),      CASE(stop),      CASE(block),     CASE(stubborn),      CASE(catch_segv),
    CASE(catch_sys), CASE(malloc),    CASE(touch),     CASE(recurse),       CASE(alloca),
    CASE(flood_out), CASE(flood_err), CASE(flood_log), CASE(flood_channel), END_OF_CASES,
};
