/* attempt.c -- see attempt.h. */
#include "sandbox/supervisor/attempt.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/supervisor/usage.h"
#include "sandbox/supervisor/walls.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPENT_REST_NS (20 * 1000 * 1000LL)

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

/* Nobody waits to see it closed. */
static void spend(struct attempts *all, int fd)
{
    files_spend(all->files, &fd, 1);
}

/* Once nothing has happened for a while. */
static void close_spent_at_rest(struct attempts *all)
{
    all->spent.due_ns = clock_mono_ns() + SPENT_REST_NS;
}

static void close_spent(struct timer *t, int64_t now_ns)
{
    struct attempts *all = t->owner;

    (void)now_ns;
    files_close_spent(all->files);
}

/* Its process is gone, or there never was one. */
static void forget(struct attempts *all, struct super_attempt *a)
{
    host_flush_of(all->host, a->id); /* in the turn in which it was let go */
    files_give_back(all->files, FILES_AN_ATTEMPT);
    LIST_REMOVE(a, link);
    if (a->zygote != NULL) {
        assert(a->zygote->magic == ZYGOTE_MAGIC && a->zygote->attempts > 0);
        a->zygote->attempts--;
    }
    loop_close(all->loop, &a->gate);
    loop_close(all->loop, &a->life);
    if (a->pidfd >= 0)
        spend(all, take_fd(&a->pidfd));
    cgroup_give_back(a->group);
    usage_reap_groups(all);
    ids_give_back(&all->zygotes->ids, a->uid);
    LIST_INSERT_HEAD(&all->dead, a, link);
    if (--all->count == 0)
        files_close_spent(all->files);
    else
        close_spent_at_rest(all);
}

void attempts_bury(struct attempts *all)
{
    struct super_attempt *a;

    while ((a = LIST_FIRST(&all->dead)) != NULL) {
        LIST_REMOVE(a, link);
        a->magic = 0;
        free(a);
    }
}

/* Its group will be asked anyway, and remembers the answer. */
static bool still_lives(const struct super_attempt *a)
{
    struct pollfd p = {.fd = a->pidfd, .events = POLLIN};

    return !(a->group != NULL && cgroup_is_left(a->group)) && poll(&p, 1, 0) == 0;
}

static void on_life(struct watch *w)
{
    struct super_attempt *a = w->owner;

    assert(a->magic == ATTEMPT_MAGIC);
    forget(a->home, a);
}

/* Nobody asks for it any more; what it holds is free once its process is. */
static void let_end(struct attempts *all, struct super_attempt *a)
{
    if (a->pid == 0 || !still_lives(a)) {
        forget(all, a);
        return;
    }
    pidfd_signal(a->pidfd, SIGKILL);
    loop_close(all->loop, &a->gate);
    LIST_REMOVE(a, link);
    LIST_INSERT_HEAD(&all->released, a, link);
    loop_watch(all->loop, &a->life, take_fd(&a->pidfd), on_life, a);
}

static void spawn_failed(struct attempts *all, struct super_attempt *a, const char *why)
{
    host_tell_text(all->host, MSG_SPAWN_FAILED, a->id, why);
    let_end(all, a);
}

/* ---- spawn ---- */

static void on_gate(struct watch *w);

/* Our end is watched, the other is the attempt's: the lower one, so that it is a neighbour of what
 * came with the order and all are closed by one call. */
static bool open_gate(struct attempts *all, struct super_attempt *a, int *ret_theirs, struct err *e)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_sys(e, "open an attempt's gate");
    loop_watch_once(all->loop, &a->gate, ends[1], on_gate, a);
    *ret_theirs = ends[0];
    return true;
}

static bool check_order(struct attempts *all, struct super_attempt *a, const struct frame_in *in,
                        struct err *e)
{
    uint32_t flags = a->request.flags;
    const struct super_zygote *z = a->zygote;

    if (z == NULL || z->state != ZYGOTE_SERVING)
        return err_set(e, ERR_UNAVAILABLE, "the zygote does not serve");
    if (in->frame.fd_count != spawn_fd_count(flags))
        return err_set(e, ERR_INVALID, "%u descriptors", in->frame.fd_count);
    if (((flags & SPAWN_LOAD) != 0) == ((z->flags & ZYGOTE_WARM) != 0))
        return err_set(e, ERR_INVALID, "a plugin is loaded by an attempt or by its zygote");
    if (!files_are_left(all->files))
        return err_set(e, ERR_LIMIT, "the supervisor has no descriptors left");
    if (fault_hit(all->faults, FAULT_FORK))
        return err_set(e, ERR_UNAVAILABLE, "fault: no fork");
    return true;
}

static bool take_user(struct attempts *all, struct super_attempt *a, struct err *e)
{
    if (!all->layers->root || (a->zygote->flags & ZYGOTE_WARM) != 0)
        return true;
    a->uid = ids_take(&all->zygotes->ids);
    return a->uid != 0 || err_set(e, ERR_LIMIT, "no uid is free");
}

/* The gate, what came with an order, and behind those the plugin's descriptor as it came. */
enum { GATE, CAME, TOLD = CAME + SPAWN_FDS_MAX, PASSED };
struct passed {
    struct files *files;
    int fds[PASSED];
    uint32_t count; /* that the zygote gets */
};

static void passed_done(struct passed *p)
{
    files_spend(p->files, p->fds, PASSED);
}
DEFINE_AUTO_DONE(passed)

static struct passed take_all(struct files *files, struct frame_in *in)
{
    struct passed p = {.files = files, .count = CAME + in->frame.fd_count};

    for (uint32_t i = 0; i < PASSED; i++)
        p.fds[i] = i >= CAME && i < p.count ? frame_take_fd(in, i - CAME) : -1;
    return p;
}

static bool own_plugin(const struct super_attempt *a, struct passed *p, struct err *e)
{
    int *plugin = &p->fds[p->count - 1];

    if ((a->request.flags & SPAWN_LOAD) == 0)
        return true;
    p->fds[TOLD] = *plugin;
    *plugin = -1;
    return files_own_plugin(p->fds[TOLD], plugin, e);
}

static bool relay(struct attempts *all, struct super_attempt *a, struct frame_in *in, struct err *e)
{
    auto_done(passed) p = take_all(all->files, in);
    struct fork_request order;

    if (!check_order(all, a, in, e) || !own_plugin(a, &p, e) || !take_user(all, a, e) ||
        !open_gate(all, a, &p.fds[GATE], e))
        return false;
    order = (struct fork_request){
        .address_space_bytes = walls_address_space(all->layers, a->request.memory_bytes),
        .cpu_ms = a->request.cpu_ms,
        .limit_inside =
            all->layers->limits == LIMITS_INSIDE && (a->request.flags & SPAWN_LOAD) != 0,
        .flags = a->request.flags,
        .threads_max = a->request.threads_max,
        .uid = a->uid,
        .gid = a->uid,
    };
    return zygote_send(a->zygote,
                       &(struct frame){.type = MSG_FORK,
                                       .id = a->id,
                                       .payload = &order,
                                       .payload_bytes = sizeof order,
                                       .fds = p.fds,
                                       .fd_count = p.count},
                       e);
}

void attempt_spawn(struct attempts *all, struct frame_in *in)
{
    struct super_attempt *a = mem_new(struct super_attempt);
    struct err e = {0};

    memcpy(&a->request, in->frame.payload, sizeof a->request);
    a->magic = ATTEMPT_MAGIC;
    a->home = all;
    a->id = in->frame.id;
    a->pidfd = a->gate.fd = a->life.fd = -1;
    a->cpu_due_ns = INT64_MAX;
    a->zygote = zygote_find(all->zygotes, a->request.zygote);
    if (a->zygote != NULL)
        a->zygote->attempts++;
    LIST_INSERT_HEAD(bucket(all, a->id), a, link);
    all->count++;
    files_take(all->files, FILES_AN_ATTEMPT);
    if (!relay(all, a, in, &e))
        spawn_failed(all, a, e.msg);
    /* A secret is for its attempt alone: nobody else holds it until it is read. */
    if ((a->request.flags & SPAWN_SECRETS) != 0)
        files_close_spent(all->files);
    else
        close_spent_at_rest(all);
}

/* ---- forked, confined, let go ---- */

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

static struct super_attempt *find_by_pid(struct attempts *all, pid_t pid)
{
    struct super_attempt *a;

    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        LIST_FOREACH (a, &all->buckets[i], link)
            if (a->pid == pid)
                return a;
    return NULL;
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
    if (find_by_pid(all, pid) != NULL)
        return err_set(e, ERR_DENIED, "the process of another attempt");
    a->pid = pid;
    a->inner_pid = by_init ? inner_pid_of(a->pidfd) : 0;
    return true;
}

/* Once it is both forked and confined. */
static void let_go(struct attempts *all, struct super_attempt *a)
{
    uint32_t layers;
    struct err e = {0};

    if (a->pid == 0 || !a->is_confined)
        return;
    if (!walls_raise(all, a, &e) || !walls_look(all, a, &layers, &e)) {
        spawn_failed(all, a, e.msg);
        return;
    }
    if (send(a->gate.fd, "", 1, MSG_NOSIGNAL) != 1) {
        spawn_failed(all, a, "it ended before it was let go");
        return;
    }
    spend(all, loop_leave(&a->gate));
    a->let_go = true;
    usage_watch(all, a);
    host_tell_spawned(all->host, a->id, layers, a->pidfd);
}

static void on_gate(struct watch *w)
{
    struct super_attempt *a = w->owner;
    struct attempts *all = a->home;

    assert(a->magic == ATTEMPT_MAGIC && !a->is_confined);
    if (recv(w->fd, &a->confined, sizeof a->confined, MSG_DONTWAIT) !=
        (ssize_t)sizeof a->confined) {
        spawn_failed(all, a, "it could not confine itself");
        return;
    }
    a->is_confined = true;
    let_go(all, a);
}

/* No lie: it was killed, or had no memory. EBADF for what is no process at all. */
static bool has_ended(const struct super_attempt *a)
{
    return pidfd_signal(a->pidfd, 0) < 0 && errno == ESRCH;
}

void attempt_forked(struct attempts *all, struct super_zygote *z, struct frame_in *in)
{
    struct super_attempt *a = find(all, in->frame.id);
    struct err e = {0};

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
    let_go(all, a);
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

    if (a == NULL)
        return;
    if (answer && a->group != NULL) {
        numbers[0] = cgroup_oom_kills(a->group);
        numbers[1] = cgroup_peak_bytes(a->group);
    }
    if (answer)
        host_tell(all->host, MSG_RELEASED, id, numbers, sizeof numbers, -1);
    let_end(all, a);
}

/* Told first: the host believes a SIGKILL that nobody explains to be the plugin's own. */
bool attempt_forbidden(struct attempts *all, const struct super_zygote *z, pid_t pid,
                       const struct call *call)
{
    struct super_attempt *a = find_by_pid(all, pid);

    if (a == NULL || a->zygote != z || !a->let_go)
        return false;
    if (!a->over)
        host_tell(all->host, MSG_FORBIDDEN, a->id, call, sizeof *call, -1);
    a->over = true;
    pidfd_signal(a->pidfd, SIGKILL);
    return true;
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

/* The gate of one that its zygote never forked stays open until the zygote is gone: it may still
 * come. */
struct super_zygote *attempts_overdue(struct attempts *all, uint32_t limit_s, bool *ret_on_way)
{
    struct super_zygote *deaf = NULL;
    struct super_attempt *a, *next;

    *ret_on_way = false;
    for (int i = 0; i < ATTEMPT_BUCKETS; i++)
        for (a = LIST_FIRST(&all->buckets[i]); a != NULL; a = next) {
            next = LIST_NEXT(a, link);
            *ret_on_way = *ret_on_way || !a->let_go;
            if (a->let_go || ++a->waits_s < limit_s)
                continue;
            if (a->pid == 0)
                deaf = a->zygote;
            else
                spawn_failed(all, a, "it did not come to its gate");
        }
    return deaf;
}

void attempts_start(struct attempts *all, struct loop *loop)
{
    all->loop = loop;
    loop_timer(loop, &all->spent, close_spent, all);
    usage_start(all);
}
