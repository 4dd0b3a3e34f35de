/* walls.c -- see walls.h. */
#include "sandbox/supervisor/walls.h"

#include "sandbox/supervisor/limits.h"
#include "sandbox/supervisor/look.h"

#include <sched.h>
#include <unistd.h>

enum {
    MEMORY_SLACK_BYTES = 64 << 20, /* the worker itself, its stack and the C library */
    FILTERS_COLD = 2,              /* its zygote's and its own */
    FILTERS_WARM = 3,              /* its zygote's two and its own */
};
/* Of the attempt's own word, what no later instruction can undo; of a warm one's, which a plugin
 * could have forged, what its zygote was before it loaded the plugin stands instead. */
#define CLEAN_WORD                                                                                 \
    ((uint32_t)(LAYER_MNTNS | LAYER_LANDLOCK | LAYER_SCOPE | LAYER_DUMPABLE | LAYER_FDS))

/* Where a group bounds memory: one for all, above what any of them may use, which a zygote has for
 * those that it forks (limits.h). */
static uint64_t roomy_address_space(void)
{
    static uint64_t bytes;

    if (bytes == 0) {
        bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) +
                MEMORY_SLACK_BYTES;
        if (bytes < ATTEMPT_ADDRESS_SPACE_BYTES)
            bytes = ATTEMPT_ADDRESS_SPACE_BYTES;
    }
    return bytes;
}

uint64_t walls_address_space(const struct layers *have, uint64_t memory_bytes)
{
    if (cgroups_have(have->cgroups, CGROUP_MEMORY))
        return roomy_address_space();
    return memory_bytes + MEMORY_SLACK_BYTES;
}

bool walls_limit_zygote(const struct layers *have, pid_t pid, uint32_t uid, struct err *e)
{
    if (have->limits == LIMITS_INSIDE || !cgroups_have(have->cgroups, CGROUP_MEMORY))
        return true;
    return limits_set_zygote(pid, uid, have->limits, roomy_address_space(), e);
}

static bool enter_group(struct attempts *all, struct super_attempt *a, struct err *e)
{
    struct cgroup_limits limits = {
        .memory_bytes = a->request.memory_bytes,
        .pids_max = a->request.threads_max + 1,
    };

    if (fault_hit(all->faults, FAULT_GROUP))
        return err_set(e, ERR_UNAVAILABLE, "fault: no group");
    return cgroup_take(all->layers->cgroups, &limits, &a->group, e) &&
           cgroup_enter(a->group, a->pid, e);
}

static uint32_t user_of(const struct super_attempt *a)
{
    return a->uid != 0 ? a->uid : a->zygote->uid;
}

bool walls_raise(struct attempts *all, struct super_attempt *a, struct err *e)
{
    const struct process_limits limits = {
        .address_space_bytes = walls_address_space(all->layers, a->request.memory_bytes),
        .cpu_ms = a->request.cpu_ms,
        .threads = a->request.threads_max > 0,
        .inherits = cgroups_have(all->layers->cgroups, CGROUP_MEMORY),
    };

    return enter_group(all, a, e) &&
           (all->layers->limits == LIMITS_INSIDE ||
            limits_set(a->pid, user_of(a), all->layers->limits, &limits, e));
}

static bool is_warm(const struct super_attempt *a)
{
    return (a->request.flags & SPAWN_LOAD) == 0;
}

bool walls_look(const struct attempts *all, const struct super_attempt *a, uint32_t *ret_layers,
                struct err *e)
{
    const struct layers *have = all->layers;
    uint32_t word = is_warm(a) ? a->zygote->confined.layers : a->confined.layers;
    struct seen seen;

    if (!look_at(a->pid, all->files, &seen))
        return err_set(e, ERR_UNAVAILABLE, "it ended before it was let go");
    if (seen.no_new_privs != 1 ||
        !seen_is_filtered(&seen, have->own_filters + (is_warm(a) ? FILTERS_WARM : FILTERS_COLD)))
        return err_set(e, ERR_UNAVAILABLE, "seen from outside it lacks its filters");
    if (!seen_is_user(&seen, have->root ? user_of(a) : seen.uids[0]))
        return err_set(e, ERR_UNAVAILABLE, "seen from outside it is uid %u with capabilities %#jx",
                       seen.uids[0], (uintmax_t)seen.capabilities);
    *ret_layers = (have->outer & ~(uint32_t)LAYER_PIDNS) | (word & CLEAN_WORD) | LAYER_SECCOMP |
                  LAYER_NO_NEW_PRIVS | LAYER_CAPS | LAYER_RLIMITS;
    if ((have->outer & LAYER_PIDNS) != 0 && seen.pid_depth > 1)
        *ret_layers |= LAYER_PIDNS;
    return true;
}
