/* loop.h -- the supervisor's one thread: an epoll set, what is watched in it, what is due when. It
 * knows nothing of what a watch or a timer is for; whoever holds one owns it and is called back.
 *
 * One turn is loop_due, loop_wait and then the caller's own end of the turn. Several descriptors
 * may be ready in one turn, in any order, and a callback may close the watch of another that is
 * still to come: it is then passed over. So an object that holds a watch is freed at the end of the
 * turn, never in a callback; that an event belongs to a living watch is checked by its magic. */
#ifndef ORCH_SANDBOX_SUPERVISOR_LOOP_H
#define ORCH_SANDBOX_SUPERVISOR_LOOP_H

#include "base/err.h"

#include <stdint.h>

#define WATCH_MAGIC 0x77746368u

struct watch {
    uint32_t magic; /* of a watch that was once in the set: its events come back as a void * */
    int fd;         /* -1: none */
    void (*ready)(struct watch *w);
    void *owner;
};

struct timer {
    int64_t due_ns; /* on the monotonic clock; INT64_MAX: not set. The owner sets it. */
    void (*fire)(struct timer *t, int64_t now_ns);
    void *owner;
};

enum { TIMERS_MAX = 8 };

struct loop {
    int epoll;
    uint32_t slow_ms; /* the fault of faults.h; 0: none */
    struct timer *timers[TIMERS_MAX];
    unsigned timer_count;
};

bool loop_open(struct loop *l, struct err *e) must_check;

/* Takes fd. */
void loop_watch(struct loop *l, struct watch *w, int fd, void (*ready)(struct watch *w),
                void *owner);
/* Takes fd; is called back once. */
void loop_watch_once(struct loop *l, struct watch *w, int fd, void (*ready)(struct watch *w),
                     void *owner);
/* The descriptor of one that was called back for the once: no event of it follows, in whatever
 * process a copy of it is, and closing it is all that is left to do. */
int loop_leave(struct watch *w);
/* Closes the descriptor too. Accepts a watch without one. */
void loop_close(struct loop *l, struct watch *w);

/* For the life of the process; not set at first. */
void loop_timer(struct loop *l, struct timer *t, void (*fire)(struct timer *t, int64_t now_ns),
                void *owner);

/* Fires what is due; the milliseconds until the next, -1 for none. */
int loop_due(struct loop *l, int64_t now_ns);
/* Calls back for what is ready; how many events there were. */
int loop_wait(struct loop *l, int timeout_ms);

#endif
