/* enter.c -- a zygote gives up everything, in the one order that works. Runs before any
 * byte of a plugin is executable. See worker.h. */
#include "sandbox/kernel/landlock.h"
#include "sandbox/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_NOT_CONFINED = 70, ZYGOTE_PROCESSES_MAX = 1024 };

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

bool enter_limit(int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit now, wanted_limit = {soft, hard};

    /* Lower than ours is as good: nobody could raise it. */
    if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
        return false;
    if (wanted_limit.rlim_max > now.rlim_max)
        wanted_limit.rlim_max = now.rlim_max;
    if (wanted_limit.rlim_cur > wanted_limit.rlim_max)
        wanted_limit.rlim_cur = wanted_limit.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &wanted_limit) == 0;
}

/* C7. Everything that is the same for all attempts; what differs the supervisor sets on each. */
static bool set_limits(void)
{
    static const struct {
        int resource;
        uint64_t value;
    } limits[] = {
        /* 1, not 0: with a pipe in core_pattern 0 still feeds the handler. */
        {RLIMIT_CORE, 1},        {RLIMIT_FSIZE, 0},
        {RLIMIT_MEMLOCK, 0},     {RLIMIT_MSGQUEUE, 0},
        {RLIMIT_RTPRIO, 0},      {RLIMIT_NICE, 0},
        {RLIMIT_SIGPENDING, 64}, {RLIMIT_NPROC, ZYGOTE_PROCESSES_MAX},
    };

    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (!enter_limit(limits[i].resource, limits[i].value, limits[i].value))
            return false;
    return true;
}

/* C10. The attempts' own rule set is made here because their filter lacks the call. */
static void enter_landlock(struct zygote *z)
{
    bool scoped = wanted(z, LAYER_SCOPE);
    auto_fd own = landlock_ruleset(scoped);
    auto_fd attempts = landlock_ruleset(scoped);
    bool ok = own >= 0 && attempts >= 0;

    ok = ok && dup3(attempts, FD_RULESET, O_CLOEXEC) == FD_RULESET && landlock_enter(own);
    entered(z, LAYER_BIT_LANDLOCK, ok);
    if (ok && scoped)
        entered(z, LAYER_BIT_SCOPE, landlock_abi() >= LANDLOCK_ABI_SCOPE);
}

static void must(bool ok)
{
    if (!ok)
        _exit(EXIT_NOT_CONFINED);
}

static long install(struct profile_bpf *filter, unsigned flags)
{
    struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = filter->insns};
    uint32_t self = (uint32_t)getpid();

    for (uint32_t i = 0; i < filter->patch_count; i++)
        filter->insns[filter->patches[i]].k = self;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

bool enter_filter(struct profile_bpf *filter)
{
    return install(filter, 0) == 0;
}

/* C11. With somebody to tell of what it forbids, if the kernel has that and nobody above us, such
 * as the host of a container, listens already; else it kills and nobody hears for what. */
static void enter_zygote_filter(struct zygote *z)
{
    z->listener = -1;
    if (z->setup.deaf == 0)
        z->listener = (int)install(&z->filters.telling, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    must(z->listener >= 0 || enter_filter(&z->filters.zygote));
}

/* A clean zygote of a host with users to give keeps the two capabilities that this needs. It runs
 * nothing but this program. */
static void enter_rights(struct zygote *z)
{
    const struct zygote_setup *s = &z->setup;
    bool give_ids = s->give_ids != 0;

    entered(z, LAYER_BIT_CAPS,
            rights_close() && rights_become(s->uid, s->gid, give_ids) &&
                rights_are(s->uid, give_ids));
}

static void enter_name(const struct zygote *z)
{
    static const char name[] = "orch";

    if (z->setup.own_name != 0)
        must(sethostname(name, sizeof name - 1) == 0 && setdomainname("", 0) == 0);
}

void enter_zygote(struct zygote *z)
{
    z->confined.landlock_abi = landlock_abi();
    z->confined.landlock_errata = landlock_errata();
    must(close_range(FD_FIRST_FREE, ~0u, 0) == 0);
    entered(z, LAYER_BIT_FDS, true);
    enter_name(z);
    if (wanted(z, LAYER_MNTNS))
        entered(z, LAYER_BIT_MNTNS, root_enter());
    enter_rights(z);
    must(set_limits());
    entered(z, LAYER_BIT_RLIMITS, true);
    /* After the ids, which reset both. */
    entered(z, LAYER_BIT_DUMPABLE, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    entered(z, LAYER_BIT_NO_NEW_PRIVS, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    if (wanted(z, LAYER_LANDLOCK))
        enter_landlock(z);
    must(trap_install());
    enter_zygote_filter(z);
    entered(z, LAYER_BIT_SECCOMP, prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
}
