/* sort.h -- qsort of what mostly comes in order, as names that a generator made: one comparison an
 * item then. */
#ifndef ORCH_BASE_SORT_H
#define ORCH_BASE_SORT_H

#include <stddef.h>

void sort_mostly_ordered(void *items, size_t count, size_t bytes,
                         int (*order)(const void *a, const void *b));

#endif
