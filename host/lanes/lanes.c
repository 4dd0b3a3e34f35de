/* lanes.c -- see lanes.h. */
#include "lanes/lanes.h"

#include "base/mem.h"
#include "lanes/inside.h"

#include <assert.h>
#include <string.h>

struct lanes *lanes_new(uint32_t tenant_max, struct lane_ageing ageing)
{
    struct lanes *lanes = mem_new(struct lanes);

    lanes->tenant_max = tenant_max;
    lanes->ageing = ageing;
    TAILQ_INIT(&lanes->turns);
    return lanes;
}

static void lane_free(struct lanes *lanes, struct lane *lane)
{
    struct lane_share *share, *next;

    HASH_ITER(hh, lane->shares, share, next)
    lane_share_free(lanes, share);
    HASH_DEL(lanes->lanes, lane);
    if (lane->known)
        TAILQ_REMOVE(&lanes->turns, lane, turn);
    for (int half = 0; half < LANE_HALVES; half++)
        lane_numbers_done(&lane->halls[half].numbers);
    free(lane->name);
    free(lane);
}

void lanes_free(struct lanes *lanes)
{
    struct lane *lane, *next;

    if (lanes == NULL)
        return;
    assert(lanes->waiting == 0 && lanes->tenants == NULL);
    HASH_ITER(hh, lanes->lanes, lane, next)
    lane_free(lanes, lane);
    timers_done(&lanes->rising);
    timers_done(&lanes->waking);
    timers_done(&lanes->fading);
    free(lanes);
}

/* ---- who is there ---- */

struct lane *lane_of(struct lanes *lanes, const char *name)
{
    struct lane *lane;

    HASH_FIND_STR(lanes->lanes, name, lane);
    if (lane != NULL)
        return lane;
    lane = mem_new(struct lane);
    lane->name = mem_str(name);
    TAILQ_INIT(&lane->yielding);
    for (int half = 0; half < LANE_HALVES; half++) {
        for (size_t i = 0; i < ARRAY_LEN(lane->halls[half].rings); i++)
            TAILQ_INIT(&lane->halls[half].rings[i]);
    }
    HASH_ADD_KEYPTR(hh, lanes->lanes, lane->name, strlen(lane->name), lane);
    return lane;
}

static enum lane_half half_of(const struct lanes *lanes, const struct lane *lane, int32_t priority)
{
    bool express = lane->spec.has_express && !lanes->routing.no_express &&
                   priority >= lane->spec.express_priority;

    return express ? LANE_EXPRESS : LANE_REGULAR;
}

/* What is said of the slots, or that it follows from now on, is where it begins anew. */
static void set_slots(struct lane *lane, const struct lane_spec *spec, int64_t now_ns)
{
    const struct lane_autoscale *scale = &spec->autoscale;
    bool anew = !lane->known || lane->spec.autoscale.max == 0 || lane->spec.slots != spec->slots;
    uint32_t slots = anew || scale->max == 0 ? spec->slots : lane->slots;

    if (scale->max > 0 && slots < scale->min)
        slots = scale->min;
    if (scale->max > 0 && slots > scale->max)
        slots = scale->max;
    lane->slots = slots;
    if (anew)
        lane->scaling = (struct lane_scaling){.stepped_ns = now_ns};
}

void lanes_set(struct lanes *lanes, const char *name, const struct lane_spec *spec, int64_t now_ns)
{
    struct lane *lane = lane_of(lanes, name);
    bool halves_change = lane->spec.has_express != spec->has_express ||
                         lane->spec.express_priority != spec->express_priority;
    bool rate_changes = lane->spec.tenant_rate.per_second != spec->tenant_rate.per_second ||
                        lane->spec.tenant_rate.burst != spec->tenant_rate.burst;

    if (!lane->known) {
        TAILQ_INSERT_TAIL(&lanes->turns, lane, turn);
        lane->set_ns = now_ns;
    }
    lanes->following += (uint32_t)(spec->autoscale.max > 0);
    lanes->following -= (uint32_t)(lane->spec.autoscale.max > 0);
    set_slots(lane, spec, now_ns);
    lane->known = true;
    lane->spec = *spec;
    if (halves_change || rate_changes)
        lane_sit_anew(lanes, lane, half_of, now_ns);
}

void lanes_route(struct lanes *lanes, struct lane_routing routing, int64_t now_ns)
{
    const struct lane *lane;

    if (routing.no_express == lanes->routing.no_express &&
        routing.no_priority == lanes->routing.no_priority)
        return;
    lanes->routing = routing;
    for (lane = lanes->lanes; lane != NULL; lane = lane->hh.next)
        lane_sit_anew(lanes, lane, half_of, now_ns);
}

struct lane_routing lanes_routing(const struct lanes *lanes)
{
    return lanes->routing;
}

static struct lane *known_lane(const struct lanes *lanes, const char *name)
{
    struct lane *lane;

    HASH_FIND_STR(lanes->lanes, name, lane);
    return lane != NULL && lane->known ? lane : NULL;
}

void lanes_down(struct lanes *lanes, const char *name, bool down, int64_t now_ns)
{
    struct lane *lane = known_lane(lanes, name);

    if (lane == NULL)
        return;
    if (down && !lane->down)
        lane->down_ns = now_ns;
    lane->down = down;
}

void lanes_unread(struct lanes *lanes, const char *name, enum lane_half half, uint32_t count)
{
    struct lane *lane = known_lane(lanes, name);

    if (lane != NULL)
        lane->unread[half] = count;
}

bool lanes_get(const struct lanes *lanes, const char *name, struct lane_spec *ret)
{
    const struct lane *lane = known_lane(lanes, name);

    if (lane != NULL)
        *ret = lane->spec;
    return lane != NULL;
}

bool lanes_look(struct lanes *lanes, const char *name, uint32_t elsewhere, int64_t now_ns,
                struct lane_scaled *ret)
{
    struct lane *lane = known_lane(lanes, name);
    struct lane_view view;

    if (lane == NULL || lane->spec.autoscale.max == 0 || lane->spec.paused ||
        !lanes_see(lanes, name, &view))
        return false;
    ret->from = lane->slots;
    ret->to = lane_scaling_look(&lane->scaling, lane->slots, lane_wants(&view, elsewhere, now_ns),
                                now_ns);
    lane->slots = ret->to;
    return ret->to != ret->from;
}

void lanes_took(struct lanes *lanes, const char *name, int64_t took_us, int64_t now_ns)
{
    struct lane *lane = known_lane(lanes, name);

    if (lane != NULL)
        lane_latency_add(&lane->latency, took_us, now_ns);
}

uint32_t lanes_count(const struct lanes *lanes)
{
    const struct lane *lane;
    uint32_t count = 0;

    TAILQ_FOREACH(lane, &lanes->turns, turn)
    count++;
    return count;
}

uint32_t lanes_following(const struct lanes *lanes)
{
    return lanes->following;
}

static struct lane_tenant *tenant_of(struct lanes *lanes, const char *name)
{
    struct lane_tenant *tenant;

    HASH_FIND_STR(lanes->tenants, name, tenant);
    if (tenant != NULL)
        return tenant;
    tenant = mem_new(struct lane_tenant);
    tenant->name = mem_str(name);
    HASH_ADD_KEYPTR(hh, lanes->tenants, tenant->name, strlen(tenant->name), tenant);
    return tenant;
}

void lane_forget(struct lanes *lanes, struct lane *lane)
{
    if (!lane->known && lane->shares == NULL)
        lane_free(lanes, lane);
}

/* Nobody is remembered for whom nothing waits and nothing runs, and no lane that was not set. */
static void forget(struct lanes *lanes, const struct lane_item *item, int64_t now_ns)
{
    struct lane_tenant *tenant = item->tenant;

    lane_share_forget(lanes, item->share, now_ns);
    if (tenant->running > 0 || tenant->holding > 0 || !LIST_EMPTY(&tenant->seats))
        return;
    HASH_DEL(lanes->tenants, tenant);
    free(tenant->name);
    free(tenant);
}

/* ---- what comes and goes ---- */

static void join(struct lanes *lanes, struct lane_item *item, const char *lane, const char *tenant,
                 int32_t priority, int64_t now_ns)
{
    bool given = priority >= 1 && priority <= LANE_PRIORITY_MAX;

    item->lane = lane_of(lanes, lane);
    item->tenant = tenant_of(lanes, tenant);
    item->share = lane_share_of(lanes, item->lane, tenant);
    item->number = ++lanes->last_number;
    item->since_ns = now_ns - item->age_ns;
    item->priority = given ? priority : LANE_PRIORITY_DEFAULT;
    item->half = half_of(lanes, item->lane, item->priority);
}

void lanes_add(struct lanes *lanes, struct lane_item *item, const char *lane, const char *tenant,
               int32_t priority, int64_t now_ns)
{
    join(lanes, item, lane, tenant, priority, now_ns);
    lane_sit_by_age(lanes, item, now_ns);
}

void lanes_add_first(struct lanes *lanes, struct lane_item *item, const char *lane,
                     const char *tenant, int32_t priority, int64_t now_ns)
{
    join(lanes, item, lane, tenant, priority, now_ns);
    lane_sit_before_all(lanes, item, now_ns);
}

void lanes_remove(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    lane_stand_up(lanes, item, false, now_ns);
    forget(lanes, item, now_ns);
}

/* Seats and lines that are empty for a moment are made anew; the lane and the tenant stay. */
void lanes_prioritize(struct lanes *lanes, struct lane_item *item, int32_t priority, int64_t now_ns)
{
    assert(priority >= 1 && priority <= LANE_PRIORITY_MAX);
    lane_stand_up(lanes, item, false, now_ns);
    item->priority = priority;
    item->half = half_of(lanes, item->lane, priority);
    lane_sit_by_age(lanes, item, now_ns);
}

bool lane_has_worker(const struct lane *lane, enum lane_half worker)
{
    return lane->halls[worker].running < lane->slots;
}

bool lane_is_open(const struct lane *lane)
{
    return !lane->spec.paused && !lane->down;
}

int64_t lane_lets_ns(const struct lane *lane, int64_t now_ns)
{
    int64_t rate_ns = lane_bucket_next_ns(&lane->bucket, &lane->spec.rate);
    int64_t breaker_ns = lane_breaker_next_ns(&lane->breaker, &lane->spec.breaker, now_ns);

    return rate_ns > breaker_ns ? rate_ns : breaker_ns;
}

/* The half whose best is next, and the worker that takes it. */
static bool next_of(const struct lane *lane, enum lane_half *half, enum lane_half *worker)
{
    int32_t express = lane_best_class(&lane->halls[LANE_EXPRESS]);
    int32_t regular = lane_best_class(&lane->halls[LANE_REGULAR]);

    if (!lane_is_open(lane) || (express == 0 && regular == 0))
        return false;
    if (express > 0 && lane_has_worker(lane, LANE_EXPRESS)) {
        *half = *worker = LANE_EXPRESS;
        return true;
    }
    *half = express >= regular ? LANE_EXPRESS : LANE_REGULAR;
    *worker = LANE_REGULAR;
    return lane_has_worker(lane, LANE_REGULAR);
}

static void tenant_has(struct lanes *lanes, const struct lane_item *item, int by, int64_t now_ns)
{
    if (item->holds)
        item->tenant->holding += (uint32_t)by;
    else
        lane_tenant_runs(lanes, item->tenant, by, now_ns);
}

static void begin(struct lanes *lanes, struct lane_item *item, enum lane_half worker,
                  int64_t now_ns)
{
    struct lane *lane = item->lane;
    struct lane_hall *hall = &lane->halls[worker];

    lane_stand_up(lanes, item, true, now_ns);
    item->worker = (struct lane_worker){worker, lane_number_take(&hall->numbers)};
    hall->running++;
    item->yields = item->stops = false;
    item->yielding = worker == LANE_REGULAR && item->half == LANE_REGULAR;
    if (item->yielding)
        TAILQ_INSERT_TAIL(&lane->yielding, item, link);
    lane_bucket_take(&lane->bucket, &lane->spec.rate, now_ns);
    lane_breaker_started(&lane->breaker, &lane->spec.breaker, item->number, now_ns);
    lane_share_begins(lanes, item, now_ns);
    tenant_has(lanes, item, 1, now_ns);
}

/* The lanes take turns too, for whoever has less room than all of them. */
struct lane_item *lanes_take(struct lanes *lanes, int64_t now_ns)
{
    enum lane_half half, worker;
    struct lane_item *item;
    struct lane *lane;

    lane_age(lanes, now_ns);
    lane_shares_turn(lanes, now_ns);
    TAILQ_FOREACH(lane, &lanes->turns, turn)
    {
        if (!next_of(lane, &half, &worker) || lane_lets_ns(lane, now_ns) > now_ns)
            continue;
        item = lane_best(lanes, &lane->halls[half], now_ns);
        begin(lanes, item, worker, now_ns);
        TAILQ_REMOVE(&lanes->turns, lane, turn);
        TAILQ_INSERT_TAIL(&lanes->turns, lane, turn);
        return item;
    }
    return NULL;
}

int64_t lanes_next_ns(const struct lanes *lanes, int64_t now_ns)
{
    int64_t next_ns = timers_due(&lanes->waking), lets_ns;
    enum lane_half half, worker;
    const struct lane *lane;

    next_ns = next_ns > now_ns ? next_ns : INT64_MAX;

    TAILQ_FOREACH(lane, &lanes->turns, turn)
    {
        if (!next_of(lane, &half, &worker))
            continue;
        lets_ns = lane_lets_ns(lane, now_ns);
        next_ns = lets_ns > now_ns && lets_ns < next_ns ? lets_ns : next_ns;
    }
    return next_ns;
}

void lanes_judge(struct lanes *lanes unused_arg, struct lane_item *item, const char *error_class,
                 int64_t now_ns)
{
    lane_breaker_judge(&item->lane->breaker, &item->lane->spec.breaker, item->number, error_class,
                       now_ns);
}

static void end(struct lanes *lanes, struct lane_item *item, bool put_back, int64_t now_ns)
{
    struct lane_hall *hall = &item->lane->halls[item->worker.half];

    assert(item->line == NULL && hall->running > 0);
    hall->running--;
    if (item->yielding)
        TAILQ_REMOVE(&item->lane->yielding, item, link);
    item->lane->stopping -= (uint32_t)item->stops;
    item->yielding = item->stops = false;
    lane_breaker_ended(&item->lane->breaker, item->number);
    lane_number_return(&hall->numbers, item->worker.number);
    lane_share_ends(lanes, item, put_back, now_ns);
    tenant_has(lanes, item, -1, now_ns);
}

void lanes_put_back(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    end(lanes, item, true, now_ns);
    lane_bucket_give_back(&item->lane->bucket, &item->lane->spec.rate);
    lane_sit(lanes, item, true, now_ns);
    TAILQ_REMOVE(&lanes->turns, item->lane, turn);
    TAILQ_INSERT_HEAD(&lanes->turns, item->lane, turn);
}

void lanes_ended(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    end(lanes, item, false, now_ns);
    forget(lanes, item, now_ns);
}

uint32_t lanes_waiting(const struct lanes *lanes)
{
    return lanes->waiting;
}

static struct lane_item *any_of(const struct lane_hall *hall)
{
    const struct lane_seat *seat = LIST_FIRST(&hall->seats);

    return seat != NULL ? TAILQ_FIRST(&LIST_FIRST(&seat->lines)->items) : NULL;
}

struct lane_item *lanes_any(const struct lanes *lanes)
{
    const struct lane *lane;
    struct lane_item *item = NULL;

    for (lane = lanes->lanes; lane != NULL && item == NULL; lane = lane->hh.next) {
        item = any_of(&lane->halls[LANE_REGULAR]);
        item = item != NULL ? item : any_of(&lane->halls[LANE_EXPRESS]);
    }
    return item;
}
