/* main.c -- the unit tests of host/api that need no socket. */
#include "suites.h"

#include "base/json.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("api");
    SRunner *runner;
    int failed;

    json_setup();
    suite_add_tcase(suite, router_cases());
    suite_add_tcase(suite, head_cases());
    suite_add_tcase(suite, http_cases());
    suite_add_tcase(suite, problem_cases());
    suite_add_tcase(suite, identity_cases());
    suite_add_tcase(suite, limits_cases());
    suite_add_tcase(suite, tokens_cases());
    suite_add_tcase(suite, idempotency_cases());
    suite_add_tcase(suite, envelope_cases());
    suite_add_tcase(suite, history_cases());
    suite_add_tcase(suite, made_cases());
    suite_add_tcase(suite, request_cases());
    suite_add_tcase(suite, turn_cases());
    suite_add_tcase(suite, ring_cases());
    suite_add_tcase(suite, stream_client_cases());
    suite_add_tcase(suite, stream_auth_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
