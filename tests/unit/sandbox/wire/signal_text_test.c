/* signal_text_test.c -- every number has a name that can be read. */
#include "sandbox/wire/signal_text.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

static const struct {
    int number;
    const char *text;
} rows[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGSYS, "SIGSYS"},       {SIGKILL, "SIGKILL"},
    {34, "SIGRTMIN+0"},   {34 + 30, "SIGRTMIN+30"}, {32, "signal 32"},
    {33, "signal 33"},    {0, "signal 0"},          {-2147483647, "signal -2147483647"},
};

START_TEST(a_signal_has_a_name)
{
    ck_assert_int_eq(SIGRTMIN, 34);
    ck_assert_str_eq(signal_text(rows[_i].number).text, rows[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signal_text");
    TCase *tests = tcase_create("signal_text");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tests, a_signal_has_a_name, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
