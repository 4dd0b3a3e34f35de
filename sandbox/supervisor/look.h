/* look.h -- what can be seen of a process from outside, whatever it says of itself.
 *
 * Owns nothing. A process can only ever lose what is seen here: filters and no_new_privs stay, and
 * without capabilities nobody gets an id or a namespace back. */
#ifndef ORCH_SANDBOX_SUPERVISOR_LOOK_H
#define ORCH_SANDBOX_SUPERVISOR_LOOK_H

#include "sandbox/supervisor/files.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct seen {
    uint32_t uids[4];      /* real, effective, saved, of files */
    uint64_t capabilities; /* inheritable, permitted, effective or ambient */
    int no_new_privs, seccomp;
    int filters; /* -1: this kernel does not say (before 5.9) */
    int threads;
    int pid_depth; /* pid namespaces in which it has a number, from ours on */
};

/* Of /proc/PID/status, whose descriptor is spent there; NULL: closed. False: there is no such
 * process.
 */
bool look_at(pid_t pid, struct files *files, struct seen *ret);
/* Its state's letter in /proc/PID/stat; 0: there is no such process. */
char look_state(pid_t pid);
/* Has this user alone and no capability. */
bool seen_is_user(const struct seen *seen, uint32_t uid);
/* In filter mode behind at least so many filters. */
bool seen_is_filtered(const struct seen *seen, int filters);

#endif
