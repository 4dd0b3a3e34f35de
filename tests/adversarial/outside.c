/* outside.c -- see outside.h. */
#include "outside.h"

#include "base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FROM "/sys/fs/cgroup"

int outside_find(const char *name, int pids[OUTSIDE_PIDS_MAX])
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL && count < OUTSIDE_PIDS_MAX) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && pid != getpid() && process_is_named(pid, name) &&
            process_is_below(pid, getpid()))
            pids[count++] = pid;
    }
    closedir(dir);
    return count;
}

static FILE *open_of(int pid, const char *file)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    return fopen(path, "re");
}

/* One behind each tab. */
static int numbers_in(const char *line)
{
    int count = 0;

    for (; *line != '\0'; line++)
        count += *line == '\t';
    return count;
}

static bool read_status(int pid, struct outside *o)
{
    FILE *f = open_of(pid, "status");
    uint64_t set, kilobytes;
    char line[512];

    if (f == NULL)
        return false;
    while (fgets(line, sizeof line, f) != NULL) {
        sscanf(line, "State: %c", &o->state);
        sscanf(line, "Uid: %u %u %u %u", &o->uid[0], &o->uid[1], &o->uid[2], &o->uid[3]);
        sscanf(line, "Seccomp: %d", &o->seccomp);
        sscanf(line, "Seccomp_filters: %d", &o->filters);
        sscanf(line, "NoNewPrivs: %d", &o->no_new_privs);
        if (strncmp(line, "NSpid:", 6) == 0)
            o->numbers = numbers_in(line);
        if (strncmp(line, "Cap", 3) == 0 && sscanf(line, "%*[^:]: %" SCNx64, &set) == 1)
            o->capabilities |= set;
        if (sscanf(line, "VmRSS: %" SCNu64, &kilobytes) == 1)
            o->bytes = kilobytes * 1024;
    }
    fclose(f);
    return true;
}

static void read_limits(int pid, struct outside *o)
{
    FILE *f = open_of(pid, "limits");
    size_t n = f != NULL ? fread(o->limits, 1, sizeof o->limits - 1, f) : 0;

    o->limits[n] = '\0';
    if (f != NULL)
        fclose(f);
}

/* Of "ID:controllers:PATH", v1 only: where there is v2, its one line names both. */
static void read_groups(int pid, struct outside *o)
{
    FILE *f = open_of(pid, "cgroup");
    char line[512], path[400];

    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%*d:memory:%399s", path) == 1)
            snprintf(o->memory_group, sizeof o->memory_group, FROM "/memory%s", path);
        if (sscanf(line, "%*d:pids:%399s", path) == 1)
            snprintf(o->pids_group, sizeof o->pids_group, FROM "/pids%s", path);
        if (sscanf(line, "0::%399s", path) == 1 && o->memory_group[0] == '\0' &&
            strstr(path, "/orch-") != NULL) {
            snprintf(o->memory_group, sizeof o->memory_group, FROM "%s", path);
            snprintf(o->pids_group, sizeof o->pids_group, FROM "%s", path);
        }
    }
    if (f != NULL)
        fclose(f);
}

bool outside_look(int pid, struct outside *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->pid = pid;
    ret->seccomp = ret->no_new_privs = -1;
    if (!read_status(pid, ret))
        return false;
    read_limits(pid, ret);
    read_groups(pid, ret);
    return true;
}

int64_t outside_charge(const struct outside *o)
{
    static const char *const names[] = {"memory.usage_in_bytes", "memory.current"};
    int64_t bytes = -1;
    char path[600];

    for (int i = 0; i < 2 && bytes < 0; i++) {
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", o->memory_group, names[i]);
        f = fopen(path, "re");
        if (f == NULL)
            continue;
        if (fscanf(f, "%" SCNd64, &bytes) != 1)
            bytes = -1;
        fclose(f);
    }
    return bytes;
}

int outside_await(struct world *w, const char *name)
{
    int64_t until = clock_mono_ns() + 5000000000;
    int pids[OUTSIDE_PIDS_MAX];

    while (clock_mono_ns() < until) {
        if (outside_find(name, pids) > 0)
            return pids[0];
        world_turn_for(w, 5);
    }
    return 0;
}

/* ---- layers ---- */

static void expect_limit(const struct outside *o, const char *name, bool zero)
{
    const char *line = strstr(o->limits, name);
    char soft[32] = "", hard[32] = "";

    ck_assert_msg(line != NULL, "no '%s' in %s", name, o->limits);
    sscanf(line + strlen(name), "%31s %31s", soft, hard);
    ck_assert_msg(strcmp(soft, "unlimited") != 0 && strcmp(hard, "unlimited") != 0,
                  "%s is not limited: %s", name, o->limits);
    if (zero)
        ck_assert_msg(strcmp(hard, "0") == 0, "%s is %s, not 0", name, hard);
}

static void expect_limits(const struct outside *o)
{
    expect_limit(o, "Max cpu time", false);
    expect_limit(o, "Max address space", false);
    expect_limit(o, "Max data size", false);
    expect_limit(o, "Max stack size", false);
    expect_limit(o, "Max open files", false);
    expect_limit(o, "Max processes", true);
    expect_limit(o, "Max file size", true);
    expect_limit(o, "Max locked memory", true);
}

/* The zygote's filter and the attempt's own. */
enum { FILTERS_MIN = 2 };

void outside_expect_layers(const struct outside *o, uint32_t layers)
{
    if ((layers & LAYER_SECCOMP) != 0) {
        ck_assert_int_eq(o->seccomp, 2);
        ck_assert_msg(o->filters >= FILTERS_MIN, "%d filters, wanted %d", o->filters, FILTERS_MIN);
    }
    if ((layers & LAYER_NO_NEW_PRIVS) != 0)
        ck_assert_int_eq(o->no_new_privs, 1);
    if ((layers & LAYER_CAPS) != 0)
        ck_assert_msg(o->capabilities == 0, "capabilities %" PRIx64, o->capabilities);
    for (int i = 0; i < 4 && (layers & LAYER_UID) != 0; i++)
        ck_assert_msg(o->uid[i] != 0 && o->uid[i] == o->uid[0], "uid %u", o->uid[i]);
    if ((layers & LAYER_PIDNS) != 0)
        ck_assert_msg(o->numbers >= 2, "%d process numbers", o->numbers);
    if ((layers & LAYER_MEMORY) != 0)
        ck_assert_msg(strstr(o->memory_group, "/orch-") != NULL, "group '%s'", o->memory_group);
    if ((layers & LAYER_RLIMITS) != 0)
        expect_limits(o);
}

/* ---- watching ---- */

struct seen {
    int pid;
    unsigned times, running;
};

static struct seen *seen_of(struct seen *all, unsigned *count, int pid)
{
    for (unsigned i = 0; i < *count; i++)
        if (all[i].pid == pid)
            return &all[i];
    ck_assert_uint_lt(*count, OUTSIDE_PIDS_MAX);
    all[*count] = (struct seen){.pid = pid};
    return &all[(*count)++];
}

struct watch outside_watch(struct world *w, const char *name, int64_t ms)
{
    static struct seen all[OUTSIDE_PIDS_MAX];
    static int pids[OUTSIDE_PIDS_MAX], named[OUTSIDE_PIDS_MAX];
    int64_t until = clock_mono_ns() + ms * 1000000;
    struct watch watch = {0};
    unsigned count = 0;

    for (; clock_mono_ns() < until || watch.samples <= OUTSIDE_SAMPLES_MIN; world_turn_for(w, 20)) {
        int found = outside_find("", pids);
        struct outside o;

        watch.samples++;
        watch.most = (unsigned)found > watch.most ? (unsigned)found : watch.most;
        watch.named += outside_find(name, named) > 0;
        for (int i = 0; i < found; i++) {
            if (!outside_look(pids[i], &o) || process_is_named(pids[i], "orch-supervisor"))
                continue;
            struct seen *s = seen_of(all, &count, pids[i]);

            s->times++;
            s->running += o.state == 'R';
            watch.bytes_most = o.bytes > watch.bytes_most ? o.bytes : watch.bytes_most;
        }
    }
    for (unsigned i = 0; i < count; i++)
        watch.always_runs += all[i].times >= 10 && all[i].running == all[i].times;
    return watch;
}
