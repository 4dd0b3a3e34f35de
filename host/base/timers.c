/* timers.c -- see timers.h. */
#include "base/timers.h"

#include "base/mem.h"

enum { ROOM_AT_FIRST = 16 };

void timers_done(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

static void put(struct timers *timers, uint32_t at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->place = at + 1;
}

/* Finds the place of a timer, beginning with the hole `at`. */
static void sift(struct timers *timers, uint32_t at, struct timer *timer)
{
    struct timer **heap = timers->heap;

    for (; at > 0 && timer->due_ns < heap[(at - 1) / 2]->due_ns; at = (at - 1) / 2)
        put(timers, at, heap[(at - 1) / 2]);
    for (uint32_t child = 2 * at + 1; child < timers->count; child = 2 * at + 1) {
        if (child + 1 < timers->count && heap[child + 1]->due_ns < heap[child]->due_ns)
            child++;
        if (heap[child]->due_ns >= timer->due_ns)
            break;
        put(timers, at, heap[child]);
        at = child;
    }
    put(timers, at, timer);
}

static void take_out(struct timers *timers, struct timer *timer)
{
    struct timer *last = timers->heap[timers->count - 1];
    uint32_t at = timer->place - 1;

    timers->count--;
    timer->place = 0;
    if (last != timer)
        sift(timers, at, last);
}

static void put_in(struct timers *timers, struct timer *timer)
{
    if (timers->count == timers->room) {
        timers->room = timers->room > 0 ? 2 * timers->room : ROOM_AT_FIRST;
        timers->heap = mem_resize(timers->heap, timers->room, sizeof(struct timer *));
    }
    sift(timers, timers->count++, timer);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t due_ns)
{
    if (due_ns == TIMER_NEVER && timer->place > 0)
        take_out(timers, timer);
    timer->due_ns = due_ns;
    if (timer->place > 0)
        sift(timers, timer->place - 1, timer);
    else if (due_ns != TIMER_NEVER)
        put_in(timers, timer);
}

struct timer *timers_first(const struct timers *timers)
{
    return timers->count > 0 ? timers->heap[0] : NULL;
}

int64_t timers_due(const struct timers *timers)
{
    return timers->count > 0 ? timers->heap[0]->due_ns : TIMER_NEVER;
}
