/* serve_token.c -- minting, verifying and revoking access tokens. See server.h. */
#include "authority/server/server.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

/* The audit line of contract/stellaops.md 5.4: who may do what, and why. */
static void log_grant(const struct token_claims *claims)
{
    auto_done(buf) scopes = {0};

    token_scopes_text(claims->scopes, &scopes);
    log_event(LOG_INFO, "authority.client_credentials.grant", F_STR("subject", claims->subject),
              F_STR("tenant", claims->tenant), F_STR("scope", buf_text(&scopes)),
              F_STR("token_id", claims->id), F_INT("expires_s", claims->expires_s),
              F_STR("request.reason", claims->why[ELEVATION_OPERATOR].reason),
              F_STR("request.ticket", claims->why[ELEVATION_OPERATOR].ticket),
              F_STR("quota.reason", claims->why[ELEVATION_QUOTA].reason),
              F_STR("quota.ticket", claims->why[ELEVATION_QUOTA].ticket),
              F_STR("backfill.reason", claims->why[ELEVATION_BACKFILL].reason),
              F_STR("backfill.ticket", claims->why[ELEVATION_BACKFILL].ticket));
}

bool serve_token_mint(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char subject[SUBJECT_BYTES_MAX + 1], tenant[TENANT_BYTES_MAX + 1];
    struct token_request request = {.subject = subject, .tenant = tenant};
    struct token_claims claims;
    auto_done(buf) token = {0};

    unpack_str(&r->body, subject, sizeof subject);
    unpack_str(&r->body, tenant, sizeof tenant);
    request.scopes = unpack_u32(&r->body);
    request.ttl_s = (int64_t)unpack_u64(&r->body);
    reasons_unpack(&r->body, request.why);
    if (!unpack_end(&r->body, e) || !token_mint(keyring_key(s->keyring, KEYRING_TOKEN), &request,
                                                clock_wall_us(), &token, &claims, e))
        return false;
    log_grant(&claims);
    pack_bytes(reply, token.data, token.len);
    claims_pack(reply, &claims);
    return true;
}

bool serve_token_verify(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    struct token_claims claims;
    size_t len;
    const void *token = unpack_bytes(&r->body, &len);

    if (!unpack_end(&r->body, e) ||
        !token_verify(key_secret_public(keyring_key(s->keyring, KEYRING_TOKEN)), token, len,
                      clock_wall_us(), &claims, e))
        return false;
    if (revoked_has(s->revoked, claims.id))
        return err_set(e, ERR_UNAUTHENTICATED, "token refused: it was revoked");
    claims_pack(reply, &claims);
    return true;
}

bool serve_token_revoke(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char id[UUID_TEXT_BYTES];
    int64_t expires_s;

    (void)reply;
    unpack_str(&r->body, id, sizeof id);
    expires_s = (int64_t)unpack_u64(&r->body);
    if (!unpack_end(&r->body, e) ||
        !revoked_add(s->revoked, id, expires_s, clock_wall_us() / 1000000, e))
        return false;
    log_event(LOG_INFO, "authority.token_revoked", F_STR("token_id", id));
    return true;
}
