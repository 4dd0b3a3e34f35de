/* timers.h -- a binary heap of what is due when, the soonest first; embedded in whoever waits.
 *
 * O(log n) for a change and O(1) for the first; a timer is in one heap or in none. */
#ifndef ORCH_BASE_TIMERS_H
#define ORCH_BASE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#define TIMER_NEVER INT64_MAX
/* The struct of a type that has timer as this member. */
#define TIMER_OWNER(timer, type, member) ((type *)(void *)((char *)(timer)-offsetof(type, member)))

struct timer {
    int64_t due_ns;
    uint32_t place; /* in the heap + 1; 0, as by itself: in none */
};

struct timers {
    struct timer **heap; /* owned, the timers are not */
    uint32_t count, room;
};

void timers_done(struct timers *timers);

/* Adds it or moves it; TIMER_NEVER takes it out. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_ns);
/* The soonest; NULL: there is none. */
struct timer *timers_first(const struct timers *timers);
/* When that is due; TIMER_NEVER: there is none. */
int64_t timers_due(const struct timers *timers);

#endif
