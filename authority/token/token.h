/* token.h -- access tokens: EdDSA JWTs (RFC 7519, 8037, 8725) in the at+jwt profile (RFC 9068).
 *
 * One algorithm, one type, one issuer and audience; everything else is refused, so there is no
 * algorithm to confuse. A token names one tenant (stellaops:tenant) and a set of scopes.
 * operate, quota and backfill are elevations: minted only with the reason and ticket that
 * contract/stellaops.md 5.1 asks for, which travel as claims into the audit.
 * Verification is pure; revoked tokens are revoked.h. Errors: ERR_UNAUTHENTICATED when a token is
 * not good, ERR_INVALID ("invalid_request: ...") when a request for one is not. */
#ifndef ORCH_AUTHORITY_TOKEN_TOKEN_H
#define ORCH_AUTHORITY_TOKEN_TOKEN_H

#include "authority/keys/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "model/words/scopes.h"

#define TOKEN_ISSUER "orch"
#define TOKEN_AUDIENCE "orch-api"

enum {
    TOKEN_BYTES_MAX = 8192,
    TOKEN_REASON_BYTES_MAX = 256,
    TOKEN_TICKET_BYTES_MAX = 128,
    TOKEN_TTL_S_MAX = 366 * 24 * 3600,
    TOKEN_SKEW_S = 30, /* how far the clocks of two machines may differ */
    /* How long a revocation outlives its token: a clock that is wrong by less forgets none. */
    REVOKED_KEPT_S = 366 * 24 * 3600,
};

/* Space-separated texts to a set of enum scope; an unknown one is an error that names the nearest.
 */
bool token_scopes_parse(const char *text, unsigned *ret, struct err *e) must_check;
/* The ones of ours among them: for a token of another version, whose other words grant nothing. */
unsigned token_scopes_known(const char *text);
void token_scopes_text(unsigned scopes, struct buf *b);

enum token_elevation { ELEVATION_OPERATOR, ELEVATION_QUOTA, ELEVATION_BACKFILL, ELEVATION_COUNT };

struct token_reason {
    char reason[TOKEN_REASON_BYTES_MAX + 1];
    char ticket[TOKEN_TICKET_BYTES_MAX + 1];
};

struct token_request {
    const char *subject;
    const char *tenant;
    unsigned scopes;
    int64_t ttl_s; /* 1 to TOKEN_TTL_S_MAX */
    struct token_reason why[ELEVATION_COUNT];
};

struct token_claims {
    char subject[SUBJECT_BYTES_MAX + 1];
    char tenant[TENANT_BYTES_MAX + 1];
    char id[UUID_TEXT_BYTES]; /* jti */
    unsigned scopes;
    int64_t issued_s, expires_s;
    struct token_reason why[ELEVATION_COUNT];
};

/* Appends the token to b. */
bool token_mint(const struct key_secret *key, const struct token_request *request, int64_t now_us,
                struct buf *b, struct token_claims *ret, struct err *e) must_check;
/* Scopes that this version does not know are passed over. */
bool token_verify(const struct key_public *key, const char *token, size_t len, int64_t now_us,
                  struct token_claims *ret, struct err *e) must_check;

/* Appends {"keys":[...]} (RFC 7517, 8037) with the one key. */
void token_jwks(const struct key_public *key, struct buf *b);

#endif
