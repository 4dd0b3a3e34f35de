/* cgroup_files.c -- see cgroup_files.h. */
#include "sandbox/supervisor/cgroup_files.h"

#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const struct cgroup_names cgroup_names[CGROUP_KINDS] = {
    [CGROUP_MEMORY] =
        {"memory",
         {{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control",
           "memory.max_usage_in_bytes", "memory.usage_in_bytes"},
          {"memory.max", "memory.swap.max", "memory.events", "memory.peak", "memory.current"}}},
    [CGROUP_PIDS] = {"pids",
                     {{"pids.max", NULL, NULL, NULL, "pids.current"},
                      {"pids.max", NULL, NULL, NULL, "pids.current"}}},
};

static const char *file_name(const struct cgroup *group, enum cgroup_kind kind,
                             enum group_file file)
{
    const struct cgroup_names *names = &cgroup_names[kind];
    int version = group->all->version[kind];

    if (file == FILE_PROCS)
        return "cgroup.procs";
    return file == FILE_PEAK ? names->v[version].peak : names->v[version].charge;
}

static int file_flags(const struct cgroup *group, enum cgroup_kind kind, enum group_file file)
{
    if (file == FILE_PROCS)
        return O_WRONLY | O_CLOEXEC;
    if (file == FILE_PEAK && group->all->version[kind] == 0)
        return O_RDWR | O_CLOEXEC;
    return O_RDONLY | O_CLOEXEC;
}

static int open_file(const struct cgroup *group, enum cgroup_kind kind, enum group_file file)
{
    auto_mem char *path = mem_printf("%s/%u/%s", group->all->folders[kind], group->number,
                                     file_name(group, kind, file));

    return open(path, file_flags(group, kind, file));
}

static int *kept_file(struct cgroup *group, enum cgroup_kind kind, enum group_file file)
{
    return &group->files[kind * GROUP_FILES + file];
}

void cgroup_files_keep(struct cgroup *group)
{
    struct cgroups *all = group->all;

    if (group->keeps_files || all->files_kept + KEPT_FILES > all->files_max)
        return;
    group->keeps_files = true;
    all->files_kept += KEPT_FILES;
    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        for (int file = 0; file < GROUP_FILES && group->has[kind]; file++)
            if (file_name(group, kind, file) != NULL)
                *kept_file(group, kind, file) = open_file(group, kind, file);
}

void cgroup_files_close(struct cgroup *group)
{
    if (!group->keeps_files)
        return;
    group->keeps_files = false;
    group->all->files_kept -= KEPT_FILES;
    for (int i = 0; i < KEPT_FILES; i++)
        if (group->files[i] >= 0)
            close(take_fd(&group->files[i]));
}

/* The kept one, or else one that the caller closes. */
static int file_for_use(struct cgroup *group, enum cgroup_kind kind, enum group_file file, int *own)
{
    int kept = *kept_file(group, kind, file);

    return kept >= 0 ? kept : (*own = open_file(group, kind, file));
}

bool cgroup_file_write(struct cgroup *group, enum cgroup_kind kind, enum group_file file,
                       uint64_t number)
{
    auto_fd own = -1;
    int fd = file_for_use(group, kind, file, &own);
    char text[32];
    int len = snprintf(text, sizeof text, "%" PRIu64, number);

    return fd >= 0 && pwrite(fd, text, (size_t)len, 0) == len;
}

bool cgroup_file_read(struct cgroup *group, enum cgroup_kind kind, enum group_file file,
                      uint64_t *ret)
{
    auto_fd own = -1;
    int fd = file_for_use(group, kind, file, &own);
    char text[32];
    ssize_t len = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : -1;

    if (len < 0)
        return false;
    text[len] = '\0';
    *ret = strtoull(text, NULL, 10);
    return true;
}
