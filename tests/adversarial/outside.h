/* outside.h -- what /proc and the groups tell of a process below the supervisor, whatever it says
 * of itself. */
#ifndef ORCH_TESTS_ADVERSARIAL_OUTSIDE_H
#define ORCH_TESTS_ADVERSARIAL_OUTSIDE_H

#include "harness.h"

enum { OUTSIDE_PIDS_MAX = 2048, OUTSIDE_SAMPLES_MIN = 10 };

struct outside {
    int pid;
    int seccomp, filters, no_new_privs; /* 2: a filter */
    uint64_t capabilities;              /* of all five sets together */
    unsigned uid[4];
    int numbers;    /* pid namespaces that it has a number in, as seen from here */
    char state;     /* R, S, ... */
    uint64_t bytes; /* resident */
    char limits[4096];
    char memory_group[512], pids_group[512]; /* folders; "" where there is no such controller */
};

/* Those below this process whose name begins so. */
int outside_find(const char *name, int pids[OUTSIDE_PIDS_MAX]);
/* False when it is no more. */
bool outside_look(int pid, struct outside *ret);
/* The number in a file of its memory group; -1 without one. */
int64_t outside_charge(const struct outside *o);

/* Turns until a process of this name is there, at most 5 s; its number, or 0. */
int outside_await(struct world *w, const char *name);
/* Every layer of the mask that can be seen from outside is there. */
void outside_expect_layers(const struct outside *o, uint32_t layers);

/* Looks at all processes below at every turn while it turns for ms, and often enough to judge. */
struct watch {
    unsigned samples;
    unsigned most;        /* processes at once */
    unsigned named;       /* samples in which one had the name */
    unsigned always_runs; /* processes that were seen and always in state R, with CPU for it */
    uint64_t bytes_most;  /* resident, of one process */
};
struct watch outside_watch(struct world *w, const char *name, int64_t ms);

#endif
