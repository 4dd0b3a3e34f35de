/* show.c -- what is told of lanes: where an item stands and why, and what each lane has. See
 * lanes.h. */
#include "lanes/inside.h"

#include <string.h>

const char *lane_why_text(enum lane_why why)
{
    static const char *const texts[] = {
#define XX(name, text) text,
        LANE_WHY_MAP(XX)
#undef XX
    };

    return texts[why];
}

const char *lane_backend_text(enum lane_backend backend)
{
    static const char *const texts[] = {
#define XX(name, text) text,
        LANE_BACKEND_MAP(XX)
#undef XX
    };

    return texts[backend];
}

static int32_t class_of(const struct lanes *lanes, const struct lane_item *item, int64_t now_ns)
{
    return lane_class(&lanes->ageing, item->line->priority, item->since_ns, now_ns);
}

bool lane_is_typed(const char *name)
{
#define XX(id, typed)                                                                              \
    if (strcmp(name, typed) == 0)                                                                  \
        return true;
    LANE_TYPED_MAP(XX)
#undef XX
    return false;
}

static bool is_before(const struct lanes *lanes, const struct lane_item *other,
                      const struct lane_item *item, int64_t now_ns)
{
    int32_t class = class_of(lanes, item, now_ns), one = class_of(lanes, other, now_ns);

    return one > class || (one == class && lane_came_before(other, item));
}

/* A line is in the order in which its items are taken, so those before another are its first: they
 * are counted from the end that is nearer. Whoever has just come is found at once. */
static uint32_t before_in_line(const struct lanes *lanes, const struct lane_line *line,
                               const struct lane_item *item, int64_t now_ns)
{
    const struct lane_item *oldest = TAILQ_FIRST(&line->items);
    const struct lane_item *youngest = TAILQ_LAST(&line->items, lane_items);
    uint32_t before = 0, behind = 0;

    while (before + behind < line->count && is_before(lanes, oldest, item, now_ns)) {
        if (is_before(lanes, youngest, item, now_ns))
            return line->count - behind;
        before++;
        behind++;
        oldest = TAILQ_NEXT(oldest, link);
        youngest = TAILQ_PREV(youngest, lane_items, link);
    }
    return before;
}

static uint32_t before_in_hall(const struct lanes *lanes, const struct lane_hall *hall,
                               const struct lane_item *item, int64_t now_ns)
{
    const struct lane_seat *seat;
    const struct lane_line *line;
    uint32_t count = 0;

    LIST_FOREACH(seat, &hall->seats, of_half)
    {
        LIST_FOREACH(line, &seat->lines, link)
        count += before_in_line(lanes, line, item, now_ns);
    }
    return count;
}

static bool finds_worker(const struct lane *lane, enum lane_half half)
{
    return lane_has_worker(lane, LANE_REGULAR) ||
           (half == LANE_EXPRESS && lane_has_worker(lane, LANE_EXPRESS));
}

static bool has_all(const struct lanes *lanes, const struct lane_item *item)
{
    return item->tenant->running >= lanes->tenant_max;
}

static int64_t rate_lets_ns(const struct lane_item *item)
{
    int64_t lane_ns = lane_bucket_next_ns(&item->lane->bucket, &item->lane->spec.rate);
    int64_t tenant_ns = lane_share_rate_ns(item->share);

    return lane_ns > tenant_ns ? lane_ns : tenant_ns;
}

/* By its rate or its breaker; NONE: it is not. */
static enum lane_why held_by(const struct lane_item *item, int64_t now_ns)
{
    const struct lane *lane = item->lane;

    if (lane_breaker_next_ns(&lane->breaker, &lane->spec.breaker, now_ns) > now_ns)
        return LANE_WHY_BREAKER_OPEN;
    return rate_lets_ns(item) > now_ns ? LANE_WHY_RATE : LANE_WHY_NONE;
}

static enum lane_why why_of(const struct lanes *lanes, const struct lane_item *item, int64_t now_ns)
{
    enum lane_why held;

    if (!item->lane->known)
        return LANE_WHY_NO_SUCH_LANE;
    if (item->lane->down)
        return LANE_WHY_BACKEND_DOWN;
    if (item->lane->spec.paused)
        return LANE_WHY_PAUSED;
    if (has_all(lanes, item) || lane_share_quota_ns(item->share) > now_ns)
        return LANE_WHY_TENANT_QUOTA;
    held = held_by(item, now_ns);
    if (held != LANE_WHY_NONE)
        return held;
    return finds_worker(item->lane, item->half) ? LANE_WHY_NONE : LANE_WHY_LANE_FULL;
}

static int64_t until_ns(const struct lanes *lanes, const struct lane_item *item, enum lane_why why,
                        int64_t now_ns)
{
    switch (why) {
    case LANE_WHY_TENANT_QUOTA:
        return has_all(lanes, item) ? INT64_MAX : lane_share_quota_ns(item->share);
    case LANE_WHY_BREAKER_OPEN:
        return lane_lets_ns(item->lane, now_ns);
    case LANE_WHY_RATE:
        return rate_lets_ns(item);
    default:
        return INT64_MAX;
    }
}

struct lane_place lanes_place(const struct lanes *lanes, const struct lane_item *item,
                              int64_t now_ns)
{
    struct lane_place place = {
        .lane = item->lane->name,
        .position = 1,
        .why = why_of(lanes, item, now_ns),
        .priority = class_of(lanes, item, now_ns),
    };

    place.until_ns = until_ns(lanes, item, place.why, now_ns);
    for (int half = 0; half < LANE_HALVES; half++)
        place.position += before_in_hall(lanes, &item->lane->halls[half], item, now_ns);
    return place;
}

static struct lane_view view_of(const struct lane *lane)
{
    const struct lane_hall *halls = lane->halls;

    return (struct lane_view){
        .name = lane->name,
        .spec = lane->spec,
        .slots = lane->slots,
        .down = lane->down,
        .down_ns = lane->down_ns,
        .waiting = {halls[LANE_REGULAR].waiting, halls[LANE_EXPRESS].waiting},
        .unread = {lane->unread[LANE_REGULAR], lane->unread[LANE_EXPRESS]},
        .running = {halls[LANE_REGULAR].running, halls[LANE_EXPRESS].running},
        .breaker = lane->breaker,
        .latency = &lane->latency,
    };
}

uint32_t lane_depth(const struct lane_view *view)
{
    return view->waiting[LANE_REGULAR] + view->waiting[LANE_EXPRESS] + view->unread[LANE_REGULAR] +
           view->unread[LANE_EXPRESS];
}

uint32_t lane_wants(const struct lane_view *view, uint32_t elsewhere, int64_t now_ns)
{
    const struct lane_load load = {
        .slots = view->slots,
        .depth = lane_depth(view) + elsewhere,
        .running = view->running[LANE_REGULAR] + view->running[LANE_EXPRESS],
        .slow = lane_latency_slow(view->latency, now_ns),
    };

    return lane_desired(&load, view->spec.autoscale);
}

bool lanes_see(const struct lanes *lanes, const char *name, struct lane_view *ret)
{
    struct lane *lane;

    HASH_FIND_STR(lanes->lanes, name, lane);
    if (lane == NULL || !lane->known)
        return false;
    *ret = view_of(lane);
    return true;
}

void lanes_each(const struct lanes *lanes, void (*fn)(void *arg, const struct lane_view *view),
                void *arg)
{
    for (const struct lane *lane = lanes->lanes; lane != NULL; lane = lane->hh.next) {
        struct lane_view view = view_of(lane);

        if (lane->known)
            fn(arg, &view);
    }
}
