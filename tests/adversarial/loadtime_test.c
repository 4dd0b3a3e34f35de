/* loadtime_test.c -- what a plugin does while it is being loaded reaches no further than what it
 * does in run(): SANDBOX.md 0. Issue 6, F3 to F5, F8, F10, F15. In each class of isolation, as root
 * and rootless. */
#include "loadtime.h"

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("loadtime");

    suite_add_part(suite, "calls", loadtime_add_calls);
    suite_add_part(suite, "walls", loadtime_add_walls);
    suite_add_part(suite, "processes", loadtime_add_processes);
    suite_add_part(suite, "ends", loadtime_add_ends);
    suite_add_part(suite, "strikes", loadtime_add_strikes);
    return suite;
}
