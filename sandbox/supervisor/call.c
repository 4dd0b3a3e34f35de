/* call.c -- see call.h. */
#include "sandbox/supervisor/call.h"

#include "sandbox/profile/arch.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>

enum call_heard call_read(int listener, pid_t *ret_pid, struct call *ret)
{
    struct pollfd p = {.fd = listener, .events = POLLIN};
    struct seccomp_notif told = {0};
    uint32_t number;

    /* To receive without a look would block while nobody waits to be told of. */
    if (poll(&p, 1, 0) <= 0 || (p.revents & POLLIN) == 0)
        return (p.revents & (POLLHUP | POLLERR)) != 0 ? CALL_OVER : CALL_NONE;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told) < 0)
        return CALL_NONE;
    number = (uint32_t)told.data.nr;
    *ret_pid = (pid_t)told.pid;
    *ret = (struct call){
        .number = number,
        .foreign = told.data.arch != NATIVE_ARCH || (number & FOREIGN_BIT) != 0,
    };
    return CALL_FORBIDDEN;
}
