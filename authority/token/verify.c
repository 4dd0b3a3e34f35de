/* verify.c -- the strict end: nothing of a token is read before its signature is good but
 * the header that says how it was made. See token.h. */
#include "authority/token/token_claims.h"

#include "base/json.h"
#include "base/names.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct json_limits token_limits = {TOKEN_BYTES_MAX, 4, 0};

static bool no(struct err *e, const char *why)
{
    return err_set(e, ERR_UNAUTHENTICATED, "token refused: %s", why);
}

/* The three parts of the compact serialisation (RFC 7515 section 3.1). */
struct parts {
    const char *header, *claims, *signature;
    size_t header_len, claims_len, signature_len;
    size_t signed_len; /* header, dot, claims */
};

static bool split(const char *token, size_t len, struct parts *ret)
{
    const char *end = token + len;
    const char *dot = memchr(token, '.', len);
    const char *dot2 = dot != NULL ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;

    if (dot2 == NULL || memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1)) != NULL)
        return false;
    *ret = (struct parts){
        .header = token,
        .header_len = (size_t)(dot - token),
        .claims = dot + 1,
        .claims_len = (size_t)(dot2 - dot - 1),
        .signature = dot2 + 1,
        .signature_len = (size_t)(end - dot2 - 1),
        .signed_len = (size_t)(dot2 - token),
    };
    return true;
}

static bool decode_object(const char *text, size_t len, json_t **ret)
{
    auto_done(buf) bytes = {0};
    auto_json json = NULL;

    if (!text_unbase64(&bytes, text, len, true, NULL) ||
        !json_parse(buf_text(&bytes), bytes.len, &token_limits, &json, NULL, NULL) ||
        !json_is_object(json))
        return false;
    *ret = take(json);
    return true;
}

static bool text_is(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value != NULL && strcmp(value, text) == 0;
}

/* RFC 9068 section 4 allows the long form; media types have no case. */
static bool type_ok(const json_t *header)
{
    const char *type = json_string_value(json_object_get(header, "typ"));

    return type != NULL &&
           (strcasecmp(type, TOKEN_TYPE) == 0 || strcasecmp(type, "application/" TOKEN_TYPE) == 0);
}

/* RFC 8725 3.1 and 3.11; RFC 9864 renames EdDSA to Ed25519. Members that could bring a key along
 * (jwk, jku, x5c) or change the rules (crit) are not passed over but refused. */
static bool check_header(const json_t *header, const struct key_public *key, struct err *e)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)header, name, value)
    {
        if (strcmp(name, "alg") != 0 && strcmp(name, "typ") != 0 && strcmp(name, "kid") != 0)
            return no(e, "the header has a member other than alg, typ and kid");
    }
    if (!text_is(header, "alg", TOKEN_ALGORITHM) && !text_is(header, "alg", "Ed25519"))
        return no(e, "the algorithm is not EdDSA");
    if (!type_ok(header))
        return no(e, "the type is not " TOKEN_TYPE);
    if (!text_is(header, "kid", key_id(key).text))
        return no(e, "made with a key that is not ours");
    return true;
}

static bool check_signature(const struct parts *parts, const struct key_public *key, struct err *e)
{
    auto_done(buf) signature = {0};

    if (!text_unbase64(&signature, parts->signature, parts->signature_len, true, NULL) ||
        signature.len != SIGNATURE_BYTES)
        return no(e, "the signature is malformed");
    if (!key_verify(key, parts->header, parts->signed_len, (const uint8_t *)signature.data))
        return no(e, "the signature is wrong");
    return true;
}

static bool get_time(const json_t *json, const char *name, int64_t *ret)
{
    const json_t *value = json_object_get(json, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret = json_integer_value(value);
    return true;
}

static bool audience_ok(const json_t *audience)
{
    const json_t *item;
    size_t i;

    if (json_is_string(audience))
        return strcmp(json_string_value(audience), TOKEN_AUDIENCE) == 0;
    json_array_foreach(audience, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), TOKEN_AUDIENCE) == 0)
            return true;
    }
    return false;
}

static bool check_times(const json_t *json, int64_t now_s, struct token_claims *ret, struct err *e)
{
    int64_t not_before_s;

    if (!get_time(json, "iat", &ret->issued_s) || !get_time(json, "exp", &ret->expires_s) ||
        !get_time(json, "nbf", &not_before_s))
        return no(e, "iat, nbf or exp is missing or not a time");
    if (now_s >= ret->expires_s + TOKEN_SKEW_S)
        return no(e, "it has expired");
    if (now_s < not_before_s - TOKEN_SKEW_S || now_s < ret->issued_s - TOKEN_SKEW_S)
        return no(e, "it is not valid yet");
    return true;
}

/* An absent text is "". */
static bool get_text(const json_t *json, const char *name, char *out, size_t out_bytes)
{
    const json_t *value = json_object_get(json, name);

    if (value == NULL)
        return text_copy(out, out_bytes, "");
    return json_is_string(value) && text_copy(out, out_bytes, json_string_value(value));
}

static bool get_identity(const json_t *json, struct token_claims *ret, struct err *e)
{
    if (!get_text(json, "sub", ret->subject, sizeof ret->subject) ||
        !name_check_subject(ret->subject, NULL))
        return no(e, "it has no subject, or not a subject's name");
    if (!get_text(json, "stellaops:tenant", ret->tenant, sizeof ret->tenant) ||
        !name_check_tenant(ret->tenant, NULL))
        return no(e, "it names no tenant, or not by a tenant's name");
    if (!get_text(json, "jti", ret->id, sizeof ret->id) || !uuid_is_valid(ret->id))
        return no(e, "it has no id");
    return true;
}

static bool get_reasons(const json_t *json, struct token_claims *ret, struct err *e)
{
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        const struct elevation *elevation = &token_elevations[i];
        struct token_reason *why = &ret->why[i];
        bool elevated = (ret->scopes & elevation->scope) != 0;

        if (!get_text(json, elevation->reason_claim, why->reason, sizeof why->reason) ||
            !get_text(json, elevation->ticket_claim, why->ticket, sizeof why->ticket))
            return no(e, "a reason or ticket is not a short text");
        if (elevated &&
            (why->reason[0] == '\0' || (elevation->ticket_required && why->ticket[0] == '\0')))
            return no(e, "an elevated scope comes without its reason or ticket");
    }
    return true;
}

static bool read_claims(const json_t *json, int64_t now_s, struct token_claims *ret, struct err *e)
{
    const json_t *scope = json_object_get(json, "scope");

    if (!text_is(json, "iss", TOKEN_ISSUER))
        return no(e, "another issuer made it");
    if (!audience_ok(json_object_get(json, "aud")))
        return no(e, "it is for another audience");
    if (!check_times(json, now_s, ret, e) || !get_identity(json, ret, e))
        return false;
    if (!json_is_string(scope) || !name_check_scopes(json_string_value(scope), NULL))
        return no(e, "it has no scope, or not as words");
    ret->scopes = token_scopes_known(json_string_value(scope));
    return get_reasons(json, ret, e);
}

bool token_verify(const struct key_public *key, const char *token, size_t len, int64_t now_us,
                  struct token_claims *ret, struct err *e)
{
    auto_json header = NULL;
    auto_json json = NULL;
    struct token_claims claims = {0};
    struct parts parts;

    if (len > TOKEN_BYTES_MAX || !split(token, len, &parts) ||
        !decode_object(parts.header, parts.header_len, &header))
        return no(e, "it is not a JWT");
    if (!check_header(header, key, e) || !check_signature(&parts, key, e))
        return false;
    if (!decode_object(parts.claims, parts.claims_len, &json))
        return no(e, "the claims are not JSON");
    if (!read_claims(json, now_us / 1000000, &claims, e))
        return false;
    *ret = claims;
    return true;
}
