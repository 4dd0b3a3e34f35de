/* answer.h -- the answer to an api call that made no commit. */
#ifndef ORCH_ENGINE_ENV_ANSWER_H
#define ORCH_ENGINE_ENV_ANSWER_H

#include "api/api.h"

/* done may be NULL: nobody waits. */
static inline void answer_error(api_done_fn done, void *done_arg, const struct err *e)
{
    struct api_outcome outcome = {.e = e};

    if (done != NULL)
        done(done_arg, &outcome);
}

#endif
