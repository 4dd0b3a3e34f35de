/* main.c -- runs the tests of host/cli. */
#include "suites.h"

#include "base/json.h"

#include <locale.h>
#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("cli");
    SRunner *runner;
    int failed;

    setlocale(LC_CTYPE, "C.UTF-8");
    json_setup();
    suite_add_tcase(suite, table_cases());
    suite_add_tcase(suite, parse_cases());
    suite_add_tcase(suite, out_cases());
    suite_add_tcase(suite, out_file_cases());
    suite_add_tcase(suite, tree_cases());
    suite_add_tcase(suite, finding_cases());
    suite_add_tcase(suite, explain_cases());
    suite_add_tcase(suite, client_cases());
    suite_add_tcase(suite, verify_cases());
    suite_add_tcase(suite, mutation_cases());
    suite_add_tcase(suite, ledger_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
