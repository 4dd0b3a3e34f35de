/* confine.c -- see confine.h. */
#include "authority/server/confine.h"

#include "sandbox/kernel/filter.h"
#include "sandbox/kernel/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef ORCH_UNCONFINED
static const bool confined = false;
#else
static const bool confined = true;
#endif

static bool close_others(int socket_fd, struct err *e)
{
    unsigned keep = (unsigned)socket_fd;

    if (keep <= STDERR_FILENO)
        return err_set(e, ERR_INVALID, "the socket cannot be descriptor %d", socket_fd);
    if ((keep > 3 && close_range(3, keep - 1, 0) < 0) || close_range(keep + 1, ~0u, 0) < 0)
        return err_sys(e, "close inherited descriptors");
    return true;
}

/* As much locked memory as the hard limit gives; keys need a few pages. */
static bool raise_memlock(struct err *e)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
        return err_sys(e, "read the limit of locked memory");
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 || err_sys(e, "raise locked memory");
}

bool confine_early(int socket_fd, struct err *e)
{
    static const struct rlimit none = {0, 0};

    if (!close_others(socket_fd, e) || !raise_memlock(e))
        return false;
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return err_sys(e, "forbid core files");
    /* A core_pattern pipe ignores RLIMIT_CORE 0, but not this (SANDBOX.md 2.1 P11). */
    if (confined && prctl(PR_SET_DUMPABLE, 0) < 0)
        return err_sys(e, "forbid dumps");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "forbid new privileges");
    return true;
}

static bool landlock(const char *const *dirs, int *ret_abi, struct err *e)
{
    auto_fd ruleset = -1;

    *ret_abi = (int)landlock_abi();
    if (*ret_abi == 0)
        return true;
    ruleset = landlock_ruleset(false);
    if (ruleset < 0)
        return err_sys(e, "landlock ruleset");
    for (; *dirs != NULL; dirs++)
        if (!landlock_grant(ruleset, *dirs, LANDLOCK_GRANT_STATE))
            return err_sys(e, "landlock rule for '%s'", *dirs);
    return landlock_enter(ruleset) || err_sys(e, "enter landlock");
}

/* What answering needs, by reason; anything else ends the process. */
static const int permitted[] = {
    /* the socket, the pipes, the log */
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    /* large bodies as sealed memfds */
    SCMP_SYS(memfd_create),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    /* the trust folder and the revoked tokens */
    SCMP_SYS(openat),
    SCMP_SYS(getdents64),
    SCMP_SYS(fchmod),
    SCMP_SYS(fsync),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(geteuid),
    SCMP_SYS(getpid),
    /* memory: the allocator and sodium_malloc's locked, fenced pages */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(futex),
    /* nonces, time, the end; the last three are abort()'s */
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
};
static bool can_lock_memory(void)
{
    static const char page[64];

    return mlock(page, sizeof page) == 0 && munlock(page, sizeof page) == 0;
}

bool confine_late(const char *const *dirs, struct confinement *ret, struct err *e)
{
    static const struct filter_calls calls = {permitted, ARRAY_LEN(permitted), FILTER_KILL};
    struct confinement got = {.memory_locked = can_lock_memory()};

    if (confined && (!landlock(dirs, &got.landlock_abi, e) || !filter_enter(&calls, e)))
        return false;
    got.seccomp = confined;
    *ret = got;
    return true;
}
