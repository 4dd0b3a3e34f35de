/* layer.h -- the layers of confinement as one list: bit, name, what its absence means. The worker
 * reports a mask of them from inside, before any input is released; a mask gives a level, and a
 * level below the policy's minimum runs nothing (SANDBOX.md 2.7).
 *
 * Level 4: every layer. 3: each attack class is still closed by one layer or another. 2: no new
 * rights, system calls filtered, the file system closed. 1: only the filter. 0: no filter. */
#ifndef ORCH_SANDBOX_WIRE_LAYER_H
#define ORCH_SANDBOX_WIRE_LAYER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*     code         name              consequence when it is missing */
#define LAYER_MAP(XX)                                                                              \
    XX(SECCOMP, "seccomp", "no plugin is run")                                                     \
    XX(NO_NEW_PRIVS, "no_new_privs", "no plugin is run")                                           \
    XX(CAPS, "capabilities", "an attempt keeps rights of its starter")                             \
    XX(UID, "own_uid", "attempts of different tenants share one uid")                              \
    XX(USERNS, "user_namespace", "namespaces need root")                                           \
    XX(MNTNS, "empty_root", "files are closed by Landlock and the filter only")                    \
    XX(PIDNS, "pid_namespace", "an attempt can see the host's process numbers")                    \
    XX(NETNS, "net_namespace", "the network is closed by the filter only")                         \
    XX(IPCNS, "ipc_namespace", "SysV and POSIX queues are closed by the filter only")              \
    XX(LANDLOCK, "landlock", "files are closed by the empty root and the filter only")             \
    XX(SCOPE, "landlock_scope", "siblings are separated by the filter and uids only")              \
    XX(MEMORY, "memory_cgroup", "memory is bounded by rlimits and a 100 ms poll")                  \
    XX(PIDS, "pids_cgroup", "processes are bounded by rlimits and the filter only")                \
    XX(RLIMITS, "rlimits", "no plugin is run")                                                     \
    XX(DUMPABLE, "not_dumpable", "siblings could be traced if the filter failed")                  \
    XX(FDS, "descriptors", "no plugin is run")                                                     \
    XX(EXIT_INFO, "pidfd_exit_info", "exit statuses come from init instead of the kernel")

enum layer_bit {
#define XX(code, name, consequence) LAYER_BIT_##code,
    LAYER_MAP(XX)
#undef XX
        LAYER_COUNT,
};

enum layer {
#define XX(code, name, consequence) LAYER_##code = 1u << LAYER_BIT_##code,
    LAYER_MAP(XX)
#undef XX
};

enum { LAYER_LEVEL_MAX = 4, LAYER_LEVEL_DEFAULT = 3 };

enum layer_state { LAYER_ENFORCED, LAYER_DEGRADED, LAYER_ABSENT };

/* What the supervisor found when it tried each layer at its start. */
struct layer_report {
    struct {
        enum layer_state state;
        int sys_errno; /* of the probe; 0 when it did not fail or was switched off */
    } layers[LAYER_COUNT];
    uint32_t landlock_abi; /* 0: none */
    uint32_t landlock_errata;
    uint32_t mask; /* of the enforced ones */
    int level;
};

/* The level that a mask reaches. */
int layer_level(uint32_t mask);

const char *layer_name(enum layer_bit bit);
const char *layer_consequence(enum layer_bit bit);
/* The bit of a name, LAYER_COUNT when there is none. */
enum layer_bit layer_bit_of(const char *name);

/* {"level":4,"landlock_abi":7,"layers":[{"name":..,"state":..,"errno":..,"consequence":..}]} */
void layer_report_json(const struct layer_report *report, struct buf *b);

#endif
