/* ledger_test.c -- node records, the event chain and the statement. */
#include "model/ledger/event.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

TCase *merkle_cases(void);
TCase *head_cases(void);
TCase *export_cases(void);
TCase *layers_cases(void);

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
        .completed_at = "2026-11-22T07:38:00.100000Z",
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

START_TEST(a_record_verifies_until_any_member_changes)
{
    struct node_record r = record_of("n", NULL, 0);
    auto_json record = node_record_json(&r);
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
    a = node_record_json(&first);
    b = node_record_json(&second);
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

    b.sandbox = sandbox;
    node_record_chain_hash(&a, &hash_a);
    node_record_chain_hash(&b, &hash_b);
    json_array_append_new(records, node_record_json(&a));
    json_array_append_new(records, node_record_json(&b));
    execution_chain_hash(hashes, 2, &chain);
    return statement_make(&(struct statement_run){
        .run_id = "r1",
        .tenant = "default",
        .status = "completed",
        .trace_id = "t",
        .dag_id = "d",
        .dag_version = "1",
        .dag_hash = HASH_A,
        .inputs_hash = HASH_B,
        .chain_hash = chain.text,
        .ledger_head = HASH_C,
        .started_at = "2026-11-22T07:38:00.000000Z",
        .ended_at = "2026-11-22T07:38:01.000000Z",
        .builder_id = "orch:host/k",
        .deterministic = true,
        .records = records,
    });
}

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
    ck_assert_str_eq(facts.run_id, "r1");
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

/* ---- every member, changed and signed anew ---- */

/* What no other member says: a signer may write there what it wants. A record's own are under its
 * hashes, which anybody can compute. */
static const char *const free_members[] = {
    "/predicate/buildDefinition/externalParameters/inputsHash",
    "/predicate/buildDefinition/internalParameters/deterministicMode",
    "/predicate/buildDefinition/internalParameters/tenant",
    "/predicate/runDetails/builder/id", /* the signature says it too: cli/ledger/verify.c */
    "/predicate/runDetails/builder/version/orch",
    "/predicate/runDetails/metadata/finishedOn", /* a little later is no contradiction */
    "/predicate/runDetails/orch/ledgerHead",
    "/predicate/runDetails/orch/traceId",
};

static bool is_free(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(free_members); i++) {
        if (strcmp(free_members[i], path) == 0)
            return true;
    }
    return false;
}

/* Another value of the same kind. */
static json_t *changed(const json_t *value)
{
    const char *text = json_string_value(value);
    auto_done(buf) b = {0};
    int64_t time;
    char later[CLOCK_TEXT_BYTES];

    if (json_is_boolean(value))
        return json_boolean(!json_is_true(value));
    if (json_is_integer(value))
        return json_integer(json_integer_value(value) + 1);
    if (json_is_real(value))
        return json_real(json_real_value(value) + 1000);
    if (text == NULL)
        return json_string("x");
    if (clock_parse(text, &time)) {
        clock_text(time + 5000000, later);
        return json_string(later);
    }
    buf_adds(&b, text);
    if (b.len == SHA256_HEX_BYTES - 1)
        b.data[0] = b.data[0] == '0' ? '1' : '0';
    else
        buf_adds(&b, "x");
    return json_string(buf_text(&b));
}

static void verifies_only_when_free(json_t *whole, const char *path)
{
    struct statement_facts facts;
    struct err e = {0};
    bool good = statement_verify(whole, &facts, &e);

    ck_assert_msg(good == is_free(path), "%s: %s", path, good ? "a lie that verifies" : e.msg);
}

/* Changes each leaf below here, one at a time; and puts one more member into each object. */
static void change_each(json_t *whole, json_t *here, const char *path, unsigned *count)
{
    size_t members = json_is_array(here) ? json_array_size(here) : json_object_size(here);
    void *it = json_is_object(here) ? json_object_iter(here) : NULL;

    if (json_is_object(here)) {
        json_object_set_new(here, "zz", json_string("more"));
        verifies_only_when_free(whole, "/zz");
        json_object_del(here, "zz");
        it = json_object_iter(here);
    }
    for (size_t i = 0; i < members; i++) {
        auto_mem char *at = NULL;
        auto_json value = NULL;
        auto_mem char *key = NULL;

        if (it != NULL) {
            key = mem_str(json_object_iter_key(it));
            value = json_incref(json_object_iter_value(it));
            at = mem_printf("%s/%s", path, key);
        } else {
            value = json_incref(json_array_get(here, i));
            at = mem_printf("%s/%zu", path, i);
        }
        if (json_is_object(value) || json_is_array(value)) {
            change_each(whole, value, at, count);
        } else {
            if (key != NULL)
                json_object_set_new(here, key, changed(value));
            else
                json_array_set_new(here, i, changed(value));
            verifies_only_when_free(whole, at);
            if (key != NULL)
                json_object_set(here, key, value);
            else
                json_array_set(here, i, value);
            (*count)++;
        }
        if (it != NULL)
            it = json_object_iter_next(here, json_object_iter_at(here, key));
    }
}

START_TEST(what_is_changed_and_signed_anew_is_refused_or_said_to_be_free)
{
    auto_json statement = statement_of_two();
    unsigned count = 0;

    change_each(statement, statement, "", &count);
    ck_assert_uint_gt(count, 60);
}
END_TEST

/* As a forger would: the record's hashes, the subjects and the chain are made anew too. */
static bool forged_verifies(const char *key, json_t *value, struct err *e)
{
    auto_json statement = statement_of_two();
    json_t *record = at(statement, "predicate/runDetails/byproducts/1/annotations");
    struct statement_facts facts;
    struct sha256_hex hash;

    json_object_set_new(record, key, value);
    json_object_del(record, "record_hash");
    ck_assert(jcs_sha256(record, &hash, e));
    json_object_set_new(record, "record_hash", json_string(hash.text));
    json_object_set_new(at(statement, "predicate/runDetails/byproducts/1/digest"), "sha256",
                        json_string(hash.text));
    return statement_verify(statement, &facts, e);
}

START_TEST(a_record_made_anew_that_contradicts_the_rest_is_refused)
{
    struct err e = {0};

    ck_assert(!forged_verifies("completed_at", json_string("2026-11-22T07:37:59.000000Z"), &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "completed before it was started"));
    ck_assert(!forged_verifies("completed_at", json_string("2026-11-22T07:39:00.000000Z"), &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "after the run's end"));
    ck_assert(!forged_verifies("duration_ms", json_real(-5), &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "its duration is"));
    ck_assert(!forged_verifies("plugin_digest", json_string(HASH_B), &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "resolvedDependencies"));
    ck_assert(forged_verifies("agent_id", json_string("other"), &e)); /* free */
}
END_TEST

START_TEST(a_dropped_node_leaves_a_parent_unknown)
{
    auto_json statement = statement_of_two();
    struct statement_facts facts;
    struct err e = {0};

    json_array_remove(at(statement, "predicate/runDetails/byproducts"), 0);
    ck_assert(!statement_verify(statement, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "parent hash not found"));
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
    tcase_add_test(tc, a_record_verifies_until_any_member_changes);
    tcase_add_test(tc, a_replay_at_another_time_keeps_the_chain_hash_only);
    tcase_add_test(tc, an_event_links_to_the_one_before);
    tcase_add_test(tc, a_gap_a_wrong_link_and_changed_data_are_told_apart);
    tcase_add_test(tc, a_statement_verifies_and_tells_its_facts);
    tcase_add_test(tc, a_statement_has_the_level_of_its_weakest_node);
    tcase_add_test(tc, a_changed_statement_names_the_first_difference);
    tcase_add_test(tc, what_is_changed_and_signed_anew_is_refused_or_said_to_be_free);
    tcase_add_test(tc, a_record_made_anew_that_contradicts_the_rest_is_refused);
    tcase_add_test(tc, a_dropped_node_leaves_a_parent_unknown);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, merkle_cases());
    suite_add_tcase(suite, head_cases());
    suite_add_tcase(suite, export_cases());
    suite_add_tcase(suite, layers_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
