/* tokens_test.c -- a verdict is asked for once, remembered while it holds, and told to everybody.
 */
#include "model/words/scopes.h"
#include "rig.h"
#include "suites.h"

#include <string.h>

static struct rig rig;

static void setup(void)
{
    rig_open(&rig);
}

static void teardown(void)
{
    rig_close(&rig);
}

/* The last answer and how many there were. */
struct heard {
    int answers;
    bool let_in;
    uint32_t scopes;
    enum err_code code;
};

static void hear(void *arg, const struct claims *claims, const struct err *e)
{
    struct heard *h = arg;

    h->answers++;
    h->let_in = claims != NULL;
    h->scopes = claims != NULL ? claims->scopes : 0;
    h->code = claims != NULL ? ERR_NONE : e->code;
}

START_TEST(a_verdict_is_asked_for_once)
{
    struct heard h = {0};

    tokens_verify(rig.tokens, "reader", hear, &h);
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(rig.asked, 1);
    ck_assert_int_eq(h.answers, 2);
    ck_assert(h.let_in && h.scopes == SCOPE_READ);
    tokens_verify(rig.tokens, "writer", hear, &h);
    ck_assert_int_eq(rig.asked, 2);
    ck_assert_uint_eq(h.scopes, SCOPE_WRITE);
}
END_TEST

START_TEST(what_is_remembered_of_a_revoked_token_opens_nothing)
{
    struct heard h = {0};

    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert(!tokens_revoked(rig.tokens, READER_ID));
    tokens_revoke(rig.tokens, READER_ID);
    tokens_revoke(rig.tokens, READER_ID);
    ck_assert(tokens_revoked(rig.tokens, READER_ID));
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(rig.asked, 2); /* the authority is asked, and it knows */
    tokens_verify(rig.tokens, "writer", hear, &h);
    tokens_verify(rig.tokens, "writer", hear, &h);
    ck_assert_int_eq(rig.asked, 3);
}
END_TEST

START_TEST(a_refusal_is_not_remembered)
{
    struct heard h = {0};

    tokens_verify(rig.tokens, "forged", hear, &h);
    ck_assert(!h.let_in && h.code == ERR_UNAUTHENTICATED);
    tokens_verify(rig.tokens, "forged", hear, &h);
    tokens_verify(rig.tokens, "down", hear, &h);
    ck_assert(!h.let_in && h.code == ERR_UNAVAILABLE);
    ck_assert_int_eq(rig.asked, 3);
}
END_TEST

START_TEST(a_token_is_not_remembered_beyond_its_end)
{
    struct heard h = {0};

    rig.expires_in_s = 0;
    tokens_verify(rig.tokens, "reader", hear, &h);
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(rig.asked, 2);
}
END_TEST

START_TEST(what_is_forgotten_is_asked_for_again)
{
    struct heard h = {0};

    tokens_verify(rig.tokens, "reader", hear, &h);
    tokens_forget(rig.tokens);
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(rig.asked, 2);
}
END_TEST

START_TEST(a_late_verdict_comes_once_and_is_remembered)
{
    struct heard h = {0};

    rig.late = true;
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(h.answers, 0);
    rig_verdict(&rig);
    ck_assert_int_eq(h.answers, 1);
    tokens_verify(rig.tokens, "reader", hear, &h);
    ck_assert_int_eq(h.answers, 2);
    ck_assert_int_eq(rig.asked, 1);
}
END_TEST

/* Says what the test wants it to. */
static void verify_as_told(void *arg, const char *token, size_t len, api_verified_fn done,
                           void *done_arg)
{
    (void)token;
    (void)len;
    done(done_arg, arg, NULL);
}

static bool let_in(const char *subject, const char *tenant)
{
    struct api_claims claims = {READER_ID, subject, tenant, SCOPE_ADMIN, INT64_MAX};
    const struct api_auth auth = {.arg = &claims, .verify = verify_as_told};
    auto_obj(tokens) tokens = tokens_new(&auth);
    struct heard h = {0};

    tokens_verify(tokens, "any", hear, &h);
    ck_assert(h.let_in || h.code == ERR_UNAUTHENTICATED);
    return h.let_in;
}

/* The names go into headers, file names and log lines from here on. */
START_TEST(claims_outside_of_their_grammar_are_a_refusal)
{
    char subject[SUBJECT_BYTES_MAX + 2] = {0};

    memset(subject, 's', sizeof subject - 1);
    ck_assert(let_in("s", "t"));
    ck_assert(let_in("s", "")); /* bound to no tenant */
    ck_assert(!let_in(subject, "t"));
    ck_assert(!let_in("s\n", "t"));
    ck_assert(!let_in("", "t"));
    ck_assert(!let_in("s", "t\r\nX-Evil: 1"));
    ck_assert(!let_in("s", ".."));
    ck_assert(!let_in("s", "t\"; filename=\"x"));
}
END_TEST

TCase *tokens_cases(void)
{
    TCase *tc = tcase_create("tokens");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_verdict_is_asked_for_once);
    tcase_add_test(tc, what_is_remembered_of_a_revoked_token_opens_nothing);
    tcase_add_test(tc, a_refusal_is_not_remembered);
    tcase_add_test(tc, a_token_is_not_remembered_beyond_its_end);
    tcase_add_test(tc, what_is_forgotten_is_asked_for_again);
    tcase_add_test(tc, a_late_verdict_comes_once_and_is_remembered);
    tcase_add_test(tc, claims_outside_of_their_grammar_are_a_refusal);
    return tc;
}
