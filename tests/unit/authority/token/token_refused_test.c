/* token_refused_test.c -- tokens that nobody should take are refused, rightly signed or not. */
#include "suites.h"

#include "authority/token/token.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define NOW_US 1767323045000000LL

/* A token with any header and claims, rightly signed. */
static void forge(const struct key_secret *key, const char *header, const char *claims,
                  struct buf *token)
{
    uint8_t signature[SIGNATURE_BYTES];

    text_add_base64(token, header, strlen(header), true);
    buf_addc(token, '.');
    text_add_base64(token, claims, strlen(claims), true);
    key_sign(key, token->data, token->len, signature);
    buf_addc(token, '.');
    text_add_base64(token, signature, sizeof signature, true);
}

#define CLAIMS_OF(subject, tenant, scope, more)                                                    \
    "{\"iss\":\"orch\",\"aud\":\"orch-api\",\"sub\":\"" subject                                    \
    "\",\"stellaops:tenant\":\"" tenant                                                            \
    "\",\"jti\":\"0199c801-0000-7000-8000-000000000000\",\"iat\":1767323045,\"nbf\":1767323045,"   \
    "\"exp\":1767326645,\"scope\":\"" scope "\"" more "}"
#define CLAIMS(more) CLAIMS_OF("ci", "acme", "orch:read", more)
#define NAMED(subject, tenant, scope) CLAIMS_OF(subject, tenant, scope, "")

static char *header_with(const struct key_secret *key, const char *alg, const char *more)
{
    return mem_printf("{\"alg\":\"%s\",\"kid\":\"%s\"%s}", alg, key_id(key_secret_public(key)).text,
                      more);
}

START_TEST(only_one_kind_of_header_is_taken)
{
    static const struct {
        const char *alg, *more, *words; /* words NULL: it is good */
    } cases[] = {
        {"EdDSA", ",\"typ\":\"at+jwt\"", NULL},
        {"Ed25519", ",\"typ\":\"AT+JWT\"", NULL},
        {"EdDSA", ",\"typ\":\"application/at+jwt\"", NULL},
        {"none", ",\"typ\":\"at+jwt\"", "algorithm"},
        {"HS256", ",\"typ\":\"at+jwt\"", "algorithm"},
        {"RS256", ",\"typ\":\"at+jwt\"", "algorithm"},
        {"eddsa", ",\"typ\":\"at+jwt\"", "algorithm"},
        {"EdDSA", ",\"typ\":\"JWT\"", "type"},
        {"EdDSA", "", "type"},
        {"EdDSA", ",\"typ\":\"at+jwt\",\"jwk\":{}", "member other than"},
        {"EdDSA", ",\"typ\":\"at+jwt\",\"jku\":\"https://evil.example\"", "member other than"},
        {"EdDSA", ",\"typ\":\"at+jwt\",\"crit\":[\"exp\"]", "member other than"},
    };
    auto_obj(key_secret) key = test_key(7);

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_mem char *header = header_with(key, cases[i].alg, cases[i].more);
        auto_done(buf) token = {0};
        struct token_claims claims;
        struct err e = {0};
        bool good;

        forge(key, header, CLAIMS(""), &token);
        good = token_verify(key_secret_public(key), token.data, token.len, NOW_US, &claims, &e);
        ck_assert_msg(good == (cases[i].words == NULL), "%s: %s", header, e.msg);
        if (!good)
            ck_error(&e, ERR_UNAUTHENTICATED, cases[i].words);
    }
}
END_TEST

START_TEST(each_bad_claim_is_told)
{
    static const struct {
        const char *claims, *words;
    } cases[] = {
        {"[]", "not JSON"},
        {"{}", "issuer"},
        {"{\"iss\":\"other\"}", "issuer"},
        {"{\"iss\":\"orch\",\"aud\":\"other\"}", "audience"},
        {"{\"iss\":\"orch\",\"aud\":[\"a\",1]}", "audience"},
        {"{\"iss\":\"orch\",\"aud\":[\"a\",\"orch-api\"]}", "iat, nbf or exp"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":\"9\"}", "exp"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":1e300}", "exp"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":-1,\"nbf\":1,\"exp\":9}", "iat"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":9999999999}",
         "subject"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":9999999999,"
         "\"sub\":\"ci\"}",
         "tenant"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":9999999999,"
         "\"sub\":\"ci\",\"stellaops:tenant\":\"acme\",\"jti\":\"1\"}",
         "no id"},
        {"{\"iss\":\"orch\",\"aud\":\"orch-api\",\"iat\":1,\"nbf\":1,\"exp\":9999999999,"
         "\"sub\":\"ci\",\"stellaops:tenant\":\"acme\","
         "\"jti\":\"0199c801-0000-7000-8000-000000000000\",\"scope\":[]}",
         "scope"},
        {NAMED("a\\nb", "acme", "orch:read"), "subject's name"},
        {NAMED(" ci", "acme", "orch:read"), "subject's name"},
        {NAMED("ci", "a\\r\\nX-Evil: 1", "orch:read"), "tenant's name"},
        {NAMED("ci", "../acme", "orch:read"), "tenant's name"},
        {NAMED("ci", "acme", "orch:read\\norch:operate"), "scope"},
        {CLAIMS(",\"iss\":\"orch\""), "not JSON"},
        {CLAIMS(",\"operator_reason\":7"), "not a short text"},
    };
    auto_obj(key_secret) key = test_key(7);
    auto_mem char *header = header_with(key, "EdDSA", ",\"typ\":\"at+jwt\"");

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_done(buf) token = {0};
        struct token_claims claims;
        struct err e = {0};

        forge(key, header, cases[i].claims, &token);
        ck_assert_msg(!token_verify(key_secret_public(key), token.data, token.len, NOW_US, &claims,
                                    &e),
                      "took %s", cases[i].claims);
        ck_error(&e, ERR_UNAUTHENTICATED, cases[i].words);
    }
}
END_TEST

START_TEST(an_elevated_token_without_its_reason_is_refused)
{
    auto_obj(key_secret) key = test_key(7);
    auto_mem char *header = header_with(key, "EdDSA", ",\"typ\":\"at+jwt\"");
    auto_done(buf) token = {0};
    struct token_claims claims;
    struct err e = {0};

    forge(key, header,
          "{\"iss\":\"orch\",\"aud\":\"orch-api\",\"sub\":\"ci\",\"stellaops:tenant\":\"acme\","
          "\"jti\":\"0199c801-0000-7000-8000-000000000000\",\"iat\":1767323045,"
          "\"nbf\":1767323045,\"exp\":1767326645,\"scope\":\"orch:operate\"}",
          &token);
    ck_assert(!token_verify(key_secret_public(key), token.data, token.len, NOW_US, &claims, &e));
    ck_error(&e, ERR_UNAUTHENTICATED, "without its reason");
}
END_TEST

START_TEST(a_token_of_another_key_or_with_another_byte_is_refused)
{
    auto_obj(key_secret) key = test_key(7);
    auto_obj(key_secret) other = test_key(8);
    const struct token_request request = {.subject = "ci",
                                          .tenant = "acme",
                                          .scopes = SCOPE_ORCH_READ,
                                          .ttl_s = 3600};
    struct token_claims claims;
    auto_done(buf) token = {0};
    struct err e = {0};

    ck_good(token_mint(key, &request, NOW_US, &token, &claims, &e), &e);
    ck_assert(!token_verify(key_secret_public(other), token.data, token.len, NOW_US, &claims, &e));
    ck_error(&e, ERR_UNAUTHENTICATED, "key that is not ours");
    for (size_t i = 0; i < token.len; i++) {
        token.data[i] ^= 1;
        ck_assert_msg(!token_verify(key_secret_public(key), token.data, token.len, NOW_US, &claims,
                                    &e),
                      "byte %zu", i);
        token.data[i] ^= 1;
    }
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
    static const char *const refused[] = {
        "", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30.e30"};
    auto_obj(key_secret) key = test_key(7);
    auto_mem char *huge = mem_printf("%0*d", TOKEN_BYTES_MAX + 1, 0);
    struct token_claims claims;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        ck_assert(!token_verify(key_secret_public(key), refused[i], strlen(refused[i]), NOW_US,
                                &claims, &e));
        ck_assert_int_eq(e.code, ERR_UNAUTHENTICATED);
    }
    ck_assert(!token_verify(key_secret_public(key), huge, strlen(huge), NOW_US, &claims, &e));
    ck_error(&e, ERR_UNAUTHENTICATED, "not a JWT");
}
END_TEST

TCase *token_refused_cases(void)
{
    TCase *tc = tcase_create("token refused");

    tcase_add_test(tc, only_one_kind_of_header_is_taken);
    tcase_add_test(tc, each_bad_claim_is_told);
    tcase_add_test(tc, an_elevated_token_without_its_reason_is_refused);
    tcase_add_test(tc, a_token_of_another_key_or_with_another_byte_is_refused);
    tcase_add_test(tc, what_is_no_token_is_refused);
    return tc;
}
