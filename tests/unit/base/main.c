/* main.c -- runs the tests of host/base. */
#include "suites.h"

#include "base/json.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("base");
    SRunner *runner;
    int failed;

    json_setup();
    suite_add_tcase(suite, json_cases());
    suite_add_tcase(suite, jcs_cases());
    suite_add_tcase(suite, jcs_object_cases());
    suite_add_tcase(suite, json_scan_cases());
    suite_add_tcase(suite, json_thread_cases());
    suite_add_tcase(suite, names_cases());
    suite_add_tcase(suite, work_pool_cases());
    suite_add_tcase(suite, text_cases());
    suite_add_tcase(suite, misc_cases());
    suite_add_tcase(suite, log_cases());
    suite_add_tcase(suite, signals_cases());
    suite_add_tcase(suite, timers_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
