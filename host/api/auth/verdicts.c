/* verdicts.c -- see verdicts.h. */
#include "api/auth/verdicts.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

struct entry {
    uint8_t key[SHA256_BYTES];
    struct verdict verdict;
};

struct verdicts {
    struct entry *slot[VERDICT_SLOTS];
};

struct verdicts *verdicts_new(void)
{
    return mem_new(struct verdicts);
}

void verdicts_clear(struct verdicts *v)
{
    for (size_t i = 0; i < VERDICT_SLOTS; i++) {
        free(v->slot[i]);
        v->slot[i] = NULL;
    }
}

void verdicts_free(struct verdicts *v)
{
    if (v == NULL)
        return;
    verdicts_clear(v);
    free(v);
}

/* The key's first bytes choose VERDICT_WAYS neighbouring places. */
static size_t first_place(const uint8_t key[SHA256_BYTES])
{
    return ((size_t)key[0] << 8 | key[1]) % (VERDICT_SLOTS / VERDICT_WAYS) * VERDICT_WAYS;
}

static struct entry **entry_of(struct verdicts *v, const char *secret)
{
    uint8_t key[SHA256_BYTES];
    size_t first;

    sha256(secret, strlen(secret), key);
    first = first_place(key);
    for (size_t i = first; i < first + VERDICT_WAYS; i++) {
        if (v->slot[i] != NULL && memcmp(v->slot[i]->key, key, sizeof key) == 0)
            return &v->slot[i];
    }
    return NULL;
}

/* An empty place, or that of the entry which ends first. */
static struct entry **place_for(struct verdicts *v, const uint8_t key[SHA256_BYTES])
{
    size_t first = first_place(key), best = first;

    for (size_t i = first; i < first + VERDICT_WAYS; i++) {
        if (v->slot[i] == NULL)
            return &v->slot[i];
        if (v->slot[i]->verdict.until_ns < v->slot[best]->verdict.until_ns)
            best = i;
    }
    return &v->slot[best];
}

void verdicts_put(struct verdicts *v, const char *secret, const struct verdict *verdict)
{
    struct entry **at = entry_of(v, secret);
    uint8_t key[SHA256_BYTES];

    sha256(secret, strlen(secret), key);
    if (at == NULL)
        at = place_for(v, key);
    if (*at == NULL)
        *at = mem_new(struct entry);
    memcpy((*at)->key, key, sizeof key);
    (*at)->verdict = *verdict;
}

const struct verdict *verdicts_get(struct verdicts *v, const char *secret, int64_t now_ns)
{
    struct entry **at = entry_of(v, secret);

    return at != NULL && (*at)->verdict.until_ns > now_ns ? &(*at)->verdict : NULL;
}

bool verdicts_take(struct verdicts *v, const char *secret, int64_t now_ns, struct verdict *ret)
{
    const struct verdict *found = verdicts_get(v, secret, now_ns);
    struct entry **at = entry_of(v, secret);

    if (found != NULL)
        *ret = *found;
    if (at != NULL) {
        free(*at);
        *at = NULL;
    }
    return found != NULL;
}
