/* verdicts.h -- what is known of a bearer of a secret text: verified tokens until they expire, and
 * one-time tickets. The text itself is not kept, only its SHA-256. Pure: the caller gives the time,
 * of the monotonic clock: who sets the wall clock back prolongs nothing.
 *
 * Bounded: VERDICT_SLOTS entries; when the places of a new one are taken, the entry among them that
 * ends first makes room. */
#ifndef ORCH_API_AUTH_VERDICTS_H
#define ORCH_API_AUTH_VERDICTS_H

#include "api/auth/identity.h"

enum { VERDICT_SLOTS = 4096, VERDICT_WAYS = 8 };

struct verdict {
    struct claims claims;
    char tenant[TENANT_BYTES_MAX + 1]; /* of the request that got the ticket; "" for a token */
    int64_t until_ns;
};

struct verdicts;

struct verdicts *verdicts_new(void) must_check;
/* Accepts NULL. */
void verdicts_free(struct verdicts *v);
DEFINE_AUTO(verdicts)

void verdicts_put(struct verdicts *v, const char *secret, const struct verdict *verdict);
/* NULL: unknown or past its time. Valid until the next call. */
const struct verdict *verdicts_get(struct verdicts *v, const char *secret, int64_t now_ns);
/* The same, once: the entry is gone afterwards. */
bool verdicts_take(struct verdicts *v, const char *secret, int64_t now_ns,
                   struct verdict *ret) must_check;
void verdicts_clear(struct verdicts *v);

#endif
