/* cgroup.c -- see cgroup.h. */
#include "sandbox/supervisor/cgroup.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/supervisor/cgroup_files.h"
#include "sandbox/supervisor/cgroup_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDLE_MAX = 128, IDLE_AT_REST = 8 };

/* Pages that were freed are taken off a group's charge in batches, a CPU at a time. */
#define CHARGE_LEFT_MAX (2ULL << 20)

/* ---- files ---- */

static bool file_put_number(const char *folder, const char *name, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return cgroup_file_put(folder, name, text);
}

/* The number behind key in a file of "key number" lines. */
static uint64_t file_number(const char *folder, const char *name, const char *key)
{
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    auto_file f = fopen(path, "re");
    char line[128];
    uint64_t number = 0;

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%" SCNu64, &number) == 1)
            return number;
    return 0;
}

/* Of the first version that has it; the errno of the second. */
static void open_kind(struct cgroups *all, enum cgroup_kind kind, const char *v2_folder)
{
    const char *controller = cgroup_names[kind].controller;
    int *lock = &all->locks[kind];

    all->version[kind] = 1;
    all->folders[kind] = v2_folder != NULL ? cgroup_folder_v2_at(v2_folder, "", controller, lock)
                                           : cgroup_folder_v2(controller, lock);
    if (all->folders[kind] != NULL || v2_folder != NULL)
        return;
    all->version[kind] = 0;
    all->folders[kind] = cgroup_folder_v1(controller, lock);
}

struct cgroups *cgroups_open(const char *v2_folder, uint32_t wanted, int ret_errnos[CGROUP_KINDS])
{
    struct cgroups *all = mem_new(struct cgroups);

    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        ret_errnos[kind] = 0;
        if ((wanted & 1u << kind) == 0)
            continue;
        open_kind(all, (enum cgroup_kind)kind, v2_folder);
        if (all->folders[kind] == NULL)
            ret_errnos[kind] = errno;
    }
    all->one_folder = all->folders[CGROUP_MEMORY] != NULL && all->folders[CGROUP_PIDS] != NULL &&
                      strcmp(all->folders[CGROUP_MEMORY], all->folders[CGROUP_PIDS]) == 0;
    return all;
}

bool cgroups_have(const struct cgroups *all, enum cgroup_kind kind)
{
    return all->folders[kind] != NULL;
}

void cgroups_keep_files(struct cgroups *all, uint32_t max)
{
    all->files_max = max;
}

static void free_list(struct cgroup *group)
{
    while (group != NULL) {
        struct cgroup *next = group->next;

        cgroup_files_close(group);
        free(group);
        group = next;
    }
}

void cgroups_free(struct cgroups *all)
{
    if (all == NULL)
        return;
    free_list(all->idle);
    free_list(all->dying);
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (all->folders[kind] != NULL) {
            cgroup_folder_remove(all->folders[kind]);
            close(all->locks[kind]);
        }
        free(all->folders[kind]);
    }
    free(all);
}

/* ---- groups ---- */

static char *group_path(const struct cgroup *group, enum cgroup_kind kind)
{
    return mem_printf("%s/%u", group->all->folders[kind], group->number);
}

static bool make_group(struct cgroup *group, enum cgroup_kind kind, struct err *e)
{
    auto_mem char *path = group_path(group, kind);

    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return err_sys(e, "make cgroup '%s'", path);
    group->has[kind] = true;
    return true;
}

/* v1 wants memory+swap never below memory, so one of two orders works; without swap accounting
 * the second file is not there and nothing is lost by it. */
static bool set_limit(struct cgroup *group, enum cgroup_kind kind, uint64_t value, struct err *e)
{
    const struct cgroup_names *names = &cgroup_names[kind];
    int version = group->all->version[kind];
    const char *limit = names->v[version].limit, *swap = names->v[version].swap_limit;
    uint64_t swap_value = version == 0 ? value : 0;
    auto_mem char *path = NULL;

    if (group->limits[kind] == value)
        return true;
    path = group_path(group, kind);
    if (!file_put_number(path, limit, value) &&
        !(swap != NULL && file_put_number(path, swap, swap_value) &&
          file_put_number(path, limit, value)))
        return err_sys(e, "limit cgroup '%s'", path);
    if (swap != NULL)
        (void)file_put_number(path, swap, swap_value);
    group->limits[kind] = value;
    return true;
}

static bool prepare_group(struct cgroup *group, const struct cgroup_limits *limits, struct err *e)
{
    const uint64_t values[CGROUP_KINDS] = {limits->memory_bytes, limits->pids_max};

    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (group->all->folders[kind] == NULL || values[kind] == 0)
            continue;
        if (!group->has[kind] && !make_group(group, kind, e))
            return false;
        if (!set_limit(group, kind, values[kind], e))
            return false;
    }
    return true;
}

/* v2 has no way to. */
static void forget_peak(struct cgroup *group)
{
    if (group->has[CGROUP_MEMORY] && group->all->version[CGROUP_MEMORY] == 0)
        group->used = !cgroup_file_write(group, CGROUP_MEMORY, FILE_PEAK, 0);
}

static struct cgroup *group_new(struct cgroups *all)
{
    struct cgroup *group = mem_new(struct cgroup);

    group->all = all;
    group->number = all->count++;
    memset(group->files, -1, sizeof group->files);
    return group;
}

bool cgroup_take(struct cgroups *all, const struct cgroup_limits *limits, struct cgroup **ret,
                 struct err *e)
{
    struct cgroup *group = all->idle;

    if (group != NULL) {
        all->idle = group->next;
        all->idle_count--;
        group->next = NULL;
        forget_peak(group);
    } else {
        group = group_new(all);
    }
    memset(group->entered, 0, sizeof group->entered);
    group->left = false;
    /* limits[PIDS] of an earlier use may be there and is then raised or simply not entered. */
    if (!prepare_group(group, limits, e)) {
        cgroup_give_back(group);
        return false;
    }
    if (limits->pids_max == 0)
        group->limits[CGROUP_PIDS] = 0;
    cgroup_files_keep(group);
    *ret = group;
    return true;
}

bool cgroup_limit_pids(struct cgroup *group, uint32_t pids_max, struct err *e)
{
    return !group->has[CGROUP_PIDS] || set_limit(group, CGROUP_PIDS, pids_max, e);
}

static bool is_in(const struct cgroup *group, enum cgroup_kind kind)
{
    return group->all->one_folder && kind == CGROUP_PIDS && group->entered[CGROUP_MEMORY];
}

bool cgroup_enter(struct cgroup *group, pid_t pid, struct err *e)
{
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (group->all->folders[kind] == NULL || group->limits[kind] == 0)
            continue;
        if (!is_in(group, kind) && !cgroup_file_write(group, kind, FILE_PROCS, (uint64_t)pid))
            return err_sys(e, "move process into cgroup '%s/%u'", group->all->folders[kind],
                           group->number);
        group->entered[kind] = true;
    }
    return true;
}

uint64_t cgroup_oom_kills(struct cgroup *group)
{
    int version = group->all->version[CGROUP_MEMORY];
    auto_mem char *path = NULL;
    uint64_t seen, fresh;

    if (!group->has[CGROUP_MEMORY])
        return 0;
    path = group_path(group, CGROUP_MEMORY);
    seen = file_number(path, cgroup_names[CGROUP_MEMORY].v[version].oom, "oom_kill ");
    fresh = seen - group->oom_seen;
    group->oom_seen = seen;
    return fresh;
}

uint64_t cgroup_peak_bytes(struct cgroup *group)
{
    uint64_t peak;

    if (!group->has[CGROUP_MEMORY] || group->used ||
        !cgroup_file_read(group, CGROUP_MEMORY, FILE_PEAK, &peak))
        return 0;
    return peak;
}

/* ---- the end ---- */

/* A process that entered both kinds, and whatever it forked, is in both: where the kernel counts
 * none in the one, nobody is in the other. */
static bool counts_no_process(struct cgroup *group)
{
    uint64_t count;

    return group->entered[CGROUP_PIDS] &&
           cgroup_file_read(group, CGROUP_PIDS, FILE_CHARGE, &count) && count == 0;
}

static bool has_no_process(const struct cgroup *group, enum cgroup_kind kind)
{
    auto_mem char *path = group_path(group, kind);

    return cgroup_folder_is_empty(path);
}

static bool has_no_charge(struct cgroup *group)
{
    uint64_t bytes;

    return !group->has[CGROUP_MEMORY] ||
           !cgroup_file_read(group, CGROUP_MEMORY, FILE_CHARGE, &bytes) || bytes <= CHARGE_LEFT_MAX;
}

bool cgroup_is_left(struct cgroup *group)
{
    group->left = group->left || counts_no_process(group);
    return group->left;
}

static bool all_are_empty(struct cgroup *group)
{
    bool counted = cgroup_is_left(group);

    for (int kind = 0; kind < CGROUP_KINDS && !counted; kind++)
        if (group->has[kind] && !has_no_process(group, (enum cgroup_kind)kind))
            return false;
    return has_no_charge(group);
}

void cgroup_give_back(struct cgroup *group)
{
    struct cgroups *all;

    if (group == NULL)
        return;
    all = group->all;
    group->used = true;
    if (all->idle_count < IDLE_MAX && all_are_empty(group)) {
        group->next = all->idle;
        all->idle = group;
        all->idle_count++;
        return;
    }
    group->next = all->dying;
    all->dying = group;
}

/* Kills what is in it; true once its folders are gone. */
static bool remove_now(struct cgroup *group)
{
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        auto_mem char *path = NULL;

        if (!group->has[kind])
            continue;
        path = group_path(group, (enum cgroup_kind)kind);
        cgroup_folder_kill(path);
        if (rmdir(path) < 0 && errno != ENOENT)
            return false;
        group->has[kind] = false;
    }
    return true;
}

bool cgroups_reap(struct cgroups *all)
{
    struct cgroup **at = &all->dying;

    while (*at != NULL) {
        struct cgroup *group = *at;

        if (!remove_now(group)) {
            at = &group->next;
            continue;
        }
        *at = group->next;
        cgroup_files_close(group);
        free(group);
    }
    return all->dying != NULL;
}

void cgroups_trim(struct cgroups *all)
{
    while (all->idle_count > IDLE_AT_REST) {
        struct cgroup *group = all->idle;

        all->idle = group->next;
        all->idle_count--;
        group->next = all->dying;
        all->dying = group;
    }
    for (struct cgroup *group = all->idle; group != NULL; group = group->next)
        cgroup_files_close(group);
    cgroups_reap(all);
}
