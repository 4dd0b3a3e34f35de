/* seats.c -- which tenant of a lane's half is next, and with which item. See inside.h. */
#include "lanes/inside.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

bool lane_came_before(const struct lane_item *item, const struct lane_item *other)
{
    return item->came_us < other->came_us ||
           (item->came_us == other->came_us && item->number < other->number);
}

/* ---- classes ---- */

static int64_t steps_risen(const struct lane_ageing *ageing, int64_t waited_ns)
{
    return waited_ns < ageing->after_ns ? 0 : (waited_ns - ageing->after_ns) / ageing->step_ns;
}

int32_t lane_class(const struct lane_ageing *ageing, int32_t priority, int64_t since_ns,
                   int64_t now_ns)
{
    int64_t steps = steps_risen(ageing, now_ns - since_ns);

    if (priority >= LANE_AGED_MAX || steps >= LANE_AGED_MAX - priority)
        return priority > LANE_AGED_MAX ? priority : LANE_AGED_MAX;
    return priority + (int32_t)steps;
}

static int32_t class_of(const struct lanes *lanes, const struct lane_line *line, int64_t now_ns)
{
    return lane_class(&lanes->ageing, line->priority, TAILQ_FIRST(&line->items)->since_ns, now_ns);
}

static int64_t rises_at(const struct lanes *lanes, const struct lane_line *line, int64_t now_ns)
{
    int64_t since_ns = TAILQ_FIRST(&line->items)->since_ns;

    if (class_of(lanes, line, now_ns) >= LANE_AGED_MAX)
        return TIMER_NEVER;
    return since_ns + lanes->ageing.after_ns +
           (steps_risen(&lanes->ageing, now_ns - since_ns) + 1) * lanes->ageing.step_ns;
}

/* ---- rings ---- */

static void leave_ring(struct lane_seat *seat)
{
    struct lane_hall *hall = &seat->lane->halls[seat->half];
    struct lane_ring *ring = &hall->rings[seat->class];

    if (seat->class == 0)
        return;
    TAILQ_REMOVE(ring, seat, turn);
    if (TAILQ_EMPTY(ring))
        hall->busy[seat->class / 64] &= ~(UINT64_C(1) << seat->class % 64);
    seat->class = 0;
}

static void enter_ring(struct lane_seat *seat, int32_t class, bool first)
{
    struct lane_hall *hall = &seat->lane->halls[seat->half];

    if (first)
        TAILQ_INSERT_HEAD(&hall->rings[class], seat, turn);
    else
        TAILQ_INSERT_TAIL(&hall->rings[class], seat, turn);
    hall->busy[class / 64] |= UINT64_C(1) << class % 64;
    seat->class = class;
}

/* One that was put back is not served a second time for it. */
static uint32_t served_before(const struct lane_seat *seat)
{
    return (seat->served > 0 ? seat->served : seat->share->quota.weight) - 1;
}

/* Whether it belongs in a ring at all; if only the time keeps it out, that wakes it. */
static bool may_start(struct lanes *lanes, const struct lane_seat *seat, int64_t now_ns)
{
    int64_t lets_ns = lane_share_lets_ns(seat->share);

    timers_set(&lanes->waking, &seat->share->wakes, lets_ns > now_ns ? lets_ns : TIMER_NEVER);
    return lets_ns <= now_ns && seat->tenant->running < lanes->tenant_max;
}

/* Where it belongs by its lines: it keeps its turn, unless its class is another one or it has had
 * all of it. */
enum turn { KEEPS_TURN, HAD_ONE, IS_NEXT };

static bool keeps_turn(struct lane_seat *seat, enum turn turn)
{
    return turn == KEEPS_TURN || (turn == HAD_ONE && ++seat->served < seat->share->quota.weight);
}

static void find_ring(struct lanes *lanes, struct lane_seat *seat, enum turn turn, int64_t now_ns)
{
    int64_t rises_ns = TIMER_NEVER, at_ns;
    struct lane_line *line;
    int32_t class = 0, one;

    LIST_FOREACH(line, &seat->lines, link)
    {
        one = class_of(lanes, line, now_ns);
        class = one > class ? one : class;
        at_ns = rises_at(lanes, line, now_ns);
        rises_ns = at_ns < rises_ns ? at_ns : rises_ns;
    }
    timers_set(&lanes->rising, &seat->rises, rises_ns);
    if (!may_start(lanes, seat, now_ns))
        class = 0;
    if (class == seat->class && keeps_turn(seat, turn))
        return;
    seat->served = turn == IS_NEXT ? served_before(seat) : 0;
    leave_ring(seat);
    if (class > 0)
        enter_ring(seat, class, turn == IS_NEXT);
}

void lane_find_ring(struct lanes *lanes, struct lane_seat *seat, int64_t now_ns)
{
    find_ring(lanes, seat, KEEPS_TURN, now_ns);
}

void lane_age(struct lanes *lanes, int64_t now_ns)
{
    while (timers_due(&lanes->rising) <= now_ns)
        find_ring(lanes, TIMER_OWNER(timers_first(&lanes->rising), struct lane_seat, rises),
                  KEEPS_TURN, now_ns);
}

int32_t lane_best_class(const struct lane_hall *hall)
{
    if (hall->busy[1] != 0)
        return 127 - __builtin_clzll(hall->busy[1]);
    return hall->busy[0] != 0 ? 63 - __builtin_clzll(hall->busy[0]) : 0;
}

struct lane_item *lane_best(const struct lanes *lanes, const struct lane_hall *hall, int64_t now_ns)
{
    const struct lane_seat *seat = TAILQ_FIRST(&hall->rings[lane_best_class(hall)]);
    struct lane_item *best = NULL, *first;
    struct lane_line *line;

    LIST_FOREACH(line, &seat->lines, link)
    {
        first = TAILQ_FIRST(&line->items);
        if (class_of(lanes, line, now_ns) == seat->class &&
            (best == NULL || lane_came_before(first, best)))
            best = first;
    }
    assert(best != NULL);
    return best;
}

/* ---- seats and lines ---- */

static struct lane_seat *seat_of(struct lane_item *item)
{
    struct lane_seat *seat = item->share->seats[item->half];

    if (seat != NULL)
        return seat;
    seat = mem_new(struct lane_seat);
    seat->lane = item->lane;
    seat->half = item->half;
    seat->tenant = item->tenant;
    seat->share = item->share;
    item->share->seats[item->half] = seat;
    LIST_INSERT_HEAD(&item->tenant->seats, seat, of_tenant);
    LIST_INSERT_HEAD(&item->lane->halls[item->half].seats, seat, of_half);
    return seat;
}

static struct lane_line *line_of(const struct lanes *lanes, struct lane_seat *seat,
                                 const struct lane_item *item)
{
    int32_t priority = lanes->routing.no_priority ? LANE_PRIORITY_DEFAULT : item->priority;
    struct lane_line *line;

    LIST_FOREACH(line, &seat->lines, link)
    {
        if (line->priority == priority)
            return line;
    }
    line = mem_new(struct lane_line);
    line->seat = seat;
    line->priority = priority;
    TAILQ_INIT(&line->items);
    LIST_INSERT_HEAD(&seat->lines, line, link);
    return line;
}

/* before NULL: at the end. */
static void sit_before(struct lanes *lanes, struct lane_item *item, struct lane_item *before)
{
    if (before != NULL)
        TAILQ_INSERT_BEFORE(before, item, link);
    else
        TAILQ_INSERT_TAIL(&item->line->items, item, link);
    item->line->count++;
    item->lane->halls[item->half].waiting++;
    item->share->waiting++;
    lanes->waiting++;
}

void lane_sit(struct lanes *lanes, struct lane_item *item, bool first, int64_t now_ns)
{
    struct lane_seat *seat = seat_of(item);

    item->line = line_of(lanes, seat, item);
    sit_before(lanes, item, first ? TAILQ_FIRST(&item->line->items) : NULL);
    find_ring(lanes, seat, first ? IS_NEXT : KEEPS_TURN, now_ns);
}

/* A line is in the order of age, which ageing and what is put anew go by. */
void lane_sit_before_all(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    struct lane_seat *seat = seat_of(item);
    struct lane_item *first;

    item->line = line_of(lanes, seat, item);
    first = TAILQ_FIRST(&item->line->items);
    if (first != NULL) {
        item->came_us = first->came_us - 1;
        item->since_ns = first->since_ns;
    }
    sit_before(lanes, item, first);
    find_ring(lanes, seat, KEEPS_TURN, now_ns);
}

void lane_sit_by_age(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    struct lane_seat *seat = seat_of(item);
    struct lane_item *before = NULL, *other;

    item->line = line_of(lanes, seat, item);
    TAILQ_FOREACH_REVERSE(other, &item->line->items, lane_items, link)
    {
        if (lane_came_before(other, item))
            break;
        before = other;
    }
    sit_before(lanes, item, before);
    find_ring(lanes, seat, KEEPS_TURN, now_ns);
}

static void seat_free(struct lanes *lanes, struct lane_seat *seat)
{
    leave_ring(seat);
    timers_set(&lanes->rising, &seat->rises, TIMER_NEVER);
    lane_share_left(lanes, seat->share, seat->half);
    LIST_REMOVE(seat, of_tenant);
    LIST_REMOVE(seat, of_half);
    free(seat);
}

void lane_stand_up(struct lanes *lanes, struct lane_item *item, bool had_turn, int64_t now_ns)
{
    struct lane_line *line = item->line;
    struct lane_seat *seat = line->seat;

    TAILQ_REMOVE(&line->items, item, link);
    line->count--;
    item->line = NULL;
    item->lane->halls[item->half].waiting--;
    item->share->waiting--;
    lanes->waiting--;
    if (TAILQ_EMPTY(&line->items)) {
        LIST_REMOVE(line, link);
        free(line);
    }
    if (LIST_EMPTY(&seat->lines))
        seat_free(lanes, seat);
    else
        find_ring(lanes, seat, had_turn ? HAD_ONE : KEEPS_TURN, now_ns);
}

static size_t list_hall(const struct lane_hall *hall, struct lane_item **items)
{
    const struct lane_seat *seat;
    const struct lane_line *line;
    struct lane_item *item;
    size_t count = 0;

    LIST_FOREACH(seat, &hall->seats, of_half)
    LIST_FOREACH(line, &seat->lines, link)
    TAILQ_FOREACH(item, &line->items, link)
    items[count++] = item;
    return count;
}

static int by_age(const void *a, const void *b)
{
    const struct lane_item *one = *(struct lane_item *const *)a;
    const struct lane_item *other = *(struct lane_item *const *)b;

    return lane_came_before(other, one) - lane_came_before(one, other);
}

void lane_sit_anew(struct lanes *lanes, const struct lane *lane, lane_half_fn *half_of,
                   int64_t now_ns)
{
    size_t waiting = lane->halls[LANE_REGULAR].waiting + (size_t)lane->halls[LANE_EXPRESS].waiting;
    auto_mem struct lane_item **items = mem_array(waiting + 1, struct lane_item *);
    size_t count = list_hall(&lane->halls[LANE_REGULAR], items);

    count += list_hall(&lane->halls[LANE_EXPRESS], items + count);
    assert(count == waiting);
    qsort(items, count, sizeof *items, by_age);
    for (size_t i = 0; i < count; i++) {
        lane_stand_up(lanes, items[i], false, now_ns);
        items[i]->half = half_of(lanes, lane, items[i]->priority);
        lane_sit(lanes, items[i], false, now_ns);
    }
}

void lane_tenant_runs(struct lanes *lanes, struct lane_tenant *tenant, int by, int64_t now_ns)
{
    bool full = tenant->running >= lanes->tenant_max;
    struct lane_seat *seat;

    assert(by > 0 || tenant->running > 0);
    tenant->running += (uint32_t)by;
    if (full == (tenant->running >= lanes->tenant_max))
        return;
    LIST_FOREACH(seat, &tenant->seats, of_tenant)
    find_ring(lanes, seat, KEEPS_TURN, now_ns);
}
