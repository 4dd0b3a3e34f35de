/* rate.h -- a token bucket a tenant, for X-RateLimit-* and 429. Pure: the caller gives the time.
 *
 * Bounded: RATE_TENANTS_MAX buckets. A tenant has a choice of places; when others have them all,
 * the bucket that is fullest makes room, and its tenant starts a full one when it comes again. So
 * what is forgotten is who asks least, and a collision is generous, never unfair. */
#ifndef ORCH_API_HTTP_RATE_H
#define ORCH_API_HTTP_RATE_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

enum { RATE_TENANTS_MAX = 1024 };

struct rate;

struct rate *rate_new(uint32_t per_s, uint32_t burst) must_check;
/* Accepts NULL. */
void rate_free(struct rate *r);
DEFINE_AUTO(rate)

struct rate_verdict {
    bool admitted;
    uint32_t limit;
    uint32_t remaining;
    uint32_t reset_s;       /* until the bucket is full again, rounded up */
    uint32_t retry_after_s; /* at least 1 when refused, 0 otherwise */
};
struct rate_verdict rate_take(struct rate *r, const char *tenant, int64_t now_ns);

#endif
