/* suites.h -- the suites of the authority's tests and what they share. */
#ifndef ORCH_TESTS_AUTHORITY_SUITES_H
#define ORCH_TESTS_AUTHORITY_SUITES_H

#include "authority/keys/key.h"
#include "authority/trust/refusal.h"
#include "base/err.h"

#include <check.h>

TCase *key_cases(void);
TCase *openssl_cases(void);
TCase *keyring_cases(void);
TCase *dsse_cases(void);
TCase *trust_cases(void);
TCase *trust_file_cases(void);
TCase *grant_cases(void);
TCase *token_cases(void);
TCase *token_refused_cases(void);
TCase *revoked_cases(void);
TCase *secret_cases(void);
TCase *pour_cases(void);
TCase *client_cases(void);
TCase *confine_cases(void);
TCase *history_cases(void);

/* A fresh folder a test, removed behind it: use as the case's checked fixture. */
extern char test_dir[128];
void test_dir_make(void);
void test_dir_remove(void);
/* DIR/name, valid until the next call but three. */
const char *test_path(const char *name);
void test_write(const char *name, const char *text, unsigned mode);

/* A key that is the same in every run: 32 times the byte. */
struct key_secret *test_key(unsigned char byte);
bool test_same(const struct key_public *a, const struct key_public *b);
const char *test_refusal_word(enum refusal refusal);

#define ck_refused(e, refusal)                                                                     \
    ck_assert_msg(refusal_of(e) == (refusal), "expected %s, got: %s", test_refusal_word(refusal),  \
                  (e)->msg)
#define ck_error(e, expected, words)                                                               \
    do {                                                                                           \
        ck_assert_msg((e)->code == (expected), "code %d: %s", (e)->code, (e)->msg);                \
        ck_assert_msg(strstr((e)->msg, words) != NULL, "no '%s' in: %s", words, (e)->msg);         \
    } while (0)
#define ck_good(call, e) ck_assert_msg((call), "%s", (e)->msg)

#endif
