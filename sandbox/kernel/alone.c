/* alone.c -- see alone.h. */
#include "sandbox/kernel/alone.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

bool alone_close_others(int keep_fd, struct err *e)
{
    unsigned keep = (unsigned)keep_fd;

    if (keep <= STDERR_FILENO)
        return err_set(e, ERR_INVALID, "the socket cannot be descriptor %d", keep_fd);
    if ((keep > 3 && close_range(3, keep - 1, 0) < 0) || close_range(keep + 1, ~0u, 0) < 0)
        return err_sys(e, "close inherited descriptors");
    return true;
}

bool alone_give_up(bool dumpable, struct err *e)
{
    static const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return err_sys(e, "forbid core files");
    /* A core_pattern pipe ignores RLIMIT_CORE 0, but not this (SANDBOX.md 2.1 P11). */
    if (!dumpable && prctl(PR_SET_DUMPABLE, 0) < 0)
        return err_sys(e, "forbid dumps");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "forbid new privileges");
    return true;
}
