/* token_claims.h -- what mint.c and verify.c must agree on: the names of the claims
 * that carry an elevation's reason and ticket, and which of the two is mandatory
 * (contract/stellaops.md 5.1). */
#ifndef ORCH_AUTHORITY_TOKEN_TOKEN_CLAIMS_H
#define ORCH_AUTHORITY_TOKEN_TOKEN_CLAIMS_H

#include "authority/token/token.h"

#define TOKEN_TYPE "at+jwt"
#define TOKEN_ALGORITHM "EdDSA"

struct elevation {
    enum scope scope;
    const char *reason_claim, *ticket_claim;
    bool ticket_required;
};
extern const struct elevation token_elevations[ELEVATION_COUNT];

#endif
