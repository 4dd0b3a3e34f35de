/* limits.h -- the limits of a process, set from outside (SANDBOX.md 0.2), and those of ours, which
 * bound what can be given.
 *
 * Owns nothing. A limit is never above that which the supervisor was started with: then the lower
 * one holds, and what is too low for any attempt fails the start. */
#ifndef ORCH_SANDBOX_SUPERVISOR_LIMITS_H
#define ORCH_SANDBOX_SUPERVISOR_LIMITS_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct process_limits {
    uint64_t address_space_bytes, cpu_ms;
    bool threads;
};

/* ERR_UNSUPPORTED names the limit (and its letter in the shell) with which nothing could run. */
bool limits_suffice(struct err *e) must_check;
/* May the limits of this process be set by us? */
bool limits_reach(pid_t pid);
bool limits_set(pid_t pid, const struct process_limits *limits, struct err *e) must_check;
/* A warm zygote makes no process while it loads its plugin; the hard limit stays for later. */
bool limits_no_children(pid_t pid, bool on, struct err *e) must_check;

#endif
