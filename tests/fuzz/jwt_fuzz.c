/* jwt_fuzz.c -- no bytes are a token by themselves; and as claims under a good signature they are
 * read within bounds, and what is taken names a subject, a tenant and an id. */
#include "authority/token/token.h"
#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NOW_US 1767323045000000LL

static void sign_as_claims(const struct key_secret *key, const uint8_t *bytes, size_t len,
                           struct buf *token)
{
    auto_done(buf) header = {0};
    uint8_t signature[SIGNATURE_BYTES];

    buf_addf(&header, "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
             key_id(key_secret_public(key)).text);
    text_add_base64(token, header.data, header.len, true);
    buf_addc(token, '.');
    text_add_base64(token, bytes, len, true);
    key_sign(key, token->data, token->len, signature);
    buf_addc(token, '.');
    text_add_base64(token, signature, sizeof signature, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t seed[KEY_BYTES] = {42};
    auto_obj(key_secret) key = key_secret_from_seed(seed);
    const struct key_public *public_key = key_secret_public(key);
    auto_done(buf) token = {0};
    struct token_claims claims;
    struct err e = {0};

    if (token_verify(public_key, (const char *)bytes, len, NOW_US, &claims, &e))
        assert(!"nobody signed this");
    assert(e.code == ERR_UNAUTHENTICATED);
    sign_as_claims(key, bytes, len, &token);
    if (token_verify(public_key, token.data, token.len, NOW_US, &claims, &e))
        assert(claims.subject[0] != '\0' && claims.tenant[0] != '\0' && strlen(claims.id) == 36);
    else
        assert(e.code == ERR_UNAUTHENTICATED);
    return 0;
}
