/* shared.c -- see shared.h. */
#include "shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void *shared_new(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("bench: shared memory");
        exit(1);
    }
    return p;
}
