/* ledger_test.c -- node records, the event chain and the statement. */
#include "record_tree.h"

#include "model/ledger/event.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include "base/json.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

TCase *merkle_cases(void);
TCase *head_cases(void);
TCase *export_cases(void);
TCase *layers_cases(void);
TCase *places_cases(void);

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HASH_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct node_record record_of(const char *id, const char **parents, size_t count)
{
    return (struct node_record){
        .node_id = id,
        .agent_id = "agent",
        .input_hash = HASH_A,
        .output_hash = HASH_B,
        .parent_hashes = parents,
        .parent_count = count,
        .attempt_count = 1,
        .started_at = "2026-11-22T07:38:00.000000Z",
        .completed_at = "2026-11-22T07:38:00.100500Z",
        .duration_ms = 100.5,
        .plugin = "p@1.0.0",
        .plugin_digest = HASH_C,
        .profile = "pure",
        .sandbox = {ISOLATION_COLD, (1u << LAYER_COUNT) - 1, LAYER_SECCOMP, LAYER_LEVEL_MAX},
    };
}

START_TEST(the_chain_hash_is_of_four_members_with_sorted_parents)
{
    const char *parents[] = {HASH_B, HASH_A};
    const char *preimage = "{\"input_hash\":\"" HASH_A "\",\"node_id\":\"n\\\"1\",\"output_hash\":"
                           "\"" HASH_B "\",\"parent_hashes\":[\"" HASH_A "\",\"" HASH_B "\"]}";
    struct node_record r = record_of("n\"1", parents, 2);
    struct sha256_hex hash;

    node_record_chain_hash(&r, &hash);
    ck_assert_str_eq(hash.text, sha256_hex(preimage, strlen(preimage)).text);
}
END_TEST

START_TEST(a_run_without_completed_nodes_has_the_hash_of_empty)
{
    const char *two[] = {HASH_A, HASH_B};
    struct sha256_hex hash;

    execution_chain_hash(NULL, 0, &hash);
    ck_assert_str_eq(hash.text, "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d");
    execution_chain_hash(two, 2, &hash);
    ck_assert_str_eq(hash.text, sha256_hex(HASH_A ":" HASH_B, 129).text);
}
END_TEST

/* What is written member by member is what a tree of it gives. */
static void is_canonical(const struct buf *text)
{
    auto_json value = json_loadb(text->data, text->len, 0, NULL);
    auto_done(buf) again = {0};
    struct err e = {0};

    ck_assert_msg(value != NULL && jcs_write(value, &again, &e), "%s", buf_text(text));
    ck_assert_str_eq(buf_text(&again), buf_text(text));
}

START_TEST(a_record_is_written_in_canonical_form)
{
    const struct layer_facts sandboxes[] = {{0},
                                            {ISOLATION_EXEC, 0, 0, 0},
                                            {ISOLATION_WARM, 5, 3, 0},
                                            {ISOLATION_COLD, 7, 0, 1}};
    const char *parents[] = {HASH_B, HASH_A};

    for (size_t i = 0; i < ARRAY_LEN(sandboxes); i++) {
        struct node_record r = record_of("n\"\n\xc3\xa9", parents, i % 3);
        auto_done(buf) text = {0};
        struct node_record_hashes hashes;
        struct record_parts parts;

        r.sandbox = sandboxes[i];
        r.duration_ms = 0.125 * (double)i;
        node_record_write(&r, &text, &hashes);
        is_canonical(&text);
        parts = record_parts(buf_text(&text));
        ck_assert_mem_eq(parts.record_hash.at, hashes.record.text, SHA256_HEX_BYTES - 1);
        ck_assert_mem_eq(parts.node_id.at, "n\\\"\\n\xc3\xa9", parts.node_id.len);
        ck_assert_uint_eq(parts.parents.len, i % 3 == 0 ? 2 : 1 + i % 3 * 67);
    }
}
END_TEST

START_TEST(a_record_verifies_until_any_member_changes)
{
    struct node_record r = record_of("n", NULL, 0);
    auto_json record = record_tree(&r);
    struct err e = {0};
    const char *key;
    json_t *value;

    ck_assert_msg(node_record_verify(record, &e), "%s", e.msg);
    json_object_foreach(record, key, value)
    {
        auto_json changed = json_deep_copy(record);

        json_object_set_new(changed, key, json_string("x"));
        ck_assert_msg(!node_record_verify(changed, &e), "'%s' is not covered", key);
        ck_assert_int_eq(e.code, ERR_CORRUPT);
    }
}
END_TEST

START_TEST(a_replay_at_another_time_keeps_the_chain_hash_only)
{
    struct node_record first = record_of("n", NULL, 0), second = first;
    auto_json a = NULL;
    auto_json b = NULL;

    second.duration_ms = 7;
    second.started_at = "2027-01-01T00:00:00.000000Z";
    a = record_tree(&first);
    b = record_tree(&second);
    ck_assert(json_equal(json_object_get(a, "chain_hash"), json_object_get(b, "chain_hash")));
    ck_assert(!json_equal(json_object_get(a, "record_hash"), json_object_get(b, "record_hash")));
}
END_TEST

static struct ledger_event event_of(const char *type, const char *data)
{
    return (struct ledger_event){"run-1", type, "2026-11-22T07:38:00.000000Z", data};
}

START_TEST(an_event_links_to_the_one_before)
{
    struct event_chain write, read;
    struct ledger_event one = event_of("run.started", "{\"a\":1}");
    struct ledger_event two = event_of("run.completed", "{}");
    struct sha256_hex prev[2], hash[2];
    struct err e = {0};

    event_chain_begin(&write);
    event_chain_add(&write, &one, &prev[0]);
    hash[0] = write.prev;
    event_chain_add(&write, &two, &prev[1]);
    hash[1] = write.prev;
    ck_assert_str_eq(prev[0].text, EVENT_GENESIS);
    ck_assert_str_eq(prev[1].text, hash[0].text);

    event_chain_begin(&read);
    ck_assert(event_chain_check(&read, &one, 1, prev[0].text, hash[0].text, &e));
    ck_assert(event_chain_check(&read, &two, 2, prev[1].text, hash[1].text, &e));
}
END_TEST

START_TEST(a_gap_a_wrong_link_and_changed_data_are_told_apart)
{
    struct event_chain chain;
    struct ledger_event event = event_of("run.started", "{}"), changed = event;
    struct sha256_hex prev;
    struct err e = {0};
    struct event_chain written;

    event_chain_begin(&written);
    event_chain_add(&written, &event, &prev);
    event_chain_begin(&chain);
    ck_assert(!event_chain_check(&chain, &event, 2, prev.text, written.prev.text, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "event 2 follows event 0"));
    ck_assert(!event_chain_check(&chain, &event, 1, HASH_A, written.prev.text, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "links to"));
    changed.data = "{\"x\":1}";
    ck_assert(!event_chain_check(&chain, &changed, 1, prev.text, written.prev.text, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "hashes to"));
}
END_TEST

/* A statement of two nodes, the second a child of the first, in its own sandbox. */
static json_t *statement_of_two_in(struct layer_facts sandbox)
{
    struct node_record a = record_of("a", NULL, 0);
    struct sha256_hex hash_a, hash_b, chain;
    const char *parents[] = {hash_a.text};
    struct node_record b = record_of("b", parents, 1);
    auto_json records = json_array();
    const char *hashes[] = {hash_a.text, hash_b.text};
    struct statement_run run = {
        .run_id = "019ac9a4-1111-7000-8000-000000000001",
        .tenant = "default",
        .status = "completed",
        .trace_id = "0af7651916cd43dd8448eb211c80319c",
        .dag_id = "d",
        .dag_version = "1",
        .dag_hash = HASH_A,
        .inputs_hash = HASH_B,
        .chain_hash = chain.text,
        .ledger_head = HASH_C,
        .started_at = "2026-11-22T07:38:00.000000Z",
        .ended_at = "2026-11-22T07:38:01.000000Z",
        .builder_id = "orch:host/" HASH_A,
        .deterministic = true,
    };
    json_t *statement = NULL;
    struct err e = {0};

    b.sandbox = sandbox;
    b.started_at = "2026-11-22T07:38:00.100500Z";
    b.completed_at = "2026-11-22T07:38:00.201000Z";
    node_record_chain_hash(&a, &hash_a);
    node_record_chain_hash(&b, &hash_b);
    json_array_append_new(records, record_tree(&a));
    json_array_append_new(records, record_tree(&b));
    execution_chain_hash(hashes, 2, &chain);
    ck_assert_msg(statement_tree(&run, records, NULL, &statement, &e), "%s", e.msg);
    return statement;
}

START_TEST(a_statement_is_written_in_canonical_form)
{
    struct node_record r = record_of("a\"b", NULL, 0), child;
    auto_done(buf) first = {0}, second = {0}, statement = {0};
    struct node_record_hashes hashes[2];
    const char *parents[] = {hashes[0].chain.text};
    struct record_parts records[2];
    struct statement_run run = {
        .run_id = "r",
        .tenant = "t",
        .status = "completed",
        .trace_id = "0",
        .dag_id = "d\"",
        .dag_version = "1\n",
        .dag_hash = HASH_A,
        .inputs_hash = HASH_B,
        .chain_hash = HASH_C,
        .ledger_head = HASH_A,
        .started_at = "s",
        .ended_at = "e",
        .builder_id = "b",
        .restart_of = "q",
        .records = records,
        .record_count = 2,
        .others = "{\"z\":\"skipped\"}",
    };
    struct err e = {0};

    node_record_write(&r, &first, &hashes[0]);
    child = record_of("c", parents, 1);
    child.started_at = child.completed_at = r.completed_at;
    node_record_write(&child, &second, &hashes[1]);
    records[0] = record_parts(buf_text(&first));
    records[1] = record_parts(buf_text(&second));
    ck_assert_msg(statement_make(&run, &statement, &e), "%s", e.msg);
    is_canonical(&statement);
    ck_assert_ptr_nonnull(strstr(buf_text(&statement), "\"parents\":[0]"));
    ck_assert_ptr_null(strstr(buf_text(&statement), "parent_hashes"));
}
END_TEST

static json_t *statement_of_two(void)
{
    return statement_of_two_in(record_of("b", NULL, 0).sandbox);
}

START_TEST(a_statement_verifies_and_tells_its_facts)
{
    auto_json statement = statement_of_two();
    struct statement_facts facts;
    struct err e = {0};

    ck_assert_ptr_nonnull(statement);
    ck_assert_msg(statement_verify(statement, &facts, &e), "%s", e.msg);
    ck_assert_str_eq(facts.run_id, "019ac9a4-1111-7000-8000-000000000001");
    ck_assert_uint_eq(facts.node_count, 2);
    ck_assert_uint_eq(facts.plugin_count, 1);
    ck_assert_int_eq(facts.level, LAYER_LEVEL_MAX);
    ck_assert_uint_eq(facts.warm_count, 0);
    ck_assert_uint_eq(facts.mixed_count, 0);
}
END_TEST

/* One node that was confined less speaks for all. */
START_TEST(a_statement_has_the_level_of_its_weakest_node)
{
    static const struct {
        struct layer_facts sandbox;
        unsigned level, warm, mixed;
    } rows[] = {
        {{ISOLATION_WARM, ((1u << LAYER_COUNT) - 1) & ~(unsigned)LAYER_SCOPE, LAYER_SECCOMP, 3},
         3,
         1,
         0},
        {{ISOLATION_EXEC, 0, 0, 0}, 0, 0, 0},
        {{0}, 0, 0, 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json statement = statement_of_two_in(rows[i].sandbox);
        struct statement_facts facts;
        struct err e = {0};

        ck_assert_msg(statement_verify(statement, &facts, &e), "row %zu: %s", i, e.msg);
        ck_assert_int_eq(facts.level, rows[i].level);
        ck_assert_uint_eq(facts.warm_count, rows[i].warm);
        ck_assert_uint_eq(facts.mixed_count, rows[i].mixed);
    }
}
END_TEST

static json_t *at(json_t *statement, const char *path)
{
    char text[128], *save = NULL;
    json_t *here = statement;

    strcpy(text, path);
    for (char *part = strtok_r(text, "/", &save); part != NULL; part = strtok_r(NULL, "/", &save))
        here = json_is_array(here) ? json_array_get(here, (size_t)atoi(part))
                                   : json_object_get(here, part);
    ck_assert_msg(here != NULL, "no %s", path);
    return here;
}

START_TEST(a_changed_statement_names_the_first_difference)
{
    static const struct {
        const char *object, *key, *value, *message;
    } rows[] = {
        {"", "_type", "x", "_type is 'x'"},
        {"", "predicateType", "x", "predicateType"},
        {"predicate/buildDefinition", "buildType", "x", "buildType"},
        {"subject/0/digest", "sha256", HASH_A, "at /subject/0/digest/sha256"},
        {"subject/1", "name", "x", "at /subject/1/name"},
        {"subject/2/digest", "sha256", HASH_A, "at /subject/2/digest/sha256"},
        {"predicate/runDetails/byproducts/0/annotations", "output_hash", HASH_A, "node 'a'"},
        {"predicate/runDetails/byproducts/1/annotations", "duration_ms", "1", "node 'b'"},
        {"predicate/runDetails/byproducts/1/digest", "sha256", HASH_A, "another digest"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json statement = statement_of_two();
        struct statement_facts facts;
        struct err e = {0};

        json_object_set_new(at(statement, rows[i].object), rows[i].key, json_string(rows[i].value));
        ck_assert_msg(!statement_verify(statement, &facts, &e), "row %zu", i);
        ck_assert_msg(strstr(e.msg, rows[i].message) != NULL, "row %zu: %s", i, e.msg);
    }
}
END_TEST

START_TEST(a_dropped_node_leaves_a_parent_unknown)
{
    auto_json statement = statement_of_two();
    struct statement_facts facts;
    struct err e = {0};

    json_array_remove(at(statement, "predicate/runDetails/byproducts"), 0);
    ck_assert(!statement_verify(statement, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "node 'b': its parents are not the places"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tc = tcase_create("ledger");
    SRunner *runner;
    int failed;

    json_setup();
    tcase_add_test(tc, the_chain_hash_is_of_four_members_with_sorted_parents);
    tcase_add_test(tc, a_run_without_completed_nodes_has_the_hash_of_empty);
    tcase_add_test(tc, a_record_is_written_in_canonical_form);
    tcase_add_test(tc, a_record_verifies_until_any_member_changes);
    tcase_add_test(tc, a_replay_at_another_time_keeps_the_chain_hash_only);
    tcase_add_test(tc, an_event_links_to_the_one_before);
    tcase_add_test(tc, a_gap_a_wrong_link_and_changed_data_are_told_apart);
    tcase_add_test(tc, a_statement_is_written_in_canonical_form);
    tcase_add_test(tc, a_statement_verifies_and_tells_its_facts);
    tcase_add_test(tc, a_statement_has_the_level_of_its_weakest_node);
    tcase_add_test(tc, a_changed_statement_names_the_first_difference);
    tcase_add_test(tc, a_dropped_node_leaves_a_parent_unknown);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, merkle_cases());
    suite_add_tcase(suite, head_cases());
    suite_add_tcase(suite, export_cases());
    suite_add_tcase(suite, layers_cases());
    suite_add_tcase(suite, places_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
