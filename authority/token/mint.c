/* mint.c -- making tokens. See token.h. */
#include "authority/token/token_claims.h"

#include "base/json.h"
#include "base/names.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

const struct elevation token_elevations[ELEVATION_COUNT] = {
    [ELEVATION_OPERATOR] = {SCOPE_ORCH_OPERATE, "operator_reason", "operator_ticket", true},
    [ELEVATION_QUOTA] = {SCOPE_ORCH_QUOTA, "quota_reason", "quota_ticket", false},
    [ELEVATION_BACKFILL] = {SCOPE_ORCH_BACKFILL, "backfill_reason", "backfill_ticket", true},
};

static bool check_elevation(const struct elevation *elevation, const struct token_reason *why,
                            struct err *e)
{
    auto_done(buf) scope = {0};

    token_scopes_text(elevation->scope, &scope);
    if (why->reason[0] == '\0')
        return err_set(e, ERR_INVALID, "invalid_request: scope %s needs %s", buf_text(&scope),
                       elevation->reason_claim);
    if (elevation->ticket_required && why->ticket[0] == '\0')
        return err_set(e, ERR_INVALID, "invalid_request: scope %s needs %s", buf_text(&scope),
                       elevation->ticket_claim);
    return true;
}

static bool check_request(const struct token_request *request, struct err *e)
{
    if (!name_check_subject(request->subject, e) || !name_check_tenant(request->tenant, e))
        return err_wrap(e, "invalid_request");
    if (request->scopes == 0 || request->scopes >> SCOPE_COUNT != 0)
        return err_set(e, ERR_INVALID, "invalid_request: no scope, or one that does not exist");
    if (request->ttl_s < 1 || request->ttl_s > TOKEN_TTL_S_MAX)
        return err_set(e, ERR_INVALID, "invalid_request: a token lives 1 to %d seconds",
                       TOKEN_TTL_S_MAX);
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        const struct elevation *elevation = &token_elevations[i];

        if ((request->scopes & elevation->scope) != 0 &&
            !check_elevation(elevation, &request->why[i], e))
            return false;
    }
    return true;
}

/* false for a text that is not UTF-8. */
static bool set_text(json_t *claims, const char *name, const char *text)
{
    return text[0] == '\0' || json_object_set_new(claims, name, json_string(text)) == 0;
}

static bool set_reasons(json_t *json, const struct token_claims *claims, struct err *e)
{
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        const struct elevation *elevation = &token_elevations[i];

        if (!set_text(json, elevation->reason_claim, claims->why[i].reason) ||
            !set_text(json, elevation->ticket_claim, claims->why[i].ticket))
            return err_set(e, ERR_INVALID, "invalid_request: %s or %s is not UTF-8",
                           elevation->reason_claim, elevation->ticket_claim);
    }
    return true;
}

/* RFC 9068 section 2.2 names the mandatory claims; client_id is the subject for our clients. */
static bool write_claims(const struct token_claims *claims, struct buf *b, struct err *e)
{
    auto_done(buf) scopes = {0};
    auto_json json = NULL;

    token_scopes_text(claims->scopes, &scopes);
    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "iss", TOKEN_ISSUER,
                     "aud", TOKEN_AUDIENCE, "sub", claims->subject, "client_id", claims->subject,
                     "stellaops:tenant", claims->tenant, "scope", buf_text(&scopes), "jti",
                     claims->id, "iat", (json_int_t)claims->issued_s, "nbf",
                     (json_int_t)claims->issued_s, "exp", (json_int_t)claims->expires_s);
    assert(json != NULL);
    if (!set_reasons(json, claims, e))
        return false;
    json_add_compact(b, json);
    return true;
}

static void fill_claims(const struct token_request *request, int64_t now_us,
                        struct token_claims *claims)
{
    bool fits = text_copy(claims->subject, sizeof claims->subject, request->subject) &&
                text_copy(claims->tenant, sizeof claims->tenant, request->tenant);

    assert(fits); /* check_request */
    uuid7(now_us, claims->id);
    claims->scopes = request->scopes;
    claims->issued_s = now_us / 1000000;
    claims->expires_s = claims->issued_s + request->ttl_s;
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        if ((request->scopes & token_elevations[i].scope) != 0)
            claims->why[i] = request->why[i];
    }
}

/* Bytes of the base64url text of len bytes, without padding. */
static size_t base64_len(size_t len)
{
    return (4 * len + 2) / 3;
}

/* header.claims.signature, each in base64url (RFC 7515 section 3.1). */
static bool assemble(const struct key_secret *key, const struct buf *claims, struct buf *b,
                     struct err *e)
{
    auto_done(buf) header = {0};
    uint8_t signature[SIGNATURE_BYTES];
    size_t start = b->len;

    buf_addf(&header, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%s\"}", TOKEN_ALGORITHM, TOKEN_TYPE,
             key_id(key_secret_public(key)).text);
    if (base64_len(header.len) + base64_len(claims->len) + base64_len(SIGNATURE_BYTES) + 2 >
        TOKEN_BYTES_MAX)
        return err_set(e, ERR_INVALID, "invalid_request: the token would be longer than %d bytes",
                       TOKEN_BYTES_MAX);
    text_add_base64(b, header.data, header.len, true);
    buf_addc(b, '.');
    text_add_base64(b, claims->data, claims->len, true);
    key_sign(key, b->data + start, b->len - start, signature);
    buf_addc(b, '.');
    text_add_base64(b, signature, sizeof signature, true);
    return true;
}

bool token_mint(const struct key_secret *key, const struct token_request *request, int64_t now_us,
                struct buf *b, struct token_claims *ret, struct err *e)
{
    auto_done(buf) text = {0};
    struct token_claims claims = {0};

    if (!check_request(request, e))
        return false;
    fill_claims(request, now_us, &claims);
    if (!write_claims(&claims, &text, e) || !assemble(key, &text, b, e))
        return false;
    *ret = claims;
    return true;
}

void token_jwks(const struct key_public *key, struct buf *b)
{
    buf_addf(b,
             "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"%s\","
             "\"kid\":\"%s\",\"x\":\"",
             TOKEN_ALGORITHM, key_id(key).text);
    text_add_base64(b, key->bytes, KEY_BYTES, true);
    buf_adds(b, "\"}]}");
}
