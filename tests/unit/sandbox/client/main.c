#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(client_start_suite());
    int failed;

    srunner_add_suite(runner, client_plugin_suite());
    srunner_add_suite(runner, client_attempt_suite());
    srunner_add_suite(runner, client_output_suite());
    srunner_add_suite(runner, client_process_suite());
    srunner_add_suite(runner, client_spare_suite());
    srunner_add_suite(runner, client_stop_suite());
    srunner_add_suite(runner, client_strike_suite());
    srunner_add_suite(runner, client_zygote_suite());
    srunner_add_suite(runner, client_pool_suite());
    srunner_add_suite(runner, client_call_suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
