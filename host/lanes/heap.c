/* heap.c -- a binary heap of seats by when they rise. See inside.h. */
#include "lanes/inside.h"

#include "base/mem.h"

static void put(struct lane_heap *heap, uint32_t at, struct lane_seat *seat)
{
    heap->seats[at] = seat;
    seat->place = at + 1;
}

static void up(struct lane_heap *heap, uint32_t at, struct lane_seat *seat)
{
    while (at > 0 && heap->seats[(at - 1) / 2]->rises_ns > seat->rises_ns) {
        put(heap, at, heap->seats[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(heap, at, seat);
}

static void down(struct lane_heap *heap, uint32_t at, struct lane_seat *seat)
{
    uint32_t child;

    while ((child = 2 * at + 1) < heap->count) {
        if (child + 1 < heap->count &&
            heap->seats[child + 1]->rises_ns < heap->seats[child]->rises_ns)
            child++;
        if (heap->seats[child]->rises_ns >= seat->rises_ns)
            break;
        put(heap, at, heap->seats[child]);
        at = child;
    }
    put(heap, at, seat);
}

void lane_heap_set(struct lane_heap *heap, struct lane_seat *seat, int64_t rises_ns)
{
    lane_heap_remove(heap, seat);
    seat->rises_ns = rises_ns;
    if (rises_ns == INT64_MAX)
        return;
    if (heap->count == heap->room) {
        heap->room = heap->room > 0 ? 2 * heap->room : 16;
        heap->seats = mem_resize(heap->seats, heap->room, sizeof *heap->seats);
    }
    up(heap, heap->count++, seat);
}

void lane_heap_remove(struct lane_heap *heap, struct lane_seat *seat)
{
    uint32_t at = seat->place - 1;
    struct lane_seat *last;

    if (seat->place == 0)
        return;
    seat->place = 0;
    last = heap->seats[--heap->count];
    if (last == seat)
        return;
    if (at > 0 && heap->seats[(at - 1) / 2]->rises_ns > last->rises_ns)
        up(heap, at, last);
    else
        down(heap, at, last);
}
