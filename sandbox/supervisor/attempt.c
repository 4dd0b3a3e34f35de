/* attempt.c -- see attempt.h. */
#include "sandbox/supervisor/attempt.h"

#include "base/mem.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMORY_SLACK_BYTES = 64 << 20, /* the worker itself, its stack and the C library */
    MEMORY_POLL_NS = 100 * 1000 * 1000,
};
#define ADDRESS_SPACE_BYTES                                                                        \
    (16ULL << 30) /* under a memory cgroup, which counts what is touched                           \
                   */

static struct attempt_list *bucket(struct attempts *all, uint64_t id)
{
    return &all->buckets[id % ATTEMPT_BUCKETS];
}

static struct super_attempt *find(struct attempts *all, uint64_t id)
{
    struct super_attempt *a;

    LIST_FOREACH (a, bucket(all, id), link)
        if (a->id == id)
            return a;
    return NULL;
}

static void forget(struct attempts *all, struct super_attempt *a, bool ended)
{
    files_give_back(all->files, FILES_AN_ATTEMPT);
    LIST_REMOVE(a, link);
    if (a->zygote != NULL) {
        assert(a->zygote->magic == ZYGOTE_MAGIC && a->zygote->attempts > 0);
        a->zygote->attempts--;
    }
    if (a->pidfd >= 0)
        close(a->pidfd);
    cgroup_give_back(a->group, ended);
    free(a);
}

static void spawn_failed(struct attempts *all, struct super_attempt *a, const char *why)
{
    host_tell_text(all->host, MSG_SPAWN_FAILED, a->id, why);
    forget(all, a, true);
}

/* ---- spawn ---- */

/* Where a cgroup counts what is touched, room to reserve; else the limit itself. */
static uint64_t address_space(const struct attempts *all, const struct super_attempt *a)
{
    uint64_t least = a->request.memory_bytes + MEMORY_SLACK_BYTES;

    if (!cgroups_have(all->layers->cgroups, CGROUP_MEMORY) || least > ADDRESS_SPACE_BYTES)
        return least;
    return ADDRESS_SPACE_BYTES;
}

static bool relay(struct attempts *all, struct super_attempt *a, struct frame_in *in, struct err *e)
{
    struct fork_request order = {
        .address_space_bytes = address_space(all, a),
        .cpu_ms = a->request.cpu_ms,
        .has_secrets = a->request.has_secrets,
        .threads_max = a->request.threads_max,
    };

    if (a->zygote == NULL || a->zygote->state != ZYGOTE_SERVING)
        return err_set(e, ERR_UNAVAILABLE, "the zygote does not serve");
    if (in->frame.fd_count != (a->request.has_secrets ? 4 : 3))
        return err_set(e, ERR_INVALID, "%u descriptors", in->frame.fd_count);
    if (!files_are_left(all->files))
        return err_set(e, ERR_LIMIT, "the supervisor has no descriptors left");
    if (fault_hit(all->faults, FAULT_FORK))
        return err_set(e, ERR_UNAVAILABLE, "fault: no fork");
    return zygote_send(a->zygote,
                       &(struct frame){.type = MSG_FORK,
                                       .id = a->id,
                                       .payload = &order,
                                       .payload_bytes = sizeof order,
                                       .fds = in->fds,
                                       .fd_count = in->frame.fd_count},
                       e);
}

void attempt_spawn(struct attempts *all, struct frame_in *in)
{
    struct super_attempt *a = mem_new(struct super_attempt);
    struct err e;

    memcpy(&a->request, in->frame.payload, sizeof a->request);
    a->id = in->frame.id;
    a->pidfd = -1;
    a->zygote = zygote_find(all->zygotes, a->request.zygote);
    if (a->zygote != NULL)
        a->zygote->attempts++;
    LIST_INSERT_HEAD(bucket(all, a->id), a, link);
    files_take(all->files, FILES_AN_ATTEMPT);
    if (!relay(all, a, in, &e))
        spawn_failed(all, a, e.msg);
}

/* ---- forked ---- */

/* The newest number in "NSpid:\t123\t5": that of the process's own namespace. */
static uint32_t inner_pid_of(int pidfd)
{
    char path[64], line[256];
    uint32_t pid = 0;
    auto_file f = NULL;

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *last = strrchr(line, '\t');

        if (strncmp(line, "NSpid:", 6) == 0 && last != NULL)
            (void)sscanf(last, "%" SCNu32, &pid);
    }
    return pid;
}

static bool pid_is_known(struct attempts *all, pid_t pid)
{
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link)
            if (a->pid == pid)
                return true;
    return false;
}

/* A zygote whose plugin owns it may send any descriptor it has: init's, a sibling's, a file. */
static bool check_identity(struct attempts *all, struct super_attempt *a, struct err *e)
{
    const struct super_zygote *z = a->zygote;
    bool by_init = (all->layers->outer & LAYER_EXIT_INFO) == 0;
    pid_t pid, parent;

    if (!pidfd_ids(a->pidfd, &pid, &parent))
        return err_set(e, ERR_DENIED, "not a living process");
    if (parent != (by_init ? z->init_pid : z->pid) || pid == z->pid || pid == z->init_pid)
        return err_set(e, ERR_DENIED, "not a child of its zygote");
    if (pid_is_known(all, pid))
        return err_set(e, ERR_DENIED, "the process of another attempt");
    a->pid = pid;
    a->inner_pid = by_init ? inner_pid_of(a->pidfd) : 0;
    return true;
}

static bool enter_group(struct attempts *all, struct super_attempt *a, struct err *e)
{
    struct cgroup_limits limits = {
        .memory_bytes = a->request.memory_bytes,
        .pids_max = a->request.threads_max > 0 ? a->request.threads_max + 1 : 0,
    };

    if (fault_hit(all->faults, FAULT_GROUP))
        return err_set(e, ERR_UNAVAILABLE, "fault: no group");
    return cgroup_take(all->layers->cgroups, &limits, &a->group, e) &&
           cgroup_enter(a->group, a->pid, e);
}

/* A number could only have been given to another process meanwhile if this one were dead. */
static bool still_lives(const struct super_attempt *a)
{
    struct pollfd p = {.fd = a->pidfd, .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

/* Into its group, and still the same process there. */
static bool settle(struct attempts *all, struct super_attempt *a, struct err *e)
{
    if (!enter_group(all, a, e))
        return false;
    return still_lives(a) || err_set(e, ERR_UNAVAILABLE, "it ended before it was let go");
}

/* No lie: it was killed, or had no memory. EBADF for what is no process at all. */
static bool has_ended(const struct super_attempt *a)
{
    return pidfd_signal(a->pidfd, 0) < 0 && errno == ESRCH;
}

void attempt_forked(struct attempts *all, struct super_zygote *z, struct frame_in *in)
{
    struct super_attempt *a = find(all, in->frame.id);
    struct err e;

    if (a == NULL || a->zygote != z || a->pid != 0)
        return; /* released, or a lie about an attempt that is not its own */
    assert(a->pidfd < 0 && a->group == NULL);
    a->pidfd = frame_take_fd(in, 0);
    if (!check_identity(all, a, &e)) {
        bool lie = !has_ended(a);

        spawn_failed(all, a, e.msg);
        if (lie)
            zygote_kill(z);
        return;
    }
    if (!settle(all, a, &e)) {
        pidfd_signal(a->pidfd, SIGKILL);
        spawn_failed(all, a, e.msg);
        return;
    }
    host_tell(all->host, MSG_SPAWNED, a->id, &all->layers->outer, sizeof all->layers->outer,
              a->pidfd);
}

void attempt_fork_failed(struct attempts *all, struct super_zygote *z, struct frame_in *in)
{
    struct super_attempt *a = find(all, in->frame.id);
    char why[128];
    int number;

    if (a == NULL || a->zygote != z || a->pid != 0)
        return;
    memcpy(&number, in->frame.payload, sizeof number);
    snprintf(why, sizeof why, "the zygote cannot fork: errno %d", number);
    spawn_failed(all, a, why);
}

/* ---- the end ---- */

void attempt_kill(struct attempts *all, uint64_t id)
{
    struct super_attempt *a = find(all, id);

    if (a != NULL && a->pidfd >= 0)
        pidfd_signal(a->pidfd, SIGKILL);
}

void attempt_release(struct attempts *all, uint64_t id, bool answer)
{
    struct super_attempt *a = find(all, id);
    uint64_t numbers[2] = {0, 0};
    bool ended;

    if (a == NULL)
        return;
    if (answer && a->group != NULL) {
        numbers[0] = cgroup_oom_kills(a->group);
        numbers[1] = cgroup_peak_bytes(a->group);
    }
    if (answer)
        host_tell(all->host, MSG_RELEASED, id, numbers, sizeof numbers, -1);
    ended = a->pid == 0 || !still_lives(a);
    if (!ended)
        pidfd_signal(a->pidfd, SIGKILL);
    forget(all, a, ended);
}

void attempt_reaped(struct attempts *all, struct super_zygote *z, uint32_t inner_pid, int status)
{
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link) {
            if (a->zygote != z || a->inner_pid != inner_pid || a->inner_pid == 0)
                continue;
            host_tell(all->host, MSG_EXITED, a->id, &status, sizeof status, -1);
            return;
        }
}

void attempts_orphaned(struct attempts *all, struct super_zygote *z)
{
    struct super_attempt *a, *next;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        for (a = LIST_FIRST(&all->buckets[i]); a != NULL; a = next) {
            next = LIST_NEXT(a, link);
            if (a->zygote == z && a->pid == 0)
                spawn_failed(all, a, "the zygote is gone");
        }
}

/* ---- memory without a cgroup ---- */

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

    t->due_ns = now_ns + MEMORY_POLL_NS;
    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link) {
            if (a->pid == 0 || a->over_memory || resident_bytes(a->pid) <= a->request.memory_bytes)
                continue;
            a->over_memory = true;
            pidfd_signal(a->pidfd, SIGKILL);
            host_tell(all->host, MSG_OVER_MEMORY, a->id, NULL, 0, -1);
        }
}

void attempts_start(struct attempts *all, struct loop *loop)
{
    loop_timer(loop, &all->memory, look_at_memory, all);
    if (!cgroups_have(all->layers->cgroups, CGROUP_MEMORY))
        all->memory.due_ns = 0;
}
