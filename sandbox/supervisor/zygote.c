/* zygote.c -- one zygote from its first word to its burial, the supervisor's side. It is
 * believed until CONFINED, which it sends before the plugin's first instruction; from then on its
 * frames are only taken when they are due, and numbers are checked. */
#include "sandbox/supervisor/super.h"

#include "base/text.h"
#include "ipc/pack.h"
#include "sandbox/kernel/pidfd.h"

#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAMES_A_TURN = 64 };

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

/* ---- the end ---- */

static void tell_gone(struct super *s, struct super_zygote *z, enum err_code code, const char *why)
{
    auto_done(buf) b = {0};

    if (z->told_gone)
        return;
    z->told_gone = true;
    z->state = ZYGOTE_GONE;
    snprintf(z->last_words, sizeof z->last_words, "%s", why);
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

/* Forks of a process with threads inherit locks that nobody will release. Threads can only be there
 * where attempts are granted some. */
static int thread_count(pid_t pid)
{
    char path[64], line[128];
    auto_file f = NULL;
    int count = 0;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    while (f != NULL && count == 0 && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "Threads: %d", &count);
    return count;
}

static void on_message(struct super *s, struct super_zygote *z, struct frame_in *in)
{
    char why[ERR_MSG_BYTES + 1];

    switch (in->frame.type) {
    case MSG_CONFINED:
        on_confined(s, z, &in->frame);
        break;
    case MSG_LOADED:
        if (thread_count(z->pid) != 1) {
            protocol_error(s, z, "a constructor left a thread");
            return;
        }
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
        .die_with_zygote = (s->clone_flags & CLONE_NEWPID) == 0,
    };
    int fds[2] = {s->filters[(z->flags & ZYGOTE_THREADS) != 0], z->plugin_fd};

    /* Only root and a user namespace may mount; in neither the call would just fail. */
    if ((s->clone_flags & CLONE_NEWNS) == 0)
        setup.layers &= ~(uint32_t)LAYER_MNTNS;
    memcpy(setup.digest, z->digest, sizeof z->digest);
    return zygote_send(z,
                       &(struct frame){.type = MSG_SETUP,
                                       .payload = &setup,
                                       .payload_bytes = sizeof setup,
                                       .fds = fds,
                                       .fd_count = z->plugin_fd >= 0 ? 2 : 1},
                       e);
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

void zygote_on_control(struct super *s, struct source *src)
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

/* Drained and dropped but for the last words. */
void zygote_on_log(struct super *s, struct source *src)
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

/* A socket, a log and init's pipe are seen in any order, and on a loaded machine at once: what the
 * zygote said before it ended was sent before its end was written, so it is taken first. */
static void hear_last(struct super *s, struct super_zygote *z)
{
    if (z->log.fd >= 0)
        zygote_on_log(s, &z->log);
    if (z->control.fd >= 0 && z->state > ZYGOTE_HELLO)
        zygote_on_control(s, &z->control);
}

void zygote_on_status(struct super *s, struct source *src)
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
        if (records[i].status == INT_MIN) {
            z->inner_pid = records[i].pid;
        } else if (records[i].pid == z->inner_pid) {
            hear_last(s, z);
            tell_exit(s, z, records[i].status);
        } else {
            attempt_reaped(s, z, records[i].pid, records[i].status);
        }
    }
}

void zygote_on_init_gone(struct super *s, struct source *src)
{
    struct super_zygote *z = src->owner;

    if (z->status.fd >= 0)
        zygote_on_status(s, &z->status);
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

    /* Whatever else lives in the namespace was left by a constructor. */
    LIST_FOREACH (z, &s->zygotes, link)
        if (z->state == ZYGOTE_GONE && z->attempts == 0 && !z->killed) {
            z->killed = true;
            zygote_kill(s, z);
        }
    for (z = LIST_FIRST(&s->dead_zygotes); z != NULL; z = next) {
        next = LIST_NEXT(z, link);
        if (z->attempts > 0)
            continue;
        LIST_REMOVE(z, link);
        s->zygote_count--;
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

    LIST_FOREACH (z, &s->zygotes, link)
        if (z->id == id)
            return z;
    return NULL;
}

bool zygote_send(struct super_zygote *z, const struct frame *frame, struct err *e)
{
    if (z->control.fd < 0)
        return err_set(e, ERR_UNAVAILABLE, "the zygote is gone");
    return frame_send(z->control.fd, frame, e);
}
