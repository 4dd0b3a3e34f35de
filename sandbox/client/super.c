/* super.c -- see super.h. */
#include "sandbox/client/super.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10 * 1000, END_MS = 3000, FRAMES_A_TURN = 128 };

/* What the supervisor may say once it said HELLO. */
static const struct frame_rule rules[] = {
    {MSG_ZYGOTE_READY, "zygote-ready", 0, 0, 0, 0},
    {MSG_ZYGOTE_GONE, "zygote-gone", 0, 0, 8, 8 + ERR_MSG_BYTES},
    {MSG_SPAWNED, "spawned", 1, 1, sizeof(uint32_t), sizeof(uint32_t)},
    {MSG_SPAWN_FAILED, "spawn-failed", 0, 0, 0, ERR_MSG_BYTES},
    {MSG_EXITED, "exited", 0, 0, sizeof(int32_t), sizeof(int32_t)},
    {MSG_OVER_MEMORY, "over-memory", 0, 0, 0, 0},
    {MSG_OVER_CPU, "over-cpu", 0, 0, 0, 0},
    {MSG_FORBIDDEN, "forbidden", 0, 0, sizeof(struct call), sizeof(struct call)},
    {MSG_RELEASED, "released", 0, 0, 2 * sizeof(uint64_t), 2 * sizeof(uint64_t)},
    {MSG_AUTHORITY, "authority", 1, 1, 0, 0},
    {MSG_BRIDGE, "bridge", 1, 1, 0, 0},
    {MSG_PONG, "pong", 0, 0, 0, 0},
};

struct out_frame {
    STAILQ_ENTRY(out_frame) link;
    struct frame frame;
    uint32_t own; /* of its descriptors; the one behind them, if there is one, is shared */
    int fds[FRAME_FDS_MAX];
    struct shared_fd *shared;
    uint8_t payload[];
};

/* ---- shared descriptors ---- */

struct shared_fd *shared_fd_new(int fd)
{
    struct shared_fd *shared = mem_new(struct shared_fd);

    *shared = (struct shared_fd){fd, 1};
    return shared;
}

void shared_fd_drop(struct shared_fd *shared)
{
    if (shared == NULL || --shared->refs > 0)
        return;
    close(shared->fd);
    free(shared);
}

/* ---- to the supervisor ---- */

static void drop_first(struct super_link *super)
{
    struct out_frame *first = STAILQ_FIRST(&super->outbox);

    STAILQ_REMOVE_HEAD(&super->outbox, link);
    for (uint32_t i = 0; i < first->own; i++)
        close(first->fds[i]);
    shared_fd_drop(first->shared);
    free(first);
}

static void drop_all(struct super_link *super)
{
    while (!STAILQ_EMPTY(&super->outbox))
        drop_first(super);
}

static void lost(struct super_link *super)
{
    super->gone = true;
    drop_all(super);
    watch_close(&super->watch);
    loop_wake(super->loop);
}

void super_tell_frame(struct super_link *super, const struct frame *frame, struct shared_fd *shared)
{
    struct out_frame *out = mem_alloc(sizeof *out + frame->payload_bytes);

    out->frame = *frame;
    out->frame.payload = out->payload;
    out->frame.fds = out->fds;
    out->own = frame->fd_count;
    out->shared = shared;
    if (frame->payload_bytes > 0)
        memcpy(out->payload, frame->payload, frame->payload_bytes);
    if (frame->fd_count > 0)
        memcpy(out->fds, frame->fds, frame->fd_count * sizeof *out->fds);
    if (shared != NULL) {
        shared->refs++;
        out->fds[out->frame.fd_count++] = shared->fd;
    }
    STAILQ_INSERT_TAIL(&super->outbox, out, link);
    if (super->gone)
        drop_all(super);
}

void super_tell(struct super_link *super, enum super_message type, uint64_t id, const void *payload,
                size_t bytes, int *fds, uint32_t fd_count)
{
    const struct frame frame = {.type = (uint16_t)type,
                                .id = id,
                                .payload = payload,
                                .payload_bytes = (uint32_t)bytes,
                                .fds = fds,
                                .fd_count = fd_count};

    super_tell_frame(super, &frame, NULL);
}

/* False when the socket took none of the first, or there are none. */
static bool send_some(struct super_link *super)
{
    const struct frame *frames[FRAMES_AT_ONCE];
    const struct out_frame *out;
    uint32_t count = 0, sent = 0;
    struct err e = {0};

    STAILQ_FOREACH (out, &super->outbox, link) {
        if (count == FRAMES_AT_ONCE)
            break;
        frames[count++] = &out->frame;
    }
    if (count == 0)
        return false;
    if (!frame_send_some(super->watch.fd, frames, count, &sent, &e)) {
        super->full = e.sys_errno == EAGAIN || e.sys_errno == ENOBUFS;
        if (!super->full)
            lost(super);
        return false;
    }
    for (; sent > 0; sent--)
        drop_first(super);
    return true;
}

void super_flush(struct super_link *super)
{
    super->full = false;
    while (send_some(super))
        ;
    watch_events(super->loop, &super->watch, super->full ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool super_owes(const struct super_link *super)
{
    return !super->full && !STAILQ_EMPTY(&super->outbox);
}

/* ---- from the supervisor ---- */

static void hear(struct super_link *super, struct frame_in *in)
{
    struct err e = {0};
    bool permitted = frame_permitted(rules, ARRAY_LEN(rules), &in->frame, &e);

    if (permitted && in->frame.type == MSG_PONG)
        super->unanswered = 0;
    else if (!permitted || !super->heard(super->owner, in))
        lost(super);
}

/* True when there may be more. */
static bool hear_some(struct super_link *super)
{
    struct err e = {0};
    enum frame_recv end = frame_recv_some(super->watch.fd, &super->in, &e);

    for (uint32_t i = 0; i < super->in.count && !super->gone; i++)
        hear(super, &super->in.in[i]);
    frame_batch_close_fds(&super->in);
    if (end != FRAME_NONE && !super->gone)
        lost(super);
    return super->in.count == FRAMES_HEARD_AT_ONCE;
}

static void on_supervisor(struct watch *w, uint32_t events)
{
    struct super_link *super = w->owner;

    assert(w == &super->watch);
    if ((events & EPOLLOUT) != 0)
        super->full = false; /* the turn's end sends what waits */
    /* Whatever is left makes it ready again. */
    for (uint32_t heard = 0; heard < FRAMES_A_TURN && !super->gone && hear_some(super);)
        heard += super->in.count;
}

/* ---- start, end ---- */

void super_init(struct super_link *super, struct loop *loop, super_heard_fn *heard, void *owner)
{
    super->loop = loop;
    super->watch.fd = super->unheard = -1;
    super->heard = heard;
    super->owner = owner;
    STAILQ_INIT(&super->outbox);
}

uint64_t super_next_id(struct super_link *super)
{
    return ++super->last_id;
}

static _Noreturn void become_supervisor(const struct sandbox_options *o, int socket)
{
    const char *argv[20] = {"orch-supervisor", "--worker",     o->worker_path,   "--log-level",
                            log_level_text(),  "--log-format", log_format_text()};
    int n = 7;
    sigset_t none;

    if (o->authority_path != NULL) {
        argv[n++] = "--authority";
        argv[n++] = o->authority_path;
        argv[n++] = "--home";
        argv[n++] = o->home;
        if (o->authority_create_root)
            argv[n++] = "--create-root";
    }
    if (o->bridge_path != NULL) {
        argv[n++] = "--bridge";
        argv[n++] = o->bridge_path;
    }
    if (o->without != NULL) {
        argv[n++] = "--without";
        argv[n++] = o->without;
    }
    if (o->faults != NULL) {
        argv[n++] = "--fault";
        argv[n++] = o->faults;
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    socket = fcntl(socket, F_DUPFD, 4);
    if (socket < 0 || dup2(socket, 3) < 0 || close_range(4, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(127);
    execv(o->supervisor_path, (char *const *)argv);
    _exit(127);
}

static bool wait_for_hello(struct super_link *super, struct err *e)
{
    struct pollfd p = {.fd = super->unheard, .events = POLLIN};
    struct frame_in *in = &super->in.in[0];
    enum frame_recv got;

    if (poll(&p, 1, START_MS) != 1)
        return err_set(e, ERR_TIMEOUT, "the supervisor did not answer in %d ms", START_MS);
    got = frame_recv(super->unheard, in, e);
    if (got == FRAME_BAD)
        return false;
    if (got == FRAME_GOT && in->frame.type == MSG_START_FAILED)
        return err_set(e, ERR_UNAVAILABLE, "%.*s", (int)in->frame.payload_bytes,
                       (const char *)in->frame.payload);
    if (got != FRAME_GOT || in->frame.type != MSG_HELLO ||
        in->frame.payload_bytes != sizeof super->report)
        return err_set(e, ERR_UNAVAILABLE, "'%s' did not start", super->path);
    memcpy(&super->report, in->frame.payload, sizeof super->report);
    return true;
}

bool super_begin(struct super_link *super, const struct sandbox_options *options, struct err *e)
{
    auto_fd ours = -1;
    auto_fd theirs = -1;
    int ends[2];

    if (!frame_pair(ends, e))
        return false;
    ours = ends[0];
    theirs = ends[1];
    super->pid = fork();
    if (super->pid == 0)
        become_supervisor(options, theirs);
    if (super->pid < 0)
        return err_sys(e, "fork");
    super->path = mem_str(options->supervisor_path);
    super->unheard = take_fd(&ours);
    return true;
}

bool super_hear_hello(struct super_link *super, struct err *e)
{
    if (!wait_for_hello(super, e) || !fd_set_nonblock(super->unheard, e))
        return err_wrap(e, "start the supervisor");
    watch_add(super->loop, &super->watch, take_fd(&super->unheard), EPOLLIN, on_supervisor, super);
    return true;
}

uint32_t super_beat(struct super_link *super)
{
    if (super->gone)
        return 0;
    if (super->unanswered++ == 0) {
        super_tell(super, MSG_PING, 0, NULL, 0, NULL, 0);
        super_flush(super); /* an idle host has no turn of ours until the next one */
    }
    return super->unanswered - 1;
}

void super_kill(struct super_link *super)
{
    if (super->pid > 0)
        kill(super->pid, SIGKILL);
    lost(super);
}

void super_await(struct super_link *super)
{
    struct timespec pause = {0, 2 * 1000 * 1000};
    int64_t until = clock_mono_ns() + END_MS * 1000000LL;

    while (super->pid > 0 && waitpid(super->pid, NULL, WNOHANG) == 0) {
        if (clock_mono_ns() > until)
            kill(super->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}

void super_stop(struct super_link *super)
{
    super->gone = true;
    watch_close(&super->watch);
    if (super->unheard >= 0)
        close(take_fd(&super->unheard));
    free(super->path);
    super->path = NULL;
    drop_all(super);
}
