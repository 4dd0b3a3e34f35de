/* share.c -- what one tenant has of one lane, and may have. See inside.h. */
#include "lanes/inside.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool is_empty(const struct lane_share *share)
{
    return share->seats[LANE_REGULAR] == NULL && share->seats[LANE_EXPRESS] == NULL;
}

static int64_t later(int64_t one_ns, int64_t other_ns)
{
    return one_ns > other_ns ? one_ns : other_ns;
}

/* ---- who is there ---- */

struct lane_share *lane_share_of(struct lanes *lanes, struct lane *lane, const char *tenant)
{
    struct lane_share *share;

    HASH_FIND_STR(lane->shares, tenant, share);
    if (share != NULL) {
        timers_set(&lanes->fading, &share->fades, TIMER_NEVER);
        return share;
    }
    share = mem_new(struct lane_share);
    share->tenant = mem_str(tenant);
    share->lane = lane;
    share->quota.weight = 1;
    HASH_ADD_KEYPTR(hh, lane->shares, share->tenant, strlen(share->tenant), share);
    return share;
}

void lane_share_free(struct lanes *lanes, struct lane_share *share)
{
    timers_set(&lanes->fading, &share->fades, TIMER_NEVER);
    timers_set(&lanes->waking, &share->wakes, TIMER_NEVER);
    HASH_DEL(share->lane->shares, share);
    free(share->tenant);
    free(share);
}

void lane_share_left(struct lanes *lanes, struct lane_share *share, enum lane_half half)
{
    share->seats[half] = NULL;
    if (is_empty(share))
        timers_set(&lanes->waking, &share->wakes, TIMER_NEVER);
}

/* The lane goes with its last one, where nobody set it. */
static void drop(struct lanes *lanes, struct lane_share *share)
{
    struct lane *lane = share->lane;

    lane_share_free(lanes, share);
    lane_forget(lanes, lane);
}

void lane_share_forget(struct lanes *lanes, struct lane_share *share, int64_t now_ns)
{
    int64_t full_ns = later(share->hourly.full_ns, share->rate.full_ns);

    if (!is_empty(share) || share->running > 0 || share->has_quota)
        return;
    if (full_ns <= now_ns) {
        drop(lanes, share);
        return;
    }
    timers_set(&lanes->fading, &share->fades, full_ns);
    if (lanes->fading.count > LANE_FADING_MAX)
        drop(lanes, TIMER_OWNER(timers_first(&lanes->fading), struct lane_share, fades));
}

/* ---- what it lets ---- */

int64_t lane_share_quota_ns(const struct lane_share *share)
{
    const struct lane_quota *quota = &share->quota;

    if (quota->paused || (quota->max_active > 0 && share->running >= quota->max_active))
        return INT64_MAX;
    return lane_bucket_next_ns(&share->hourly, &quota->rate);
}

int64_t lane_share_rate_ns(const struct lane_share *share)
{
    return lane_bucket_next_ns(&share->rate, &share->lane->spec.tenant_rate);
}

int64_t lane_share_lets_ns(const struct lane_share *share)
{
    return later(lane_share_quota_ns(share), lane_share_rate_ns(share));
}

static void look_again(struct lanes *lanes, const struct lane_share *share, int64_t now_ns)
{
    for (int half = 0; half < LANE_HALVES; half++) {
        if (share->seats[half] != NULL)
            lane_find_ring(lanes, share->seats[half], now_ns);
    }
}

void lane_share_begins(struct lanes *lanes, struct lane_item *item, int64_t now_ns)
{
    struct lane_share *share = item->share;

    share->running++;
    share->tasks += item->is_task;
    lane_bucket_take(&share->hourly, &share->quota.rate, now_ns);
    lane_bucket_take(&share->rate, &share->lane->spec.tenant_rate, now_ns);
    look_again(lanes, share, now_ns);
}

void lane_share_ends(struct lanes *lanes, struct lane_item *item, bool put_back, int64_t now_ns)
{
    struct lane_share *share = item->share;

    share->running--;
    share->tasks -= item->is_task;
    if (put_back) {
        lane_bucket_give_back(&share->hourly, &share->quota.rate);
        lane_bucket_give_back(&share->rate, &share->lane->spec.tenant_rate);
    }
    look_again(lanes, share, now_ns);
}

void lane_shares_turn(struct lanes *lanes, int64_t now_ns)
{
    struct lane_share *share;

    while (timers_due(&lanes->waking) <= now_ns) {
        share = TIMER_OWNER(timers_first(&lanes->waking), struct lane_share, wakes);
        look_again(lanes, share, now_ns);
    }
    while (timers_due(&lanes->fading) <= now_ns)
        drop(lanes, TIMER_OWNER(timers_first(&lanes->fading), struct lane_share, fades));
}

/* ---- quotas ---- */

void lanes_bound(struct lanes *lanes, const char *lane, const char *tenant,
                 const struct lane_quota *quota, int64_t now_ns)
{
    struct lane_share *share = lane_share_of(lanes, lane_of(lanes, lane), tenant);

    share->has_quota = quota != NULL;
    share->quota = quota != NULL ? *quota : (struct lane_quota){.weight = 1};
    look_again(lanes, share, now_ns);
    lane_share_forget(lanes, share, now_ns);
}

bool lanes_see_share(const struct lanes *lanes, const char *lane_name, const char *tenant,
                     int64_t now_ns, struct lane_share_view *ret)
{
    struct lane_share *share = NULL;
    struct lane *lane;
    int64_t lets_ns;

    HASH_FIND_STR(lanes->lanes, lane_name, lane);
    if (lane != NULL)
        HASH_FIND_STR(lane->shares, tenant, share);
    if (share == NULL)
        return false;
    lets_ns = lane_share_quota_ns(share);
    *ret = (struct lane_share_view){.waiting = share->waiting,
                                    .running = share->running,
                                    .tasks = share->tasks,
                                    .held = lets_ns > now_ns,
                                    .until_ns = lets_ns};
    return true;
}
