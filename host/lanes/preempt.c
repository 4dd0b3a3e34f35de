/* preempt.c -- which item that runs makes room for an express one. See lanes.h. */
#include "lanes/inside.h"

#include <string.h>

/* So many at least of the seat's items could run, if there were workers. */
static uint32_t could_run(const struct lanes *lanes, const struct lane_seat *seat, uint32_t enough)
{
    const struct lane_quota *quota = &seat->share->quota;
    uint32_t room = lanes->tenant_max - seat->tenant->running, count = 0;
    const struct lane_item *item;
    const struct lane_line *line;

    if (quota->max_active > 0 && quota->max_active - seat->share->running < room)
        room = quota->max_active - seat->share->running;
    enough = room < enough ? room : enough;
    LIST_FOREACH(line, &seat->lines, link)
    {
        TAILQ_FOREACH(item, &line->items, link)
        {
            if (++count >= enough)
                return count;
        }
    }
    return count;
}

/* Nobody knows how many it lets start, but that it lets one. */
static bool starts_one_by_one(const struct lane *lane, int64_t now_ns)
{
    return lane->spec.rate.per_second > 0 || lane->spec.tenant_rate.per_second > 0 ||
           lane_breaker_state(&lane->breaker, &lane->spec.breaker, now_ns) != LANE_BREAKER_CLOSED;
}

/* More express items wait in vain than are being made room for. */
static bool wants_room(const struct lanes *lanes, const struct lane *lane, int64_t now_ns)
{
    const struct lane_hall *hall = &lane->halls[LANE_EXPRESS];
    const struct lane_seat *seat;
    uint32_t count = 0;

    if (lane->stopping > 0 && starts_one_by_one(lane, now_ns))
        return false;
    LIST_FOREACH(seat, &hall->seats, of_half)
    {
        if (seat->class > 0) /* its tenant may run more */
            count += could_run(lanes, seat, lane->stopping + 1 - count);
        if (count > lane->stopping)
            return true;
    }
    return false;
}

/* One more that stops leaves a worker free: it has not more than it should. */
static bool gives_room(const struct lane *lane)
{
    return lane->halls[LANE_REGULAR].running <= lane->slots + lane->stopping;
}

/* The one that would get the worker is an express one. */
static bool express_is_next(const struct lane *lane)
{
    int32_t express = lane_best_class(&lane->halls[LANE_EXPRESS]);

    return express > 0 && express >= lane_best_class(&lane->halls[LANE_REGULAR]);
}

static bool may_preempt(const struct lanes *lanes, const struct lane *lane, int64_t now_ns)
{
    return !lane->spec.no_preempt && lane_is_open(lane) && !TAILQ_EMPTY(&lane->yielding) &&
           express_is_next(lane) && !lane_has_worker(lane, LANE_EXPRESS) &&
           !lane_has_worker(lane, LANE_REGULAR) && lane_lets_ns(lane, now_ns) <= now_ns &&
           gives_room(lane) && wants_room(lanes, lane, now_ns);
}

/* Of lower priority, or of the same and younger. */
static bool goes_before(const struct lane_item *item, const struct lane_item *other)
{
    return item->priority < other->priority ||
           (item->priority == other->priority && lane_came_before(other, item));
}

/* below: as it has aged, so that it does not take the worker again that it gives. */
static struct lane_item *least_of(const struct lanes *lanes, const struct lane *lane, int32_t below,
                                  uint32_t times_max, int64_t now_ns)
{
    struct lane_item *item, *least = NULL;

    TAILQ_FOREACH(item, &lane->yielding, link)
    {
        if (!item->yields || item->times >= times_max || item->priority >= LANE_YIELD_BELOW ||
            lane_class(&lanes->ageing, item->priority, item->since_ns, now_ns) >= below)
            continue;
        if (least == NULL || goes_before(item, least))
            least = item;
    }
    return least;
}

void lanes_stops(struct lane_item *item)
{
    if (!item->yielding)
        return;
    TAILQ_REMOVE(&item->lane->yielding, item, link);
    item->yielding = false;
    item->stops = true;
    item->lane->stopping++;
}

struct lane_item *lanes_yield(struct lanes *lanes, int64_t now_ns)
{
    struct lane_item *item;
    struct lane *lane;

    if (lanes->routing.no_priority)
        return NULL;
    lane_age(lanes, now_ns);
    lane_shares_turn(lanes, now_ns);
    TAILQ_FOREACH(lane, &lanes->turns, turn)
    {
        if (!may_preempt(lanes, lane, now_ns))
            continue;
        item = least_of(lanes, lane, lane_best_class(&lane->halls[LANE_EXPRESS]), LANE_YIELDS_MAX,
                        now_ns);
        if (item == NULL)
            continue;
        lanes_stops(item);
        return item;
    }
    return NULL;
}

struct lane_item *lanes_yield_of(struct lanes *lanes, const char *name, int64_t now_ns)
{
    struct lane_item *item;
    struct lane *lane;

    HASH_FIND_STR(lanes->lanes, name, lane);
    if (lane == NULL)
        return NULL;
    item = least_of(lanes, lane, LANE_PRIORITY_MAX + 1, UINT32_MAX, now_ns);
    if (item != NULL)
        lanes_stops(item);
    return item;
}
