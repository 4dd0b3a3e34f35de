/* swarm.c -- see swarm.h. */
#include "swarm.h"

#include "floor.h"
#include "shared.h"
#include "swarm_client.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENTS = 256, AT_ONCE = 128, SAMPLED = 16, STUCK_S = 60 };

/* What both processes see. */
struct shared {
    struct swarm_counts counts;
    long expected; /* 0: nobody asks */
    long storms;   /* how many were ordered */
};

struct swarm {
    volatile struct shared *shared;
    pid_t pid;
};

struct flock {
    const struct swarm_order *order;
    volatile struct shared *shared;
    struct swarm_client *clients;
    int count, epoll, started, connecting;
    long storms, expected;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench: swarm: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void begin(struct flock *f, struct swarm_client *c)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};

    must(swarm_client_connect(c, f->order), "connect");
    must(epoll_ctl(f->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0, "epoll_ctl");
    f->connecting++;
}

static void begin_some(struct flock *f)
{
    while (f->started < f->count && f->connecting < AT_ONCE)
        begin(f, &f->clients[f->started++]);
}

static void opened(struct flock *f, struct swarm_client *c)
{
    struct epoll_event event = {.events = c->silent ? 0 : EPOLLIN, .data.ptr = c};

    must(epoll_ctl(f->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0, "epoll_ctl");
    f->connecting--;
    f->shared->counts.open++;
}

static void gone(struct flock *f, struct swarm_client *c)
{
    must(c->state == SWARM_OPEN, "the handshake failed");
    f->shared->counts.open--;
    if (!c->silent)
        f->shared->counts.ended++;
    swarm_client_close(c);
}

static void tally(struct flock *f, struct swarm_client *c, const struct swarm_news *news)
{
    volatile struct swarm_counts *counts = &f->shared->counts;

    counts->messages += news->messages;
    counts->bytes += news->bytes;
    counts->twice += news->twice;
    counts->behind += news->behind;
    if (f->expected > 0 && c->seen >= f->expected && c->seen - news->messages < f->expected)
        counts->done++;
    if (news->messages > 0 && (c - f->clients) % SAMPLED == 0)
        counts->ages[news->age_ms < SWARM_AGES ? news->age_ms : SWARM_AGES - 1]++;
}

static void hear(struct flock *f, struct swarm_client *c, uint32_t events)
{
    struct swarm_news news = {0};
    bool was_open = c->state == SWARM_OPEN, alive = true;

    if (c->state == SWARM_CONNECTING && (events & EPOLLOUT) != 0)
        alive = swarm_client_greet(c, f->order);
    else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        alive = swarm_client_read(c, &news);
    if (!was_open && c->state == SWARM_OPEN)
        opened(f, c);
    tally(f, c, &news);
    if (!alive)
        gone(f, c);
}

/* All at once: that is the point. */
static void storm(struct flock *f)
{
    f->storms = f->shared->storms;
    for (int i = 0; i < f->count; i++) {
        if (f->clients[i].silent || f->clients[i].state != SWARM_OPEN)
            continue;
        swarm_client_close(&f->clients[i]);
        f->shared->counts.open--;
        begin(f, &f->clients[i]);
    }
}

static void take_expected(struct flock *f)
{
    f->expected = f->shared->expected;
    f->shared->counts.done = 0;
    for (int i = 0; i < f->count; i++)
        f->shared->counts.done += !f->clients[i].silent && f->clients[i].seen >= f->expected;
}

static _Noreturn void flock_main(struct flock *f)
{
    struct epoll_event events[EVENTS];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    f->count = f->order->readers + f->order->silent;
    f->clients = mem_array((size_t)f->count, struct swarm_client);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    must(f->epoll >= 0, "epoll");
    for (int i = 0; i < f->count; i++)
        f->clients[i] = (struct swarm_client){.fd = -1, .silent = i >= f->order->readers};
    for (;;) {
        int n;

        begin_some(f);
        n = epoll_wait(f->epoll, events, EVENTS, 10);
        for (int i = 0; i < n; i++)
            hear(f, events[i].data.ptr, events[i].events);
        if (f->storms != f->shared->storms)
            storm(f);
        if (f->expected != f->shared->expected)
            take_expected(f);
    }
}

/* ---- the caller's side ---- */

static long all_of(const struct swarm_order *order)
{
    return order->readers + order->silent;
}

static bool wait_for(struct swarm *swarm, const volatile long *value, long wanted)
{
    const volatile struct swarm_counts *counts = swarm_counts(swarm);
    double last = bench_now();
    long news = -1;

    while (*value < wanted) {
        long now = counts->messages + counts->open;

        if (waitpid(swarm->pid, NULL, WNOHANG) != 0) {
            fputs("bench: the swarm ended\n", stderr);
            exit(1);
        }
        if (now != news)
            last = bench_now();
        news = now;
        if (bench_now() - last > STUCK_S)
            return false;
        usleep(1000);
    }
    return true;
}

struct swarm *swarm_start(const struct swarm_order *order)
{
    struct swarm *swarm = mem_new(struct swarm);
    struct flock flock = {.order = order};

    swarm->shared = shared_new(sizeof *swarm->shared);
    flock.shared = swarm->shared;
    fflush(NULL);
    swarm->pid = fork();
    must(swarm->pid >= 0, "fork");
    if (swarm->pid == 0)
        flock_main(&flock);
    if (!wait_for(swarm, &swarm->shared->counts.open, all_of(order))) {
        fputs("bench: the swarm does not get its connections\n", stderr);
        exit(1);
    }
    return swarm;
}

const volatile struct swarm_counts *swarm_counts(const struct swarm *swarm)
{
    return &swarm->shared->counts;
}

bool swarm_wait(struct swarm *swarm, long readers, long expected)
{
    swarm->shared->counts.done = 0;
    swarm->shared->expected = expected;
    return wait_for(swarm, &swarm->shared->counts.done, readers);
}

void swarm_storm(struct swarm *swarm)
{
    swarm->shared->storms++;
}

void swarm_stop(struct swarm *swarm)
{
    kill(swarm->pid, SIGKILL);
    waitpid(swarm->pid, NULL, 0);
    munmap((void *)(uintptr_t)swarm->shared, sizeof *swarm->shared);
    free(swarm);
}

double swarm_age_ms(const struct swarm *swarm, double share)
{
    const volatile struct swarm_counts *counts = swarm_counts(swarm);
    long total = 0, at = 0;
    int ms = 0;

    for (int i = 0; i < SWARM_AGES; i++)
        total += counts->ages[i];
    while (ms < SWARM_AGES - 1 && (double)(at += counts->ages[ms]) < (double)total * share)
        ms++;
    return ms;
}
