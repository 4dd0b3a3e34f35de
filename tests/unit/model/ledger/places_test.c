/* places_test.c -- parents by place: what a statement of many edges weighs, and that nothing is
 * lost. */
#include "record_tree.h"

#include "model/ledger/places.h"
#include "model/ledger/record.h"
#include "model/ledger/statement.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

TCase *places_cases(void);

#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ALL ((1u << LAYER_COUNT) - 1)

enum { WIDE = 60, DEEP = 5 };

/* As long as everything in it may be; the id is made of the number and of quotation marks, which
 * take two bytes each. */
static struct node_record longest(size_t number, char id[NODE_ID_BYTES_MAX + 1])
{
    static char agent[AGENT_ID_BYTES_MAX], plugin[256];

    memset(id, '"', NODE_ID_BYTES_MAX);
    id[NODE_ID_BYTES_MAX] = '\0';
    for (size_t i = 0; number > 0; number /= 10, i++)
        id[i] = (char)('0' + number % 10);
    memset(agent, 'a', sizeof agent - 1);
    memset(plugin, 'p', sizeof plugin - 1);
    memcpy(plugin + 120, "@1.0.0-", 7);
    return (struct node_record){
        .node_id = id,
        .agent_id = agent,
        .input_hash = HASH,
        .output_hash = HASH,
        .attempt_count = UINT32_MAX,
        .started_at = "2026-11-22T07:38:00.000000Z",
        .completed_at = "2026-11-22T07:38:00.000000Z",
        .duration_ms = 0,
        .plugin = plugin,
        .plugin_digest = HASH,
        .profile = "files",
        .sandbox = {ISOLATION_WARM, ALL, ALL, LAYER_LEVEL_MAX},
    };
}

/* Layers, each node of one a child of every node of the one before. */
static json_t *dense(size_t layers, size_t width, const char **hashes)
{
    json_t *records = json_array();

    for (size_t i = 0; i < layers * width; i++) {
        char id[NODE_ID_BYTES_MAX + 1];
        struct node_record r = longest(i, id);
        size_t layer = i / width;
        auto_mem const char **parents = mem_array(width, const char *);
        json_t *record;

        for (size_t p = 0; layer > 0 && p < width; p++)
            parents[r.parent_count++] = hashes[(layer - 1) * width + p];
        r.parent_hashes = parents;
        record = record_tree(&r);
        json_array_append_new(records, record);
        hashes[i] = json_string_value(json_object_get(record, "chain_hash"));
    }
    return records;
}

static json_t *statement_of(const json_t *records, const char *const *hashes)
{
    struct sha256_hex chain;
    json_t *statement = NULL;
    struct err e = {0};
    struct statement_run run = {
        .run_id = "019ac9a4-1111-7000-8000-000000000001",
        .tenant = "default",
        .status = "failed",
        .trace_id = "0af7651916cd43dd8448eb211c80319c",
        .dag_id = "d",
        .dag_version = "1",
        .dag_hash = HASH,
        .inputs_hash = HASH,
        .chain_hash = chain.text,
        .ledger_head = HASH,
        .started_at = "2026-11-22T07:38:00.000000Z",
        .ended_at = "2026-11-22T07:38:00.000000Z",
        .builder_id = "orch:host/" HASH,
    };

    execution_chain_hash(hashes, json_array_size(records), &chain);
    ck_assert_msg(statement_tree(&run, records, NULL, &statement, &e), "%s", e.msg);
    return statement;
}

static size_t bytes_of(const json_t *value)
{
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert_msg(jcs_write(value, &text, &e), "%s", e.msg);
    return text.len;
}

/* The records as the statement has them. */
static json_t *placed_of(const json_t *records, const char *const *hashes)
{
    auto_json statement = statement_of(records, hashes);
    const json_t *details = json_object_get(json_object_get(statement, "predicate"), "runDetails");
    json_t *placed = json_array();
    const json_t *entry;
    size_t i;

    json_array_foreach(json_object_get(details, "byproducts"), i, entry)
        json_array_append(placed, json_object_get(entry, "annotations"));
    return placed;
}

START_TEST(a_dense_graph_costs_places_and_not_hashes_and_verifies)
{
    auto_mem const char **hashes = mem_array(WIDE * DEEP, const char *);
    auto_json records = dense(DEEP, WIDE, hashes);
    auto_json statement = statement_of(records, hashes);
    struct statement_facts facts;
    struct err e = {0};

    ck_assert_msg(statement_verify(statement, &facts, &e), "%s", e.msg);
    ck_assert_uint_eq(facts.node_count, WIDE * DEEP);
    ck_assert_uint_le(bytes_of(statement),
                      STATEMENT_HEAD_BYTES_MAX + WIDE * DEEP * STATEMENT_NODE_BYTES_MAX +
                          WIDE * WIDE * (DEEP - 1) * STATEMENT_PARENT_BYTES_MAX);
}
END_TEST

/* What limits.h sums up: a node's share when all of it is as long as it may be. The plugins are
 * different ones at worst, and a parent's place has four digits. */
START_TEST(the_budget_of_a_statement_holds_its_longest_node)
{
    auto_mem const char **hashes = mem_array(2, const char *);
    auto_json one = dense(1, 1, hashes);
    auto_json head = json_array();
    auto_json without = statement_of(head, hashes);
    auto_json with = statement_of(one, hashes);
    size_t node = bytes_of(with) - bytes_of(without) + strlen("1234567890.123");
    size_t dag = 4 * (DAG_ID_BYTES_MAX + DAG_ID_BYTES_MAX); /* twice each, escaped */

    ck_assert_uint_le(node, STATEMENT_NODE_BYTES_MAX);
    ck_assert_uint_le(bytes_of(without) + dag + TENANT_BYTES_MAX + 64, STATEMENT_HEAD_BYTES_MAX);
    ck_assert_uint_eq(strlen("9999,"), STATEMENT_PARENT_BYTES_MAX);
    ck_assert_uint_le(DAG_NODES_MAX, 10000);
}
END_TEST

START_TEST(records_come_back_from_their_places_as_they_were)
{
    auto_mem const char **hashes = mem_array(12, const char *);
    auto_json records = dense(3, 4, hashes);
    auto_json placed = placed_of(records, hashes);
    auto_json again = NULL;
    struct err e = {0};

    ck_assert(places_to_records(placed, &again, &e));
    ck_assert(json_equal(records, again));
    ck_assert_ptr_null(json_object_get(json_array_get(placed, 5), "parent_hashes"));
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(placed, 5), "parents")), 4);
}
END_TEST

START_TEST(places_that_are_none_are_refused)
{
    static const char *const rows[] = {
        "null", "{}", "[4]", "[5]", "[-1]", "[1,0]", "[1,1]", "[\"0\"]", "[0.0]", "[99]",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_mem const char **hashes = mem_array(12, const char *);
        auto_json records = dense(3, 4, hashes);
        auto_json placed = placed_of(records, hashes);
        auto_json again = NULL;
        struct err e = {0};

        json_object_set_new(json_array_get(placed, 4), "parents",
                            json_loads(rows[i], JSON_DECODE_ANY, NULL));
        ck_assert_msg(!places_to_records(placed, &again, &e), "%s", rows[i]);
        ck_assert_ptr_null(again);
    }
}
END_TEST

/* The parent ran again behind its child: an operator had deleted its checkpoint. */
START_TEST(records_that_contradict_each_other_make_no_statement)
{
    static const struct {
        const char *key, *value, *message;
        size_t at;
    } rows[] = {
        {"chain_hash", HASH, "parent hash not found", 0},
        {"node_id", "same", "two records have the node_id", 1},
        {"completed_at", "2026-11-22T07:38:09.000000Z", "was started before its parent", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_mem const char **hashes = mem_array(2, const char *);
        auto_json records = dense(2, 1, hashes);
        json_t *statement = NULL;
        struct err e = {0};

        json_object_set_new(json_array_get(records, 0), "node_id", json_string("same"));
        json_object_set_new(json_array_get(records, rows[i].at), rows[i].key,
                            json_string(rows[i].value));
        ck_assert(!statement_tree(&(struct statement_run){0}, records, NULL, &statement, &e));
        ck_assert_msg(strstr(e.msg, rows[i].message) != NULL, "row %zu: %s", i, e.msg);
        ck_assert_ptr_null(statement);
    }
}
END_TEST

TCase *places_cases(void)
{
    TCase *tc = tcase_create("places");

    tcase_add_test(tc, a_dense_graph_costs_places_and_not_hashes_and_verifies);
    tcase_add_test(tc, the_budget_of_a_statement_holds_its_longest_node);
    tcase_add_test(tc, records_come_back_from_their_places_as_they_were);
    tcase_add_test(tc, places_that_are_none_are_refused);
    tcase_add_test(tc, records_that_contradict_each_other_make_no_statement);
    return tc;
}
