/* limits.h -- how often a lane starts something and when it stops, as operators say it: `rate` and
 * `breaker`; and between how many slots it follows its load: `autoscale` (LANES_KIT.md 4). */
#ifndef ORCH_LANES_LIMITS_H
#define ORCH_LANES_LIMITS_H

#include "base/err.h"
#include "lanes/lanes.h"

#include <jansson.h>

enum { LANE_BURST_MAX = 1000000, LANE_FAILURES_MAX = 1000000, LANE_OPEN_S_MAX = 86400 };
enum { LANE_SLOTS_MAX = 10000 };

/* ERR_INVALID names the member. JSON's null is no rate, the breaker that is given, and a lane that
 * does not follow. */
bool lane_rate_read(const json_t *said, struct lane_rate *ret, struct lane_rate *ret_tenant,
                    struct err *e) must_check;
bool lane_breaker_read(const json_t *said, const struct lane_breaker_spec *usual,
                       struct lane_breaker_spec *ret, struct err *e) must_check;
bool lane_autoscale_read(const json_t *said, struct lane_autoscale *ret, struct err *e) must_check;
/* What they read as the same; null of none. The caller owns it. */
json_t *lane_rate_owned(const struct lane_rate *rate, const struct lane_rate *tenant) must_check;
json_t *lane_breaker_owned(const struct lane_breaker_spec *spec) must_check;
json_t *lane_autoscale_owned(const struct lane_autoscale *autoscale) must_check;

#endif
