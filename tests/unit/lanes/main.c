/* main.c -- the lanes room: who may run what next. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("lanes");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, admission_case());
    suite_add_tcase(suite, decision_case());
    suite_add_tcase(suite, file_case());
    suite_add_tcase(suite, fingerprint_case());
    suite_add_tcase(suite, first_case());
    suite_add_tcase(suite, limits_case());
    suite_add_tcase(suite, load_case());
    suite_add_tcase(suite, members_case());
    suite_add_tcase(suite, place_case());
    suite_add_tcase(suite, quota_case());
    suite_add_tcase(suite, preempt_case());
    suite_add_tcase(suite, scale_case());
    suite_add_tcase(suite, storm_case());
    suite_add_tcase(suite, worker_case());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
