/* rate.c -- see rate.h. */
#include "api/http/rate.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WAYS = 16 };
static_assert(RATE_TENANTS_MAX % WAYS == 0, "every tenant has as many places");

struct bucket {
    char tenant[TENANT_BYTES_MAX + 1]; /* "" for a free place */
    double tokens;
    int64_t at_ns;
};

struct rate {
    double per_s;
    double burst;
    struct bucket bucket[RATE_TENANTS_MAX];
};

struct rate *rate_new(uint32_t per_s, uint32_t burst)
{
    struct rate *r = mem_new(struct rate);

    r->per_s = per_s;
    r->burst = burst;
    return r;
}

void rate_free(struct rate *r)
{
    free(r);
}

static double refilled(const struct rate *r, const struct bucket *b, int64_t now_ns)
{
    return fmin(r->burst, b->tokens + (double)(now_ns - b->at_ns) * 1e-9 * r->per_s);
}

/* The tenant's own, or else a free place, or that of the fullest: its tenant loses least. */
static struct bucket *bucket_of(struct rate *r, const char *tenant, int64_t now_ns)
{
    struct bucket *first, *best;
    uint32_t hash = 2166136261u;

    for (const char *at = tenant; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    first = best = &r->bucket[hash % (RATE_TENANTS_MAX / WAYS) * WAYS];
    for (struct bucket *b = first; b < first + WAYS; b++) {
        if (strncmp(b->tenant, tenant, sizeof b->tenant) == 0)
            return b;
        if (*best->tenant != '\0' &&
            (*b->tenant == '\0' || refilled(r, b, now_ns) > refilled(r, best, now_ns)))
            best = b;
    }
    *best = (struct bucket){.tokens = r->burst, .at_ns = now_ns};
    memcpy(best->tenant, tenant, strnlen(tenant, sizeof best->tenant - 1));
    return best;
}

struct rate_verdict rate_take(struct rate *r, const char *tenant, int64_t now_ns)
{
    struct bucket *b = bucket_of(r, tenant, now_ns);
    struct rate_verdict v = {.limit = (uint32_t)r->burst};

    b->tokens = refilled(r, b, now_ns);
    b->at_ns = now_ns;
    v.admitted = b->tokens >= 1;
    if (v.admitted)
        b->tokens -= 1;
    else
        v.retry_after_s = (uint32_t)fmax(1, ceil((1 - b->tokens) / r->per_s));
    v.remaining = (uint32_t)b->tokens;
    v.reset_s = (uint32_t)ceil((r->burst - b->tokens) / r->per_s);
    return v;
}
