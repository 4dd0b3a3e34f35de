/* super_zygote.c -- one zygote from clone to burial, the supervisor's side (SANDBOX.md 2.4, S1 to
 * S3). A zygote is believed until CONFINED, which it sends before the plugin's first instruction;
 * from then on its frames are only taken when they are due, and numbers are checked. */
#include "sandbox/super.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "ipc/pack.h"
#include "sandbox/pidfd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    UID_FIRST = 0x6f720000, /* far above what people and systemd use; two a zygote */
    ZYGOTE_MEMORY_BYTES = 1 << 30,
    ZYGOTE_PIDS_MAX = 1024,
    FRAMES_A_TURN = 64,
};

/* What a zygote may say, by the state that it is in. */
static const struct frame_rule rules[] = {
    {MSG_CONFINED, "confined", 0, 0, sizeof(struct zygote_confined),
     sizeof(struct zygote_confined)},
    {MSG_LOADED, "loaded", 0, 0, 0, PLUGIN_INFO_BYTES_MAX},
    {MSG_LOAD_FAILED, "load-failed", 0, 0, 0, ERR_MSG_BYTES},
    {MSG_FORKED, "forked", 1, 1, sizeof(uint32_t), sizeof(uint32_t)},
    {MSG_FORK_FAILED, "fork-failed", 0, 0, sizeof(uint32_t), sizeof(uint32_t)},
};

static bool message_is_due(enum zygote_state state, uint16_t type)
{
    switch (type) {
    case MSG_CONFINED:
        return state == ZYGOTE_ENTERING;
    case MSG_LOADED:
    case MSG_LOAD_FAILED:
        return state == ZYGOTE_LOADING;
    default:
        return state == ZYGOTE_SERVING;
    }
}

/* ---- uids ---- */

static uint32_t uid_take(struct super *s)
{
    for (uint32_t i = 0; i < UID_SLOTS; i++) {
        uint32_t slot = (s->uid_next + i) % UID_SLOTS;

        if ((s->uid_used[slot / 64] & 1ull << slot % 64) != 0)
            continue;
        s->uid_used[slot / 64] |= 1ull << slot % 64;
        s->uid_next = slot + 1;
        return UID_FIRST + 2 * slot;
    }
    return 0;
}

static void uid_give_back(struct super *s, uint32_t uid)
{
    uint32_t slot = (uid - UID_FIRST) / 2;

    if (uid != 0)
        s->uid_used[slot / 64] &= ~(1ull << slot % 64);
}

/* ---- the end ---- */

static void tell_gone(struct super *s, struct super_zygote *z, enum err_code code, const char *why)
{
    auto_done(buf) b = {0};

    if (z->told_gone)
        return;
    z->told_gone = true;
    z->state = ZYGOTE_GONE;
    attempts_orphaned(s, z);
    source_close(s, &z->control);
    if (z->id == 0)
        return;
    pack_u32(&b, code);
    pack_str(&b, why);
    tell_host(s, MSG_ZYGOTE_GONE, z->id, b.data, b.len, -1);
}

/* How the zygote process ended, in words; what it said last when that may explain it. */
static void tell_exit(struct super *s, struct super_zygote *z, int status)
{
    static const char *const phases[] = {"starting", "confining itself", "loading the plugin",
                                         "serving", "ending"};
    char why[512];
    const char *phase = phases[z->state];
    bool words = z->last_words[0] != '\0';

    if (WIFSIGNALED(status))
        snprintf(why, sizeof why, "zygote ended by SIG%s while %s%s%s%s",
                 sigabbrev_np(WTERMSIG(status)), phase, words ? " (\"" : "", z->last_words,
                 words ? "\")" : "");
    else
        snprintf(why, sizeof why, "zygote exited with %d while %s", WEXITSTATUS(status), phase);
    tell_gone(s, z, z->state == ZYGOTE_LOADING ? ERR_UNPROCESSABLE : ERR_UNAVAILABLE, why);
}

void zygote_kill(struct super *s, struct super_zygote *z)
{
    (void)s;
    if (z->init.fd >= 0)
        pidfd_signal(z->init.fd, SIGKILL);
    /* Without a pid namespace the rest dies by the chain of parent death signals. */
}

void zygote_stop(struct super *s, struct super_zygote *z)
{
    tell_gone(s, z, ERR_NONE, "stopped");
}

static void protocol_error(struct super *s, struct super_zygote *z, const char *why)
{
    tell_gone(s, z, ERR_DENIED, why);
    zygote_kill(s, z);
}

/* ---- what it says ---- */

static void on_confined(struct super *s, struct super_zygote *z, const struct frame *frame)
{
    char why[128];
    uint32_t missing;

    memcpy(&z->confined, frame->payload, sizeof z->confined);
    missing = s->inner & ~z->confined.layers;
    z->state = ZYGOTE_LOADING;
    if (missing == 0 || z->id == 0)
        return;
    snprintf(why, sizeof why, "zygote lacks layers %#x that this host had at its start", missing);
    protocol_error(s, z, why);
}

static void on_message(struct super *s, struct super_zygote *z, struct frame_in *in)
{
    char why[ERR_MSG_BYTES + 1];

    switch (in->frame.type) {
    case MSG_CONFINED:
        on_confined(s, z, &in->frame);
        break;
    case MSG_LOADED:
        z->state = ZYGOTE_SERVING;
        tell_host(s, MSG_ZYGOTE_READY, z->id, in->frame.payload, in->frame.payload_bytes, -1);
        break;
    case MSG_LOAD_FAILED:
        snprintf(why, sizeof why, "%.*s", (int)in->frame.payload_bytes,
                 (const char *)in->frame.payload);
        tell_gone(s, z, ERR_UNPROCESSABLE, why);
        break;
    case MSG_FORKED:
        attempt_forked(s, z, in);
        break;
    default:
        attempt_fork_failed(s, z, in);
    }
}

/* The byte that was sent before exec, with the sender's number as we see it. */
static bool take_hello(struct super_zygote *z)
{
    char byte;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {&byte, 1};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    struct cmsghdr *c;
    struct ucred from;
    int off = 0;

    if (recvmsg(z->control.fd, &msg, MSG_CMSG_CLOEXEC) != 1)
        return false;
    c = CMSG_FIRSTHDR(&msg);
    if (c == NULL || c->cmsg_type != SCM_CREDENTIALS || c->cmsg_len != CMSG_LEN(sizeof from))
        return false;
    memcpy(&from, CMSG_DATA(c), sizeof from);
    z->pid = from.pid;
    return setsockopt(z->control.fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof off) == 0;
}

static bool send_setup(struct super *s, struct super_zygote *z, struct err *e)
{
    struct zygote_setup setup = {
        .flags = z->flags,
        .layers = ~s->without,
        .uid = z->uid,
        .gid = z->uid,
        .init_reaps = (s->outer & LAYER_EXIT_INFO) == 0,
    };
    int fds[2] = {s->filters[(z->flags & ZYGOTE_THREADS) != 0], z->plugin_fd};

    /* Only root and a user namespace may mount; in neither the call would just fail. */
    if ((s->clone_flags & CLONE_NEWNS) == 0)
        setup.layers &= ~(uint32_t)LAYER_MNTNS;
    memcpy(setup.digest, z->digest, sizeof z->digest);
    return zygote_send(z, MSG_SETUP, 0, &setup, sizeof setup, fds, z->plugin_fd >= 0 ? 2 : 1, e);
}

static void on_hello(struct super *s, struct super_zygote *z)
{
    struct err e;

    if (!take_hello(z) || !send_setup(s, z, &e)) {
        protocol_error(s, z, "zygote did not start");
        return;
    }
    z->state = ZYGOTE_ENTERING;
    if (z->plugin_fd >= 0)
        close(take_fd(&z->plugin_fd));
}

static void on_control(struct super *s, struct source *src)
{
    struct super_zygote *z = src->owner;
    struct err e;

    if (z->state == ZYGOTE_HELLO) {
        on_hello(s, z);
        return;
    }
    for (int i = 0; i < FRAMES_A_TURN && z->state != ZYGOTE_GONE; i++) {
        enum frame_recv got = frame_recv(src->fd, &s->in, &e);

        if (got == FRAME_NONE)
            return;
        if (got == FRAME_CLOSED) {
            source_close(s, src); /* init's record says how it ended */
            return;
        }
        if (got == FRAME_BAD || !frame_permitted(rules, ARRAY_LEN(rules), &s->in.frame, &e)) {
            frame_close_fds(&s->in);
            protocol_error(s, z, e.msg);
            return;
        }
        if (message_is_due(z->state, s->in.frame.type))
            on_message(s, z, &s->in);
        else
            protocol_error(s, z, "zygote spoke out of turn");
        frame_close_fds(&s->in);
    }
}

static void on_status(struct super *s, struct source *src)
{
    struct super_zygote *z = src->owner;
    struct init_status records[64];
    ssize_t n = read(src->fd, records, sizeof records);

    if (n <= 0) {
        if (n == 0)
            source_close(s, src);
        return;
    }
    for (size_t i = 0; i < (size_t)n / sizeof records[0]; i++) {
        if (records[i].status == INT_MIN)
            z->inner_pid = records[i].pid;
        else if (records[i].pid == z->inner_pid)
            tell_exit(s, z, records[i].status);
        else
            attempt_reaped(s, z, records[i].pid, records[i].status);
    }
}

/* Drained and dropped but for the last words. */
static void on_log(struct super *s, struct source *src)
{
    struct super_zygote *z = src->owner;
    auto_done(buf) b = {0};
    char text[512];
    ssize_t n = read(src->fd, text, sizeof text);
    size_t from;

    if (n <= 0) {
        if (n == 0)
            source_close(s, src);
        return;
    }
    while (n > 0 && text[n - 1] == '\n')
        n--;
    from = n > 100 ? (size_t)n - 100 : 0;
    text_add_printable(&b, text + from, (size_t)n - from);
    snprintf(z->last_words, sizeof z->last_words, "%s", buf_text(&b));
}

static void on_init_gone(struct super *s, struct source *src)
{
    struct super_zygote *z = src->owner;

    if (z->status.fd >= 0)
        on_status(s, &z->status);
    waitpid(z->init_pid, NULL, 0);
    tell_gone(s, z, ERR_UNAVAILABLE, "the zygote's init ended");
    source_close(s, &z->status);
    source_close(s, &z->log);
    source_close(s, src);
    LIST_REMOVE(z, link);
    LIST_INSERT_HEAD(&s->dead_zygotes, z, link);
}

void zygotes_bury(struct super *s)
{
    struct super_zygote *z, *next;

    for (z = LIST_FIRST(&s->dead_zygotes); z != NULL; z = next) {
        next = LIST_NEXT(z, link);
        if (z->attempts > 0)
            continue;
        LIST_REMOVE(z, link);
        cgroup_give_back(z->group, true);
        uid_give_back(s, z->uid);
        if (z->plugin_fd >= 0)
            close(z->plugin_fd);
        free(z);
    }
}

struct super_zygote *zygote_find(struct super *s, uint64_t id)
{
    struct super_zygote *z;

    LIST_FOREACH(z, &s->zygotes, link)
    if (z->id == id)
        return z;
    return NULL;
}

bool zygote_send(struct super_zygote *z, enum super_message type, uint64_t id, const void *payload,
                 size_t bytes, const int *fds, uint32_t fd_count, struct err *e)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = fds,
                          .fd_count = fd_count};

    if (z->control.fd < 0)
        return err_set(e, ERR_UNAVAILABLE, "the zygote is gone");
    return frame_send(z->control.fd, &frame, e);
}

/* ---- the start ---- */

struct ends {
    int control[2], status[2], log[2];
};

static void ends_done(struct ends *ends)
{
    for (int *fd = (int *)ends; fd < (int *)(ends + 1); fd++)
        if (*fd >= 0)
            close(*fd);
}
DEFINE_AUTO_DONE(ends)

static bool ends_open(struct ends *ends, struct err *e)
{
    int on = 1;

    if (!frame_pair(ends->control, e))
        return false;
    if (pipe2(ends->status, O_CLOEXEC) < 0 || pipe2(ends->log, O_CLOEXEC) < 0)
        return err_sys(e, "pipe");
    if (setsockopt(ends->control[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return err_sys(e, "ask for credentials");
    return fd_set_nonblock(ends->control[0], e) && fd_set_nonblock(ends->status[0], e) &&
           fd_set_nonblock(ends->log[0], e);
}

/* Rootless: one uid of ours becomes uid 0 inside, which has no rights outside. */
static bool map_ids(pid_t pid, struct err *e)
{
    const struct {
        const char *file;
        unsigned id;
    } maps[] = {{"uid_map", geteuid()}, {"gid_map", getegid()}};
    char path[64], text[64];

    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    for (int i = -1; i < (int)ARRAY_LEN(maps); i++) {
        auto_fd fd = -1;

        if (i >= 0) {
            snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, maps[i].file);
            snprintf(text, sizeof text, "0 %u 1", maps[i].id);
        } else {
            snprintf(text, sizeof text, "deny");
        }
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || !fd_write_all(fd, text, strlen(text), e))
            return err_sys(e, "write '%s'", path);
    }
    return true;
}

/* S2: while init is parked. */
static bool place_init(struct super *s, struct super_zygote *z, struct err *e)
{
    struct cgroup_limits limits = {ZYGOTE_MEMORY_BYTES, ZYGOTE_PIDS_MAX};

    if ((s->clone_flags & CLONE_NEWUSER) != 0 && !map_ids(z->init_pid, e))
        return false;
    return cgroup_take(s->cgroups, &limits, &z->group, e) && cgroup_enter(z->group, z->init_pid, e);
}

static bool start_init(struct super *s, struct super_zygote *z, struct ends *ends, struct err *e)
{
    struct init_start start = {
        .clone_flags = s->clone_flags,
        .worker_fd = s->worker_fd,
        .control = ends->control[1],
        .status = ends->status[1],
        .log = ends->log[1],
        .init_uid = z->uid != 0 ? z->uid + 1 : 0,
    };
    auto_fd go = -1;
    int pidfd;

    if (!init_start(&start, &z->init_pid, &pidfd, &go, e))
        return false;
    source_watch(s, &z->init, pidfd, on_init_gone, z);
    if (!place_init(s, z, e) || write(go, "", 1) != 1) {
        close(take_fd(&go)); /* init sees the end of file and exits; on_init_gone buries it */
        return err_wrap(e, "start zygote");
    }
    return true;
}

bool zygote_start(struct super *s, uint64_t id, uint32_t flags, const char *digest, int *plugin_fd,
                  struct super_zygote **ret, struct err *e)
{
    auto_done(ends) ends = {{-1, -1}, {-1, -1}, {-1, -1}};
    auto_mem struct super_zygote *z = mem_new(struct super_zygote);
    struct super_zygote *kept = z;

    z->id = id;
    z->flags = flags;
    z->plugin_fd = z->control.fd = z->status.fd = z->log.fd = z->init.fd = -1;
    snprintf(z->digest, sizeof z->digest, "%s", digest);
    if (s->root && (z->uid = uid_take(s)) == 0)
        return err_set(e, ERR_LIMIT, "no uid is free");
    if (!ends_open(&ends, e) || !start_init(s, z, &ends, e)) {
        bool started = z->init.fd >= 0;

        z->told_gone = true;
        if (!started) {
            uid_give_back(s, z->uid);
            return false;
        }
        z = NULL; /* on_init_gone buries it */
        LIST_INSERT_HEAD(&s->zygotes, kept, link);
        return false;
    }
    z->plugin_fd = take_fd(plugin_fd);
    source_watch(s, &z->control, take_fd(&ends.control[0]), on_control, z);
    source_watch(s, &z->status, take_fd(&ends.status[0]), on_status, z);
    source_watch(s, &z->log, take_fd(&ends.log[0]), on_log, z);
    z = NULL;
    LIST_INSERT_HEAD(&s->zygotes, kept, link);
    *ret = kept;
    return true;
}
