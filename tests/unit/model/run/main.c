/* main.c -- runs the tests of host/model/run. */
#include "suites.h"

#include "base/json.h"

#include <stdlib.h>

int main(void)
{
    static TCase *(*const suites[])(void) = {
        state_cases,   level_cases,   retry_cases,  timeout_cases, failure_cases,
        control_cases, restore_cases, resume_cases, why_cases,     preempt_cases,
    };
    Suite *suite = suite_create("run");
    SRunner *runner;
    int failed;

    json_setup();
    for (size_t i = 0; i < ARRAY_LEN(suites); i++)
        suite_add_tcase(suite, suites[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
