/* claims.c -- see claims.h. */
#include "api/auth/claims.h"

#include "base/names.h"
#include "base/text.h"

bool claims_copy(struct claims *out, const struct api_claims *in, struct err *e)
{
    out->scopes = in->scopes;
    out->expires_unix = in->expires_unix;
    if (name_check_subject(in->subject, e) &&
        (*in->tenant == '\0' || name_check_tenant(in->tenant, e)) &&
        text_copy(out->token_id, sizeof out->token_id, in->token_id) &&
        text_copy(out->subject, sizeof out->subject, in->subject) &&
        text_copy(out->tenant, sizeof out->tenant, in->tenant))
        return true;
    e->code = ERR_UNAUTHENTICATED;
    return err_wrap(e, "token refused");
}
