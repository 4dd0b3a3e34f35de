/* faults.h -- failures on demand, for tests: --fault
 * group:3,fork:5,files:64,slow:50,inside:1,deaf:1 makes every 3rd group and every 5th fork fail,
 * leaves at most 64 descriptors, lets 50 ms pass before each look at what came, so that whatever
 * may be there at once is, takes away the right to set the limits of others, and listens to no
 * filter, as under somebody who does. Nothing of it without the argument. */
#ifndef ORCH_SANDBOX_SUPERVISOR_FAULTS_H
#define ORCH_SANDBOX_SUPERVISOR_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

enum fault { FAULT_GROUP, FAULT_FORK, FAULT_COUNT };

struct faults {
    struct {
        uint32_t every, seen; /* every 0: never */
    } of[FAULT_COUNT];
    uint32_t slow_ms;
    bool limit_inside;
    bool deaf;
};

/* Cuts list up. "files" takes effect at once. */
bool faults_parse(struct faults *f, char *list);
bool fault_hit(struct faults *f, enum fault fault);

#endif
