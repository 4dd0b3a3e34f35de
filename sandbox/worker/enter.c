/* enter.c -- a zygote gives up everything, in the one order that works. Runs before any
 * byte of the plugin is executable. See worker.h. */
#include "sandbox/kernel/landlock.h"
#include "sandbox/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_NOT_CONFINED = 70, ZYGOTE_PROCESSES_MAX = 1024, CAPABILITY_MAX = 63 };

static bool wanted(const struct zygote *z, uint32_t layer)
{
    return (z->setup.layers & layer) != 0;
}

static void entered(struct zygote *z, enum layer_bit bit, bool ok)
{
    if (ok)
        z->confined.layers |= 1u << bit;
    else
        z->confined.errnos[bit] = errno;
}

/* C6. The bounding set goes first because that needs a capability; groups before the user. */
static bool drop_rights(const struct zygote_setup *s)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    for (int cap = 0; cap <= CAPABILITY_MAX; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM)
            return false;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return false;
    /* Without CAP_SETPCAP there is nothing that the bits would take away. */
    if (prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0) < 0 && errno != EPERM)
        return false;
    if (s->uid != 0 && (syscall(SYS_setgroups, 0, NULL) < 0 ||
                        syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0 ||
                        syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0))
        return false;
    return syscall(SYS_capset, &head, none) == 0;
}

/* Believes the kernel, not the calls before. */
static bool rights_are_gone(const struct zygote_setup *s)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2];
    uid_t r, e, saved;

    if (syscall(SYS_capget, &head, has) < 0 || getresuid(&r, &e, &saved) < 0)
        return false;
    if (s->uid != 0 && (r != s->uid || e != s->uid || saved != s->uid))
        return false;
    return (has[0].effective | has[0].permitted | has[0].inheritable | has[1].effective |
            has[1].permitted | has[1].inheritable) == 0;
}

/* C7. Everything that is the same for all attempts; what differs the supervisor sets on each. */
static bool set_limits(void)
{
    static const struct {
        int resource;
        rlim_t value;
    } limits[] = {
        /* 1, not 0: with a pipe in core_pattern 0 still feeds the handler. */
        {RLIMIT_CORE, 1},        {RLIMIT_FSIZE, 0},
        {RLIMIT_MEMLOCK, 0},     {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_RTPRIO, 0},      {RLIMIT_NICE, 0},
        {RLIMIT_SIGPENDING, 64}, {RLIMIT_NPROC, ZYGOTE_PROCESSES_MAX},
    };

    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct rlimit limit = {limits[i].value, limits[i].value};

        if (setrlimit(limits[i].resource, &limit) < 0)
            return false;
    }
    return true;
}

/* C10. The attempts' own rule set is made here because their filter lacks the call. */
static void enter_landlock(struct zygote *z)
{
    bool scoped = wanted(z, LAYER_SCOPE);
    auto_fd own = landlock_ruleset(scoped);
    auto_fd attempts = landlock_ruleset(scoped);
    bool ok = own >= 0 && attempts >= 0;

    if (ok && (z->confined.layers & LAYER_MNTNS) != 0)
        ok = landlock_allow_read(own, "/p");
    ok = ok && dup3(attempts, FD_RULESET, O_CLOEXEC) == FD_RULESET && landlock_enter(own);
    entered(z, LAYER_BIT_LANDLOCK, ok);
    if (ok && scoped)
        entered(z, LAYER_BIT_SCOPE, landlock_abi() >= LANDLOCK_ABI_SCOPE);
}

bool enter_filter(struct profile_bpf *filter)
{
    struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = filter->insns};
    uint32_t self = (uint32_t)getpid();

    for (uint32_t i = 0; i < filter->patch_count; i++)
        filter->insns[filter->patches[i]].k = self;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static void must(bool ok)
{
    if (!ok)
        _exit(EXIT_NOT_CONFINED);
}

void enter_zygote(struct zygote *z)
{
    bool probe = (z->setup.flags & ZYGOTE_PROBE) != 0;

    z->confined.landlock_abi = landlock_abi();
    z->confined.landlock_errata = landlock_errata();
    must(close_range(FD_FIRST_FREE, ~0u, 0) == 0);
    entered(z, LAYER_BIT_FDS, true);
    if (wanted(z, LAYER_MNTNS))
        entered(z, LAYER_BIT_MNTNS, root_enter(z->setup.digest, probe ? -1 : FD_PLUGIN));
    entered(z, LAYER_BIT_CAPS, drop_rights(&z->setup) && rights_are_gone(&z->setup));
    must(set_limits());
    entered(z, LAYER_BIT_RLIMITS, true);
    /* After the ids, which reset both. */
    entered(z, LAYER_BIT_DUMPABLE, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    entered(z, LAYER_BIT_NO_NEW_PRIVS, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    if (wanted(z, LAYER_LANDLOCK))
        enter_landlock(z);
    must(enter_filter(&z->filters.load));
    entered(z, LAYER_BIT_SECCOMP, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
}
