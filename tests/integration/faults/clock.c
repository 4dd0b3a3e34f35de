/* clock.c -- a wall clock that is set when the test wants it: preloaded into orchd by
 * test_ledger.py.
 *
 * ORCH_TEST_CLOCK names a file of eight bytes: the seconds by which the wall clock is ahead. The
 * children of the process do not inherit this library. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The library's functions in our words.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

static const volatile int64_t *ahead_s;

static void __attribute__((constructor)) setup(void)
{
    const char *path = getenv("ORCH_TEST_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    const void *seen = fd >= 0 ? mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, fd, 0) : NULL;

    unsetenv("LD_PRELOAD");
    if (fd >= 0)
        close(fd);
    if (seen == NULL || seen == MAP_FAILED)
        abort(); /* the test would prove nothing */
    ahead_s = seen;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, t);

    if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        t->tv_sec += ahead_s != NULL ? *ahead_s : 0;
    return failed;
}

time_t time(time_t *ret)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (ret != NULL)
        *ret = t.tv_sec;
    return t.tv_sec;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
