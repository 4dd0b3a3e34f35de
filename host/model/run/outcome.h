/* outcome.h -- what the machine is told of an attempt that ended; the outcomes themselves are
 * model/words/outcomes.h. */
#ifndef ORCH_MODEL_RUN_OUTCOME_H
#define ORCH_MODEL_RUN_OUTCOME_H

#include "model/words/outcomes.h"

#include <jansson.h>

/* Everything is borrowed during the call that takes it. */
struct attempt_outcome {
    enum outcome class;
    const char *error_class; /* NULL or "": the list's */
    const char *message;     /* NULL or "": one is made; TIMEOUT and UNKNOWN_AGENT: always made */
    bool agents_words;       /* the two above are the attempt's own */
    json_t *outputs;         /* OK: any JSON value (NULL: null); otherwise ignored */
};

/* The agent's word, or the list's. Valid as long as the outcome. */
const char *attempt_error_class(const struct attempt_outcome *outcome);

#endif
