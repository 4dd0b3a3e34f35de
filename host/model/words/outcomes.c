/* outcomes.c -- see outcomes.h. */
#include "model/words/outcomes.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    const char *error_class;
    enum outcome_retry retry;
    bool answered;
} outcomes[OUTCOME_COUNT] = {[OUTCOME_INVALID] = {"invalid", "", RETRY_NEVER, false},
#define XX(name, text, error_class, retry, answered)                                               \
    [OUTCOME_##name] = {text, error_class, RETRY_##retry, answered},
                             OUTCOME_MAP(XX)
#undef XX
};

const char *outcome_name(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].name;
}

enum outcome outcome_parse(const char *name)
{
    for (int i = OUTCOME_INVALID + 1; i < OUTCOME_COUNT; i++) {
        if (strcmp(outcomes[i].name, name) == 0)
            return (enum outcome)i;
    }
    return OUTCOME_INVALID;
}

const char *outcome_error_class(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].error_class;
}

enum outcome_retry outcome_retry(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].retry;
}

bool outcome_answered(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].answered;
}

bool outcome_crashed(enum outcome outcome)
{
    return outcome == OUTCOME_CRASH || outcome == OUTCOME_OOM;
}

const char *error_source_name(enum error_source source)
{
    static const char *const names[] = {
        [ERROR_SOURCE_NONE] = NULL, [ERROR_SOURCE_HOST] = "host", [ERROR_SOURCE_AGENT] = "agent"};

    assert(source <= ERROR_SOURCE_AGENT);
    return names[source];
}
