/* hear.c -- see hear.h. */
#include "sandbox/supervisor/hear.h"

#include "base/fd.h"
#include "base/text.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/supervisor/call.h"
#include "sandbox/supervisor/limits.h"
#include "sandbox/supervisor/look.h"
#include "sandbox/supervisor/walls.h"
#include "sandbox/wire/signal_text.h"

#include <assert.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOG_BYTES_MAX = 64 * 1024 };

/* What a zygote may say, by the state that it is in. */
static const struct frame_rule rules[] = {
    {MSG_CONFINED, "confined", 0, 1, sizeof(struct confined), sizeof(struct confined)},
    {MSG_LOADED, "loaded", 0, 0, 0, 0},
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

static struct super_zygote *zygote_of(const struct watch *w)
{
    struct super_zygote *z = w->owner;

    assert(z->magic == ZYGOTE_MAGIC);
    return z;
}

static void tell_gone(struct super_zygote *z, enum err_code code, const char *why)
{
    struct super *s = z->super;

    if (z->told_gone)
        return;
    z->told_gone = true;
    zygote_become(z, ZYGOTE_GONE);
    snprintf(z->last_words, sizeof z->last_words, "%s", why);
    loop_close(&s->loop, &z->control);
    if (z->id != 0)
        host_tell_zygote_gone(&s->host, z->id, code, why);
    /* Only now: the host counts what fails on a zygote that it still believes in against the pool.
     */
    attempts_orphaned(&s->attempts, z);
}

static const char *const phases[] = {"starting", "confining itself", "loading the plugin",
                                     "serving", "ending"};

/* How the zygote process ended, in words; what it said last when that may explain it. */
static void tell_exit(struct super_zygote *z, int status)
{
    char why[512];
    const char *phase = phases[z->state];
    bool words = z->last_words[0] != '\0';

    if (WIFSIGNALED(status))
        snprintf(why, sizeof why, "zygote ended by %s while %s%s%s%s",
                 signal_text(WTERMSIG(status)).text, phase, words ? " (\"" : "", z->last_words,
                 words ? "\")" : "");
    else
        snprintf(why, sizeof why, "zygote exited with %d while %s", WEXITSTATUS(status), phase);
    tell_gone(z, z->state == ZYGOTE_LOADING ? ERR_UNPROCESSABLE : ERR_UNAVAILABLE, why);
}

void hear_stop(struct super_zygote *z)
{
    tell_gone(z, ERR_NONE, "stopped");
}

static void protocol_error(struct super_zygote *z, const char *why)
{
    tell_gone(z, ERR_DENIED, why);
    zygote_kill(z);
}

/* ---- what it says ---- */

static void serve(struct super_zygote *z)
{
    zygote_become(z, ZYGOTE_SERVING);
    host_tell(&z->super->host, MSG_ZYGOTE_READY, z->id, NULL, 0, -1);
}

/* While its plugin loads, a warm zygote has no child, which nobody would know of. The filter cannot
 * say so, since it is to fork later. */
static bool hold_children(struct super_zygote *z, bool hold, struct err *e)
{
    enum { ALONE = 2 /* with its init */ };

    if (z->super->layers.limits != LIMITS_INSIDE)
        return limits_no_children(z->pid, z->uid, z->super->layers.limits, hold, e);
    return cgroup_limit_pids(z->group, hold ? ALONE : ZYGOTE_PIDS_MAX, e);
}

static void let_load(struct super_zygote *z)
{
    struct err e = {0};

    if (!hold_children(z, true, &e) || !zygote_send(z, &(struct frame){.type = MSG_LOAD}, &e))
        protocol_error(z, e.msg);
}

static void on_confined(struct super_zygote *z, struct frame_in *in)
{
    char why[128];
    uint32_t missing;
    struct err e = {0};

    memcpy(&z->confined, in->frame.payload, sizeof z->confined);
    if (in->frame.fd_count > 0)
        loop_watch(&z->super->loop, &z->calls, frame_take_fd(in, 0), hear_call, z);
    missing = z->super->layers.inner & ~z->confined.layers;
    zygote_become(z, ZYGOTE_LOADING);
    if (z->id == 0)
        return;
    if (missing != 0) {
        snprintf(why, sizeof why, "zygote lacks layers %#x that this host had at its start",
                 missing);
        protocol_error(z, why);
    } else if (!walls_limit_zygote(&z->super->layers, z->pid, z->uid, &e)) {
        protocol_error(z, e.msg);
    } else if ((z->flags & ZYGOTE_WARM) != 0) {
        let_load(z);
    } else {
        serve(z);
    }
}

/* Forks of a process with threads inherit locks that nobody will release. */
static void on_loaded(struct super_zygote *z)
{
    struct seen seen;
    struct err e = {0};

    if (!look_at(z->pid, NULL, &seen) || seen.threads == 0)
        return; /* it has ended: init's record says how */
    if (seen.threads != 1)
        protocol_error(z, "a constructor left a thread");
    else if (!hold_children(z, false, &e))
        protocol_error(z, e.msg);
    else
        serve(z);
}

static void on_message(struct super_zygote *z, struct frame_in *in)
{
    char why[ERR_MSG_BYTES + 1];
    struct super *s = z->super;

    switch (in->frame.type) {
    case MSG_CONFINED:
        on_confined(z, in);
        break;
    case MSG_LOADED:
        on_loaded(z);
        break;
    case MSG_LOAD_FAILED:
        snprintf(why, sizeof why, "%.*s", (int)in->frame.payload_bytes,
                 (const char *)in->frame.payload);
        tell_gone(z, ERR_UNPROCESSABLE, why);
        break;
    case MSG_FORKED:
        attempt_forked(&s->attempts, z, in);
        break;
    default:
        attempt_fork_failed(&s->attempts, z, in);
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

static bool send_setup(struct super_zygote *z, struct err *e)
{
    const struct layers *have = &z->super->layers;
    struct zygote_setup setup = {
        .flags = z->flags,
        .layers = ~have->without,
        .uid = z->uid,
        .gid = z->uid,
        .init_reaps = (have->outer & LAYER_EXIT_INFO) == 0,
        .die_with_zygote = (have->clone_flags & CLONE_NEWPID) == 0,
        .own_name = (have->clone_flags & CLONE_NEWUTS) != 0,
        .limit_inside = have->limits == LIMITS_INSIDE,
        .deaf = z->super->faults.deaf,
        .give_ids = z->uid != 0 && (z->flags & ZYGOTE_WARM) == 0,
    };
    int fds[2] = {have->filters, z->plugin_fd};

    /* Only root and a user namespace may mount; in neither the call would just fail. */
    if ((have->clone_flags & CLONE_NEWNS) == 0)
        setup.layers &= ~(uint32_t)LAYER_MNTNS;
    return zygote_send(z,
                       &(struct frame){.type = MSG_SETUP,
                                       .payload = &setup,
                                       .payload_bytes = sizeof setup,
                                       .fds = fds,
                                       .fd_count = z->plugin_fd >= 0 ? 2 : 1},
                       e);
}

static void on_hello(struct super_zygote *z)
{
    struct err e = {0};

    if (!take_hello(z) || !send_setup(z, &e)) {
        protocol_error(z, "zygote did not start");
        return;
    }
    zygote_become(z, ZYGOTE_ENTERING);
    if (z->plugin_fd >= 0)
        close(take_fd(&z->plugin_fd));
}

static void take_frame(struct super_zygote *z, struct frame_in *in)
{
    struct err e = {0};

    if (!frame_permitted(rules, ARRAY_LEN(rules), &in->frame, &e))
        protocol_error(z, e.msg);
    else if (message_is_due(z->state, in->frame.type))
        on_message(z, in);
    else
        protocol_error(z, "zygote spoke out of turn");
}

void hear_control(struct watch *w)
{
    struct super_zygote *z = zygote_of(w);
    struct super *s = z->super;
    struct err e = {0};
    enum frame_recv end;

    if (z->state == ZYGOTE_HELLO) {
        on_hello(z);
        return;
    }
    end = frame_recv_some(w->fd, &s->in, &e);
    for (uint32_t i = 0; i < s->in.count && z->state != ZYGOTE_GONE; i++)
        take_frame(z, &s->in.in[i]);
    frame_batch_close_fds(&s->in);
    if (z->state == ZYGOTE_GONE)
        return;
    if (end == FRAME_CLOSED)
        loop_close(&s->loop, w); /* init's record says how it ended */
    else if (end == FRAME_BAD)
        protocol_error(z, e.msg);
}

/* Drained and dropped but for the last words. Ours says next to nothing: who floods it is the
 * plugin of a warm zygote. */
void hear_log(struct watch *w)
{
    struct super_zygote *z = zygote_of(w);
    auto_done(buf) b = {0};
    char text[512];
    ssize_t n = read(w->fd, text, sizeof text);
    size_t from;

    if (n <= 0) {
        if (n == 0)
            loop_close(&z->super->loop, w);
        return;
    }
    z->log_bytes += (uint64_t)n;
    if (z->log_bytes > LOG_BYTES_MAX && z->state != ZYGOTE_GONE) {
        protocol_error(z, "its log is over 64 KiB");
        return;
    }
    while (n > 0 && text[n - 1] == '\n')
        n--;
    from = n > 100 ? (size_t)n - 100 : 0;
    text_add_printable(&b, text + from, (size_t)n - from);
    snprintf(z->last_words, sizeof z->last_words, "%s", buf_text(&b));
}

/* ---- what its filter forbids ---- */

/* Its own, while a warm one loads; or of a child that nobody may have. */
static void forbidden_to_it(struct super_zygote *z, const struct call *call)
{
    char why[128];

    snprintf(why, sizeof why, "zygote ended by SIGSYS while %s: system call %u is forbidden",
             phases[z->state], call->number);
    tell_gone(z, z->state == ZYGOTE_LOADING ? ERR_UNPROCESSABLE : ERR_UNAVAILABLE, why);
    zygote_kill(z);
}

void hear_call(struct watch *w)
{
    struct super_zygote *z = zygote_of(w);
    struct call call;
    pid_t pid;

    switch (call_read(w->fd, &pid, &call)) {
    case CALL_NONE:
        break;
    case CALL_OVER:
        loop_close(&z->super->loop, w);
        break;
    case CALL_FORBIDDEN:
        if (!attempt_forbidden(&z->super->attempts, z, pid, &call) && z->state != ZYGOTE_GONE)
            forbidden_to_it(z, &call);
    }
}

/* A socket, a log and init's pipe are seen in any order, and on a loaded machine at once: what the
 * zygote said before it ended was sent before its end was written, so it is taken first. Not its
 * forks: they have another parent now, and those who wait for them are told that it is gone. */
static void hear_last(struct super_zygote *z)
{
    if (z->log.fd >= 0)
        hear_log(&z->log);
    if (z->control.fd >= 0 && (z->state == ZYGOTE_ENTERING || z->state == ZYGOTE_LOADING))
        hear_control(&z->control);
}

void hear_status(struct watch *w)
{
    struct super_zygote *z = zygote_of(w);
    struct init_status records[64];
    ssize_t n = read(w->fd, records, sizeof records);

    if (n <= 0) {
        if (n == 0)
            loop_close(&z->super->loop, w);
        return;
    }
    for (size_t i = 0; i < (size_t)n / sizeof records[0]; i++) {
        if (records[i].status == INT_MIN) {
            z->inner_pid = records[i].pid;
        } else if (records[i].pid == z->inner_pid) {
            hear_last(z);
            tell_exit(z, records[i].status);
        } else {
            attempt_reaped(&z->super->attempts, z, records[i].pid, records[i].status);
        }
    }
}

void hear_init_gone(struct watch *w)
{
    struct super_zygote *z = zygote_of(w);
    struct super *s = z->super;

    if (z->status.fd >= 0)
        hear_status(&z->status);
    waitpid(z->init_pid, NULL, 0);
    tell_gone(z, ERR_UNAVAILABLE, "the zygote's init ended");
    loop_close(&s->loop, &z->status);
    loop_close(&s->loop, &z->log);
    loop_close(&s->loop, &z->calls);
    loop_close(&s->loop, w);
    zygote_died(&s->zygotes, z);
}
