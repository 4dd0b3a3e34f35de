#include "suites.h"

#include "abi_text.h"

#include <stdlib.h>
#include <string.h>

static int print_abi(void)
{
    auto_done(buf) text = {0};

    abi_text(&text);
    return fputs(buf_text(&text), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    SRunner *runner;
    int failed;

    if (argc == 2 && strcmp(argv[1], "--print-abi") == 0)
        return print_abi();
    runner = srunner_create(abi_suite());
    srunner_add_suite(runner, json_read_suite());
    srunner_add_suite(runner, sdk_suite());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
