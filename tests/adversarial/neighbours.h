/* neighbours.h -- the parts of the suite neighbours. */
#ifndef ORCH_TESTS_ADVERSARIAL_NEIGHBOURS_H
#define ORCH_TESTS_ADVERSARIAL_NEIGHBOURS_H

#include "loads.h"
#include "outside.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

void neighbours_add_memory(TCase *tests);
void neighbours_add_names(TCase *tests);
void neighbours_add_supply(TCase *tests);

#endif
