/* seeds.c -- see seeds.h. */
#include "seeds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool seeds_parse(int argc, char **argv, uint64_t to, uint64_t *ret_from, uint64_t *ret_to)
{
    *ret_from = 1;
    *ret_to = to;
    if (argc == 1)
        return true;
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0 &&
        sscanf(argv[2], "%" SCNu64 "..%" SCNu64, ret_from, ret_to) == 2 && *ret_from <= *ret_to)
        return true;
    fprintf(stderr, "usage: %s [--seeds A..B]\n", argv[0]);
    return false;
}

void seeds_use_memory(void)
{
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
}
