/* backoff.h -- failures in a row, and the pause behind each: 50 ms, twice that behind the next, 5 s
 * at most. What fails again and again costs a little, whoever makes it fail. */
#ifndef ORCH_SANDBOX_CLIENT_BACKOFF_H
#define ORCH_SANDBOX_CLIENT_BACKOFF_H

#include "sandbox/client/loop.h"

enum { FAILURES_MAX = 3 /* in a row, then something more than a pause follows */ };

struct backoff {
    uint32_t failures;
    int64_t failed_ns; /* the last that was counted */
    int64_t not_before_ns;
};

/* One more, of something that began at began_ns. False: that was before the last failure, so it is
 * a part of it and not counted again. */
bool backoff_failed(struct backoff *b, struct loop *loop, int64_t began_ns);
/* True during the pause; the timer stands at its end. */
bool backoff_holds(const struct backoff *b, struct loop *loop);
/* The last failure was none. */
void backoff_forgive(struct backoff *b);
void backoff_reset(struct backoff *b);

#endif
