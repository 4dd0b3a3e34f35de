/* confinement.c -- see confinement.h. */
#include "model/words/confinement.h"

#include <assert.h>
#include <string.h>

#define XX(name, text) [PROFILE_##name] = text,
const char *const profile_words[PROFILE_COUNT + 1] = {PROFILE_MAP(XX)};
#undef XX

#define XX(name, text) [ISOLATION_##name] = text,
const char *const isolation_words[ISOLATION_COUNT + 1] = {ISOLATION_MAP(XX)};
#undef XX

const char *profile_name(enum profile profile)
{
    assert(profile < PROFILE_COUNT);
    return profile_words[profile];
}

const char *isolation_name(enum isolation isolation)
{
    assert(isolation < ISOLATION_COUNT);
    return isolation_words[isolation];
}

bool profile_parse(const char *text, enum profile *ret)
{
    for (unsigned i = PROFILE_UNSET + 1; i < PROFILE_COUNT; i++) {
        if (strcmp(profile_words[i], text) == 0) {
            *ret = (enum profile)i;
            return true;
        }
    }
    return false;
}

bool isolation_parse(const char *text, enum isolation *ret)
{
    for (unsigned i = ISOLATION_UNSET + 1; i < ISOLATION_COUNT; i++) {
        if (strcmp(isolation_words[i], text) == 0) {
            *ret = (enum isolation)i;
            return true;
        }
    }
    return false;
}
