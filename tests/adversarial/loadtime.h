/* loadtime.h -- the parts of the suite loadtime. */
#ifndef ORCH_TESTS_ADVERSARIAL_LOADTIME_H
#define ORCH_TESTS_ADVERSARIAL_LOADTIME_H

#include "loads.h"
#include "outside.h"

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

void loadtime_add_calls(TCase *tests);
void loadtime_add_walls(TCase *tests);
void loadtime_add_processes(TCase *tests);
void loadtime_add_ends(TCase *tests);
void loadtime_add_strikes(TCase *tests);

#endif
