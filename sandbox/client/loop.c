/* loop.c -- see loop.h. */
#include "sandbox/client/loop.h"

#include "base/clock.h"

#include <assert.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WATCH_MAGIC 0x57a7c401u

/* ---- watches ---- */

void watch_add(struct loop *loop, struct watch *w, int fd, uint32_t events,
               void (*ready)(struct watch *w, uint32_t events), void *owner)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    int added;

    *w = (struct watch){WATCH_MAGIC, fd, events, false, ready, owner};
    added = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
    assert(added == 0);
}

void watch_events(struct loop *loop, struct watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};

    if (w->fd < 0 || (w->events == events && !w->spent))
        return;
    w->events = events;
    w->spent = false;
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, w->fd, &event);
}

void watch_close(struct watch *w)
{
    if (w->fd >= 0)
        close(take_fd(&w->fd));
}

void watch_close_shared(struct loop *loop, struct watch *w)
{
    if (w->fd >= 0 && !w->spent)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    watch_close(w);
}

/* ---- wake-up, timer ---- */

void loop_refresh(struct loop *loop)
{
    int64_t now_ns = clock_mono_ns();

    if (now_ns > loop->now_ns)
        loop->now_ns = now_ns;
}

void loop_timer_at(struct loop *loop, int64_t at_ns)
{
    if (at_ns < loop->next_ns)
        loop->next_ns = at_ns;
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;

    /* Fails only when the counter is full, and then it is readable. */
    (void)!write(loop->wake.fd, &one, sizeof one);
}

static void on_wake(struct watch *w, uint32_t events)
{
    uint64_t count;

    (void)events;
    (void)!read(w->fd, &count, sizeof count);
}

/* ---- one look a turn ---- */

void loop_look(const struct loop *loop, struct due *ret)
{
    ret->count = epoll_wait(loop->epoll, ret->events, EVENTS_A_TURN, 0);
}

void loop_dispatch(const struct due *due)
{
    for (int i = 0; i < due->count; i++) {
        struct watch *w = due->events[i].data.ptr;

        assert(w->magic == WATCH_MAGIC);
        if (w->fd < 0) /* closed by one before it */
            continue;
        w->spent = (w->events & EPOLLONESHOT) != 0;
        w->ready(w, due->events[i].events);
    }
}

void loop_init(struct loop *loop)
{
    *loop = (struct loop){.epoll = -1, .wake.fd = -1, .next_ns = INT64_MAX};
}

bool loop_open(struct loop *loop, struct err *e)
{
    int wake;

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        return err_sys(e, "open the sandbox's loop");
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0)
        return err_sys(e, "open the sandbox's wake-up");
    watch_add(loop, &loop->wake, wake, EPOLLIN, on_wake, NULL);
    return true;
}

void loop_close(struct loop *loop)
{
    watch_close(&loop->wake);
    if (loop->epoll >= 0)
        close(take_fd(&loop->epoll));
}
