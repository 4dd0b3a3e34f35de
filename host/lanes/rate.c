/* rate.c -- see rate.h. */
#include "lanes/rate.h"

#define SECOND_NS 1e9

static int64_t token_ns(const struct lane_rate *rate)
{
    return (int64_t)(SECOND_NS / rate->per_second);
}

int64_t lane_bucket_next_ns(const struct lane_bucket *bucket, const struct lane_rate *rate)
{
    if (rate->per_second == 0)
        return INT64_MIN;
    return bucket->full_ns - (int64_t)(rate->burst - 1) * token_ns(rate);
}

void lane_bucket_take(struct lane_bucket *bucket, const struct lane_rate *rate, int64_t now_ns)
{
    if (rate->per_second == 0)
        return;
    if (bucket->full_ns < now_ns)
        bucket->full_ns = now_ns;
    bucket->full_ns += token_ns(rate);
}

void lane_bucket_give_back(struct lane_bucket *bucket, const struct lane_rate *rate)
{
    if (rate->per_second != 0)
        bucket->full_ns -= token_ns(rate);
}
