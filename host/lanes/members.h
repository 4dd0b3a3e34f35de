/* members.h -- what operators say of a lane: the members that they may set, and their bounds
 * (LANES_KIT.md 4). The same words come by PUT and are kept in the store.
 *
 * What is not said holds as it did: from what is kept, under it from what the host was started
 * with. What is no member is refused, so that nobody believes in a limit that nothing keeps. */
#ifndef ORCH_LANES_MEMBERS_H
#define ORCH_LANES_MEMBERS_H

#include "base/err.h"
#include "base/limits.h"
#include "lanes/lanes.h"
#include "lanes/limits.h"

#include <jansson.h>

enum {
    LANE_DEPTH_MAX = 1000000,
    LANE_EXPRESS_NEVER =
        LANE_PRIORITY_MAX + 1, /* as express_priority: nothing is an express item */
};

struct lane_members {
    /* Which of these are said. */
    bool has_slots, has_express_priority, has_paused, has_draining, has_max_depth;
    bool has_rate, has_breaker, has_autoscale, has_preempt, has_backend;
    uint32_t slots, max_depth;
    int32_t express_priority;
    bool paused, draining, preempt;
    enum lane_backend backend;
    struct lane_rate rate, tenant_rate;
    struct lane_breaker_spec breaker;
    struct lane_autoscale autoscale;
    json_t *work; /* lanes/work.h; NULL: nothing is said of it */
    /* Of LANE_ALL, and of it alone. */
    bool has_express, has_priority;
    struct lane_routing routing;
};

/* No lane has this name: what is said of it is the switch of all lanes, kept as a lane's word is.
 */
#define LANE_ALL "*"

void lane_members_done(struct lane_members *members);
DEFINE_AUTO_DONE(lane_members)

/* [A-Za-z0-9][A-Za-z0-9_.-]{0,127} */
bool lane_name_read(const char *name, struct err *e) must_check;
/* Of the lane of this name; ERR_INVALID names the member. Its work is not checked
 * (lane_work_check). What was read is released by
 * lane_members_done. */
bool lane_members_read(const char *lane, const json_t *object, struct lane_members *ret,
                       struct err *e) must_check;
struct lane_members lane_members_copy(const struct lane_members *members) must_check;
/* What the second says goes over what the first does. */
void lane_members_add(struct lane_members *to, const struct lane_members *more);
void lane_members_apply(const struct lane_members *members, struct lane_spec *spec);
/* What lane_members_read reads as the same; the caller owns it. */
json_t *lane_members_json_owned(const struct lane_members *members) must_check;

#endif
