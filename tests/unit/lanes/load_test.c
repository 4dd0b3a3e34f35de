/* load_test.c -- when a host has too much to take anything new. */
#include "suites.h"

#include "lanes/load.h"

static const struct load marks = {{[LOAD_STORE] = 100, [LOAD_MEMORY] = 0, [LOAD_DEPTH] = 7}};

static enum load_thing over(int64_t store, int64_t memory, int64_t depth, enum load_thing was)
{
    const struct load now = {{[LOAD_STORE] = store, [LOAD_MEMORY] = memory, [LOAD_DEPTH] = depth}};

    return load_over(&marks, &now, was);
}

START_TEST(more_than_a_mark_is_too_much)
{
    ck_assert_int_eq(over(100, 0, 7, LOAD_THINGS), LOAD_THINGS);
    ck_assert_int_eq(over(101, 0, 7, LOAD_THINGS), LOAD_STORE);
    ck_assert_int_eq(over(100, 0, 8, LOAD_THINGS), LOAD_DEPTH);
    ck_assert_int_eq(over(0, INT64_MAX, 0, LOAD_THINGS), LOAD_THINGS); /* not looked at */
}
END_TEST

START_TEST(it_is_until_no_more_than_three_quarters_of_each_are_left)
{
    ck_assert_int_eq(over(76, 0, 0, LOAD_STORE), LOAD_STORE);
    ck_assert_int_eq(over(75, 0, 0, LOAD_STORE), LOAD_THINGS);
    ck_assert_int_eq(over(75, 0, 6, LOAD_STORE), LOAD_DEPTH);
    ck_assert_int_eq(over(101, 0, 6, LOAD_DEPTH), LOAD_DEPTH);
    ck_assert_int_eq(over(101, 0, 5, LOAD_DEPTH), LOAD_STORE);
    ck_assert_int_eq(over(75, 0, 5, LOAD_DEPTH), LOAD_THINGS);
}
END_TEST

START_TEST(each_thing_has_a_word)
{
    ck_assert_str_eq(load_word(LOAD_STORE), "store_queue");
    ck_assert_str_eq(load_word(LOAD_MEMORY), "memory");
    ck_assert_str_eq(load_word(LOAD_DEPTH), "depth");
}
END_TEST

TCase *load_case(void)
{
    TCase *c = tcase_create("load");

    tcase_add_test(c, more_than_a_mark_is_too_much);
    tcase_add_test(c, it_is_until_no_more_than_three_quarters_of_each_are_left);
    tcase_add_test(c, each_thing_has_a_word);
    return c;
}
