/* loop.c -- see loop.h. */
#include "sandbox/supervisor/loop.h"

#include "base/fd.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_A_TURN = 64 };

bool loop_open(struct loop *l, struct err *e)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll >= 0 || err_sys(e, "make an epoll set");
}

static void add(struct loop *l, struct watch *w, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    int added = epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &event);

    assert(added == 0);
}

void loop_watch(struct loop *l, struct watch *w, int fd, void (*ready)(struct watch *w),
                void *owner)
{
    *w = (struct watch){WATCH_MAGIC, fd, ready, owner};
    add(l, w, EPOLLIN);
}

void loop_watch_once(struct loop *l, struct watch *w, int fd, void (*ready)(struct watch *w),
                     void *owner)
{
    *w = (struct watch){WATCH_MAGIC, fd, ready, owner};
    add(l, w, EPOLLIN | EPOLLONESHOT);
}

int loop_leave(struct watch *w)
{
    assert(w->magic == WATCH_MAGIC && w->fd >= 0);
    return take_fd(&w->fd);
}

void loop_close(struct loop *l, struct watch *w)
{
    if (w->fd < 0)
        return;
    assert(w->magic == WATCH_MAGIC);
    /* A copy in a child that has not exec'd yet would keep it in the set. */
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
    close(take_fd(&w->fd));
}

void loop_timer(struct loop *l, struct timer *t, void (*fire)(struct timer *t, int64_t now_ns),
                void *owner)
{
    assert(l->timer_count < TIMERS_MAX);
    *t = (struct timer){INT64_MAX, fire, owner};
    l->timers[l->timer_count++] = t;
}

static int wait_ms(int64_t until_ns, int64_t now_ns)
{
    if (until_ns == INT64_MAX)
        return -1;
    return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / 1000000 + 1);
}

int loop_due(struct loop *l, int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;

    for (unsigned i = 0; i < l->timer_count; i++) {
        struct timer *t = l->timers[i];

        if (now_ns >= t->due_ns) {
            t->due_ns = INT64_MAX;
            t->fire(t, now_ns);
        }
        next_ns = t->due_ns < next_ns ? t->due_ns : next_ns;
    }
    return wait_ms(next_ns, now_ns);
}

int loop_wait(struct loop *l, int timeout_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n;

    if (l->slow_ms > 0)
        usleep(l->slow_ms * 1000);
    n = epoll_wait(l->epoll, events, EVENTS_A_TURN, timeout_ms);
    assert(n >= 0 || errno == EINTR);
    for (int i = 0; i < n; i++) {
        struct watch *w = events[i].data.ptr;

        assert(w->magic == WATCH_MAGIC);
        if (w->fd >= 0)
            w->ready(w);
    }
    return n;
}
