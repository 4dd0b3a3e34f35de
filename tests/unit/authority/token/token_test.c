/* token_test.c -- what is minted reads back as it was asked, and elevations want their reasons. */
#include "suites.h"

#include "authority/token/token.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define NOW_US 1767323045000000LL
#define NOW_S (NOW_US / 1000000)

static struct token_request request_for(unsigned scopes)
{
    return (
        struct token_request){.subject = "ci", .tenant = "acme", .scopes = scopes, .ttl_s = 3600};
}

START_TEST(a_minted_token_verifies_with_all_it_says)
{
    auto_obj(key_secret) key = test_key(7);
    struct token_request request = request_for(SCOPE_WRITE | SCOPE_ORCH_OPERATE);
    struct token_claims minted, read;
    auto_done(buf) token = {0};
    struct err e = {0};

    strcpy(request.why[ELEVATION_OPERATOR].reason, "stuck \"run\"");
    strcpy(request.why[ELEVATION_OPERATOR].ticket, "INC-7");
    ck_good(token_mint(key, &request, NOW_US, &token, &minted, &e), &e);
    ck_good(token_verify(key_secret_public(key), token.data, token.len, NOW_US, &read, &e), &e);
    ck_assert_str_eq(read.subject, "ci");
    ck_assert_str_eq(read.tenant, "acme");
    ck_assert_str_eq(read.id, minted.id);
    ck_assert_uint_eq(read.scopes, request.scopes);
    ck_assert_int_eq(read.expires_s, NOW_S + 3600);
    ck_assert_str_eq(read.why[ELEVATION_OPERATOR].reason, "stuck \"run\"");
    ck_assert_str_eq(read.why[ELEVATION_OPERATOR].ticket, "INC-7");
}
END_TEST

START_TEST(a_token_lives_from_its_first_to_its_last_second)
{
    static const struct {
        int64_t at_s;
        const char *words; /* NULL: it is good */
    } cases[] = {
        {NOW_S - TOKEN_SKEW_S, NULL},
        {NOW_S - TOKEN_SKEW_S - 1, "not valid yet"},
        {NOW_S + 3600 + TOKEN_SKEW_S - 1, NULL},
        {NOW_S + 3600 + TOKEN_SKEW_S, "expired"},
    };
    auto_obj(key_secret) key = test_key(7);
    struct token_request request = request_for(SCOPE_ORCH_READ);
    struct token_claims claims;
    auto_done(buf) token = {0};
    struct err e = {0};

    ck_good(token_mint(key, &request, NOW_US, &token, &claims, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool good = token_verify(key_secret_public(key), token.data, token.len,
                                 cases[i].at_s * 1000000, &claims, &e);

        ck_assert(good == (cases[i].words == NULL));
        if (!good)
            ck_error(&e, ERR_UNAUTHENTICATED, cases[i].words);
    }
}
END_TEST

START_TEST(an_elevation_needs_its_reason_and_ticket)
{
    static const struct {
        enum scope scope;
        enum token_elevation elevation;
        const char *reason, *ticket, *words; /* words NULL: it is minted */
    } cases[] = {
        {SCOPE_ORCH_OPERATE, ELEVATION_OPERATOR, "", "T", "needs operator_reason"},
        {SCOPE_ORCH_OPERATE, ELEVATION_OPERATOR, "r", "", "needs operator_ticket"},
        {SCOPE_ORCH_OPERATE, ELEVATION_OPERATOR, "r", "T", NULL},
        {SCOPE_ORCH_OPERATE, ELEVATION_QUOTA, "r", "T", "needs operator_reason"},
        {SCOPE_ORCH_QUOTA, ELEVATION_QUOTA, "", "T", "needs quota_reason"},
        {SCOPE_ORCH_QUOTA, ELEVATION_QUOTA, "r", "", NULL},
        {SCOPE_ORCH_BACKFILL, ELEVATION_BACKFILL, "r", "", "needs backfill_ticket"},
        {SCOPE_ORCH_BACKFILL, ELEVATION_BACKFILL, "r", "T", NULL},
    };
    auto_obj(key_secret) key = test_key(7);

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct token_request request = request_for(cases[i].scope);
        struct token_claims claims;
        auto_done(buf) token = {0};
        struct err e = {0};

        strcpy(request.why[cases[i].elevation].reason, cases[i].reason);
        strcpy(request.why[cases[i].elevation].ticket, cases[i].ticket);
        ck_assert(token_mint(key, &request, NOW_US, &token, &claims, &e) ==
                  (cases[i].words == NULL));
        if (cases[i].words != NULL) {
            ck_error(&e, ERR_INVALID, cases[i].words);
            ck_assert(strncmp(e.msg, "invalid_request", 15) == 0);
            ck_assert_uint_eq(token.len, 0);
        }
    }
}
END_TEST

START_TEST(a_bad_request_mints_nothing)
{
    struct token_request good = request_for(SCOPE_ORCH_READ);
    struct token_request cases[] = {good, good, good, good, good, good, good, good, good, good};
    auto_obj(key_secret) key = test_key(7);
    auto_mem char *long_text = mem_printf("%0*d", SUBJECT_BYTES_MAX + 1, 0);

    cases[0].subject = "";
    cases[1].tenant = "";
    cases[2].scopes = 0;
    cases[3].scopes = 1u << SCOPE_COUNT;
    cases[4].ttl_s = 0;
    cases[5].ttl_s = TOKEN_TTL_S_MAX + 1LL;
    cases[6].subject = long_text;
    cases[7].subject = "a\nb";
    cases[8].tenant = "a\nX-Evil: 1";
    cases[9].tenant = "..";
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct token_claims claims;
        auto_done(buf) token = {0};
        struct err e = {0};

        ck_assert(!token_mint(key, &cases[i], NOW_US, &token, &claims, &e));
        ck_error(&e, ERR_INVALID, "invalid_request");
    }
}
END_TEST

START_TEST(the_longest_reasons_still_make_a_token)
{
    auto_obj(key_secret) key = test_key(7);
    struct token_request request = request_for((1u << SCOPE_COUNT) - 1);
    struct token_claims claims;
    auto_done(buf) token = {0};
    struct err e = {0};

    /* A control character takes six bytes in JSON: nothing is longer. */
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        memset(request.why[i].reason, 1, TOKEN_REASON_BYTES_MAX);
        memset(request.why[i].ticket, 1, TOKEN_TICKET_BYTES_MAX);
    }
    ck_assert(!token_mint(key, &request, NOW_US, &token, &claims, &e));
    ck_error(&e, ERR_INVALID, "longer than");
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        memset(request.why[i].reason, 'r', TOKEN_REASON_BYTES_MAX);
        memset(request.why[i].ticket, 't', TOKEN_TICKET_BYTES_MAX);
    }
    ck_good(token_mint(key, &request, NOW_US, &token, &claims, &e), &e);
    ck_good(token_verify(key_secret_public(key), token.data, token.len, NOW_US, &claims, &e), &e);
}
END_TEST

START_TEST(scopes_are_words_of_one_list)
{
    unsigned scopes = 0;
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_good(token_scopes_parse(" orch:read  orchestrator:admin ", &scopes, &e), &e);
    token_scopes_text(scopes, &text);
    ck_assert_str_eq(text.data, "orchestrator:admin orch:read");
    ck_assert(!token_scopes_parse("orch:reed", &scopes, &e));
    ck_error(&e, ERR_INVALID, "did you mean orch:read");
    ck_assert_uint_eq(token_scopes_known("orch:fly orch:quota"), SCOPE_ORCH_QUOTA);
    ck_assert_uint_eq(token_scopes_known("orchestrator:readonly xorch:read"), 0);
    ck_assert_uint_eq(token_scopes_known(""), 0);
}
END_TEST

START_TEST(jwks_names_the_key_as_tokens_do)
{
    auto_obj(key_secret) key = test_key(7);
    auto_done(buf) jwks = {0};
    auto_done(buf) x = {0};

    token_jwks(key_secret_public(key), &jwks);
    text_add_base64(&x, key_secret_public(key)->bytes, KEY_BYTES, true);
    ck_assert_ptr_nonnull(strstr(jwks.data, x.data));
    ck_assert_ptr_nonnull(strstr(jwks.data, key_id(key_secret_public(key)).text));
    ck_assert_ptr_nonnull(strstr(jwks.data, "\"kty\":\"OKP\",\"crv\":\"Ed25519\""));
}
END_TEST

TCase *token_cases(void)
{
    TCase *tc = tcase_create("token");

    tcase_add_test(tc, a_minted_token_verifies_with_all_it_says);
    tcase_add_test(tc, a_token_lives_from_its_first_to_its_last_second);
    tcase_add_test(tc, an_elevation_needs_its_reason_and_ticket);
    tcase_add_test(tc, a_bad_request_mints_nothing);
    tcase_add_test(tc, the_longest_reasons_still_make_a_token);
    tcase_add_test(tc, scopes_are_words_of_one_list);
    tcase_add_test(tc, jwks_names_the_key_as_tokens_do);
    return tc;
}
