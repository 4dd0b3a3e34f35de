/* limits.c -- see limits.h. */
#include "sandbox/supervisor/limits.h"

#include "sandbox/wire/super_wire.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIB 1024ULL

/* Ours do not change once limits_suffice has looked, and every attempt needs them. */
static struct rlimit own_limits[RLIM_NLIMITS];

static bool set(pid_t pid, int resource, uint64_t soft, uint64_t hard)
{
    const struct rlimit *own = &own_limits[resource];
    struct rlimit limit = {soft, hard};

    if (limit.rlim_max > own->rlim_max)
        limit.rlim_max = own->rlim_max;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    return prlimit(pid, (enum __rlimit_resource)resource, &limit, NULL) == 0;
}

static bool read_own(struct err *e)
{
    for (int i = 0; i < (int)RLIM_NLIMITS; i++)
        if (getrlimit((__rlimit_resource_t)i, &own_limits[i]) < 0)
            return err_sys(e, "read our limits");
    return true;
}

/* It is ours and the host's too, and would end them. */
static bool cpu_is_unlimited(struct err *e)
{
    uint64_t soft = own_limits[RLIMIT_CPU].rlim_cur;

    return soft == RLIM_INFINITY ||
           err_set(e, ERR_UNSUPPORTED, "RLIMIT_CPU (ulimit -t) is %ju s: it would end the host",
                   (uintmax_t)soft);
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

    if (!read_own(e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        struct rlimit own = own_limits[needs[i].resource];

        if (own.rlim_max < needs[i].least)
            return err_set(e, ERR_UNSUPPORTED, "%s is %ju: an attempt needs at least %ju",
                           needs[i].name, (uintmax_t)(own.rlim_max / needs[i].unit),
                           (uintmax_t)(needs[i].least / needs[i].unit));
    }
    return cpu_is_unlimited(e);
}

/* The kernel compares real ids with those of the process; the effective ones stay, and with them
 * all our rights. We have one thread, and nobody else may see us like this for long. */
static bool take_on(uint32_t id)
{
    return syscall(SYS_setresgid, id, -1, -1) == 0 && syscall(SYS_setresuid, id, -1, -1) == 0;
}

/* Rather no supervisor than one that is somebody else. */
static void be_ourselves(void)
{
    if (!take_on(0))
        abort();
}

/* For what only the user of a process may do to it; in any case ended by be_ourselves_again. */
static bool be_its_user(enum limits_way way, uint32_t uid)
{
    return way != LIMITS_AS_USER || take_on(uid);
}

static void be_ourselves_again(enum limits_way way)
{
    if (way == LIMITS_AS_USER)
        be_ourselves();
}

enum limits_way limits_probe(pid_t pid, uint32_t uid)
{
    bool ok;

    if (set(pid, RLIMIT_FSIZE, 0, 0))
        return LIMITS_BY_RIGHT;
    if (geteuid() != 0 || uid == 0)
        return LIMITS_INSIDE;
    ok = take_on(uid) && set(pid, RLIMIT_FSIZE, 0, 0);
    be_ourselves();
    return ok ? LIMITS_AS_USER : LIMITS_INSIDE;
}

static bool set_sizes(pid_t pid, uint64_t address_space_bytes)
{
    return set(pid, RLIMIT_AS, address_space_bytes, address_space_bytes) &&
           set(pid, RLIMIT_DATA, address_space_bytes, address_space_bytes) &&
           set(pid, RLIMIT_STACK, ATTEMPT_STACK_BYTES, ATTEMPT_STACK_BYTES);
}

static bool set_all(pid_t pid, const struct process_limits *l)
{
    uint64_t cpu_s = l->cpu_ms / 1000 + 1;

    /* A zygote has the files of the orders that wait for it as well. */
    return (l->inherits || set_sizes(pid, l->address_space_bytes)) &&
           set(pid, RLIMIT_NOFILE, ATTEMPT_FILES_MAX, ATTEMPT_FILES_MAX) &&
           set(pid, RLIMIT_CPU, cpu_s, cpu_s + 1) && /* behind the look at its time */
           (l->threads || set(pid, RLIMIT_NPROC, 0, 0));
}

bool limits_set(pid_t pid, uint32_t uid, enum limits_way way, const struct process_limits *limits,
                struct err *e)
{
    bool ok;

    assert(way != LIMITS_INSIDE);
    ok = (be_its_user(way, uid) && set_all(pid, limits)) || err_sys(e, "set an attempt's limits");
    be_ourselves_again(way);
    return ok;
}

bool limits_set_zygote(pid_t pid, uint32_t uid, enum limits_way way, uint64_t address_space_bytes,
                       struct err *e)
{
    bool ok;

    assert(way != LIMITS_INSIDE);
    ok = (be_its_user(way, uid) && set_sizes(pid, address_space_bytes)) ||
         err_sys(e, "set a zygote's limits");
    be_ourselves_again(way);
    return ok;
}

static bool hold_children(pid_t pid, bool on)
{
    struct rlimit now;

    if (prlimit(pid, RLIMIT_NPROC, NULL, &now) < 0)
        return false;
    now.rlim_cur = on ? 0 : now.rlim_max;
    return prlimit(pid, RLIMIT_NPROC, &now, NULL) == 0;
}

bool limits_no_children(pid_t pid, uint32_t uid, enum limits_way way, bool on, struct err *e)
{
    bool ok;

    assert(way != LIMITS_INSIDE);
    ok = (be_its_user(way, uid) && hold_children(pid, on)) || err_sys(e, "set a zygote's limits");
    be_ourselves_again(way);
    return ok;
}
