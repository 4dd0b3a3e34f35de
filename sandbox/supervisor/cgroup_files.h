/* cgroup_files.h -- what a group is, and the few files of one that every use of it needs: kept open
 * between the uses while there is room, else opened for the one. cgroup.c alone calls it. */
#ifndef ORCH_SANDBOX_SUPERVISOR_CGROUP_FILES_H
#define ORCH_SANDBOX_SUPERVISOR_CGROUP_FILES_H

#include "sandbox/supervisor/cgroup.h"

/* What the files of a kind are called, in v1 and v2. NULL: the version has none. */
struct cgroup_names {
    const char *controller;
    struct {
        const char *limit, *swap_limit, *oom, *peak, *charge;
    } v[2];
};

extern const struct cgroup_names cgroup_names[CGROUP_KINDS];

/* What every use of a group needs. A file of v1 that lists processes shows an old list to whoever
 * reads it again: that one is only written. */
enum group_file {
    FILE_PROCS,
    FILE_PEAK,
    FILE_CHARGE,
    GROUP_FILES,
    KEPT_FILES = CGROUP_KINDS * GROUP_FILES
};

struct cgroup {
    struct cgroups *all;
    struct cgroup *next; /* in idle or in dying */
    bool used;
    bool left; /* it was seen to count no process, since it was entered */
    uint32_t number;
    bool has[CGROUP_KINDS];
    bool entered[CGROUP_KINDS];    /* by the process that has it, or had it last */
    uint64_t limits[CGROUP_KINDS]; /* as written; 0: not yet */
    uint64_t oom_seen;
    bool keeps_files;
    int files[KEPT_FILES]; /* -1: not open */
};

struct cgroups {
    char *folders[CGROUP_KINDS]; /* NULL: not available */
    int version[CGROUP_KINDS];   /* 0: v1, 1: v2 */
    int locks[CGROUP_KINDS];
    struct cgroup *idle, *dying;
    uint32_t idle_count, count;
    uint32_t files_kept, files_max;
    bool one_folder; /* of v2, for both kinds */
};

/* Opens those that the group keeps, if there is room for all of them. */
void cgroup_files_keep(struct cgroup *group);
void cgroup_files_close(struct cgroup *group);
bool cgroup_file_write(struct cgroup *group, enum cgroup_kind kind, enum group_file file,
                       uint64_t number) must_check;
/* False: there is no such file. */
bool cgroup_file_read(struct cgroup *group, enum cgroup_kind kind, enum group_file file,
                      uint64_t *ret) must_check;

#endif
