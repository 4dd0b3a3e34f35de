/* walk.h -- fails each system call that a function of this process makes, one after the other.
 *
 * A test that is linked with orch_fault_shim. After each trial: a failure has a reason in an error
 * that was empty, and there are as many descriptors as before. Memory is the sanitizer's to see. */
#ifndef ORCH_TESTS_FAULTS_WALK_H
#define ORCH_TESTS_FAULTS_WALK_H

#include "base/err.h"

struct fault_trial {
    /* What is tried; every call of it may fail. */
    bool (*act)(struct err *e);
    /* Looks at what came of it and takes it away again. Nothing fails here. */
    void (*after)(bool done);
};

/* Until the act meets no failure, which then must be done. How many places there were. */
unsigned fault_walk(const struct fault_trial *trial);

#endif
