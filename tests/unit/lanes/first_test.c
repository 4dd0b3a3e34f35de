/* first_test.c -- what comes in front: before its tenant's own of that priority, and of nobody
 * else.
 */
#include "suites.h"

#include <string.h>

enum { ITEMS = 8 };

static struct lanes *lanes;
static struct lane_item items[ITEMS];

static void setup(void)
{
    lanes = lanes_new(100, AGEING);
    memset(items, 0, sizeof items);
    lanes_set(lanes, "l", &(struct lane_spec){.slots = 1}, 0);
}

static void teardown(void)
{
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].line != NULL)
            lanes_remove(lanes, &items[i], 0);
    }
    lanes_free(lanes);
}

static void add(int i, const char *tenant, int32_t priority, int64_t now_ns)
{
    items[i].came_us = now_ns / 1000;
    lanes_add(lanes, &items[i], "l", tenant, priority, now_ns);
}

static void add_first(int i, const char *tenant, int32_t priority, int64_t now_ns)
{
    items[i].came_us = now_ns / 1000;
    lanes_add_first(lanes, &items[i], "l", tenant, priority, now_ns);
}

/* All of them are taken in this order. */
static void order_is(const int *want, size_t count, int64_t now_ns)
{
    for (size_t at = 0; at < count; at++) {
        struct lane_item *item = lanes_take(lanes, now_ns);

        ck_assert_msg(item == &items[want[at]], "number %zu is %td, not %d", at,
                      item != NULL ? item - items : -1, want[at]);
        lanes_ended(lanes, item, now_ns);
    }
}

START_TEST(it_is_before_all_of_its_priority_and_the_last_is_the_first)
{
    add(0, "acme", 5, 1000);
    add(1, "acme", 5, 2000);
    add_first(2, "acme", 5, 3000);
    add(3, "acme", 9, 4000);
    add_first(4, "acme", 5, 5000);
    add(5, "acme", 5, 6000);
    ck_assert_uint_eq(lanes_place(lanes, &items[4], 6000).position, 2);
    ck_assert_uint_eq(lanes_place(lanes, &items[2], 6000).position, 3);
    ck_assert_uint_eq(lanes_place(lanes, &items[5], 6000).position, 6);
    order_is((const int[]){3, 4, 2, 0, 1, 5}, 6, 7000);
}
END_TEST

START_TEST(others_keep_their_turns)
{
    add(0, "acme", 5, 1000);
    add(1, "zoo", 5, 2000);
    add_first(2, "zoo", 5, 3000);
    order_is((const int[]){0, 2, 1}, 3, 4000);
    add_first(3, "alone", 5, 5000); /* where nothing waits it is as old as it is */
    ck_assert_int_eq(items[3].since_ns, 5000);
}
END_TEST

START_TEST(what_waits_behind_it_does_not_grow_younger)
{
    const int64_t old_ns = AGEING.after_ns + AGEING.step_ns;

    add(0, "acme", 5, 0);
    add_first(2, "acme", 5, old_ns);
    add(1, "acme", 6, old_ns); /* as high as the two have risen, and younger */
    order_is((const int[]){2, 0, 1}, 3, old_ns);
}
END_TEST

TCase *first_case(void)
{
    TCase *tc = tcase_create("first");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, it_is_before_all_of_its_priority_and_the_last_is_the_first);
    tcase_add_test(tc, others_keep_their_turns);
    tcase_add_test(tc, what_waits_behind_it_does_not_grow_younger);
    return tc;
}
