/* words_test.c -- the vocabularies of host/model/words: what each word is and what hangs on it. */
#include "model/words/confinement.h"
#include "model/words/outcomes.h"

#include "base/auto.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(policy_violations_bad_inputs_and_protocol_errors_are_not_retried)
{
    static const enum outcome never[] = {OUTCOME_POLICY_VIOLATION, OUTCOME_BAD_INPUT,
                                         OUTCOME_PROTOCOL,         OUTCOME_CPU_LIMIT,
                                         OUTCOME_PLUGIN_FATAL,     OUTCOME_UNKNOWN_AGENT,
                                         OUTCOME_CANCELLED,        OUTCOME_OK};
    static const enum outcome policy[] = {OUTCOME_PLUGIN_TRANSIENT, OUTCOME_CRASH, OUTCOME_TIMEOUT,
                                          OUTCOME_LOST};

    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        ck_assert_int_eq(outcome_retry(never[i]), RETRY_NEVER);
    for (size_t i = 0; i < ARRAY_LEN(policy); i++)
        ck_assert_int_eq(outcome_retry(policy[i]), RETRY_POLICY);
    ck_assert_int_eq(outcome_retry(OUTCOME_INFRA), RETRY_UNCOUNTED);
}
END_TEST

START_TEST(an_agent_that_was_killed_did_not_answer)
{
    static const enum outcome killed[] = {
        OUTCOME_POLICY_VIOLATION, OUTCOME_CRASH,    OUTCOME_OOM,   OUTCOME_TIMEOUT,
        OUTCOME_CPU_LIMIT,        OUTCOME_PROTOCOL, OUTCOME_INFRA, OUTCOME_LOST};

    for (size_t i = 0; i < ARRAY_LEN(killed); i++)
        ck_assert(!outcome_answered(killed[i]));
    ck_assert(outcome_answered(OUTCOME_OK));
    ck_assert(outcome_crashed(OUTCOME_CRASH) && outcome_crashed(OUTCOME_OOM));
    ck_assert(!outcome_crashed(OUTCOME_TIMEOUT) && !outcome_crashed(OUTCOME_PLUGIN_FATAL));
    ck_assert(outcome_answered(OUTCOME_PLUGIN_FATAL));
}
END_TEST

START_TEST(every_outcome_has_a_name_of_its_own_and_a_failure_an_error_class)
{
    for (unsigned i = 1; i < OUTCOME_COUNT; i++) {
        for (unsigned j = 0; j < i; j++)
            ck_assert_str_ne(outcome_name((enum outcome)i), outcome_name((enum outcome)j));
        ck_assert_int_eq(*outcome_error_class((enum outcome)i) == '\0', i == OUTCOME_OK);
    }
}
END_TEST

START_TEST(a_profile_is_found_by_its_word_and_unset_has_none)
{
    enum profile found = PROFILE_UNSET;

    for (unsigned i = PROFILE_UNSET + 1; i < PROFILE_COUNT; i++) {
        ck_assert(profile_parse(profile_name((enum profile)i), &found));
        ck_assert_int_eq(found, i);
    }
    ck_assert(!profile_parse("root", &found));
    ck_assert(!profile_parse("", &found));
    ck_assert_int_eq(found, PROFILE_COUNT - 1);
    ck_assert_ptr_null(profile_name(PROFILE_UNSET));
    ck_assert_ptr_null(profile_words[PROFILE_COUNT]);
}
END_TEST

START_TEST(a_later_isolation_is_a_stricter_one)
{
    static const char *const words[] = {NULL, "warm", "cold", "exec", NULL};

    ck_assert_uint_eq(ARRAY_LEN(words), ARRAY_LEN(isolation_words));
    for (unsigned i = ISOLATION_UNSET + 1; i < ISOLATION_COUNT; i++)
        ck_assert_str_eq(isolation_name((enum isolation)i), words[i]);
    ck_assert_ptr_null(isolation_name(ISOLATION_UNSET));
}
END_TEST

static TCase *confinement_cases(void)
{
    TCase *tc = tcase_create("confinement");

    tcase_add_test(tc, a_profile_is_found_by_its_word_and_unset_has_none);
    tcase_add_test(tc, a_later_isolation_is_a_stricter_one);
    return tc;
}

static TCase *outcome_cases(void)
{
    TCase *tc = tcase_create("outcomes");

    tcase_add_test(tc, policy_violations_bad_inputs_and_protocol_errors_are_not_retried);
    tcase_add_test(tc, an_agent_that_was_killed_did_not_answer);
    tcase_add_test(tc, every_outcome_has_a_name_of_its_own_and_a_failure_an_error_class);
    return tc;
}

int main(void)
{
    static TCase *(*const suites[])(void) = {outcome_cases, confinement_cases};
    Suite *suite = suite_create("words");
    SRunner *runner;
    int failed;

    for (size_t i = 0; i < ARRAY_LEN(suites); i++)
        suite_add_tcase(suite, suites[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
