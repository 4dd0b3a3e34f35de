/* key_test.c -- keys and their files read back as OpenSSL reads them, and a bad one is refused. */
#include "suites.h"

#include "authority/keys/locked.h"
#include "base/fd.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(test_1_of_rfc_8032_7_1_signs_as_published)
{
    uint8_t seed[KEY_BYTES], signature[SIGNATURE_BYTES];
    char hex[2 * SIGNATURE_BYTES + 1];
    auto_obj(key_secret) key = NULL;

    ck_assert(text_unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", 64,
                         seed, sizeof seed));
    key = key_secret_from_seed(seed);
    text_hex(key_secret_public(key)->bytes, KEY_BYTES, hex);
    ck_assert_str_eq(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    key_sign(key, "", 0, signature);
    text_hex(signature, sizeof signature, hex);
    ck_assert_str_eq(hex, "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                          "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
    ck_assert(key_verify(key_secret_public(key), "", 0, signature));
}
END_TEST

START_TEST(a_signature_is_for_one_message_and_one_key)
{
    auto_obj(key_secret) key = key_secret_new();
    auto_obj(key_secret) other = key_secret_new();
    uint8_t signature[SIGNATURE_BYTES];

    key_sign(key, "pay 1", 5, signature);
    ck_assert(key_verify(key_secret_public(key), "pay 1", 5, signature));
    ck_assert(!key_verify(key_secret_public(key), "pay 2", 5, signature));
    ck_assert(!key_verify(key_secret_public(other), "pay 1", 5, signature));
    ck_assert(!test_same(key_secret_public(key), key_secret_public(other)));
    signature[0] ^= 1;
    ck_assert(!key_verify(key_secret_public(key), "pay 1", 5, signature));
}
END_TEST

START_TEST(a_public_key_reads_back_from_pem_and_from_base64)
{
    auto_obj(key_secret) key = key_secret_new();
    auto_done(buf) pem = {0};
    auto_done(buf) base64 = {0};
    struct key_public read;
    struct err e = {0};

    key_public_pem(key_secret_public(key), &pem);
    ck_good(key_public_parse(pem.data, pem.len, &read, &e), &e);
    ck_assert(test_same(&read, key_secret_public(key)));
    text_add_base64(&base64, key_secret_public(key)->bytes, KEY_BYTES, false);
    ck_good(key_public_parse(base64.data, base64.len, &read, &e), &e);
    ck_assert(test_same(&read, key_secret_public(key)));
}
END_TEST

START_TEST(what_is_not_an_ed25519_public_key_is_refused)
{
    /* An X25519 key, whose DER differs in one byte; half a key; text behind the end; no key. */
    static const char *const refused[] = {
        "",
        "AAAA",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        ("-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
         "-----END PUBLIC KEY-----\n"),
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAhSDwCYkwp1R0i33c\n-----END PUBLIC KEY-----\n",
        ("-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
         "-----END PUBLIC KEY-----\nmore"),
        ("-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"),
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1h\n-----END PRIVATE KEY-----\n",
    };
    struct key_public read;

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err e = {0};

        ck_assert_msg(!key_public_parse(refused[i], strlen(refused[i]), &read, &e), "took %s",
                      refused[i]);
        ck_assert_int_eq(e.code, ERR_INVALID);
    }
}
END_TEST

START_TEST(a_fingerprint_is_the_key_id_as_people_read_it)
{
    auto_obj(key_secret) key = test_key(1);
    struct fingerprint shown = key_fingerprint(key_secret_public(key)), room;
    struct sha256_hex id = key_id(key_secret_public(key));
    char padded[64], hex[SHA256_HEX_BYTES];
    auto_done(buf) digest = {0};
    struct err e = {0};

    ck_assert_uint_eq(strlen(shown.text), FINGERPRINT_BYTES - 1);
    ck_assert(strncmp(shown.text, "SHA256:", 7) == 0);
    snprintf(padded, sizeof padded, "%s=", shown.text + 7);
    ck_good(text_unbase64(&digest, padded, strlen(padded), false, &e), &e);
    text_hex((const uint8_t *)digest.data, SHA256_BYTES, hex);
    ck_assert_str_eq(hex, id.text);
    ck_assert_str_eq(text_fingerprint_of(id.text, &room), shown.text);
    ck_assert_str_eq(text_fingerprint_of("publisher-2026", &room), "publisher-2026");
}
END_TEST

START_TEST(a_secret_key_reads_back_from_its_file)
{
    auto_obj(key_secret) key = key_secret_new();
    auto_obj(key_secret) read = NULL;
    const char *path = test_path("key.pem");
    struct stat st;
    struct err e = {0};

    ck_good(key_secret_save(key, path, &e), &e);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_good(key_secret_load(path, &read, &e), &e);
    ck_assert(test_same(key_secret_public(read), key_secret_public(key)));
    ck_assert(!key_secret_save(key, path, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
}
END_TEST

START_TEST(a_secret_key_that_others_could_have_read_is_refused)
{
    auto_obj(key_secret) key = key_secret_new();
    auto_obj(key_secret) read = NULL;
    struct err e = {0};

    ck_good(key_secret_save(key, test_path("key.pem"), &e), &e);
    ck_assert_int_eq(chmod(test_path("key.pem"), 0640), 0);
    ck_assert(!key_secret_load(test_path("key.pem"), &read, &e));
    ck_error(&e, ERR_DENIED, "mode 0640");
    ck_assert_int_eq(chmod(test_path("key.pem"), 0600), 0);
    ck_assert_int_eq(link(test_path("key.pem"), test_path("second")), 0);
    ck_assert(!key_secret_load(test_path("key.pem"), &read, &e));
    ck_error(&e, ERR_DENIED, "2 links");
    ck_assert_int_eq(unlink(test_path("second")), 0);
    ck_assert_int_eq(symlink(test_path("key.pem"), test_path("way")), 0);
    ck_assert(!key_secret_load(test_path("way"), &read, &e));
    ck_assert_int_eq(mkfifo(test_path("pipe"), 0600), 0);
    ck_assert(!key_secret_load(test_path("pipe"), &read, &e));
    ck_error(&e, ERR_DENIED, "not a regular file");
    ck_assert_ptr_null(read);
}
END_TEST

START_TEST(a_file_of_another_user_is_refused)
{
    auto_obj(locked) read = NULL;
    struct err e = {0};

    if (geteuid() != 0) {
        printf("skipped: only root can give a file away\n");
        return;
    }
    test_write("theirs", "x", 0600);
    ck_assert_int_eq(chown(test_path("theirs"), 65534, 65534), 0);
    ck_assert(!locked_read_file(test_path("theirs"), 16, &read, &e));
    ck_error(&e, ERR_DENIED, "owned by user 65534");
}
END_TEST

TCase *key_cases(void)
{
    TCase *tc = tcase_create("key");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_add_test(tc, test_1_of_rfc_8032_7_1_signs_as_published);
    tcase_add_test(tc, a_signature_is_for_one_message_and_one_key);
    tcase_add_test(tc, a_public_key_reads_back_from_pem_and_from_base64);
    tcase_add_test(tc, what_is_not_an_ed25519_public_key_is_refused);
    tcase_add_test(tc, a_fingerprint_is_the_key_id_as_people_read_it);
    tcase_add_test(tc, a_secret_key_reads_back_from_its_file);
    tcase_add_test(tc, a_secret_key_that_others_could_have_read_is_refused);
    tcase_add_test(tc, a_file_of_another_user_is_refused);
    return tc;
}

/* Runs an OpenSSL command inside the test's folder. */
static int openssl(const char *arguments)
{
    char command[512];

    snprintf(command, sizeof command, "cd '%s' && openssl %s >out.txt 2>&1", test_dir, arguments);
    return system(command);
}

START_TEST(openssl_reads_our_keys)
{
    auto_obj(key_secret) key = key_secret_new();
    auto_done(buf) ours = {0};
    auto_done(buf) theirs = {0};
    struct err e = {0};

    ck_good(key_secret_save(key, test_path("key.pem"), &e), &e);
    ck_assert_int_eq(openssl("pkey -in key.pem -pubout -out pub.pem"), 0);
    key_public_pem(key_secret_public(key), &ours);
    ck_good(file_read(test_path("pub.pem"), 4096, &theirs, &e), &e);
    ck_assert_str_eq(ours.data, theirs.data);
}
END_TEST

START_TEST(we_read_openssls_keys)
{
    auto_obj(key_secret) key = NULL;
    struct key_public public_key;
    struct err e = {0};

    ck_assert_int_eq(openssl("genpkey -algorithm ed25519 -out key.pem"), 0);
    ck_assert_int_eq(openssl("pkey -in key.pem -pubout -out pub.pem"), 0);
    ck_good(key_secret_load(test_path("key.pem"), &key, &e), &e);
    ck_good(key_public_load(test_path("pub.pem"), &public_key, &e), &e);
    ck_assert(test_same(key_secret_public(key), &public_key));
}
END_TEST

START_TEST(a_key_for_another_algorithm_is_refused)
{
    auto_obj(key_secret) key = NULL;
    struct key_public public_key;
    struct err e = {0};

    ck_assert_int_eq(openssl("genpkey -algorithm x25519 -out key.pem"), 0);
    ck_assert_int_eq(openssl("pkey -in key.pem -pubout -out pub.pem"), 0);
    ck_assert(!key_secret_load(test_path("key.pem"), &key, &e));
    ck_error(&e, ERR_INVALID, "not an Ed25519 key");
    ck_assert(!key_public_load(test_path("pub.pem"), &public_key, &e));
    ck_error(&e, ERR_INVALID, "not an Ed25519 key");
}
END_TEST

START_TEST(openssl_verifies_what_we_sign)
{
    auto_obj(key_secret) key = key_secret_new();
    uint8_t signature[SIGNATURE_BYTES];
    auto_done(buf) pem = {0};
    struct err e = {0};

    key_public_pem(key_secret_public(key), &pem);
    key_sign(key, "a statement", 11, signature);
    test_write("pub.pem", pem.data, 0644);
    test_write("message", "a statement", 0644);
    ck_good(file_write_atomic(test_path("sig"), signature, sizeof signature, 0644, &e), &e);
    ck_assert_int_eq(openssl(
                         "pkeyutl -verify -pubin -inkey pub.pem -rawin -in message -sigfile sig"),
                     0);
    test_write("message", "a Statement", 0644);
    ck_assert_int_ne(openssl(
                         "pkeyutl -verify -pubin -inkey pub.pem -rawin -in message -sigfile sig"),
                     0);
}
END_TEST

START_TEST(we_verify_what_openssl_signs)
{
    auto_done(buf) signature = {0};
    struct key_public key;
    struct err e = {0};

    test_write("message", "a statement", 0644);
    ck_assert_int_eq(openssl("genpkey -algorithm ed25519 -out key.pem"), 0);
    ck_assert_int_eq(openssl("pkey -in key.pem -pubout -out pub.pem"), 0);
    ck_assert_int_eq(openssl("pkeyutl -sign -inkey key.pem -rawin -in message -out sig"), 0);
    ck_good(key_public_load(test_path("pub.pem"), &key, &e), &e);
    ck_good(file_read(test_path("sig"), SIGNATURE_BYTES, &signature, &e), &e);
    ck_assert(key_verify(&key, "a statement", 11, (const uint8_t *)signature.data));
}
END_TEST

TCase *openssl_cases(void)
{
    TCase *tc = tcase_create("openssl");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, openssl_reads_our_keys);
    tcase_add_test(tc, we_read_openssls_keys);
    tcase_add_test(tc, a_key_for_another_algorithm_is_refused);
    tcase_add_test(tc, openssl_verifies_what_we_sign);
    tcase_add_test(tc, we_verify_what_openssl_signs);
    return tc;
}
