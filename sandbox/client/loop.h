/* loop.h -- the client's descriptors, clock and timer: the lowest of its layers, which knows none
 * of the others.
 *
 * Owns the epoll set and the wake-up. A watch is embedded in the object that owns the descriptor,
 * and comes back from epoll as a plain pointer: that object stays allocated until the end of the
 * turn in which its watch was closed, because an event of that turn may still name it (such a watch
 * has fd -1, and the event is dropped). Runs in orchd, on the thread that calls sandbox_turn. */
#ifndef ORCH_SANDBOX_CLIENT_LOOP_H
#define ORCH_SANDBOX_CLIENT_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

enum { EVENTS_A_TURN = 128 };

#define SECOND_NS (1000 * 1000 * 1000LL)

struct watch {
    uint32_t magic;  /* WATCH_MAGIC since watch_add */
    int fd;          /* -1: none */
    uint32_t events; /* as the set has them */
    bool spent;      /* of EPOLLONESHOT: the set gives none until watch_events */
    void (*ready)(struct watch *w, uint32_t events);
    void *owner;
};

struct loop {
    int epoll;
    struct watch wake;
    int64_t now_ns;  /* of this turn, or of the call that came between two */
    int64_t next_ns; /* when the next turn is wanted without an event; INT64_MAX: never */
};

/* What was readable when the turn began. */
struct due {
    int count;
    struct epoll_event events[EVENTS_A_TURN];
};

/* Nothing is open yet: loop_close may be called. */
void loop_init(struct loop *loop);
bool loop_open(struct loop *loop, struct err *e) must_check;
void loop_close(struct loop *loop);

void loop_look(const struct loop *loop, struct due *ret);
/* Calls ready of each, in the order the kernel gave. */
void loop_dispatch(const struct due *due);

/* The clock is read where a call comes between two turns: what is reckoned from it must not begin
 * in the past. Never goes back. */
void loop_refresh(struct loop *loop);
void loop_timer_at(struct loop *loop, int64_t at_ns);
/* Makes the poll descriptor readable: something became due outside of sandbox_turn. */
void loop_wake(struct loop *loop);

/* Takes fd. */
void watch_add(struct loop *loop, struct watch *w, int fd, uint32_t events,
               void (*ready)(struct watch *w, uint32_t events), void *owner);
void watch_events(struct loop *loop, struct watch *w, uint32_t events);
/* The last descriptor of what it watches: with it that is out of the set. */
void watch_close(struct watch *w);
/* Another process may hold a copy, as the supervisor that of a pidfd: closing ours alone would
 * leave the registration, and its pointer, in the set. One that is spent gives no more events: it
 * may stay there until the last copy is closed. */
void watch_close_shared(struct loop *loop, struct watch *w);

#endif
