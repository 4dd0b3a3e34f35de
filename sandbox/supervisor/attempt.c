/* attempt.c -- the supervisor's share of an attempt: relay the order, check that what came
 * back is what was asked for, put it into its group before anyone lets it go, kill it when told. It
 * knows an attempt from SPAWN to RELEASE. See super.h. */
#include "sandbox/supervisor/super.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MEMORY_SLACK_BYTES = 64 << 20, /* the worker itself, its stack and the C library */
    MEMORY_POLL_NS = 100 * 1000 * 1000,
};
#define ADDRESS_SPACE_BYTES                                                                        \
    (16ULL << 30) /* under a memory cgroup, which counts what is touched                           \
                   */

static struct attempt_list *bucket(struct super *s, uint64_t id)
{
    return &s->attempts[id % ATTEMPT_BUCKETS];
}

static struct super_attempt *find(struct super *s, uint64_t id)
{
    struct super_attempt *a;

    LIST_FOREACH (a, bucket(s, id), link)
        if (a->id == id)
            return a;
    return NULL;
}

static void forget(struct super *s, struct super_attempt *a, bool ended)
{
    s->attempt_count--;
    LIST_REMOVE(a, link);
    if (a->zygote != NULL)
        a->zygote->attempts--;
    if (a->pidfd >= 0)
        close(a->pidfd);
    cgroup_give_back(a->group, ended);
    free(a);
}

static void spawn_failed(struct super *s, struct super_attempt *a, const char *why)
{
    tell_host_text(s, MSG_SPAWN_FAILED, a->id, why);
    forget(s, a, true);
}

/* ---- spawn ---- */

/* Where a cgroup counts what is touched, room to reserve; else the limit itself. */
static uint64_t address_space(const struct super *s, const struct super_attempt *a)
{
    uint64_t least = a->request.memory_bytes + MEMORY_SLACK_BYTES;

    if (!cgroups_have(s->cgroups, CGROUP_MEMORY) || least > ADDRESS_SPACE_BYTES)
        return least;
    return ADDRESS_SPACE_BYTES;
}

static bool relay(struct super *s, struct super_attempt *a, struct frame_in *in, struct err *e)
{
    struct fork_request order = {
        .address_space_bytes = address_space(s, a),
        .cpu_ms = a->request.cpu_ms,
        .has_secrets = a->request.has_secrets,
        .threads_max = a->request.threads_max,
    };

    if (a->zygote == NULL || a->zygote->state != ZYGOTE_SERVING)
        return err_set(e, ERR_UNAVAILABLE, "the zygote does not serve");
    if (in->frame.fd_count != (a->request.has_secrets ? 4 : 3))
        return err_set(e, ERR_INVALID, "%u descriptors", in->frame.fd_count);
    if (!files_are_left(s))
        return err_set(e, ERR_LIMIT, "the supervisor has no descriptors left");
    if (fault_hit(s, FAULT_FORK))
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

void attempt_spawn(struct super *s, struct frame_in *in)
{
    struct super_attempt *a = mem_new(struct super_attempt);
    struct err e;

    memcpy(&a->request, in->frame.payload, sizeof a->request);
    a->id = in->frame.id;
    a->pidfd = -1;
    a->zygote = zygote_find(s, a->request.zygote);
    if (a->zygote != NULL)
        a->zygote->attempts++;
    LIST_INSERT_HEAD(bucket(s, a->id), a, link);
    s->attempt_count++;
    if (!relay(s, a, in, &e))
        spawn_failed(s, a, e.msg);
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

static bool pid_is_known(struct super *s, pid_t pid)
{
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &s->attempts[i], link)
            if (a->pid == pid)
                return true;
    return false;
}

/* A zygote whose plugin owns it may send any descriptor it has: init's, a sibling's, a file. */
static bool check_identity(struct super *s, struct super_attempt *a, struct err *e)
{
    const struct super_zygote *z = a->zygote;
    bool by_init = (s->outer & LAYER_EXIT_INFO) == 0;
    pid_t pid, parent;

    if (!pidfd_ids(a->pidfd, &pid, &parent))
        return err_set(e, ERR_DENIED, "not a living process");
    if (parent != (by_init ? z->init_pid : z->pid) || pid == z->pid || pid == z->init_pid)
        return err_set(e, ERR_DENIED, "not a child of its zygote");
    if (pid_is_known(s, pid))
        return err_set(e, ERR_DENIED, "the process of another attempt");
    a->pid = pid;
    a->inner_pid = by_init ? inner_pid_of(a->pidfd) : 0;
    return true;
}

static bool enter_group(struct super *s, struct super_attempt *a, struct err *e)
{
    struct cgroup_limits limits = {
        .memory_bytes = a->request.memory_bytes,
        .pids_max = a->request.threads_max > 0 ? a->request.threads_max + 1 : 0,
    };

    if (fault_hit(s, FAULT_GROUP))
        return err_set(e, ERR_UNAVAILABLE, "fault: no group");
    return cgroup_take(s->cgroups, &limits, &a->group, e) && cgroup_enter(a->group, a->pid, e);
}

/* A number could only have been given to another process meanwhile if this one were dead. */
static bool still_lives(const struct super_attempt *a)
{
    struct pollfd p = {.fd = a->pidfd, .events = POLLIN};

    return poll(&p, 1, 0) == 0;
}

/* Into its group, and still the same process there. */
static bool settle(struct super *s, struct super_attempt *a, struct err *e)
{
    if (!enter_group(s, a, e))
        return false;
    return still_lives(a) || err_set(e, ERR_UNAVAILABLE, "it ended before it was let go");
}

void attempt_forked(struct super *s, struct super_zygote *z, struct frame_in *in)
{
    struct super_attempt *a = find(s, in->frame.id);
    struct err e;

    if (a == NULL || a->zygote != z || a->pid != 0)
        return; /* released, or a lie about an attempt that is not its own */
    a->pidfd = frame_take_fd(in, 0);
    if (!check_identity(s, a, &e)) {
        spawn_failed(s, a, e.msg);
        zygote_kill(s, z);
        return;
    }
    if (!settle(s, a, &e)) {
        pidfd_signal(a->pidfd, SIGKILL);
        spawn_failed(s, a, e.msg);
        return;
    }
    tell_host(s, MSG_SPAWNED, a->id, &s->outer, sizeof s->outer, a->pidfd);
}

void attempt_fork_failed(struct super *s, struct super_zygote *z, struct frame_in *in)
{
    struct super_attempt *a = find(s, in->frame.id);
    char why[128];
    int number;

    if (a == NULL || a->zygote != z || a->pid != 0)
        return;
    memcpy(&number, in->frame.payload, sizeof number);
    snprintf(why, sizeof why, "the zygote cannot fork: errno %d", number);
    spawn_failed(s, a, why);
}

/* ---- the end ---- */

void attempt_kill(struct super *s, uint64_t id)
{
    struct super_attempt *a = find(s, id);

    if (a != NULL && a->pidfd >= 0)
        pidfd_signal(a->pidfd, SIGKILL);
}

void attempt_release(struct super *s, uint64_t id, bool answer)
{
    struct super_attempt *a = find(s, id);
    uint64_t numbers[2] = {0, 0};
    bool ended;

    if (a == NULL)
        return;
    if (answer && a->group != NULL) {
        numbers[0] = cgroup_oom_kills(a->group);
        numbers[1] = cgroup_peak_bytes(a->group);
    }
    if (answer)
        tell_host(s, MSG_RELEASED, id, numbers, sizeof numbers, -1);
    ended = a->pid == 0 || !still_lives(a);
    if (!ended)
        pidfd_signal(a->pidfd, SIGKILL);
    forget(s, a, ended);
}

void attempt_reaped(struct super *s, struct super_zygote *z, uint32_t inner_pid, int status)
{
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &s->attempts[i], link) {
            if (a->zygote != z || a->inner_pid != inner_pid || a->inner_pid == 0)
                continue;
            tell_host(s, MSG_EXITED, a->id, &status, sizeof status, -1);
            return;
        }
}

void attempts_orphaned(struct super *s, struct super_zygote *z)
{
    struct super_attempt *a, *next;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        for (a = LIST_FIRST(&s->attempts[i]); a != NULL; a = next) {
            next = LIST_NEXT(a, link);
            if (a->zygote == z && a->pid == 0)
                spawn_failed(s, a, "the zygote is gone");
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

int64_t attempts_poll_memory(struct super *s, int64_t now_ns)
{
    struct super_attempt *a;

    if (cgroups_have(s->cgroups, CGROUP_MEMORY))
        return INT64_MAX;
    if (now_ns < s->memory_poll_ns)
        return s->memory_poll_ns;
    s->memory_poll_ns = now_ns + MEMORY_POLL_NS;
    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &s->attempts[i], link) {
            if (a->pid == 0 || a->over_memory || resident_bytes(a->pid) <= a->request.memory_bytes)
                continue;
            a->over_memory = true;
            pidfd_signal(a->pidfd, SIGKILL);
            tell_host(s, MSG_OVER_MEMORY, a->id, NULL, 0, -1);
        }
    return s->memory_poll_ns;
}
