/* outcome.c -- see outcome.h. */
#include "model/run/outcome.h"

#include <assert.h>
#include <stddef.h>

const char *attempt_error_class(const struct attempt_outcome *outcome)
{
    assert(outcome->class > OUTCOME_INVALID && outcome->class < OUTCOME_COUNT);
    if (outcome->error_class != NULL && outcome->error_class[0] != '\0')
        return outcome->error_class;
    return outcome_error_class(outcome->class);
}
