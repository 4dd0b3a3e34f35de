/* process_test.c -- the real orch-authority answers every message as orchd relies on, and ends a
 * peer that lies. */
#include "suites.h"

#include "authority/client/client.h"
#include "authority/trust/dsse.h"
#include "authority/wire/protocol.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/ledger/head.h"
#include "process_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITEM(use, its_type, bytes, count)                                                          \
    (struct authority_sign_item)                                                                   \
    {                                                                                              \
        .purpose = (use), .type = (its_type), .payload = (bytes), .len = (count)                   \
    }

START_TEST(the_authority_tells_its_public_keys)
{
    struct answer *answer = &test_answer;
    struct err e = {0};

    ck_good(authority_public_keys(test_client, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_assert(!test_same(&answer->result.keys.host, &answer->result.keys.publisher));
    ck_assert(!test_same(&answer->result.keys.host, &answer->result.keys.token));
    ck_assert_ptr_nonnull(strstr(answer->text.data, "\"crv\":\"Ed25519\""));
}
END_TEST

START_TEST(a_signed_statement_verifies_with_the_host_key)
{
    static const char statement[] = "{\"_type\":\"https://in-toto.io/Statement/v1\"}";
    const struct authority_sign_item items[] = {
        ITEM(PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE, statement, sizeof statement - 1),
        ITEM(PURPOSE_DAG, DSSE_TYPE_DAG, "{}", 2),
    };
    auto_obj(dsse_envelope) envelope = NULL;
    struct key_public host = test_keys().host;
    struct err e = {0};

    ck_good(authority_sign(test_client, items, 2, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_assert_uint_eq(test_answer.result.signatures.count, 2);
    ck_good(dsse_parse(test_answer.text.data, test_answer.text.len, &envelope, &e), &e);
    ck_assert_str_eq(envelope->type, DSSE_TYPE_PROVENANCE);
    ck_assert_str_eq(envelope->payload.data, statement);
    ck_assert(dsse_signed_by(envelope, 0, &host));
}
END_TEST

START_TEST(a_payload_of_another_type_than_its_purpose_is_not_signed)
{
    static const struct authority_sign_item refused[] = {
        ITEM(PURPOSE_PROVENANCE, DSSE_TYPE_BUNDLE, "{}", 2),
        ITEM(PURPOSE_DAG, DSSE_TYPE_BUNDLE, "{}", 2),
        ITEM(PURPOSE_LEDGER_HEAD, "", "{}", 2),
        ITEM(PURPOSE_INVALID, DSSE_TYPE_BUNDLE, "{}", 2),
        ITEM(PURPOSE_COUNT, DSSE_TYPE_BUNDLE, "{}", 2),
        /* only a ledger head comes with a history */
        {PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE, "{}", 2, {"{}", 2}, {NULL, 0}},
        {PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE, "{}", 2, {NULL, 0}, {"{}", 2}},
        {PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE, "{}", 2, {"{}", 2}, {"{}", 2}},
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        const struct authority_sign_item batch[] = {ITEM(PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE,
                                                         "{}", 2),
                                                    refused[i]};
        struct err e = {0};

        ck_good(authority_sign(test_client, batch, 2, test_reply(), &e), &e);
        ck_assert(!test_wait(&e));
        ck_assert(e.code == ERR_DENIED || e.code == ERR_INVALID);
    }
}
END_TEST

/* A ledger of one event, whose hash is the byte again and again. */
static bool sign_head_over(uint8_t byte, struct err *e)
{
    struct ledger_head head = {.tenant = "acme",
                               .timestamp = "2026-01-01T00:00:00.000000Z",
                               .last_seq = 3};
    uint8_t hash[SHA256_BYTES], leaf[SHA256_BYTES];
    auto_done(buf) payload = {0};

    memset(hash, byte, sizeof hash);
    merkle_leaf(hash, sizeof hash, leaf);
    merkle_append(&head.tree, leaf);
    ledger_head_write(&head, &payload);
    ck_good(authority_sign(test_client,
                           &(struct authority_sign_item){PURPOSE_LEDGER_HEAD,
                                                         DSSE_TYPE_LEDGER_HEAD,
                                                         payload.data,
                                                         payload.len,
                                                         {NULL, 0},
                                                         {(const char *)hash, sizeof hash}},
                           1, test_reply(), e),
            e);
    return test_wait(e);
}

START_TEST(a_head_over_another_history_is_a_conflict_and_is_not_signed)
{
    struct err e = {0};

    ck_good(sign_head_over(1, &e), &e);
    ck_assert_uint_eq(test_answer.result.signatures.count, 1);
    ck_good(sign_head_over(1, &e), &e);
    ck_assert(!sign_head_over(2, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    test_restart();
    ck_assert(!sign_head_over(2, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_good(sign_head_over(1, &e), &e);
}
END_TEST

START_TEST(a_statement_larger_than_a_frame_is_signed_too)
{
    enum { BYTES = 3 * 1024 * 1024 };
    auto_mem char *payload = mem_alloc(BYTES);
    const struct authority_sign_item item =
        ITEM(PURPOSE_PROVENANCE, DSSE_TYPE_PROVENANCE, payload, BYTES);
    struct key_public host = test_keys().host;
    auto_obj(dsse_envelope) envelope = NULL;
    struct err e = {0};

    memset(payload, 'x', BYTES);
    ck_good(authority_sign(test_client, &item, 1, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_good(dsse_parse(test_answer.text.data, test_answer.text.len, &envelope, &e), &e);
    ck_assert_uint_eq(envelope->payload.len, BYTES);
    ck_assert(dsse_signed_by(envelope, 0, &host));
}
END_TEST

START_TEST(a_token_is_minted_verified_and_revoked_for_good)
{
    struct token_request request = {.subject = "ci",
                                    .tenant = "acme",
                                    .scopes = SCOPE_WRITE,
                                    .ttl_s = 600};
    auto_done(buf) token = {0};
    struct token_claims claims;
    struct err e = {0};

    ck_good(authority_token_mint(test_client, &request, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    buf_add(&token, test_answer.text.data, test_answer.text.len);
    claims = test_answer.result.claims;
    ck_good(authority_token_verify(test_client, token.data, token.len, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_assert_str_eq(test_answer.result.claims.tenant, "acme");
    ck_assert_str_eq(test_answer.result.claims.id, claims.id);
    ck_good(authority_token_revoke(test_client, claims.id, claims.expires_s, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    for (int restarted = 0; restarted < 2; restarted++) {
        ck_good(authority_token_verify(test_client, token.data, token.len, test_reply(), &e), &e);
        ck_assert(!test_wait(&e));
        ck_error(&e, ERR_UNAUTHENTICATED, "revoked");
        test_restart();
    }
}
END_TEST

START_TEST(an_elevation_without_a_ticket_is_not_minted)
{
    struct token_request request = {.subject = "ci",
                                    .tenant = "acme",
                                    .scopes = SCOPE_ORCH_OPERATE,
                                    .ttl_s = 600};
    struct err e = {0};

    strcpy(request.why[ELEVATION_OPERATOR].reason, "stuck");
    ck_good(authority_token_mint(test_client, &request, test_reply(), &e), &e);
    ck_assert(!test_wait(&e));
    ck_error(&e, ERR_INVALID, "operator_ticket");
}
END_TEST

#define ARCHIVE "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define MANIFEST                                                                                   \
    "{\"id\":\"hello\",\"version\":\"1.0.0\",\"agents\":[],\"archive\":{\"sha256\":\"" ARCHIVE     \
    "\",\"size\":1}}"

/* Trusts the host's own publisher key, as a development host does. */
static void trust_own_publisher(void)
{
    struct key_public publisher = test_keys().publisher;
    auto_done(buf) pem = {0};
    auto_done(buf) entry = {0};
    struct err e = {0};

    key_public_pem(&publisher, &pem);
    buf_adds(&entry, "{\"name\":\"this host\",\"public_key\":");
    buf_add_json_str(&entry, pem.data, pem.len);
    buf_adds(&entry, ",\"roles\":[\"publisher\",\"dag\"],\"tenants\":[\"default\"],"
                     "\"plugins\":[\"*\"],\"agents\":[\"*\"]}");
    ck_good(authority_trust_add(test_client, entry.data, entry.len, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
}

static void sign_own(enum authority_purpose purpose, const char *type, const char *payload,
                     struct buf *envelope)
{
    const struct authority_sign_item item = ITEM(purpose, type, payload, strlen(payload));
    struct err e = {0};

    ck_good(authority_sign(test_client, &item, 1, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    buf_add(envelope, test_answer.text.data, test_answer.text.len);
}

static bool verify_bundle(const char *tenant, const struct buf *envelope, const char *archive,
                          struct err *e)
{
    ck_good(authority_verify_bundle(test_client, tenant, envelope->data, envelope->len, archive,
                                    test_reply(), e),
            e);
    return test_wait(e);
}

START_TEST(a_bundle_is_verified_by_trust_and_refused_without)
{
    struct key_public publisher = test_keys().publisher;
    auto_done(buf) envelope = {0};
    struct err e = {0};

    sign_own(PURPOSE_BUNDLE, DSSE_TYPE_BUNDLE, MANIFEST, &envelope);
    ck_assert(!verify_bundle("default", &envelope, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_KEY_UNKNOWN);
    trust_own_publisher();
    ck_good(verify_bundle("default", &envelope, ARCHIVE, &e), &e);
    ck_assert_str_eq(test_answer.text.data, MANIFEST);
    ck_assert_str_eq(test_answer.result.verified.signer, "this host");
    ck_assert_str_eq(test_answer.result.verified.key, key_fingerprint(&publisher).text);
    ck_good(verify_bundle("", &envelope, ARCHIVE, &e), &e); /* wherever the key is trusted */
    ck_assert(!verify_bundle("acme", &envelope, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_TENANT_DENIED);
    ck_assert(!verify_bundle("default", &envelope, "AA", &e));
    ck_error(&e, ERR_INVALID, "lower hex");
    test_restart();
    ck_good(authority_trust_revoke(test_client, key_fingerprint(&publisher).text, "test",
                                   test_reply(), &e),
            &e);
    ck_good(test_wait(&e), &e);
    ck_assert(!verify_bundle("default", &envelope, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_KEY_REVOKED);
}
END_TEST

START_TEST(a_dag_signature_is_no_bundle_signature)
{
    auto_done(buf) envelope = {0};
    struct err e = {0};

    trust_own_publisher();
    sign_own(PURPOSE_DAG, DSSE_TYPE_DAG, "{\"dag\":1}", &envelope);
    ck_good(authority_verify_dag(test_client, "default", envelope.data, envelope.len, test_reply(),
                                 &e),
            &e);
    ck_good(test_wait(&e), &e);
    ck_assert_str_eq(test_answer.text.data, "{\"dag\":1}");
    ck_assert(!verify_bundle("default", &envelope, ARCHIVE, &e));
    ck_refused(&e, REFUSAL_PAYLOAD_TYPE_WRONG);
}
END_TEST

START_TEST(the_trust_store_lists_reloads_and_keeps_what_was_good)
{
    auto_json list = NULL;
    struct err e = {0};

    trust_own_publisher();
    ck_good(authority_trust_list(test_client, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_good(json_parse(test_answer.text.data, test_answer.text.len, &json_limits_default, &list,
                       NULL, &e),
            &e);
    ck_assert_uint_eq(json_array_size(list), 1);
    ck_assert_ptr_nonnull(json_object_get(json_array_get(list, 0), "fingerprint"));
    test_write("trust/bad.json", "{}", 0644);
    ck_good(authority_trust_reload(test_client, test_reply(), &e), &e);
    ck_assert(!test_wait(&e));
    ck_error(&e, ERR_INVALID, "bad.json");
    ck_good(authority_trust_list(test_client, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_assert_int_eq(unlink(test_path("trust/bad.json")), 0);
    ck_good(authority_trust_reload(test_client, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
}
END_TEST

static TCase *message_cases(void)
{
    TCase *tc = tcase_create("messages");

    tcase_add_checked_fixture(tc, test_start, test_stop);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, the_authority_tells_its_public_keys);
    tcase_add_test(tc, a_signed_statement_verifies_with_the_host_key);
    tcase_add_test(tc, a_payload_of_another_type_than_its_purpose_is_not_signed);
    tcase_add_test(tc, a_head_over_another_history_is_a_conflict_and_is_not_signed);
    tcase_add_test(tc, a_statement_larger_than_a_frame_is_signed_too);
    tcase_add_test(tc, a_token_is_minted_verified_and_revoked_for_good);
    tcase_add_test(tc, an_elevation_without_a_ticket_is_not_minted);
    tcase_add_test(tc, a_bundle_is_verified_by_trust_and_refused_without);
    tcase_add_test(tc, a_dag_signature_is_no_bundle_signature);
    tcase_add_test(tc, the_trust_store_lists_reloads_and_keeps_what_was_good);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("authority process");
    SRunner *runner;
    int failed;

    json_setup();
    signal(SIGPIPE, SIG_IGN);
    suite_add_tcase(suite, message_cases());
    suite_add_tcase(suite, secret_message_cases());
    suite_add_tcase(suite, lifetime_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
