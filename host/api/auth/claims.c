/* claims.c -- see claims.h. */
#include "api/auth/claims.h"

#include "base/text.h"

bool claims_copy(struct claims *out, const struct api_claims *in, struct err *e)
{
    out->scopes = in->scopes;
    out->expires_unix = in->expires_unix;
    if (!text_copy(out->subject, sizeof out->subject, in->subject) ||
        !text_copy(out->tenant, sizeof out->tenant, in->tenant))
        return err_set(e, ERR_UNAUTHENTICATED, "the token's subject or tenant is too long");
    return true;
}
