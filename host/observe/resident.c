/* resident.c -- see resident.h. */
#include "observe/resident.h"

#include "base/auto.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int64_t resident_bytes(void)
{
    auto_file f = fopen("/proc/self/statm", "re");
    int64_t pages = 0;

    if (f == NULL || fscanf(f, "%*d %" SCNd64, &pages) != 1)
        return 0;
    return pages * sysconf(_SC_PAGESIZE);
}
