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
    bool inherits; /* its sizes are its zygote's: limits_set_zygote */
};

/* How we may set the limits of a process of another user: by right (CAP_SYS_RESOURCE, or it is no
 * other user), or as that user, whose real id we take on meanwhile; or not at all. */
enum limits_way { LIMITS_BY_RIGHT, LIMITS_AS_USER, LIMITS_INSIDE };

/* Before anything else here: reads our own. ERR_UNSUPPORTED names the limit (and its letter in the
 * shell) with which nothing could run. */
bool limits_suffice(struct err *e) must_check;
/* Tries it on this process, which has that uid and gid. */
enum limits_way limits_probe(pid_t pid, uint32_t uid);
/* way is not INSIDE. */
bool limits_set(pid_t pid, uint32_t uid, enum limits_way way, const struct process_limits *limits,
                struct err *e) must_check;
/* The sizes that all its attempts have: none of them, and no plugin that it loads, can raise it
 * again. */
bool limits_set_zygote(pid_t pid, uint32_t uid, enum limits_way way, uint64_t address_space_bytes,
                       struct err *e) must_check;
/* A warm zygote makes no process while it loads its plugin; the hard limit stays for later. */
bool limits_no_children(pid_t pid, uint32_t uid, enum limits_way way, bool on,
                        struct err *e) must_check;

#endif
