/* keyring_test.c -- one root key, written once, gives the same keys each time and no two alike. */
#include "suites.h"

#include "authority/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

START_TEST(the_same_root_key_gives_the_same_keys_again)
{
    auto_obj(keyring) first = NULL;
    auto_obj(keyring) second = NULL;
    struct err e = {0};

    ck_good(keyring_create(test_dir, &e), &e);
    ck_good(keyring_load(test_dir, &first, &e), &e);
    ck_good(keyring_load(test_dir, &second, &e), &e);
    for (int use = 0; use < KEYRING_COUNT; use++)
        ck_assert(test_same(key_secret_public(keyring_key(first, use)),
                            key_secret_public(keyring_key(second, use))));
    ck_assert_mem_eq(keyring_sealing(first), keyring_sealing(second), SECRET_SEAL_KEY_BYTES);
    ck_assert_mem_eq(keyring_box(first).public_key, keyring_box(second).public_key,
                     SECRET_BOX_KEY_BYTES);
}
END_TEST

START_TEST(every_use_and_every_root_has_its_own_key)
{
    static const uint8_t root[ROOT_KEY_BYTES] = {1}, other_root[ROOT_KEY_BYTES] = {2};
    auto_obj(keyring) k = keyring_derive(root);
    auto_obj(keyring) other = keyring_derive(other_root);

    for (int a = 0; a < KEYRING_COUNT; a++) {
        ck_assert(!test_same(key_secret_public(keyring_key(k, a)),
                             key_secret_public(keyring_key(other, a))));
        for (int b = 0; b < a; b++)
            ck_assert(!test_same(key_secret_public(keyring_key(k, a)),
                                 key_secret_public(keyring_key(k, b))));
    }
    ck_assert_mem_ne(keyring_sealing(k), keyring_sealing(other), SECRET_SEAL_KEY_BYTES);
}
END_TEST

START_TEST(a_root_key_is_never_made_twice)
{
    struct err e = {0};

    ck_good(keyring_create(test_dir, &e), &e);
    ck_assert(!keyring_create(test_dir, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
}
END_TEST

START_TEST(a_missing_short_long_or_open_root_key_is_refused)
{
    static const struct {
        const char *bytes;
        unsigned mode;
        enum err_code code;
        const char *words;
    } cases[] = {
        {"31 bytes are one byte too few..", 0600, ERR_CORRUPT, "has 31 bytes"},
        {"33 bytes are one byte too many...", 0600, ERR_TOO_LARGE, "more than 32"},
        {"exactly thirty-two bytes of it..", 0644, ERR_DENIED, "mode 0644"},
    };
    auto_obj(keyring) k = NULL;
    struct err e = {0};

    ck_assert(!keyring_load(test_dir, &k, &e));
    ck_error(&e, ERR_NOT_FOUND, "root key");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        test_write("root.key", cases[i].bytes, cases[i].mode);
        ck_assert(!keyring_load(test_dir, &k, &e));
        ck_error(&e, cases[i].code, cases[i].words);
    }
}
END_TEST

START_TEST(a_credential_of_the_service_manager_comes_first)
{
    auto_obj(keyring) from_home = NULL;
    auto_obj(keyring) from_credential = NULL;
    struct err e = {0};

    ck_good(keyring_create(test_dir, &e), &e);
    ck_good(keyring_load(test_dir, &from_home, &e), &e);
    test_write("orch-root-key", "exactly thirty-two bytes of it..", 0440);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", test_dir, 1), 0);
    ck_good(keyring_load(test_dir, &from_credential, &e), &e);
    ck_assert(!test_same(key_secret_public(keyring_key(from_home, KEYRING_HOST)),
                         key_secret_public(keyring_key(from_credential, KEYRING_HOST))));
    ck_assert_int_eq(chmod(test_path("orch-root-key"), 0444), 0);
    ck_assert(!keyring_load(test_dir, &from_home, &e));
    ck_error(&e, ERR_DENIED, "root key credential");
}
END_TEST

/* Each locked piece is a mapping of its own, with guards around it: no sanitizer counts those. */
static unsigned mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned lines = 0;
    int c;

    ck_assert_ptr_nonnull(maps);
    while ((c = fgetc(maps)) != EOF)
        lines += c == '\n';
    fclose(maps);
    return lines;
}

START_TEST(a_keyring_that_is_freed_leaves_no_locked_memory)
{
    enum { ROUNDS = 64 };
    unsigned before = 0;
    struct err e = {0};

    ck_good(keyring_create(test_dir, &e), &e);
    for (int i = 0; i <= ROUNDS; i++) {
        struct keyring *k = NULL;

        ck_good(keyring_load(test_dir, &k, &e), &e);
        keyring_free(k);
        if (i == 0)
            before = mappings();
    }
    ck_assert_uint_lt(mappings(), before + ROUNDS);
}
END_TEST

TCase *keyring_cases(void)
{
    TCase *tc = tcase_create("keyring");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_add_test(tc, the_same_root_key_gives_the_same_keys_again);
    tcase_add_test(tc, every_use_and_every_root_has_its_own_key);
    tcase_add_test(tc, a_root_key_is_never_made_twice);
    tcase_add_test(tc, a_missing_short_long_or_open_root_key_is_refused);
    tcase_add_test(tc, a_keyring_that_is_freed_leaves_no_locked_memory);
    tcase_add_test(tc, a_credential_of_the_service_manager_comes_first);
    return tc;
}
