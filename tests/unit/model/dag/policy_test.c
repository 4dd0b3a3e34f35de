/* policy_test.c -- retry delays, eligibility, number texts. */
#include "suites.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    enum retry_strategy strategy;
    double base, cap;
    double delays[6];
} delays[] = {
    {RETRY_EXPONENTIAL, 1, 100, {1, 2, 4, 8, 16, 32}},
    {RETRY_EXPONENTIAL, 1, 5, {1, 2, 4, 5, 5, 5}},
    {RETRY_EXPONENTIAL, 0.5, 100, {0.5, 1, 2, 4, 8, 16}},
    {RETRY_LINEAR, 0.5, 2, {0.5, 1, 1.5, 2, 2, 2}},
    {RETRY_CONSTANT, 0.5, 100, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
    {RETRY_CONSTANT, 9, 5, {5, 5, 5, 5, 5, 5}},
    {RETRY_FIBONACCI, 1, 100, {1, 1, 2, 3, 5, 8}},
    {RETRY_FIBONACCI, 1, 5, {1, 1, 2, 3, 5, 5}},
    {RETRY_EXPONENTIAL, 0, 5, {0, 0, 0, 0, 0, 0}},
};

START_TEST(delays_grow_by_their_strategy_up_to_the_cap)
{
    struct retry_policy policy = retry_policy_default;

    policy.strategy = delays[_i].strategy;
    policy.base_delay_s = delays[_i].base;
    policy.max_delay_s = delays[_i].cap;
    ck_assert_double_eq(retry_delay_s(&policy, 0, 0), 0);
    for (uint32_t k = 1; k <= 6; k++)
        ck_assert_double_eq_tol(retry_delay_s(&policy, k, 0), delays[_i].delays[k - 1], 1e-12);
    ck_assert_double_eq(retry_delay_s(&policy, UINT32_MAX, 0),
                        delays[_i].base > 0 ? retry_delay_s(&policy, 5000, 0) : 0);
}
END_TEST

START_TEST(jitter_comes_after_the_cap_and_only_when_asked_for)
{
    struct retry_policy policy = retry_policy_default;

    ck_assert_double_eq_tol(retry_delay_s(&policy, 1, 1), 1.1, 1e-12);
    ck_assert_double_eq_tol(retry_delay_s(&policy, 1, -1), 0.9, 1e-12);
    ck_assert_double_eq_tol(retry_delay_s(&policy, 30, 1), 66, 1e-12);
    policy.jitter = false;
    ck_assert_double_eq(retry_delay_s(&policy, 1, 1), 1);
}
END_TEST

START_TEST(listed_classes_and_exception_are_retried)
{
    const char *classes[] = {"OSError", "TimeoutError"};
    const char *all[] = {"Exception"};
    struct retry_policy policy = retry_policy_default;

    ck_assert(retry_class_listed(&policy, "anything"));
    policy.retryable = classes;
    policy.retryable_count = 2;
    ck_assert(retry_class_listed(&policy, "TimeoutError"));
    ck_assert(!retry_class_listed(&policy, "ValueError"));
    policy.retryable = all;
    policy.retryable_count = 1;
    ck_assert(retry_class_listed(&policy, "ValueError"));
}
END_TEST

START_TEST(seconds_print_as_they_were_written)
{
    static const struct {
        const char *written, *text;
    } numbers[] = {{"0.05", "0.05"},
                   {"300", "300"},
                   {"60.0", "60.0"},
                   {"2592000.0", "2592000.0"},
                   {"0.001", "0.001"}};
    char text[SECONDS_TEXT_BYTES];

    timeout_attempt_text(&timeout_policy_default, text);
    ck_assert_str_eq(text, "60.0");
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        auto_mem char *yaml =
            mem_printf("nodes: {A: {timeout_policy: {timeout_seconds: %s}}}", numbers[i].written);
        auto_done(parsed) p = parse_valid(yaml);

        timeout_attempt_text(p.dag->nodes[0].timeout_policy, text);
        ck_assert_str_eq(text, numbers[i].text);
    }
}
END_TEST

TCase *policy_cases(void)
{
    TCase *tc = tcase_create("policy");

    tcase_add_loop_test(tc, delays_grow_by_their_strategy_up_to_the_cap, 0, (int)ARRAY_LEN(delays));
    tcase_add_test(tc, jitter_comes_after_the_cap_and_only_when_asked_for);
    tcase_add_test(tc, listed_classes_and_exception_are_retried);
    tcase_add_test(tc, seconds_print_as_they_were_written);
    return tc;
}
