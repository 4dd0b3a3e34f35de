/* refusal.c -- see refusal.h. */
#include "authority/trust/refusal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word;
    enum err_code code;
} refusals[REFUSAL_COUNT] = {[REFUSAL_NONE] = {"none", ERR_NONE},
#define XX(name, word, code) [REFUSAL_##name] = {word, ERR_##code},
                             REFUSAL_MAP(XX)
#undef XX
};

bool refuse(struct err *e, enum refusal refusal, const char *fmt, ...)
{
    char why[ERR_MSG_BYTES / 2];
    va_list args;

    assert(refusal > REFUSAL_NONE && refusal < REFUSAL_COUNT);
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return err_set(e, refusals[refusal].code, "%s: %s", refusals[refusal].word, why);
}

enum refusal refusal_of(const struct err *e)
{
    size_t word_len = strcspn(e->msg, ":");

    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++) {
        if (e->code == refusals[r].code && strlen(refusals[r].word) == word_len &&
            memcmp(e->msg, refusals[r].word, word_len) == 0)
            return (enum refusal)r;
    }
    return REFUSAL_NONE;
}
