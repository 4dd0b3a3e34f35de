/* rate.h -- how often something may start: a bucket that holds `burst` tokens and gets `per_second`
 * of them. Pure: the caller gives the time.
 *
 * Kept as one moment: when the bucket will be full again, so that nothing is rounded twice. What
 * always holds: between any two moments no more were taken than burst and what came in meanwhile,
 * unless the rate was changed between them. */
#ifndef ORCH_LANES_RATE_H
#define ORCH_LANES_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define LANE_RATE_MIN 0.001 /* a second */
#define LANE_RATE_MAX 1000000.0

struct lane_rate {
    double per_second; /* LANE_RATE_MIN to LANE_RATE_MAX; 0: there is none, and all may start */
    uint32_t burst;    /* from 1 */
};

struct lane_bucket {
    int64_t full_ns; /* long ago: it is full */
};

/* When there is a token: then, or any time before now_ns where there is one. */
int64_t lane_bucket_next_ns(const struct lane_bucket *bucket, const struct lane_rate *rate);
void lane_bucket_take(struct lane_bucket *bucket, const struct lane_rate *rate, int64_t now_ns);
/* One that was taken and did not start after all. */
void lane_bucket_give_back(struct lane_bucket *bucket, const struct lane_rate *rate);

#endif
