/* call.h -- the system calls that a zygote's filter forbids, as the kernel tells them
 * (SECCOMP_RET_USER_NOTIF). A thread that made one sleeps in it, and the call is never made: nobody
 * here answers, the process is killed. When the supervisor is gone the call fails instead, and so
 * soon after does all below it. ADR 33. */
#ifndef ORCH_SANDBOX_SUPERVISOR_CALL_H
#define ORCH_SANDBOX_SUPERVISOR_CALL_H

#include "sandbox/wire/super_wire.h"

enum call_heard {
    CALL_NONE, /* who made it has been killed since */
    CALL_FORBIDDEN,
    CALL_OVER, /* no process has the filter any more */
};

/* Of a listener that is ready; never blocks. pid: of the thread, as we see it. */
enum call_heard call_read(int listener, pid_t *ret_pid, struct call *ret);

#endif
