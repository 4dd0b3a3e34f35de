/* confine.c -- see confine.h. */
#include "bridge/server/confine.h"

#include "base/auto.h"
#include "sandbox/kernel/alone.h"
#include "sandbox/kernel/filter.h"
#include "sandbox/kernel/landlock.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <unistd.h>

#ifdef ORCH_UNCONFINED
static const bool confined = false;
#else
static const bool confined = true;
#endif

enum { NOBODY = 65534 }; /* Debian's, and the kernel's for whom it does not know */

/* What a name is resolved by. */
static const char *const readable[] = {
    "/etc/gai.conf",      "/etc/host.conf",       "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/resolv.conf",     "/etc/services",
    "/etc/ssl",           "/run/systemd/resolve", "/usr/share/ca-certificates",
};

/* What it needs, by reason; anything else is refused. */
static const int permitted[] = {
    /* the link, the log, files */
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    SCMP_SYS(memfd_create),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(openat),
    /* the network, a resolver's too */
    SCMP_SYS(socket),
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(ioctl),
    /* the loop */
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    /* memory, and the threads that resolve names */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    /* time, numbers, the end */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(geteuid),
    SCMP_SYS(uname),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(tgkill),
#ifdef __x86_64__
    SCMP_SYS(epoll_wait),
#endif
};

/* With the ids of nobody go all rights of root's. */
static bool become_nobody(struct err *e)
{
    if (!confined || geteuid() != 0)
        return true;
    if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) < 0)
        return err_sys(e, "become nobody");
    return true;
}

/* A domain bars the network, too, where the kernel can; so it is asked for files alone. */
static bool landlock(uint32_t *ret_abi, struct err *e)
{
    auto_fd ruleset = -1;

    *ret_abi = landlock_abi();
    if (*ret_abi == 0)
        return true;
    ruleset = landlock_ruleset_files();
    if (ruleset < 0)
        return err_sys(e, "landlock ruleset");
    for (size_t i = 0; i < ARRAY_LEN(readable); i++)
        if (!landlock_grant(ruleset, readable[i], LANDLOCK_GRANT_READ) && errno != ENOENT)
            return err_sys(e, "landlock rule for '%s'", readable[i]);
    return landlock_enter(ruleset) || err_sys(e, "enter landlock");
}

bool bridge_confine(int socket_fd, struct bridge_confinement *ret, struct err *e)
{
    static const struct filter_calls calls = {permitted, ARRAY_LEN(permitted), FILTER_EPERM};
    struct bridge_confinement got = {0};

    if (!alone_close_others(socket_fd, e) || !become_nobody(e) || !alone_give_up(!confined, e))
        return false;
    if (confined && (!landlock(&got.landlock_abi, e) || !filter_enter(&calls, e)))
        return false;
    got.seccomp = confined;
    got.uid = geteuid();
    *ret = got;
    return true;
}
