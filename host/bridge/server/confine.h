/* confine.h -- what the bridge gives up before the first word of anybody: the files but those of
 * the resolver, every other process, the right to start a program or map code, and root. It keeps
 * the network: that is what it is for.
 *
 * seccomp is mandatory; a kernel without Landlock is reported in *ret. A call that is not in the
 * list fails with EPERM: what the C library tries without need does not end it. Sanitizers and
 * coverage need calls and files that this forbids, so those builds define ORCH_UNCONFINED and keep
 * their files, their calls and their uid. */
#ifndef ORCH_BRIDGE_SERVER_CONFINE_H
#define ORCH_BRIDGE_SERVER_CONFINE_H

#include "base/err.h"

#include <sys/types.h>

struct bridge_confinement {
    uint32_t landlock_abi; /* 0: the kernel has none */
    bool seccomp;
    uid_t uid; /* nobody's, where it was started by root */
};

bool bridge_confine(int socket_fd, struct bridge_confinement *ret, struct err *e) must_check;

#endif
