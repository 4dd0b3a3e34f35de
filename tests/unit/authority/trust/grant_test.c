/* grant_test.c -- a signed manifest gets no more than its signer's entry allows (SANDBOX.md 4,
 * cases 73 and 74). */
#include "suites.h"

#include "authority/trust/trust.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define ARCHIVE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* The publisher of the tests: plugins hello*, profiles and targets as given, hello pinned. */
static struct trust *publisher(const char *grants)
{
    struct trust *trust = trust_new();
    auto_obj(key_secret) key = test_key(1);
    auto_done(buf) pem = {0};
    auto_done(buf) quoted = {0};
    const struct trust_entry *entry = NULL;
    struct err e = {0};
    auto_mem char *text = NULL;

    key_public_pem(key_secret_public(key), &pem);
    buf_add_json_str(&quoted, pem.data, pem.len);
    text =
        mem_printf("{\"name\":\"acme\",\"public_key\":%s,\"roles\":[\"publisher\"],"
                   "\"tenants\":[\"acme\"],\"plugins\":[\"hello*\"],\"agents\":[\"a\",\"hello.*\"],"
                   "\"min_versions\":{\"hello\":\"1.2.0\"}%s}",
                   quoted.data, grants);
    ck_good(trust_add(trust, text, strlen(text), &entry, &e), &e);
    return trust;
}

static char *manifest(const char *id, const char *version, const char *requests)
{
    return mem_printf("{\"id\":\"%s\",\"version\":\"%s\",\"agents\":[{\"id\":\"a\"}],"
                      "\"requests\":%s,\"archive\":{\"sha256\":\"" ARCHIVE "\",\"size\":1}}",
                      id, version, requests);
}

static bool verify(const struct trust *trust, const char *payload, const char *archive,
                   struct err *e)
{
    auto_obj(key_secret) key = test_key(1);
    const struct key_secret *keys[] = {key};
    auto_obj(dsse_envelope) envelope = NULL;
    const struct trust_entry *by = NULL;
    auto_done(buf) text = {0};

    dsse_sign(DSSE_TYPE_BUNDLE, payload, strlen(payload), keys, 1, &text);
    return trust_verify_bundle(trust, &(struct trust_bundle){"acme", text.data, text.len, archive},
                               &envelope, &by, e);
}

START_TEST(what_is_asked_and_granted_is_accepted)
{
    auto_obj(trust) trust = publisher(",\"profiles\":[\"pure\",\"net\"],"
                                      "\"network\":[\"*.example:443\"]");
    auto_mem char *payload =
        manifest("hello", "1.2.0", "{\"profiles\":[\"net\"],\"network\":[\"api.example:443\"]}");
    struct err e = {0};

    ck_good(verify(trust, payload, ARCHIVE, &e), &e);
}
END_TEST

START_TEST(without_grants_only_pure_plugins_run)
{
    auto_obj(trust) trust = publisher("");
    auto_mem char *pure = manifest("hello", "1.2.0", "{\"profiles\":[\"pure\"]}");
    auto_mem char *files = manifest("hello", "1.2.0", "{\"profiles\":[\"pure\",\"files\"]}");
    struct err e = {0};

    ck_good(verify(trust, pure, ARCHIVE, &e), &e);
    ck_assert(!verify(trust, files, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_GRANT_EXCEEDED);
}
END_TEST

START_TEST(the_four_refusals_of_case_74_are_distinct)
{
    auto_obj(trust) trust = publisher("");
    auto_mem char *good = manifest("hello", "1.2.0", "{}");
    auto_mem char *older = manifest("hello", "1.1.9", "{}");
    auto_mem char *greedy = manifest("hello", "1.2.0", "{\"network\":[\"api.example:443\"]}");
    const struct trust_entry *entry = NULL;
    struct err e = {0};

    ck_assert(!verify(trust, good, OTHER, &e)); /* the signature of another file */
    ck_refused(&e, REFUSAL_CONTENT_MISMATCH);
    ck_assert(!verify(trust, older, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_VERSION_DOWNGRADE);
    ck_assert(!verify(trust, greedy, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_GRANT_EXCEEDED);
    ck_good(verify(trust, good, ARCHIVE, &e), &e);
    ck_good(trust_revoke(trust, trust_at(trust, 0)->key_id.text, "stolen", 0, &entry, &e), &e);
    ck_assert(!verify(trust, good, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_KEY_REVOKED);
}
END_TEST

START_TEST(a_publisher_signs_its_own_plugins_only)
{
    auto_obj(trust) trust = publisher("");
    auto_mem char *foreign = manifest("goodbye", "1.2.0", "{}");
    auto_mem char *unpinned = manifest("hello-two", "0.0.1", "{}");
    struct err e = {0};

    ck_assert(!verify(trust, foreign, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_PLUGIN_DENIED);
    ck_good(verify(trust, unpinned, ARCHIVE, &e), &e);
}
END_TEST

START_TEST(a_publisher_exposes_its_own_agents_only)
{
    auto_obj(trust) trust = publisher("");
    static const struct {
        const char *agent;
        enum refusal refusal;
    } cases[] = {
        {"{\"id\":\"hello.wave\"}", REFUSAL_NONE},
        {"{\"id\":\"other.greet\"}", REFUSAL_AGENT_DENIED},
        {"{\"id\":\"hello\"}", REFUSAL_AGENT_DENIED},
        {"{\"version\":\"1.0.0\"}", REFUSAL_MANIFEST_MALFORMED},
        {"7", REFUSAL_MANIFEST_MALFORMED},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_mem char *payload = mem_printf("{\"id\":\"hello\",\"version\":\"9.0.0\",\"agents\":"
                                            "[{\"id\":\"hello.greet\"},%s],"
                                            "\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
                                            cases[i].agent);
        struct err e = {0};

        ck_assert_int_eq(verify(trust, payload, ARCHIVE, &e), cases[i].refusal == REFUSAL_NONE);
        ck_assert_int_eq(refusal_of(&e), cases[i].refusal);
    }
}
END_TEST

START_TEST(an_entry_without_agents_grants_none_and_says_so)
{
    auto_obj(trust) trust = trust_new();
    auto_obj(key_secret) key = test_key(1);
    auto_mem char *payload = manifest("hello", "1.2.0", "{}");
    auto_mem char *text = NULL;
    const struct trust_entry *entry = NULL;
    auto_done(buf) pem = {0}, quoted = {0};
    struct err e = {0};

    key_public_pem(key_secret_public(key), &pem);
    buf_add_json_str(&quoted, pem.data, pem.len);
    text = mem_printf("{\"name\":\"old\",\"public_key\":%s,\"roles\":[\"publisher\"],"
                      "\"tenants\":[\"*\"],\"plugins\":[\"*\"]}",
                      quoted.data);
    ck_good(trust_add(trust, text, strlen(text), &entry, &e), &e);
    ck_assert(!verify(trust, payload, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_AGENT_DENIED);
    ck_assert_ptr_nonnull(strstr(e.msg, "no list 'agents'"));
}
END_TEST

START_TEST(a_bundle_for_no_tenant_in_particular_needs_an_entry_with_tenants)
{
    auto_obj(key_secret) key = test_key(1);
    const struct key_secret *keys[] = {key};
    auto_mem char *payload = manifest("hello", "1.2.0", "{}");
    auto_done(buf) pem = {0}, quoted = {0}, text = {0};

    key_public_pem(key_secret_public(key), &pem);
    buf_add_json_str(&quoted, pem.data, pem.len);
    dsse_sign(DSSE_TYPE_BUNDLE, payload, strlen(payload), keys, 1, &text);
    for (int listed = 0; listed < 2; listed++) {
        auto_obj(trust) trust = trust_new();
        auto_obj(dsse_envelope) envelope = NULL;
        const struct trust_bundle bundle = {NULL, text.data, text.len, ARCHIVE};
        const struct trust_entry *entry = NULL;
        auto_mem char *json = mem_printf(
            "{\"name\":\"p\",\"public_key\":%s,\"roles\":[\"publisher\"],\"tenants\":[%s],"
            "\"plugins\":[\"*\"],\"agents\":[\"*\"]}",
            quoted.data, listed ? "\"acme\"" : "");
        struct err e = {0};

        ck_good(trust_add(trust, json, strlen(json), &entry, &e), &e);
        ck_assert_int_eq(trust_verify_bundle(trust, &bundle, &envelope, &entry, &e), listed);
        ck_assert_int_eq(refusal_of(&e), listed ? REFUSAL_NONE : REFUSAL_TENANT_DENIED);
    }
}
END_TEST

START_TEST(an_agents_own_profile_counts_too)
{
    auto_obj(trust) trust = publisher("");
    struct err e = {0};

    ck_assert(!verify(trust,
                      "{\"id\":\"hello\",\"version\":\"1.2.0\",\"agents\":[{\"profile\":\"net\"}],"
                      "\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
                      ARCHIVE, &e));
    ck_refused(&e, REFUSAL_GRANT_EXCEEDED);
}
END_TEST

START_TEST(a_signed_manifest_that_is_malformed_is_still_refused)
{
    static const char *const refused[] = {
        "",
        "[]",
        "{}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\"}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\",\"archive\":{\"sha256\":7}}",
        "{\"id\":\"hello\",\"version\":\"x\",\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\",\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\",\"agents\":[],\"requests\":[],\"archive\":"
        "{\"sha256\":\"" ARCHIVE "\"}}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\",\"agents\":[],\"requests\":{\"profiles\":[1]},"
        "\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
        "{\"id\":\"hello\",\"version\":\"1.2.0\",\"agents\":[],\"requests\":{\"network\":7},"
        "\"archive\":{\"sha256\":\"" ARCHIVE "\"}}",
    };
    auto_obj(trust) trust = publisher("");

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err e = {0};

        ck_assert_msg(!verify(trust, refused[i], ARCHIVE, &e), "took %s", refused[i]);
        ck_refused(&e, REFUSAL_MANIFEST_MALFORMED);
    }
}
END_TEST

/* Case 73: whatever byte of a signed envelope changes, nothing of it is believed. */
START_TEST(no_single_changed_byte_is_believed)
{
    auto_obj(trust) trust = publisher("");
    auto_obj(key_secret) key = test_key(1);
    const struct key_secret *keys[] = {key};
    auto_mem char *payload = manifest("hello", "1.2.0", "{}");
    auto_done(buf) text = {0};
    size_t refused = 0, hint_at;

    dsse_sign(DSSE_TYPE_BUNDLE, payload, strlen(payload), keys, 1, &text);
    hint_at = (size_t)(strstr(text.data, "\"keyid\":\"") + 9 - text.data);
    for (size_t i = 0; i < text.len; i++) {
        const struct trust_bundle bundle = {"acme", text.data, text.len, ARCHIVE};
        auto_obj(dsse_envelope) envelope = NULL;
        const struct trust_entry *by = NULL;
        struct err e = {0};

        if (i >= hint_at - 9 && i < hint_at + 65)
            continue; /* the hint is not signed: see a_key_id_is_a_hint_and_no_more */
        text.data[i] ^= 1;
        ck_assert_msg(!trust_verify_bundle(trust, &bundle, &envelope, &by, &e), "byte %zu", i);
        ck_assert_int_ne(refusal_of(&e), REFUSAL_NONE);
        refused++;
        text.data[i] ^= 1;
    }
    ck_assert_uint_gt(refused, 300);
}
END_TEST

TCase *grant_cases(void)
{
    TCase *tc = tcase_create("grant");

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, what_is_asked_and_granted_is_accepted);
    tcase_add_test(tc, without_grants_only_pure_plugins_run);
    tcase_add_test(tc, the_four_refusals_of_case_74_are_distinct);
    tcase_add_test(tc, a_publisher_signs_its_own_plugins_only);
    tcase_add_test(tc, a_publisher_exposes_its_own_agents_only);
    tcase_add_test(tc, an_entry_without_agents_grants_none_and_says_so);
    tcase_add_test(tc, a_bundle_for_no_tenant_in_particular_needs_an_entry_with_tenants);
    tcase_add_test(tc, an_agents_own_profile_counts_too);
    tcase_add_test(tc, a_signed_manifest_that_is_malformed_is_still_refused);
    tcase_add_test(tc, no_single_changed_byte_is_believed);
    return tc;
}
