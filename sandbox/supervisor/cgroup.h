/* cgroup.h -- memory and process limits of attempts through cgroup v1 or v2, whichever this host
 * has, from a recycled pool of groups: making one is slow, moving a process into one is not.
 * Supervisor only. Groups live in the folders of cgroup_folder.h.
 *
 * What always holds: a group that is taken is fresh, or was seen empty of processes and of charge
 * when it came back. One that is not is killed, looked at again every turn of cgroups_reap, and
 * removed when it is empty; it is never used again. */
#ifndef ORCH_SANDBOX_SUPERVISOR_CGROUP_H
#define ORCH_SANDBOX_SUPERVISOR_CGROUP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_kind { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_KINDS };

struct cgroups;
struct cgroup;

/* The kinds in the mask (1 << kind) that can be had; errno of the others in ret_errnos. Never
 * fails: with none, cgroup_take gives groups that do nothing. v2_folder is NULL but for tests: a
 * folder that stands for a mounted v2 hierarchy. */
struct cgroups *cgroups_open(const char *v2_folder, uint32_t wanted, int ret_errnos[CGROUP_KINDS]);
/* How many of its groups' files it may hold open between their uses; none at first. */
void cgroups_keep_files(struct cgroups *all, uint32_t max);
bool cgroups_have(const struct cgroups *all, enum cgroup_kind kind);
/* Kills and removes what is in our folder. Accepts NULL. */
void cgroups_free(struct cgroups *all);

struct cgroup_limits {
    uint64_t memory_bytes;
    uint32_t pids_max; /* 0: not limited, and the group of the starter stays */
};

bool cgroup_take(struct cgroups *all, const struct cgroup_limits *limits, struct cgroup **ret,
                 struct err *e) must_check;
/* While processes are in it. No group of that kind: done. */
bool cgroup_limit_pids(struct cgroup *group, uint32_t pids_max, struct err *e) must_check;
bool cgroup_enter(struct cgroup *group, pid_t pid, struct err *e) must_check;
/* OOM kills since this was last asked of the group. */
uint64_t cgroup_oom_kills(struct cgroup *group);
/* 0 where an earlier user's cannot be told from its own (v2, used again). */
uint64_t cgroup_peak_bytes(struct cgroup *group);
/* What entered it, and all that it forked, is known to be gone: the kernel counts none. */
bool cgroup_is_left(struct cgroup *group);
/* Accepts NULL. Its process is gone, or was killed. */
void cgroup_give_back(struct cgroup *group);
/* Ends what was given back and is not empty. True: there is more, ask again soon. */
bool cgroups_reap(struct cgroups *all);
/* Nobody has needed one for a while: removes those that lie idle, but for a few; keeps no file of
 * these. */
void cgroups_trim(struct cgroups *all);

#endif
