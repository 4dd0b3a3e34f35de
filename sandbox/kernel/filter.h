/* filter.h -- an allow-list of system calls for a process of ours that runs nobody's plugin (those
 * have sandbox/profile). Needs no_new_privs; holds for all threads, for good. */
#ifndef ORCH_SANDBOX_KERNEL_FILTER_H
#define ORCH_SANDBOX_KERNEL_FILTER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum filter_else { FILTER_KILL, FILTER_EPERM };

struct filter_calls {
    const int *any; /* numbers of calls, SCMP_SYS(name) */
    size_t any_count;
    enum filter_else or ; /* what becomes of every other call; mapping code is one */
};

/* mmap and mprotect are among them, but without PROT_EXEC. */
bool filter_enter(const struct filter_calls *calls, struct err *e) must_check;

#endif
