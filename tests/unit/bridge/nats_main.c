/* nats_main.c -- runs the tests of host/bridge/nats. */
#include "nats_suites.h"

#include "base/json.h"
#include "base/log.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("bridge nats");
    SRunner *runner;
    int failed;

    json_setup();
    log_setup("bridge_nats_test", LOG_ERROR, false);
    suite_add_tcase(suite, nats_cases());
    suite_add_tcase(suite, nats_lost_cases());
    suite_add_tcase(suite, nats_words_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
