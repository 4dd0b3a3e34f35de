/* main.c -- the schedule room: cron expressions, zones, due times. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("schedule");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, cron_case());
    suite_add_tcase(suite, zone_case());
    suite_add_tcase(suite, due_case());
    suite_add_tcase(suite, overlap_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
