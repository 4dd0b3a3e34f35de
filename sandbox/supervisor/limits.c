/* limits.c -- see limits.h. */
#include "sandbox/supervisor/limits.h"

#include "sandbox/wire/super_wire.h"

#include <sys/resource.h>

#define KIB 1024ULL

static bool set(pid_t pid, int resource, uint64_t soft, uint64_t hard)
{
    struct rlimit own, limit = {soft, hard};

    if (getrlimit((__rlimit_resource_t)resource, &own) < 0)
        return false;
    if (limit.rlim_max > own.rlim_max)
        limit.rlim_max = own.rlim_max;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    return prlimit(pid, (enum __rlimit_resource)resource, &limit, NULL) == 0;
}

/* It is ours and the host's too, and would end them. */
static bool cpu_is_unlimited(struct err *e)
{
    struct rlimit own;

    if (getrlimit(RLIMIT_CPU, &own) < 0)
        return err_sys(e, "read RLIMIT_CPU");
    return own.rlim_cur == RLIM_INFINITY ||
           err_set(e, ERR_UNSUPPORTED, "RLIMIT_CPU (ulimit -t) is %ju s: it would end the host",
                   (uintmax_t)own.rlim_cur);
}

bool limits_suffice(struct err *e)
{
    static const struct {
        int resource;
        const char *name;
        uint64_t least, unit;
    } needs[] = {
        {RLIMIT_STACK, "RLIMIT_STACK (ulimit -s)", 128 * KIB, KIB},
        {RLIMIT_AS, "RLIMIT_AS (ulimit -v)", 384 * KIB * KIB, KIB},
        {RLIMIT_DATA, "RLIMIT_DATA (ulimit -d)", 384 * KIB * KIB, KIB},
        {RLIMIT_NOFILE, "RLIMIT_NOFILE (ulimit -n)", 64, 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct rlimit own;

        if (getrlimit((__rlimit_resource_t)needs[i].resource, &own) < 0)
            return err_sys(e, "read %s", needs[i].name);
        if (own.rlim_max < needs[i].least)
            return err_set(e, ERR_UNSUPPORTED, "%s is %ju: an attempt needs at least %ju",
                           needs[i].name, (uintmax_t)(own.rlim_max / needs[i].unit),
                           (uintmax_t)(needs[i].least / needs[i].unit));
    }
    return cpu_is_unlimited(e);
}

bool limits_reach(pid_t pid)
{
    return set(pid, RLIMIT_FSIZE, 0, 0);
}

bool limits_set(pid_t pid, const struct process_limits *l, struct err *e)
{
    uint64_t cpu_s = l->cpu_ms / 1000 + 1;

    if (!set(pid, RLIMIT_AS, l->address_space_bytes, l->address_space_bytes) ||
        !set(pid, RLIMIT_DATA, l->address_space_bytes, l->address_space_bytes) ||
        !set(pid, RLIMIT_STACK, ATTEMPT_STACK_BYTES, ATTEMPT_STACK_BYTES) ||
        !set(pid, RLIMIT_NOFILE, ATTEMPT_FILES_MAX, ATTEMPT_FILES_MAX) ||
        !set(pid, RLIMIT_CPU, cpu_s, cpu_s + 1) || /* behind the look at its time */
        (!l->threads && !set(pid, RLIMIT_NPROC, 0, 0)))
        return err_sys(e, "set an attempt's limits");
    return true;
}

bool limits_no_children(pid_t pid, bool on, struct err *e)
{
    struct rlimit now;

    if (prlimit(pid, RLIMIT_NPROC, NULL, &now) < 0)
        return err_sys(e, "read a zygote's limits");
    now.rlim_cur = on ? 0 : now.rlim_max;
    return prlimit(pid, RLIMIT_NPROC, &now, NULL) == 0 || err_sys(e, "set a zygote's limits");
}
