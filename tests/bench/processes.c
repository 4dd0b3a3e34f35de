/* processes.c -- see processes.h. */
#include "processes.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sum of all lines with this part, as numbers behind it; 0 where the file is gone. */
static uint64_t sum_of(const char *path, const char *part)
{
    FILE *file = fopen(path, "r");
    char line[256];
    uint64_t total = 0;

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *at = strstr(line, part);

        if (at != NULL)
            total += strtoull(at + strlen(part), NULL, 10);
    }
    fclose(file);
    return total;
}

/* Calls each with the folder of every thread. */
static void each_thread(pid_t pid, void (*each)(const char *folder, void *arg), void *arg)
{
    char path[512];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "/proc/%d/task/%s", (int)pid, entry->d_name);
        if (entry->d_name[0] != '.')
            each(path, arg);
    }
    if (dir != NULL)
        closedir(dir);
}

/* Without the forced ones they are waits, each of which ends with a wake-up. */
struct switches {
    uint64_t forced, all;
};

static void add_switches(const char *folder, void *arg)
{
    struct switches *s = arg;
    char path[600];

    snprintf(path, sizeof path, "%s/status", folder);
    s->all += sum_of(path, "ctxt_switches:");
    s->forced += sum_of(path, "nonvoluntary_ctxt_switches:");
}

uint64_t process_switches(pid_t pid)
{
    struct switches s = {0};

    each_thread(pid, add_switches, &s);
    return s.all;
}

uint64_t process_rss_kib(pid_t pid)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    return sum_of(path, "Rss:");
}

static void add_process(struct tree_use *use, pid_t pid);

static void add_children(const char *folder, void *arg)
{
    char path[600];
    FILE *file;
    int pid;

    snprintf(path, sizeof path, "%s/children", folder);
    file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%d", &pid) == 1)
        add_process(arg, (pid_t)pid);
    if (file != NULL)
        fclose(file);
}

static void add_process(struct tree_use *use, pid_t pid)
{
    struct switches switches = {0};
    char path[64];

    use->processes++;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    use->rss_kib += process_rss_kib(pid);
    use->pss_kib += sum_of(path, "Pss:");
    each_thread(pid, add_switches, &switches);
    use->wakeups += switches.all - switches.forced;
    each_thread(pid, add_children, use);
}

struct tree_use tree_use(pid_t root)
{
    struct tree_use use = {0};

    add_process(&use, root);
    return use;
}
