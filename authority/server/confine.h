/* confine.h -- what the authority process gives up, in two steps. Authority process only.
 *
 * confine_early comes before any key is in memory: no core dumps, no ptrace by our own user, no
 * descriptors but the standard ones and the socket, no new privileges. confine_late comes before
 * the first word of a peer: Landlock leaves only the folders that hold state (the root key is out
 * of reach from then on), seccomp leaves no way to start, connect, or map executable memory.
 *
 * seccomp is mandatory; a kernel without Landlock is reported in *ret. Sanitizers and coverage need
 * calls, files and a tracer that this forbids, so those builds define ORCH_UNCONFINED and stay
 * dumpable, without Landlock and seccomp: a sanitized build does not test confinement. */
#ifndef ORCH_AUTHORITY_SERVER_CONFINE_H
#define ORCH_AUTHORITY_SERVER_CONFINE_H

#include "base/err.h"

struct confinement {
    int landlock_abi; /* 0: the kernel has none */
    bool seccomp;
    bool memory_locked; /* false: keys could reach a swap device */
};

bool confine_early(int socket_fd, struct err *e) must_check;
/* dirs: the folders that stay readable and writable, ended by NULL. */
bool confine_late(const char *const *dirs, struct confinement *ret, struct err *e) must_check;

#endif
