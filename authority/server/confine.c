/* confine.c -- see confine.h. */
#include "authority/server/confine.h"

#include "sandbox/kernel/alone.h"
#include "sandbox/kernel/filter.h"
#include "sandbox/kernel/landlock.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef ORCH_UNCONFINED
static const bool confined = false;
#else
static const bool confined = true;
#endif

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
    return alone_close_others(socket_fd, e) && raise_memlock(e) && alone_give_up(!confined, e);
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
