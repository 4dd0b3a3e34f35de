/* verify_test.c -- a signed statement, and everything that can be wrong with one. */
#include "lies.h"
#include "suites.h"
#include "unit/model/ledger/record_tree.h"

#include "authority/trust/dsse.h"
#include "cli/ledger/verify.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include <string.h>

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SIGNER "orch:host/" HASH_B /* stands for whoever signs */
#define RUN_ID "019ac9a4-1111-7000-8000-000000000001"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static json_t *statement_of(struct layer_facts sandbox)
{
    struct node_record record = {.node_id = "A",
                                 .agent_id = "x.y",
                                 .input_hash = HASH_A,
                                 .output_hash = HASH_B,
                                 .attempt_count = 1,
                                 .duration_ms = 1000,
                                 .started_at = "2026-11-22T10:00:00.000000Z",
                                 .completed_at = "2026-11-22T10:00:01.000000Z",
                                 .plugin = "x@1.0.0",
                                 .plugin_digest = HASH_A,
                                 .profile = "pure",
                                 .sandbox = sandbox};
    struct sha256_hex node_hash, chain;
    const char *hashes[1];
    auto_json records = json_array();
    struct statement_run run = {.run_id = RUN_ID,
                                .tenant = "default",
                                .status = "completed",
                                .trace_id = "0af7651916cd43dd8448eb211c80319c",
                                .dag_id = "d",
                                .dag_version = "1.0.0",
                                .dag_hash = HASH_A,
                                .inputs_hash = HASH_B,
                                .chain_hash = chain.text,
                                .ledger_head = HASH_A,
                                .started_at = "2026-11-22T10:00:00.000000Z",
                                .ended_at = "2026-11-22T10:00:01.000000Z",
                                .builder_id = SIGNER,
                                .deterministic = true};
    json_t *statement = NULL;
    struct err e = {0};

    node_record_chain_hash(&record, &node_hash);
    hashes[0] = node_hash.text;
    execution_chain_hash(hashes, 1, &chain);
    json_array_append_new(records, record_tree(&record));
    ck_assert_msg(statement_tree(&run, records, NULL, &statement, &e), "%s", e.msg);
    return statement;
}

#define ALL ((1u << LAYER_COUNT) - 1)

/* A statement of one node. */
static json_t *statement(void)
{
    return statement_of((struct layer_facts){ISOLATION_COLD, ALL, LAYER_SECCOMP, LAYER_LEVEL_MAX});
}

struct signed_text {
    struct key_secret *key;
    struct trust *trust;
    struct buf envelope;
};

static void name_signer(json_t *payload, const struct key_secret *key)
{
    json_t *builder = lie_at(payload, DETAILS "/builder");
    const char *id = json_string_value(json_object_get(builder, "id"));
    struct sha256_hex signer = key_id(key_secret_public(key));

    if (id != NULL && strcmp(id, SIGNER) == 0)
        json_object_set_new(builder, "id", json_sprintf("orch:host/%s", signer.text));
}

static void sign(struct signed_text *s, json_t *payload, const char *type)
{
    auto_done(buf) text = {0};
    const struct key_secret *keys[1];
    struct err e;

    memset(s, 0, sizeof *s);
    s->key = key_secret_new();
    s->trust = trust_new();
    keys[0] = s->key;
    name_signer(payload, s->key);
    ck_assert_msg(jcs_write(payload, &text, &e), "%s", e.msg);
    dsse_sign(type, buf_text(&text), text.len, keys, 1, &s->envelope);
    ck_assert(trust_add_key(s->trust, key_secret_public(s->key), "host-key", 1u << TRUST_HOST, &e));
}

static void signed_done(struct signed_text *s)
{
    key_secret_free(s->key);
    trust_free(s->trust);
    buf_done(&s->envelope);
}

START_TEST(a_good_statement_is_verified_and_described)
{
    auto_json payload = statement();
    auto_json facts = NULL;
    struct signed_text s;
    struct err e;

    sign(&s, payload, STATEMENT_PAYLOAD_TYPE);
    ck_assert_msg(verify_envelope(s.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e), "%s",
                  e.msg);
    ck_assert_str_eq(json_string_value(json_object_get(facts, "kind")), "provenance");
    ck_assert_str_eq(json_string_value(json_object_get(facts, "subject")), RUN_ID);
    ck_assert_str_eq(json_string_value(json_object_get(facts, "signer")), "host-key");
    signed_done(&s);
}
END_TEST

START_TEST(how_the_nodes_were_confined_is_said)
{
    static const struct {
        struct layer_facts sandbox;
        const char *with, *without;
    } rows[] = {
        {{ISOLATION_COLD, ALL, 0, 4}, "sandbox level 4", "; "},
        {{ISOLATION_EXEC, ALL & ~(unsigned)LAYER_SCOPE, 0, 3}, "sandbox level 3", "; "},
        {{ISOLATION_WARM, ALL, 0, 4}, "attempts of this zygote are not separated", "outside"},
        {{ISOLATION_UNSET, ALL, 0, 4}, "do not say what was seen from outside", "warm"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json payload = statement_of(rows[i].sandbox);
        auto_json facts = NULL;
        const char *detail;
        struct signed_text s;
        struct err e;

        sign(&s, payload, STATEMENT_PAYLOAD_TYPE);
        ck_assert_msg(verify_envelope(s.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e),
                      "%s", e.msg);
        detail = json_string_value(json_object_get(facts, "detail"));
        ck_assert_msg(strstr(detail, rows[i].with) != NULL, "row %zu: %s", i, detail);
        ck_assert_msg(strstr(detail, rows[i].without) == NULL, "row %zu: %s", i, detail);
        signed_done(&s);
    }
}
END_TEST

/* The envelope is well signed; its content does not add up. */
static void content_is_refused(json_t *payload, const char *why)
{
    auto_json facts = NULL;
    struct signed_text s;
    struct err e = {0};

    sign(&s, payload, STATEMENT_PAYLOAD_TYPE);
    ck_assert(!verify_envelope(s.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e));
    ck_assert_msg(strstr(e.msg, why) != NULL, "'%s' lacks '%s'", e.msg, why);
    ck_assert_ptr_null(facts);
    signed_done(&s);
}

START_TEST(a_signed_lie_is_found_by_computing_again)
{
    auto_json builder = statement();
    auto_json output = statement();
    auto_json subject = statement();
    json_t *byproduct =
        json_array_get(json_object_get(json_object_get(json_object_get(output, "predicate"),
                                                       "runDetails"),
                                       "byproducts"),
                       0);
    json_t *run = json_array_get(json_object_get(subject, "subject"), 0);

    json_object_set_new(json_object_get(byproduct, "annotations"), "output_hash",
                        json_string(HASH_A));
    json_object_set_new(json_object_get(json_object_get(json_object_get(builder, "predicate"),
                                                        "runDetails"),
                                        "builder"),
                        "id", json_string("orch:host/" HASH_A));
    content_is_refused(builder, "signed it");
    content_is_refused(output, "node 'A'");
    json_object_set_new(json_object_get(run, "digest"), "sha256", json_string(HASH_A));
    content_is_refused(subject, "contradicts itself at /subject/0/digest");
}
END_TEST

START_TEST(a_signed_level_that_the_layers_do_not_reach_is_refused)
{
    auto_json high = statement_of((struct layer_facts){ISOLATION_COLD, LAYER_SECCOMP, ALL, 4});
    auto_json low = statement_of((struct layer_facts){ISOLATION_COLD, ALL, 0, 1});

    content_is_refused(high, "node 'A': level is 4, its layers reach 0");
    content_is_refused(low, "node 'A': level is 1, its layers reach 4");
}
END_TEST

START_TEST(a_changed_or_foreign_envelope_is_refused)
{
    auto_json payload = statement();
    auto_json facts = NULL;
    auto_obj(trust) nobody = trust_new();
    struct signed_text s, other;
    struct err e = {0};

    sign(&s, payload, STATEMENT_PAYLOAD_TYPE);
    sign(&other, payload, STATEMENT_PAYLOAD_TYPE);
    ck_assert(!verify_envelope(nobody, buf_text(&s.envelope), s.envelope.len, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "key_unknown"));
    ck_assert(!verify_envelope(other.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "key_unknown"));
    ck_assert(!verify_envelope(s.trust, "{}", 2, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "envelope_malformed"));
    signed_done(&s);
    signed_done(&other);
}
END_TEST

START_TEST(a_payload_type_that_nobody_knows_is_refused)
{
    auto_json payload = statement();
    auto_json facts = NULL;
    struct signed_text s;
    struct err e = {0};

    sign(&s, payload, "application/x-unknown");
    ck_assert(!verify_envelope(s.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "application/x-unknown"));
    signed_done(&s);
}
END_TEST

START_TEST(a_host_key_may_not_sign_definitions)
{
    auto_json payload = json_pack("{s:s}", "dag_id", "d");
    auto_json facts = NULL;
    struct signed_text s;
    struct err e = {0};

    sign(&s, payload, DSSE_TYPE_DAG);
    ck_assert(!verify_envelope(s.trust, buf_text(&s.envelope), s.envelope.len, &facts, &e));
    ck_assert_msg(strstr(e.msg, "purpose_denied") != NULL, "%s", e.msg);
    signed_done(&s);
}
END_TEST

TCase *verify_cases(void)
{
    TCase *tc = tcase_create("verify");

    tcase_add_test(tc, a_good_statement_is_verified_and_described);
    tcase_add_test(tc, a_signed_lie_is_found_by_computing_again);
    tcase_add_test(tc, a_signed_level_that_the_layers_do_not_reach_is_refused);
    tcase_add_test(tc, how_the_nodes_were_confined_is_said);
    tcase_add_test(tc, a_changed_or_foreign_envelope_is_refused);
    tcase_add_test(tc, a_payload_type_that_nobody_knows_is_refused);
    tcase_add_test(tc, a_host_key_may_not_sign_definitions);
    return tc;
}
