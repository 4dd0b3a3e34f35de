/* loadtime_test.c -- what a plugin does while it is being loaded reaches no further than what it
 * does in run(): SANDBOX.md 0. Issue 6, F3 to F5, F8, F10, F15. In each class of isolation, as root
 * and rootless. */
#include "loadtime.h"

static void add_part(Suite *suite, const char *name, void (*add)(TCase *))
{
    TCase *tests = tcase_create(name);

    tcase_set_timeout(tests, 120);
    add(tests);
    suite_add_tcase(suite, tests);
}

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("loadtime");

    add_part(suite, "calls", loadtime_add_calls);
    add_part(suite, "walls", loadtime_add_walls);
    add_part(suite, "processes", loadtime_add_processes);
    add_part(suite, "ends", loadtime_add_ends);
    add_part(suite, "strikes", loadtime_add_strikes);
    return suite;
}
