/* cgroup.c -- see cgroup.h. */
#include "sandbox/supervisor/cgroup.h"

#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { FOLDER_TRIES = 50, FOLDER_WAIT_US = 10 * 1000 };

/* What the files of a kind are called. NULL: the version has none. */
struct names {
    const char *controller;
    struct {
        const char *limit, *swap_limit, *oom, *peak;
    } v[2];
};

static const struct names kinds[CGROUP_KINDS] = {
    [CGROUP_MEMORY] = {"memory",
                       {{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
                         "memory.oom_control", "memory.max_usage_in_bytes"},
                        {"memory.max", "memory.swap.max", "memory.events", "memory.peak"}}},
    [CGROUP_PIDS] = {"pids", {{"pids.max", NULL, NULL, NULL}, {"pids.max", NULL, NULL, NULL}}},
};

struct cgroup {
    struct cgroups *all;
    struct cgroup *next;
    uint32_t number;
    bool has[CGROUP_KINDS];
    uint64_t limits[CGROUP_KINDS]; /* as written; 0: not yet */
    uint64_t oom_seen;
};

struct cgroups {
    char *folders[CGROUP_KINDS]; /* NULL: not available */
    int version[CGROUP_KINDS];   /* 0: v1, 1: v2 */
    struct cgroup *idle;
    uint32_t count;
};

/* ---- files ---- */

static bool file_put(const char *folder, const char *name, const char *text)
{
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool file_put_number(const char *folder, const char *name, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return file_put(folder, name, text);
}

/* The number behind key ("" for a file that is one number). */
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

/* ---- where our folders are ---- */

/* 0 for a process that is no more, or only waits to be reaped. */
static uint64_t start_time_of(pid_t pid)
{
    auto_mem char *path = mem_printf("/proc/%d/stat", (int)pid);
    auto_file f = fopen(path, "re");
    char line[1024];
    const char *at = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    uint64_t ticks = 0;

    if (at == NULL || strncmp(at, ") Z", 3) == 0)
        return 0;
    /* Field 22, the 20th behind the name. */
    for (int i = 0; at != NULL && i < 20; i++)
        at = strchr(at + 1, ' ');
    if (at != NULL && sscanf(at, "%" SCNu64, &ticks) != 1)
        ticks = 0;
    return ticks;
}

static void remove_group(const char *folder)
{
    auto_mem char *path = mem_printf("%s/cgroup.procs", folder);

    for (int i = 0; i < FOLDER_TRIES && rmdir(folder) < 0 && errno == EBUSY; i++) {
        auto_file f = fopen(path, "re");
        int pid;

        while (f != NULL && fscanf(f, "%d", &pid) == 1)
            if (pid > 0)
                kill(pid, SIGKILL);
        usleep(FOLDER_WAIT_US);
    }
}

static void remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        auto_mem char *sub = mem_printf("%s/%s", folder, entry->d_name);

        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            remove_group(sub);
    }
    if (dir != NULL)
        closedir(dir);
    remove_group(folder);
}

/* Folders of supervisors that are no more. */
static void sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    struct dirent *entry;
    uint64_t start;
    int pid;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        auto_mem char *stale = mem_printf("%s/%s", parent, entry->d_name);

        if (sscanf(entry->d_name, "orch-%d-%" SCNu64, &pid, &start) == 2 &&
            (start == 0 || start_time_of(pid) != start))
            remove_folder(stale);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Where the hierarchy with the controller is mounted. v2 is the one of type cgroup2. */
static char *mount_of(const char *controller)
{
    auto_file f = fopen("/proc/self/mountinfo", "re");
    char line[4096], point[1024], type[64], options[1024];

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *dash = strstr(line, " - ");

        if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %1023s", point) != 1 ||
            sscanf(dash, " - %63s %*s %1023s", type, options) != 2)
            continue;
        if (controller == NULL && strcmp(type, "cgroup2") == 0)
            return mem_str(point);
        if (controller == NULL || strcmp(type, "cgroup") != 0)
            continue;
        for (char *save, *o = strtok_r(options, ",", &save); o != NULL;
             o = strtok_r(NULL, ",", &save))
            if (strcmp(o, controller) == 0)
                return mem_str(point);
    }
    return NULL;
}

/* Our own group in a hierarchy: "ID:controllers:PATH" of /proc/self/cgroup; v2 has no name. */
static char *own_path(const char *controller)
{
    auto_file f = fopen("/proc/self/cgroup", "re");
    char line[4096];

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *names = strchr(line, ':'), *path = names != NULL ? strchr(names + 1, ':') : NULL;
        bool mine = false;

        if (path == NULL)
            continue;
        line[strcspn(line, "\n")] = '\0';
        *path++ = '\0';
        names++;
        if (controller == NULL)
            mine = names[0] == '\0';
        for (char *save, *n = strtok_r(names, ",", &save); controller != NULL && n != NULL;
             n = strtok_r(NULL, ",", &save))
            mine = mine || strcmp(n, controller) == 0;
        if (mine)
            return mem_str(path);
    }
    return NULL;
}

/* Makes parent/orch-PID-START. v2: children get the controllers that they were promised. */
static char *make_folder(const char *parent, const char *enable)
{
    auto_mem char *folder =
        mem_printf("%s/orch-%d-%" PRIu64, parent, (int)getpid(), start_time_of(getpid()));

    sweep(parent);
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return NULL;
    if (enable != NULL && !file_put(folder, "cgroup.subtree_control", enable)) {
        int why = errno;

        rmdir(folder);
        errno = why;
        return NULL;
    }
    return take(folder);
}

/* v1: below our own group, else below the hierarchy's root. */
static char *folder_v1(const char *controller)
{
    auto_mem char *mount = mount_of(controller);
    auto_mem char *own = mount != NULL ? own_path(controller) : NULL;
    auto_mem char *parent = own != NULL ? mem_printf("%s%s", mount, own) : NULL;
    char *folder = parent != NULL ? make_folder(parent, NULL) : NULL;

    if (mount == NULL)
        errno = ENOENT;
    return folder != NULL || mount == NULL ? folder : make_folder(mount, NULL);
}

/* v2: only a group without processes of its own hands controllers down, so ours rarely does; the
 * root always may. */
static char *folder_v2(const char *mount, const char *own, const char *controller)
{
    auto_mem char *enable = mem_printf("+%s", controller);
    auto_mem char *parent = mem_printf("%s%s", mount, own);
    char *folder = NULL;

    if (file_put(parent, "cgroup.subtree_control", enable))
        folder = make_folder(parent, enable);
    if (folder == NULL && file_put(mount, "cgroup.subtree_control", enable))
        folder = make_folder(mount, enable);
    return folder;
}

static char *folder_v2_here(const char *controller)
{
    auto_mem char *mount = mount_of(NULL);
    auto_mem char *own = mount != NULL ? own_path(NULL) : NULL;

    if (own == NULL) {
        errno = ENOENT;
        return NULL;
    }
    return folder_v2(mount, own, controller);
}

struct cgroups *cgroups_open(uint32_t wanted, int ret_errnos[CGROUP_KINDS])
{
    struct cgroups *all = mem_new(struct cgroups);

    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        ret_errnos[kind] = 0;
        if ((wanted & 1u << kind) == 0)
            continue;
        all->version[kind] = 1;
        all->folders[kind] = folder_v2_here(kinds[kind].controller);
        if (all->folders[kind] != NULL)
            continue;
        all->version[kind] = 0;
        all->folders[kind] = folder_v1(kinds[kind].controller);
        if (all->folders[kind] == NULL)
            ret_errnos[kind] = errno;
    }
    return all;
}

struct cgroups *cgroups_open_at(const char *v2_folder, uint32_t wanted)
{
    struct cgroups *all = mem_new(struct cgroups);

    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        all->version[kind] = 1;
        if ((wanted & 1u << kind) != 0)
            all->folders[kind] = folder_v2(v2_folder, "", kinds[kind].controller);
    }
    return all;
}

bool cgroups_have(const struct cgroups *all, enum cgroup_kind kind)
{
    return all->folders[kind] != NULL;
}

void cgroups_free(struct cgroups *all)
{
    if (all == NULL)
        return;
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (all->folders[kind] != NULL)
            remove_folder(all->folders[kind]);
        free(all->folders[kind]);
    }
    while (all->idle != NULL) {
        struct cgroup *group = all->idle;

        all->idle = group->next;
        free(group);
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
    const struct names *names = &kinds[kind];
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

bool cgroup_take(struct cgroups *all, const struct cgroup_limits *limits, struct cgroup **ret,
                 struct err *e)
{
    struct cgroup *group = all->idle;

    if (group != NULL) {
        all->idle = group->next;
        group->next = NULL;
    } else {
        group = mem_new(struct cgroup);
        group->all = all;
        group->number = all->count++;
    }
    /* limits[PIDS] of an earlier use may be there and is then raised or simply not entered. */
    if (!prepare_group(group, limits, e)) {
        cgroup_give_back(group, true);
        return false;
    }
    if (limits->pids_max == 0)
        group->limits[CGROUP_PIDS] = 0;
    *ret = group;
    return true;
}

bool cgroup_enter(struct cgroup *group, pid_t pid, struct err *e)
{
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        auto_mem char *path = NULL;

        if (group->all->folders[kind] == NULL || group->limits[kind] == 0)
            continue;
        path = group_path(group, kind);
        if (!file_put_number(path, "cgroup.procs", (uint64_t)pid))
            return err_sys(e, "move process into cgroup '%s'", path);
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
    seen = file_number(path, kinds[CGROUP_MEMORY].v[version].oom, "oom_kill ");
    fresh = seen - group->oom_seen;
    group->oom_seen = seen;
    return fresh;
}

uint64_t cgroup_peak_bytes(const struct cgroup *group)
{
    auto_mem char *path = NULL;

    if (!group->has[CGROUP_MEMORY])
        return 0;
    path = group_path(group, CGROUP_MEMORY);
    return file_number(path, kinds[CGROUP_MEMORY].v[group->all->version[CGROUP_MEMORY]].peak, "");
}

void cgroup_give_back(struct cgroup *group, bool empty)
{
    if (group == NULL)
        return;
    if (!empty) {
        free(group);
        return;
    }
    group->next = group->all->idle;
    group->all->idle = group;
}
