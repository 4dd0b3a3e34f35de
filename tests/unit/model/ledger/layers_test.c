/* layers_test.c -- what a record says of its sandbox, and what contradicts itself there. */
#include "record_tree.h"

#include "model/ledger/layers.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include <check.h>
#include <string.h>

TCase *layers_cases(void);

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ALL ((1u << LAYER_COUNT) - 1)

static json_t *record_of(struct layer_facts sandbox)
{
    return record_tree(&(struct node_record){.node_id = "n",
                                             .agent_id = "a",
                                             .input_hash = HASH,
                                             .output_hash = HASH,
                                             .attempt_count = 1,
                                             .started_at = "s",
                                             .completed_at = "e",
                                             .plugin = "p@1.0.0",
                                             .plugin_digest = HASH,
                                             .profile = "pure",
                                             .sandbox = sandbox});
}

static json_t *row_of(const struct layer_facts *facts)
{
    auto_done(buf) text = {0};
    struct jcs_object o = jcs_object_begin(&text);

    layer_facts_write_row(facts, &o);
    jcs_object_end(&o);
    return json_loads(buf_text(&text), 0, NULL);
}

static const struct layer_facts cold = {ISOLATION_COLD, ALL & ~(unsigned)LAYER_SCOPE,
                                        LAYER_SECCOMP | LAYER_LANDLOCK, 3};
static const struct layer_facts warm = {ISOLATION_WARM, ALL, LAYER_SECCOMP, 4};

START_TEST(a_record_has_the_two_parts_by_name_and_the_outer_one_as_the_mask_too)
{
    auto_json record = record_of(cold);
    const json_t *parts = json_object_get(record, "layers");
    auto_json said = json_pack("[s,s]", "seccomp", "landlock");

    ck_assert_int_eq(json_integer_value(json_object_get(record, "layer_mask")), cold.mask);
    ck_assert_int_eq(json_integer_value(json_object_get(record, "level")), 3);
    ck_assert_str_eq(json_string_value(json_object_get(record, "isolation")), "cold");
    ck_assert_uint_eq(json_array_size(json_object_get(parts, "outer")), LAYER_COUNT - 1);
    ck_assert(json_equal(json_object_get(parts, "said"), said));
    ck_assert_ptr_null(json_object_get(record, "isolation_note"));
}
END_TEST

START_TEST(a_warm_record_says_in_words_that_attempts_are_not_separated)
{
    auto_json record = record_of(warm);

    ck_assert_str_eq(json_string_value(json_object_get(record, "isolation_note")),
                     "attempts of this zygote are not separated from each other");
}
END_TEST

START_TEST(a_record_gives_back_what_it_was_made_of)
{
    const struct layer_facts rows[] = {cold, warm, {ISOLATION_EXEC, 0, 0, 0}, {0}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json record = record_of(rows[i]);
        auto_json row = row_of(&rows[i]);
        struct layer_facts from_record, from_row;
        struct err e = {0};

        ck_assert_msg(layer_facts_verify(record, &from_record, &e), "row %zu: %s", i, e.msg);
        from_row = layer_facts_of_row(row);
        ck_assert_mem_eq(&from_record, &rows[i], sizeof rows[i]);
        ck_assert_mem_eq(&from_row, &rows[i], sizeof rows[i]);
    }
}
END_TEST

START_TEST(what_is_not_known_is_not_made_up)
{
    auto_json record = record_of((struct layer_facts){.mask = ALL, .level = 4});
    auto_json damaged =
        json_pack("{s:s, s:i, s:i}", "isolation", "cold", "layer_mask", 1, "level", 4);

    ck_assert_int_eq(json_integer_value(json_object_get(record, "level")), 4);
    ck_assert_ptr_null(json_object_get(record, "isolation"));
    ck_assert_ptr_null(json_object_get(record, "layers"));
    ck_assert_int_eq(layer_facts_of_row(NULL).isolation, ISOLATION_UNSET);
    ck_assert_int_eq(layer_facts_of_row(damaged).isolation, ISOLATION_UNSET);
}
END_TEST

/* Every change is one that a signer could make: the hashes are made anew. */
START_TEST(a_record_whose_sandbox_contradicts_itself_is_refused)
{
    static const struct {
        const char *change, *why;
    } rows[] = {
        {"{\"level\": 4}", "level is 4, its layers reach 3"},
        {"{\"level\": 2}", "level is 2, its layers reach 3"},
        {"{\"level\": 9}", "level"},
        {"{\"level\": \"3\"}", "level"},
        {"{\"layer_mask\": 0}", "level is 3, its layers reach 0"},
        {"{\"layer_mask\": 131072}", "layer_mask"},
        {"{\"layers\": {\"outer\": [\"seccomp\"], \"said\": []}}", "not those of layer_mask"},
        {"{\"layers\": {\"outer\": [], \"said\": [\"wings\"]}}", "layers.said"},
        {"{\"layers\": {\"outer\": [], \"said\": [7]}}", "layers.said"},
        {"{\"layers\": []}", "layers.said"},
        {"{\"layers\": null}", "layers.said"},
        {"{\"isolation\": \"hot\"}", "isolation"},
        {"{\"isolation\": null}", "isolation"},
        {"{\"isolation\": \"warm\"}", "isolation is warm, isolation_note says otherwise"},
        {"{\"isolation_note\": \"x\"}", "isolation is cold, isolation_note says otherwise"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json record = record_of(cold);
        auto_json change = json_loads(rows[i].change, 0, NULL);
        struct sha256_hex hash;
        struct err e = {0};

        json_object_update(record, change);
        json_object_del(record, "record_hash");
        ck_assert(jcs_sha256(record, &hash, &e));
        json_object_set_new(record, "record_hash", json_string(hash.text));
        ck_assert_msg(!node_record_verify(record, &e), "row %zu", i);
        ck_assert_int_eq(e.code, ERR_CORRUPT);
        ck_assert_msg(strstr(e.msg, "node 'n'") != NULL && strstr(e.msg, rows[i].why) != NULL,
                      "row %zu: %s", i, e.msg);
    }
}
END_TEST

/* As 0.1.0 made them before a record had two parts. */
static const char before[] =
    "{\"_type\":\"https://in-toto.io/Statement/"
    "v1\",\"predicate\":{\"buildDefinition\":{\"buildType\":\""
    "https://orch.invalid/build-types/dag-run/"
    "v1\",\"externalParameters\":{\"dagId\":\"d\",\"dagVersi"
    "on\":\"1.0.0\",\"definitionHash\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaa\",\"inputsHash\":\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}"
    ",\"internalParameters\":{\"deterministicMode\":true,\"status\":\"completed\",\"tenant\":"
    "\"default\"}"
    ",\"resolvedDependencies\":[{\"digest\":{\"sha256\":"
    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaa\"},\"uri\":\"orch:dag/"
    "d@1.0.0\"}]},\"runDetails\":{\"builder\":{\"id\":\"orch"
    ":host/"
    "k\",\"version\":{\"orch\":\"0.1.0\"}},\"byproducts\":[{\"annotations\":{\"agent_id\":\"x.y\","
    "\"att"
    "empt_count\":1,\"chain_hash\":\"da6734837e9c64fa6412b906e4254b4e01eae3c7c10c41cc8f499002038c"
    "64fc\",\"completed_at\":\"2026-11-22T07:38:00.100000Z\",\"duration_ms\":100.5,\"input_hash\":"
    "\"aaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"layer_mask\":131071,\"leve"
    "l\":4,\"node_id\":\"a\",\"output_hash\":"
    "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    "bbbbbbbbbb\",\"parent_hashes\":[],\"plugin\":\"x@1.0.0\",\"plugin_digest\":"
    "\"aaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"profile\":\"pure\",\"record_hash\":"
    "\"e09cd5e813b"
    "efdd75f09d18c32b673f5229b177e639fdb7b3027e5fb5c3682d0\",\"started_at\":\"2026-11-22T07:38:00"
    ".000000Z\"},\"digest\":{\"sha256\":\"e09cd5e813befdd75f09d18c32b673f5229b177e639fdb7b3027e5fb5"
    "c3682d0\"},\"name\":\"node:a\"}],\"metadata\":{\"finishedOn\":\"2026-11-22T07:38:01.000000Z\","
    "\"invo"
    "cationId\":\"r1\",\"startedOn\":\"2026-11-22T07:38:00.000000Z\"},\"orch\":{\"ledgerHead\":"
    "\"aaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"traceId\":\"t\"}}},\"predicateTyp"
    "e\":\"https://slsa.dev/provenance/"
    "v1\",\"subject\":[{\"digest\":{\"sha256\":\"b48bda607a90eece9346"
    "34ad7af350595c10131d58f8fbaa389c5f7d734bd2a5\"},\"name\":\"run:r1\"},{\"digest\":{\"sha256\":"
    "\"bbb"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"},\"name\":\"output:a\"}]}";

START_TEST(a_statement_from_before_the_two_parts_verifies)
{
    auto_json statement = json_loads(before, 0, NULL);
    struct statement_facts facts;
    struct err e = {0};

    ck_assert_ptr_nonnull(statement);
    ck_assert_msg(statement_verify(statement, &facts, &e), "%s", e.msg);
    ck_assert_uint_eq(facts.node_count, 1);
}
END_TEST

TCase *layers_cases(void)
{
    TCase *tc = tcase_create("layers");

    tcase_add_test(tc, a_record_has_the_two_parts_by_name_and_the_outer_one_as_the_mask_too);
    tcase_add_test(tc, a_warm_record_says_in_words_that_attempts_are_not_separated);
    tcase_add_test(tc, a_record_gives_back_what_it_was_made_of);
    tcase_add_test(tc, what_is_not_known_is_not_made_up);
    tcase_add_test(tc, a_record_whose_sandbox_contradicts_itself_is_refused);
    tcase_add_test(tc, a_statement_from_before_the_two_parts_verifies);
    return tc;
}
