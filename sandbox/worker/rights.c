/* rights.c -- users, groups and capabilities, given up and looked at again. See worker.h. */
#include "sandbox/worker/worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITY_MAX = 63 };
#define ID_CAPABILITIES (1u << CAP_SETUID | 1u << CAP_SETGID)

static bool set_capabilities(uint32_t mask)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{mask, mask, 0}};

    return syscall(SYS_capset, &head, data) == 0;
}

/* The bounding set goes first because that needs a capability. */
bool rights_close(void)
{
    for (int cap = 0; cap <= CAPABILITY_MAX; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL && errno != EPERM)
            return false;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return false;
    /* Without CAP_SETPCAP there is nothing that the bits would take away. */
    return prctl(PR_SET_SECUREBITS, SECURE_ALL_BITS | SECURE_ALL_LOCKS, 0, 0, 0) == 0 ||
           errno == EPERM;
}

/* Groups before the user. The C library's wrappers would wait for other threads. */
bool rights_become(uint32_t uid, uint32_t gid, bool give_ids)
{
    if (uid != 0 &&
        (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
         syscall(SYS_setresuid, uid, uid, uid) < 0))
        return false;
    return set_capabilities(give_ids ? ID_CAPABILITIES : 0);
}

/* Believes the kernel, not the calls before. */
static bool has_at_most(uint32_t mask)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2];

    return syscall(SYS_capget, &head, has) == 0 &&
           ((has[0].effective | has[0].permitted) & ~mask) == 0 && has[0].inheritable == 0 &&
           (has[1].effective | has[1].permitted | has[1].inheritable) == 0;
}

bool rights_are(uint32_t uid, bool give_ids)
{
    uid_t r, e, saved;

    if (getresuid(&r, &e, &saved) < 0 || (uid != 0 && (r != uid || e != uid || saved != uid)))
        return false;
    return has_at_most(give_ids ? ID_CAPABILITIES : 0);
}

bool rights_are_gone(void)
{
    return has_at_most(0);
}
