/* neighbours_test.c -- one attempt against the next, one tenant and one plugin against another:
 * nothing is handed on and nobody is held up. SANDBOX.md 0, issue 6. In each class of isolation, as
 * root and rootless. */
#include "neighbours.h"

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("neighbours");

    suite_add_part(suite, "memory", neighbours_add_memory);
    suite_add_part(suite, "names", neighbours_add_names);
    suite_add_part(suite, "supply", neighbours_add_supply);
    return suite;
}
