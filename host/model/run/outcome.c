#include "model/run/outcome.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *text;
    const char *error_class;
    enum attempt_retry retry;
    bool answered;
} classes[ATTEMPT_CLASS_COUNT] = {[ATTEMPT_INVALID] = {"invalid", "", RETRY_NEVER, false},
#define XX(name, text, error_class, retry, answered)                                               \
    [ATTEMPT_##name] = {text, error_class, RETRY_##retry, answered},
                                  ATTEMPT_CLASS_MAP(XX)
#undef XX
};

const char *attempt_class_text(enum attempt_class class)
{
    assert(class < ATTEMPT_CLASS_COUNT);
    return classes[class].text;
}

enum attempt_class attempt_class_from_text(const char *text)
{
    for (unsigned i = ATTEMPT_INVALID + 1; i < ATTEMPT_CLASS_COUNT; i++) {
        if (strcmp(classes[i].text, text) == 0)
            return (enum attempt_class)i;
    }
    return ATTEMPT_INVALID;
}

enum attempt_retry attempt_class_retry(enum attempt_class class)
{
    assert(class < ATTEMPT_CLASS_COUNT);
    return classes[class].retry;
}

bool attempt_class_answered(enum attempt_class class)
{
    assert(class < ATTEMPT_CLASS_COUNT);
    return classes[class].answered;
}

const char *attempt_error_class(const struct attempt_outcome *outcome)
{
    assert(outcome->class > ATTEMPT_INVALID && outcome->class < ATTEMPT_CLASS_COUNT);
    if (outcome->error_class != NULL && outcome->error_class[0] != '\0')
        return outcome->error_class;
    return classes[outcome->class].error_class;
}
