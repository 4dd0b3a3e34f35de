/* main.c -- runs the tests of host/bridge, but those of the process. */
#include "suites.h"

#include "base/auto.h"
#include "base/log.h"

#include <stdlib.h>

int main(void)
{
    static TCase *(*const cases[])(void) = {client_cases, redis_cases, routes_cases, target_cases,
                                            page_cases,   first_cases, tasks_cases,  claims_cases};
    Suite *suite = suite_create("bridge");
    SRunner *runner;
    int failed;

    log_setup("bridge_test", LOG_ERROR, false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        suite_add_tcase(suite, cases[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
