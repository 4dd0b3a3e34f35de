/* sort.c -- see sort.h. */
#include "base/sort.h"

#include <stdlib.h>

void sort_mostly_ordered(void *items, size_t count, size_t bytes,
                         int (*order)(const void *a, const void *b))
{
    const char *at = items;
    size_t i = 1;

    for (; i < count && order(at, at + bytes) <= 0; i++)
        at += bytes;
    if (i < count)
        qsort(items, count, bytes, order);
}
