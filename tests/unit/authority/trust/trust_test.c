/* trust_test.c -- whom the store names is believed; each wrong signature has its refusal. */
#include "suites.h"

#include "authority/trust/trust.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An entry for the test key of the byte; more: further members, each with a comma before it. */
static char *entry_text(unsigned char byte, const char *roles, const char *more)
{
    auto_obj(key_secret) key = test_key(byte);
    auto_done(buf) base64 = {0};

    text_add_base64(&base64, key_secret_public(key)->bytes, KEY_BYTES, false);
    return mem_printf("{\"name\":\"key %u\",\"public_key\":\"%s\",\"roles\":[%s]%s}", byte,
                      base64.data, roles, more);
}

static const struct trust_entry *add(struct trust *trust, unsigned char byte, const char *roles,
                                     const char *more)
{
    auto_mem char *text = entry_text(byte, roles, more);
    const struct trust_entry *entry = NULL;
    struct err e = {0};

    ck_good(trust_add(trust, text, strlen(text), &entry, &e), &e);
    return entry;
}

/* key 1: publisher for acme; key 2: the same, revoked; key 3: host only. */
static struct trust *three_keys(void)
{
    struct trust *trust = trust_new();

    add(trust, 1, "\"publisher\",\"dag\"", ",\"tenants\":[\"acme\"],\"plugins\":[\"hello*\"]");
    add(trust, 2, "\"publisher\"",
        ",\"tenants\":[\"*\"],\"plugins\":[\"*\"],\"revoked\":{\"at\":\"2026-01-02T03:04:05Z\","
        "\"reason\":\"laptop stolen\"}");
    add(trust, 3, "\"host\"", "");
    return trust;
}

static struct dsse_envelope *envelope_by(unsigned char byte, const char *type)
{
    auto_obj(key_secret) key = test_key(byte);
    const struct key_secret *keys[] = {key};
    struct dsse_envelope *envelope = NULL;
    auto_done(buf) text = {0};
    struct err e = {0};

    dsse_sign(type, "{}", 2, keys, 1, &text);
    ck_good(dsse_parse(text.data, text.len, &envelope, &e), &e);
    return envelope;
}

static bool verify(const struct trust *trust, const struct dsse_envelope *envelope,
                   enum trust_role role, const char *tenant, struct err *e)
{
    const struct trust_ask ask = {role, DSSE_TYPE_BUNDLE, tenant};
    const struct trust_entry *by = NULL;
    bool good = trust_verify(trust, envelope, &ask, &by, e);

    ck_assert(good == (by != NULL));
    return good;
}

START_TEST(a_trusted_signature_is_accepted)
{
    auto_obj(trust) trust = three_keys();
    auto_obj(dsse_envelope) envelope = envelope_by(1, DSSE_TYPE_BUNDLE);
    struct err e = {0};

    ck_good(verify(trust, envelope, TRUST_PUBLISHER, "acme", &e), &e);
}
END_TEST

START_TEST(each_bad_signature_has_its_own_refusal)
{
    static const struct {
        unsigned char byte;
        const char *type, *tenant;
        enum trust_role role;
        enum refusal refusal;
        const char *words;
    } cases[] = {
        {9, DSSE_TYPE_BUNDLE, "acme", TRUST_PUBLISHER, REFUSAL_KEY_UNKNOWN, "not in the trust"},
        {2, DSSE_TYPE_BUNDLE, "acme", TRUST_PUBLISHER, REFUSAL_KEY_REVOKED, "laptop stolen"},
        {1, DSSE_TYPE_DAG, "acme", TRUST_PUBLISHER, REFUSAL_PAYLOAD_TYPE_WRONG, DSSE_TYPE_DAG},
        {3, DSSE_TYPE_BUNDLE, "acme", TRUST_PUBLISHER, REFUSAL_PURPOSE_DENIED, "as publisher"},
        {1, DSSE_TYPE_BUNDLE, "rival", TRUST_PUBLISHER, REFUSAL_TENANT_DENIED, "'rival'"},
        {1, DSSE_TYPE_BUNDLE, NULL, TRUST_HOST, REFUSAL_PURPOSE_DENIED, "as host"},
    };
    auto_obj(trust) trust = three_keys();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_obj(dsse_envelope) envelope = envelope_by(cases[i].byte, cases[i].type);
        struct err e = {0};

        ck_assert(!verify(trust, envelope, cases[i].role, cases[i].tenant, &e));
        ck_refused(&e, cases[i].refusal);
        ck_assert_msg(strstr(e.msg, cases[i].words) != NULL, "%s", e.msg);
    }
}
END_TEST

START_TEST(a_changed_payload_is_a_wrong_signature)
{
    auto_obj(trust) trust = three_keys();
    auto_obj(dsse_envelope) envelope = envelope_by(1, DSSE_TYPE_BUNDLE);
    struct err e = {0};

    envelope->payload.data[1] ^= 1;
    ck_assert(!verify(trust, envelope, TRUST_PUBLISHER, "acme", &e));
    ck_refused(&e, REFUSAL_SIGNATURE_WRONG);
}
END_TEST

START_TEST(a_key_id_is_a_hint_and_no_more)
{
    auto_obj(trust) trust = three_keys();
    auto_obj(dsse_envelope) foreign = envelope_by(9, DSSE_TYPE_BUNDLE);
    auto_obj(dsse_envelope) trusted = envelope_by(1, DSSE_TYPE_BUNDLE);
    struct err e = {0};

    /* A stranger that names a trusted key is not believed; ... */
    strcpy(foreign->signatures[0].key_id, trusted->signatures[0].key_id);
    ck_assert(!verify(trust, foreign, TRUST_PUBLISHER, "acme", &e));
    ck_refused(&e, REFUSAL_SIGNATURE_WRONG);
    /* ... a trusted key is, whatever name another tool gave it. */
    strcpy(trusted->signatures[0].key_id, "");
    ck_good(verify(trust, trusted, TRUST_PUBLISHER, "acme", &e), &e);
    strcpy(trusted->signatures[0].key_id, "publisher-2026");
    ck_good(verify(trust, trusted, TRUST_PUBLISHER, "acme", &e), &e);
}
END_TEST

START_TEST(one_good_signature_of_several_is_enough)
{
    auto_obj(trust) trust = three_keys();
    auto_obj(key_secret) stranger = test_key(9);
    auto_obj(key_secret) revoked = test_key(2);
    auto_obj(key_secret) good = test_key(1);
    const struct key_secret *keys[] = {stranger, revoked, good};
    struct err e = {0};

    for (unsigned count = 1; count <= 3; count++) {
        static const enum refusal nearest[] = {REFUSAL_NONE, REFUSAL_KEY_UNKNOWN,
                                               REFUSAL_KEY_REVOKED, REFUSAL_NONE};
        auto_obj(dsse_envelope) envelope = NULL;
        auto_done(buf) text = {0};

        dsse_sign(DSSE_TYPE_BUNDLE, "{}", 2, keys, count, &text);
        ck_good(dsse_parse(text.data, text.len, &envelope, &e), &e);
        ck_assert(verify(trust, envelope, TRUST_PUBLISHER, "acme", &e) == (count == 3));
        if (count < 3)
            ck_refused(&e, nearest[count]);
    }
}
END_TEST

START_TEST(an_entry_says_what_is_wrong_with_it)
{
    static const struct {
        const char *roles, *more;
        enum err_code code;
        const char *words;
    } cases[] = {
        {"\"publisher\"", ",\"plugin\":[]", ERR_INVALID, "did you mean plugins"},
        {"\"publisher\"", ",\"quorum\":2", ERR_UNSUPPORTED, "k of n"},
        {"\"root\"", "", ERR_INVALID, "'roles' cannot hold 'root'"},
        {"1", "", ERR_INVALID, "texts only"},
        {"\"host\"", ",\"tenants\":\"acme\"", ERR_INVALID, "'tenants' is an array"},
        {"\"host\"", ",\"tenants\":[\"\"]", ERR_INVALID, "none empty"},
        {"\"host\"", ",\"tenants\":[\"acme\",\"a\\nb\"]", ERR_INVALID, "pattern of tenants"},
        {"\"host\"", ",\"tenants\":[\"../acme\"]", ERR_INVALID, "pattern of tenants"},
        {"\"host\"", ",\"profiles\":[\"rooted\"]", ERR_INVALID, "'profiles' cannot hold"},
        {"\"host\"", ",\"min_versions\":{\"a\":\"1\"}", ERR_INVALID, "MAJOR.MINOR.PATCH"},
        {"\"host\"", ",\"revoked\":true", ERR_INVALID, "must be an object"},
        {"\"host\"", ",\"revoked\":{\"at\":\"soon\",\"reason\":\"x\"}", ERR_INVALID, "RFC 3339"},
        {"\"host\"", ",\"name\":\"again\"", ERR_INVALID, "duplicate"},
    };
    auto_obj(trust) trust = trust_new();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_mem char *text = entry_text(1, cases[i].roles, cases[i].more);
        const struct trust_entry *entry = NULL;
        struct err e = {0};

        ck_assert_msg(!trust_add(trust, text, strlen(text), &entry, &e), "took %s", text);
        ck_error(&e, cases[i].code, cases[i].words);
    }
    ck_assert_uint_eq(trust_count(trust), 0);
}
END_TEST

START_TEST(an_entry_without_its_key_or_name_is_refused)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"[]", "not a JSON object"},
        {"{\"public_key\":\"AA==\",\"roles\":[]}", "'name' is missing"},
        {"{\"name\":\"\",\"public_key\":\"AA==\",\"roles\":[]}", "1 to 128"},
        {"{\"name\":\"x\",\"roles\":[]}", "'public_key' is missing"},
        {"{\"name\":\"x\",\"public_key\":\"AA==\",\"roles\":[]}", "base64 of 32 bytes"},
        {"{\"name\":\"x\",\"public_key\":7,\"roles\":[]}", "must be a string"},
        {"{\"name\":\"x\",\"public_key\":\"AA==\"}", "'roles' is missing"},
    };
    auto_obj(trust) trust = trust_new();

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct trust_entry *entry = NULL;
        struct err e = {0};

        ck_assert(!trust_add(trust, cases[i].text, strlen(cases[i].text), &entry, &e));
        ck_error(&e, ERR_INVALID, cases[i].words);
    }
}
END_TEST

START_TEST(a_key_is_in_the_store_once_and_the_store_is_bounded)
{
    auto_obj(trust) trust = trust_new();
    auto_mem char *again = entry_text(1, "\"host\"", "");
    auto_mem char *over = entry_text(250, "\"host\"", "");
    const struct trust_entry *entry = NULL;
    struct err e = {0};

    for (unsigned i = 0; i < TRUST_KEYS_MAX; i++)
        add(trust, (unsigned char)i, "\"host\"", "");
    ck_assert(!trust_add(trust, again, strlen(again), &entry, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert(!trust_add(trust, over, strlen(over), &entry, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
}
END_TEST

START_TEST(a_bare_key_is_trusted_everywhere_for_its_roles)
{
    auto_obj(trust) trust = trust_new();
    auto_obj(key_secret) key = test_key(1);
    auto_obj(dsse_envelope) envelope = envelope_by(1, DSSE_TYPE_BUNDLE);
    struct err e = {0};

    ck_good(trust_add_key(trust, key_secret_public(key), "offline", 1u << TRUST_PUBLISHER, &e), &e);
    ck_good(verify(trust, envelope, TRUST_PUBLISHER, "any", &e), &e);
    ck_assert(!verify(trust, envelope, TRUST_HOST, NULL, &e));
    ck_refused(&e, REFUSAL_PURPOSE_DENIED);
}
END_TEST

TCase *trust_cases(void)
{
    TCase *tc = tcase_create("trust");

    tcase_add_test(tc, a_trusted_signature_is_accepted);
    tcase_add_test(tc, each_bad_signature_has_its_own_refusal);
    tcase_add_test(tc, a_changed_payload_is_a_wrong_signature);
    tcase_add_test(tc, a_key_id_is_a_hint_and_no_more);
    tcase_add_test(tc, one_good_signature_of_several_is_enough);
    tcase_add_test(tc, an_entry_says_what_is_wrong_with_it);
    tcase_add_test(tc, an_entry_without_its_key_or_name_is_refused);
    tcase_add_test(tc, a_key_is_in_the_store_once_and_the_store_is_bounded);
    tcase_add_test(tc, a_bare_key_is_trusted_everywhere_for_its_roles);
    return tc;
}

START_TEST(a_revocation_survives_saving_and_loading)
{
    auto_obj(trust) trust = NULL;
    auto_obj(trust) again = NULL;
    auto_mem char *text = entry_text(1, "\"publisher\"", ",\"tenants\":[\"acme\"]");
    const struct trust_entry *entry = NULL;
    struct err e = {0};

    test_write("acme.json", text, 0644);
    ck_good(trust_load(test_dir, &trust, &e), &e);
    ck_good(trust_revoke(trust, trust_at(trust, 0)->key_id.text, "left", 1767323045000000, &entry,
                         &e),
            &e);
    ck_good(trust_save(entry, test_dir, &e), &e);
    ck_good(trust_load(test_dir, &again, &e), &e);
    ck_assert_uint_eq(trust_count(again), 1); /* the same file was written, not a second one */
    ck_assert(trust_at(again, 0)->revoked);
    ck_assert_str_eq(trust_at(again, 0)->file, "acme.json");
    ck_assert(trust_lists(trust_at(again, 0), "tenants", "acme"));
}
END_TEST

START_TEST(a_key_is_revoked_once_for_a_reason)
{
    auto_obj(trust) trust = three_keys();
    const struct trust_entry *entry = NULL;
    struct err e = {0};

    ck_assert(!trust_revoke(trust, trust_at(trust, 1)->key_id.text, "again", 0, &entry, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert(!trust_revoke(trust, "0123", "unknown", 0, &entry, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(!trust_revoke(trust, trust_at(trust, 0)->key_id.text, "", 0, &entry, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(one_bad_file_fails_the_whole_folder_with_its_name)
{
    auto_obj(trust) trust = NULL;
    auto_mem char *text = entry_text(1, "\"host\"", "");
    struct err e = {0};

    test_write("good.json", text, 0644);
    test_write("notes.txt", "not an entry", 0644);
    ck_good(trust_load(test_dir, &trust, &e), &e);
    test_write("bad.json", "{", 0644);
    trust_free(take(trust));
    ck_assert(!trust_load(test_dir, &trust, &e));
    ck_error(&e, ERR_INVALID, "bad.json");
}
END_TEST

START_TEST(a_trust_file_that_others_may_write_is_refused)
{
    auto_obj(trust) trust = NULL;
    auto_mem char *text = entry_text(1, "\"host\"", "");
    struct err e = {0};

    test_write("a.json", text, 0664);
    ck_assert(!trust_load(test_dir, &trust, &e));
    ck_error(&e, ERR_DENIED, "only its owner");
    ck_assert_int_eq(unlink(test_path("a.json")), 0);
    ck_assert_int_eq(symlink("/etc/passwd", test_path("a.json")), 0);
    ck_assert(!trust_load(test_dir, &trust, &e));
}
END_TEST

START_TEST(no_trust_folder_is_an_empty_store)
{
    auto_obj(trust) trust = NULL;
    struct err e = {0};

    ck_good(trust_load(test_path("absent"), &trust, &e), &e);
    ck_assert_uint_eq(trust_count(trust), 0);
}
END_TEST

TCase *trust_file_cases(void)
{
    TCase *tc = tcase_create("trust files");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_add_test(tc, a_revocation_survives_saving_and_loading);
    tcase_add_test(tc, a_key_is_revoked_once_for_a_reason);
    tcase_add_test(tc, one_bad_file_fails_the_whole_folder_with_its_name);
    tcase_add_test(tc, a_trust_file_that_others_may_write_is_refused);
    tcase_add_test(tc, no_trust_folder_is_an_empty_store);
    return tc;
}
