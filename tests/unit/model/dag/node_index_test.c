/* node_index_test.c -- a lookup in the index is dag_find, whatever ids have in common. */
#include "suites.h"

#include "base/mem.h"
#include "base/rng.h"
#include "model/dag/node_index.h"

#include <string.h>

enum { IDS = 60, ID_BYTES = 32 };

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Of few letters, so that many begin alike; one of them is no ASCII, which sorts last. */
static void random_id(struct rng *rng, const char *prefix, char out[ID_BYTES])
{
    static const char letters[] = "ab\xC3";
    size_t len = strlen(prefix), more = rng_below(rng, 12);

    memcpy(out, prefix, len);
    for (size_t i = 0; i < more; i++)
        out[len++] = letters[rng_below(rng, 3)];
    out[len] = '\0';
}

/* The model's nodes: sorted, each id once. */
static size_t nodes_of(char (*ids)[ID_BYTES], struct dag_node *nodes)
{
    size_t count = 0;

    qsort(ids, IDS, ID_BYTES, by_id);
    for (size_t i = 0; i < IDS; i++) {
        if (count == 0 || strcmp(nodes[count - 1].node_id, ids[i]) != 0)
            nodes[count++].node_id = ids[i];
    }
    return count;
}

static void compare(struct rng *rng, const char *prefix)
{
    static struct dag_node nodes[IDS];
    static char ids[IDS][ID_BYTES];
    auto_done(node_index) index = {0};
    struct dag dag = {.nodes = nodes};
    char other[ID_BYTES];

    for (size_t i = 0; i < IDS; i++)
        random_id(rng, prefix, ids[i]);
    dag.node_count = nodes_of(ids, nodes);
    node_index_make(&index, &dag);
    for (size_t i = 0; i < dag.node_count; i++)
        ck_assert_ptr_eq(node_index_find(&index, nodes[i].node_id), &nodes[i]);
    for (size_t i = 0; i < 4 * IDS; i++) {
        random_id(rng, i % 2 == 0 ? prefix : "", other);
        ck_assert_ptr_eq(node_index_find(&index, other), dag_find(&dag, other));
    }
}

START_TEST(random_ids_are_found_as_by_dag_find)
{
    struct rng rng = rng_of(11);

    for (int i = 0; i < 50; i++) {
        compare(&rng, "");
        compare(&rng, "a");
        compare(&rng, "build-step-");
    }
}
END_TEST

START_TEST(no_node_and_one_node_are_searched_too)
{
    struct dag_node node = {.node_id = "only"};
    struct dag none = {.nodes = NULL}, one = {.nodes = &node, .node_count = 1};
    auto_done(node_index) empty = {0}, single = {0};

    node_index_make(&empty, &none);
    ck_assert_ptr_null(node_index_find(&empty, "only"));
    node_index_make(&single, &one);
    ck_assert_ptr_eq(node_index_find(&single, "only"), &node);
    ck_assert_ptr_null(node_index_find(&single, "onl"));
    ck_assert_ptr_null(node_index_find(&single, "only1"));
    ck_assert_ptr_null(node_index_find(&single, ""));
}
END_TEST

TCase *node_index_cases(void)
{
    TCase *tc = tcase_create("node_index");

    tcase_add_test(tc, random_ids_are_found_as_by_dag_find);
    tcase_add_test(tc, no_node_and_one_node_are_searched_too);
    return tc;
}
