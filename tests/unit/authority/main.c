/* main.c -- runs the tests of authority/, but those of the process. */
#include "suites.h"

#include "base/json.h"
#include "base/log.h"

#include <stdlib.h>

int main(void)
{
    static TCase *(*const cases[])(void) = {
        key_cases,    openssl_cases,       keyring_cases,    dsse_cases,    trust_cases,
        grant_cases,  token_cases,         revoked_cases,    secret_cases,  pour_cases,
        client_cases, token_refused_cases, trust_file_cases, confine_cases, history_cases,
    };
    Suite *suite = suite_create("authority");
    SRunner *runner;
    int failed;

    json_setup();
    log_setup("authority_test", LOG_ERROR, false);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        suite_add_tcase(suite, cases[i]());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
