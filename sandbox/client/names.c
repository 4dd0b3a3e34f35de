/* names.c -- words for the two enums that definitions carry. */
#include "sandbox/client/client.h"

#include <string.h>

static const char *const profiles[PROFILE_COUNT] = {
    [PROFILE_PURE] = "pure",
    [PROFILE_FILES] = "files",
    [PROFILE_NET] = "net",
};

static const char *const isolations[ISOLATION_COUNT] = {
    [ISOLATION_WARM] = "warm",
    [ISOLATION_COLD] = "cold",
    [ISOLATION_EXEC] = "exec",
};

static bool find(const char *text, const char *const *words, int count, int *ret)
{
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

const char *profile_name(enum profile profile)
{
    return profile < PROFILE_COUNT ? profiles[profile] : "invalid";
}

bool profile_parse(const char *text, enum profile *ret)
{
    int i;

    if (!find(text, profiles, PROFILE_COUNT, &i))
        return false;
    *ret = (enum profile)i;
    return true;
}

const char *isolation_name(enum isolation isolation)
{
    return isolation < ISOLATION_COUNT ? isolations[isolation] : "invalid";
}

bool isolation_parse(const char *text, enum isolation *ret)
{
    int i;

    if (!find(text, isolations, ISOLATION_COUNT, &i))
        return false;
    *ret = (enum isolation)i;
    return true;
}
