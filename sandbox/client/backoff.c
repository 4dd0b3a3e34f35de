/* backoff.c -- see backoff.h. */
#include "sandbox/client/backoff.h"

#define PAUSE_MIN_NS (50 * 1000 * 1000LL)
#define PAUSE_MAX_NS (5 * SECOND_NS)
enum { DOUBLED_MAX = 8 };

bool backoff_failed(struct backoff *b, struct loop *loop, int64_t began_ns)
{
    uint32_t doubled = b->failures < DOUBLED_MAX ? b->failures : DOUBLED_MAX;
    int64_t pause_ns = PAUSE_MIN_NS << doubled;

    if (began_ns <= b->failed_ns)
        return false;
    b->failures++;
    b->failed_ns = loop->now_ns;
    b->not_before_ns = loop->now_ns + (pause_ns < PAUSE_MAX_NS ? pause_ns : PAUSE_MAX_NS);
    loop_timer_at(loop, b->not_before_ns);
    return true;
}

bool backoff_holds(const struct backoff *b, struct loop *loop)
{
    if (loop->now_ns >= b->not_before_ns)
        return false;
    loop_timer_at(loop, b->not_before_ns);
    return true;
}

void backoff_forgive(struct backoff *b)
{
    if (b->failures > 0)
        b->failures--;
    b->not_before_ns = 0;
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
    b->not_before_ns = 0;
}
