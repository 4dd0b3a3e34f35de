/* claims.h -- what a verified token says: the words between the host, which verifies, and the
 * api, which decides. Pure.
 *
 * A struct api_claims is borrowed for the length of a call; a struct claims is the api's own copy.
 */
#ifndef ORCH_API_AUTH_CLAIMS_H
#define ORCH_API_AUTH_CLAIMS_H

#include "base/err.h"
#include "base/limits.h"
#include "base/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a verified token says. Copied by the api. */
struct api_claims {
    const char *token_id; /* by which it is revoked */
    const char *subject;
    const char *tenant;   /* "" for a token that is not bound to one */
    uint32_t scopes;      /* enum scope: admin implies write implies read (identity.c) */
    int64_t expires_unix; /* seconds; after it the cached verdict is dropped */
};

typedef void (*api_verified_fn)(void *done_arg, const struct api_claims *claims, /* NULL: refused */
                                const struct err *e);

struct api_auth {
    void *arg;
    /* Calls done exactly once, now or later. token is only valid during the call. */
    void (*verify)(void *arg, const char *token, size_t len, api_verified_fn done, void *done_arg);
};

/* A copy of struct api_claims that owns its texts. */
struct claims {
    char token_id[UUID_TEXT_BYTES];
    char subject[SUBJECT_BYTES_MAX + 1];
    char tenant[TENANT_BYTES_MAX + 1];
    uint32_t scopes;
    int64_t expires_unix;
};
/* False for a name outside of its grammar (base/names.h): behind this a tenant and a subject are
 * plain text. */
bool claims_copy(struct claims *out, const struct api_claims *in, struct err *e) must_check;

#endif
