/* confine.c -- see confine.h. */
#include "authority/server/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

/* Every right of the first ABI: what is handled and not granted is refused. */
#define LANDLOCK_HANDLED ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define LANDLOCK_STATE                                                                             \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |  \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

static bool landlock_allow(int ruleset, const char *dir, struct err *e)
{
    auto_fd fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_STATE, .parent_fd = fd};

    if (fd < 0)
        return err_sys(e, "open '%s'", dir);
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        return err_sys(e, "landlock rule for '%s'", dir);
    return true;
}

static bool landlock_enter(const char *const *dirs, int *ret_abi, struct err *e)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_HANDLED};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    auto_fd ruleset = -1;

    *ret_abi = abi > 0 ? (int)abi : 0;
    if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
        return true;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return err_sys(e, "landlock ruleset");
    for (; *dirs != NULL; dirs++) {
        if (!landlock_allow(ruleset, *dirs, e))
            return false;
    }
    return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 || err_sys(e, "enter landlock");
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
/* Only without PROT_EXEC, their third argument. */
static const int permitted_data[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

static void auto_seccomp_release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static bool seccomp_fail(struct err *e, const char *what, int result)
{
    errno = -result;
    return err_sys(e, "%s", what);
}

static bool seccomp_enter(bool *ret, struct err *e)
{
    __attribute__((cleanup(auto_seccomp_release))) scmp_filter_ctx filter =
        seccomp_init(SCMP_ACT_KILL_PROCESS);
    int result = filter != NULL ? 0 : -ENOMEM;

    for (size_t i = 0; result == 0 && i < ARRAY_LEN(permitted); i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, permitted[i], 0);
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(permitted_data); i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, permitted_data[i], 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (result != 0)
        return seccomp_fail(e, "build the seccomp filter", result);
    result = seccomp_load(filter);
    if (result != 0)
        return seccomp_fail(e, "load the seccomp filter", result);
    *ret = true;
    return true;
}

static bool can_lock_memory(void)
{
    static const char page[64];

    return mlock(page, sizeof page) == 0 && munlock(page, sizeof page) == 0;
}

bool confine_late(const char *const *dirs, struct confinement *ret, struct err *e)
{
    struct confinement got = {.memory_locked = can_lock_memory()};

    if (confined &&
        (!landlock_enter(dirs, &got.landlock_abi, e) || !seccomp_enter(&got.seccomp, e)))
        return false;
    *ret = got;
    return true;
}
