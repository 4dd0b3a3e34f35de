/* task_times_test.c -- what tasks took over a range: what is in it, and how exactly it is told. */
#include "suites.h"

#include "observe/task_times.h"

#define S INT64_C(1000000000)
enum { HOUR = 3600, DAY = 24 * 3600 };

static const int64_t start_ns = 1000 * S;

static void near(double got, double took)
{
    ck_assert_msg(got >= took * 0.9999 && got <= took * 1.0906, "%f is not just above %f", got,
                  took);
}

START_TEST(nothing_is_told_of_nothing)
{
    auto_obj(task_times) t = task_times_new(start_ns);
    struct task_times_sum sum = task_times_sum(t, start_ns + 5 * S, HOUR);

    ck_assert(sum.completed == 0 && sum.failed == 0 && !sum.timed && sum.p50_s == 0);
    ck_assert_int_eq(sum.since_ns, start_ns);
    task_times_add(t, start_ns + 6 * S, false, TASK_TIME_UNKNOWN);
    sum = task_times_sum(t, start_ns + 7 * S, HOUR);
    ck_assert(sum.failed == 1 && !sum.timed);
    task_times_free(NULL);
}
END_TEST

START_TEST(shares_are_told_as_their_bounds)
{
    auto_obj(task_times) t = task_times_new(start_ns);
    struct task_times_sum sum;

    for (int i = 1; i <= 100; i++)
        task_times_add(t, start_ns + i * S, i % 10 != 0, i * 0.01);
    sum = task_times_sum(t, start_ns + 101 * S, HOUR);
    ck_assert(sum.completed == 90 && sum.failed == 10 && sum.timed);
    near(sum.p50_s, 0.5);
    near(sum.p95_s, 0.95);
    near(sum.p99_s, 0.99);
}
END_TEST

START_TEST(what_is_short_or_long_beyond_all_has_a_bound_too)
{
    auto_obj(task_times) t = task_times_new(start_ns);
    struct task_times_sum sum;

    task_times_add(t, start_ns, true, 0);
    task_times_add(t, start_ns, true, 0.0004);
    sum = task_times_sum(t, start_ns, HOUR);
    ck_assert_double_eq(sum.p99_s, 0.001);
    for (int i = 0; i < 200; i++)
        task_times_add(t, start_ns, true, 1e9);
    sum = task_times_sum(t, start_ns, HOUR);
    ck_assert(sum.p50_s > 0.9 * DAY && sum.p50_s < 1.1 * DAY);
}
END_TEST

START_TEST(a_range_leaves_out_what_is_older)
{
    auto_obj(task_times) t = task_times_new(start_ns);
    int64_t later_ns = start_ns + 2 * HOUR * S;
    struct task_times_sum sum;

    task_times_add(t, start_ns, true, 1);
    task_times_add(t, later_ns, true, 4);
    sum = task_times_sum(t, later_ns, HOUR);
    ck_assert_uint_eq(sum.completed, 1);
    near(sum.p50_s, 4);
    ck_assert_int_gt(sum.since_ns, later_ns - HOUR * S);
    ck_assert_int_le(sum.since_ns, later_ns - (HOUR - TASK_TIMES_PIECE_S) * S);
    sum = task_times_sum(t, later_ns, 6 * HOUR);
    ck_assert_uint_eq(sum.completed, 2);
    ck_assert_int_eq(sum.since_ns, start_ns);
}
END_TEST

START_TEST(of_more_than_all_that_is_kept_the_oldest_is_forgotten)
{
    auto_obj(task_times) t = task_times_new(start_ns);
    int64_t now_ns = start_ns;

    for (int i = 0; i < 9 * 24; i++) {
        now_ns = start_ns + (int64_t)i * HOUR * S;
        task_times_add(t, now_ns, true, 1);
    }
    ck_assert_uint_eq(task_times_sum(t, now_ns, TASK_TIMES_RANGE_S).completed, 7 * 24);
    ck_assert_uint_eq(task_times_sum(t, now_ns, DAY).completed, 24);
    now_ns += TASK_TIMES_RANGE_S * S;
    ck_assert_uint_eq(task_times_sum(t, now_ns, TASK_TIMES_RANGE_S).completed, 0);
}
END_TEST

TCase *task_times_cases(void)
{
    TCase *tc = tcase_create("task_times");

    tcase_add_test(tc, nothing_is_told_of_nothing);
    tcase_add_test(tc, shares_are_told_as_their_bounds);
    tcase_add_test(tc, what_is_short_or_long_beyond_all_has_a_bound_too);
    tcase_add_test(tc, a_range_leaves_out_what_is_older);
    tcase_add_test(tc, of_more_than_all_that_is_kept_the_oldest_is_forgotten);
    return tc;
}
