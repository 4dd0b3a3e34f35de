/* usage.c -- see usage.h. */
#include "sandbox/supervisor/usage.h"

#include "base/clock.h"
#include "base/fd.h"
#include "sandbox/kernel/pidfd.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_POLL_NS (100 * 1000 * 1000LL)
#define GROUPS_POLL_NS (20 * 1000 * 1000LL)
#define GROUPS_REST_NS (200 * 1000 * 1000LL)
#define CPU_POLL_MIN_NS (1000 * 1000LL)

static void kill_over(struct attempts *all, struct super_attempt *a, enum super_message what)
{
    a->over = true;
    pidfd_signal(a->pidfd, SIGKILL);
    host_tell(all->host, what, a->id, NULL, 0, -1);
}

/* ---- memory ---- */

static uint64_t resident_bytes(pid_t pid)
{
    char path[64];
    uint64_t pages = 0;
    auto_file f = NULL;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    f = fopen(path, "re");
    if (f == NULL || fscanf(f, "%*u %" SCNu64, &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void look_at_memory(struct timer *t, int64_t now_ns)
{
    struct attempts *all = t->owner;
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link) {
            if (!a->let_go || a->over)
                continue;
            t->due_ns = now_ns + MEMORY_POLL_NS;
            if (resident_bytes(a->pid) > a->request.memory_bytes)
                kill_over(all, a, MSG_OVER_MEMORY);
        }
}

/* ---- CPU time ---- */

static int64_t cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec t;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0; /* it is gone */
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void look_again(struct super_attempt *a, int64_t now_ns, int64_t used_ns)
{
    int64_t left_ns = (int64_t)a->request.cpu_ms * 1000000 - used_ns;
    int64_t wait_ns = left_ns / (1 + (int64_t)a->request.threads_max);

    a->cpu_due_ns = now_ns + (wait_ns > CPU_POLL_MIN_NS ? wait_ns : CPU_POLL_MIN_NS);
}

static void look_at_cpu_of(struct attempts *all, struct super_attempt *a, int64_t now_ns)
{
    int64_t used_ns;

    if (now_ns < a->cpu_due_ns)
        return;
    used_ns = cpu_ns(a->pid);
    if (used_ns >= (int64_t)a->request.cpu_ms * 1000000) {
        a->cpu_due_ns = INT64_MAX;
        kill_over(all, a, MSG_OVER_CPU);
        return;
    }
    look_again(a, now_ns, used_ns);
}

static void look_at_cpu(struct timer *t, int64_t now_ns)
{
    struct attempts *all = t->owner;
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link) {
            if (!a->let_go || a->over)
                continue;
            look_at_cpu_of(all, a, now_ns);
            if (a->cpu_due_ns < t->due_ns)
                t->due_ns = a->cpu_due_ns;
        }
}

void usage_watch(struct attempts *all, struct super_attempt *a)
{
    int64_t now_ns = clock_mono_ns();

    look_again(a, now_ns, 0);
    if (a->cpu_due_ns < all->cpu.due_ns)
        all->cpu.due_ns = a->cpu_due_ns;
    if (all->polls_memory && all->memory.due_ns == INT64_MAX)
        all->memory.due_ns = now_ns + MEMORY_POLL_NS;
}

/* ---- groups ---- */

static void reap_groups(struct timer *t, int64_t now_ns)
{
    struct attempts *all = t->owner;

    if (cgroups_reap(all->layers->cgroups))
        t->due_ns = now_ns + GROUPS_POLL_NS;
    else
        cgroups_trim(all->layers->cgroups);
}

void usage_reap_groups(struct attempts *all)
{
    bool more = cgroups_reap(all->layers->cgroups);

    all->groups.due_ns = clock_mono_ns() + (more ? GROUPS_POLL_NS : GROUPS_REST_NS);
}

void usage_start(struct attempts *all)
{
    loop_timer(all->loop, &all->memory, look_at_memory, all);
    loop_timer(all->loop, &all->cpu, look_at_cpu, all);
    loop_timer(all->loop, &all->groups, reap_groups, all);
    all->polls_memory = !cgroups_have(all->layers->cgroups, CGROUP_MEMORY);
}
