/* turns.c -- preloaded into orchd by bench_steps: see turns.h. The children of the process do not
 * inherit this library. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE
#include "turns.h"
#include "probe.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* The library's functions in our words.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

typedef int epoll_pwait_call(int, struct epoll_event *, int, int, const sigset_t *);

static struct turns *turns;
static epoll_pwait_call *next;
static int64_t wall_ns, cpu_ns; /* since the last wait */

static void __attribute__((constructor)) setup(void)
{
    turns = probe_share(TURNS_FILE, sizeof *turns);
    next = (epoll_pwait_call *)dlsym(RTLD_NEXT, "epoll_pwait");
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void count(uint32_t *buckets, int64_t ns)
{
    int64_t bucket = ns / 1000 / TURNS_BUCKET_US;

    buckets[bucket < TURNS_BUCKETS ? bucket : TURNS_BUCKETS - 1]++;
}

int epoll_pwait(int epoll, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
    int n;

    if (turns == NULL || gettid() != getpid())
        return next(epoll, events, max, timeout, mask);
    if (wall_ns != 0) {
        count(turns->wall, clock_ns(CLOCK_MONOTONIC) - wall_ns);
        count(turns->cpu, clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns);
    }
    n = next(epoll, events, max, timeout, mask);
    wall_ns = clock_ns(CLOCK_MONOTONIC);
    cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return n;
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
    return epoll_pwait(epoll, events, max, timeout, NULL);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
