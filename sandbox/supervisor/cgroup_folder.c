/* cgroup_folder.c -- see cgroup_folder.h. */
#include "sandbox/supervisor/cgroup_folder.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_TRIES = 50, FOLDER_WAIT_US = 10 * 1000 };

bool cgroup_file_put(const char *folder, const char *name, const char *text)
{
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Of a process; a part of the folder's name: two of one number are told apart. 0: it is no more. */
static uint64_t start_time_of(pid_t pid)
{
    auto_mem char *path = mem_printf("/proc/%d/stat", (int)pid);
    auto_file f = fopen(path, "re");
    char line[1024];
    const char *at = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    uint64_t ticks = 0;

    if (at == NULL || strncmp(at, ") Z", 3) == 0) /* it only waits to be reaped */
        return 0;
    /* Field 22, the 20th behind the name. */
    for (int i = 0; at != NULL && i < 20; i++)
        at = strchr(at + 1, ' ');
    if (at != NULL && sscanf(at, "%" SCNu64, &ticks) != 1)
        ticks = 0;
    return ticks;
}

void cgroup_folder_kill(const char *folder)
{
    auto_mem char *path = mem_printf("%s/cgroup.procs", folder);
    auto_file f = NULL;
    int pid;

    if (cgroup_file_put(folder, "cgroup.kill", "1")) /* v2: whoever is forked meanwhile too */
        return;
    f = fopen(path, "re");
    while (f != NULL && fscanf(f, "%d", &pid) == 1)
        if (pid > 0)
            kill(pid, SIGKILL);
}

bool cgroup_folder_is_empty(const char *folder)
{
    auto_mem char *path = mem_printf("%s/cgroup.procs", folder);
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    char byte;

    return fd >= 0 && read(fd, &byte, 1) == 0;
}

static void remove_group(const char *folder)
{
    for (int i = 0; i < FOLDER_TRIES && rmdir(folder) < 0 && errno == EBUSY; i++) {
        cgroup_folder_kill(folder);
        usleep(FOLDER_WAIT_US);
    }
}

void cgroup_folder_remove(const char *folder)
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

/* -1: there is none, or somebody has it. Its owner shares the lock with himself, once a kind of
 * group; who sweeps wants it alone. */
static int lock_folder(const char *folder, int how)
{
    auto_fd fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && flock(fd, how | LOCK_NB) == 0 ? take_fd(&fd) : -1;
}

static void remove_if_free(const char *folder)
{
    auto_fd lock = lock_folder(folder, LOCK_EX);

    if (lock >= 0)
        cgroup_folder_remove(folder);
}

/* Folders of supervisors that are no more. One of before there were locks has none, and lives if
 * its process does. */
static void sweep(const char *parent)
{
    DIR *dir = opendir(parent);
    struct dirent *entry;
    uint64_t start;
    int pid;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        auto_mem char *stale = mem_printf("%s/%s", parent, entry->d_name);

        if (sscanf(entry->d_name, "orch-%d-%" SCNu64, &pid, &start) == 2 &&
            start_time_of(pid) != start)
            remove_if_free(stale);
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

/* Made and locked; somebody's sweep may have come between, and then it is made again. */
static int make_locked(const char *folder)
{
    for (int i = 0; i < FOLDER_TRIES; i++) {
        auto_fd lock = -1;
        struct stat st;

        if (mkdir(folder, 0755) < 0 && errno != EEXIST)
            return -1;
        lock = lock_folder(folder, LOCK_SH);
        if (lock >= 0 && stat(folder, &st) == 0)
            return take_fd(&lock);
        usleep(FOLDER_WAIT_US);
    }
    errno = EBUSY;
    return -1;
}

/* Makes parent/orch-PID-START. v2: children get the controllers that they were promised. */
static char *make_folder(const char *parent, const char *enable, int *ret_lock)
{
    auto_mem char *folder =
        mem_printf("%s/orch-%d-%" PRIu64, parent, (int)getpid(), start_time_of(getpid()));
    auto_fd lock = -1;

    sweep(parent);
    lock = make_locked(folder);
    if (lock < 0)
        return NULL;
    if (enable != NULL && !cgroup_file_put(folder, "cgroup.subtree_control", enable)) {
        int why = errno;

        rmdir(folder);
        errno = why;
        return NULL;
    }
    *ret_lock = take_fd(&lock);
    return take(folder);
}

char *cgroup_folder_v1(const char *controller, int *ret_lock)
{
    auto_mem char *mount = mount_of(controller);
    auto_mem char *own = mount != NULL ? own_path(controller) : NULL;
    auto_mem char *parent = own != NULL ? mem_printf("%s%s", mount, own) : NULL;
    char *folder = parent != NULL ? make_folder(parent, NULL, ret_lock) : NULL;

    if (mount == NULL)
        errno = ENOENT;
    return folder != NULL || mount == NULL ? folder : make_folder(mount, NULL, ret_lock);
}

/* Only a group without processes of its own hands controllers down, so ours rarely does; the root
 * always may. */
char *cgroup_folder_v2_at(const char *mount, const char *own, const char *controller, int *ret_lock)
{
    auto_mem char *enable = mem_printf("+%s", controller);
    auto_mem char *parent = mem_printf("%s%s", mount, own);
    char *folder = NULL;

    if (cgroup_file_put(parent, "cgroup.subtree_control", enable))
        folder = make_folder(parent, enable, ret_lock);
    if (folder == NULL && cgroup_file_put(mount, "cgroup.subtree_control", enable))
        folder = make_folder(mount, enable, ret_lock);
    return folder;
}

char *cgroup_folder_v2(const char *controller, int *ret_lock)
{
    auto_mem char *mount = mount_of(NULL);
    auto_mem char *own = mount != NULL ? own_path(NULL) : NULL;

    if (own == NULL) {
        errno = ENOENT;
        return NULL;
    }
    return cgroup_folder_v2_at(mount, own, controller, ret_lock);
}
