/* result.h -- how a decided attempt is told: class, words and numbers. Pure. */
#ifndef ORCH_SANDBOX_CLIENT_RESULT_H
#define ORCH_SANDBOX_CLIENT_RESULT_H

#include "sandbox/client/attempt.h"

/* What ret points to is the attempt's and the two buffers'. */
void result_of(struct attempt *a, struct buf *error_class, struct buf *message,
               struct attempt_result *ret);

#endif
