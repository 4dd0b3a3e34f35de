/* neighbours_test.c -- one attempt against the next, one tenant and one plugin against another:
 * nothing is handed on and nobody is held up. SANDBOX.md 0, issue 6. In each class of isolation, as
 * root and rootless. */
#include "neighbours.h"

static void add_part(Suite *suite, const char *name, void (*add)(TCase *))
{
    TCase *tests = tcase_create(name);

    tcase_set_timeout(tests, 120);
    add(tests);
    suite_add_tcase(suite, tests);
}

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("neighbours");

    add_part(suite, "memory", neighbours_add_memory);
    add_part(suite, "names", neighbours_add_names);
    add_part(suite, "supply", neighbours_add_supply);
    return suite;
}
