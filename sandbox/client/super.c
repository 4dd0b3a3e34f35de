/* super.c -- the client's end of the supervisor: start it, tell it, hear it, end it. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "ipc/pack.h"
#include "sandbox/client/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 10 * 1000, END_MS = 3000, FRAMES_A_TURN = 128 };

/* What the supervisor may say once it said HELLO. */
static const struct frame_rule rules[] = {
    {MSG_ZYGOTE_READY, "zygote-ready", 0, 0, 0, PLUGIN_INFO_BYTES_MAX},
    {MSG_ZYGOTE_GONE, "zygote-gone", 0, 0, 8, 8 + ERR_MSG_BYTES},
    {MSG_SPAWNED, "spawned", 1, 1, sizeof(uint32_t), sizeof(uint32_t)},
    {MSG_SPAWN_FAILED, "spawn-failed", 0, 0, 0, ERR_MSG_BYTES},
    {MSG_EXITED, "exited", 0, 0, sizeof(int32_t), sizeof(int32_t)},
    {MSG_OVER_MEMORY, "over-memory", 0, 0, 0, 0},
    {MSG_RELEASED, "released", 0, 0, 2 * sizeof(uint64_t), 2 * sizeof(uint64_t)},
    {MSG_AUTHORITY, "authority", 1, 1, 0, 0},
};

/* ---- to the supervisor ---- */

static void close_all(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
}

static void supervisor_lost(struct sandbox *sb)
{
    sb->gone = true;
    watch_close(sb, &sb->supervisor);
    wake_self(sb);
}

/* True when the frame is off our hands. */
static bool send_now(struct sandbox *sb, const struct frame *frame)
{
    struct err e;

    if (sb->gone || frame_send(sb->supervisor.fd, frame, &e))
        return true;
    if (e.sys_errno == EAGAIN || e.sys_errno == ENOBUFS)
        return false;
    supervisor_lost(sb);
    return true;
}

void tell_super(struct sandbox *sb, enum super_message type, uint64_t id, const void *payload,
                size_t bytes, int *fds, uint32_t fd_count)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = fds,
                          .fd_count = fd_count};
    struct out_frame *later;

    if (STAILQ_EMPTY(&sb->outbox) && send_now(sb, &frame)) {
        close_all(fds, fd_count);
        return;
    }
    later = mem_alloc(sizeof *later + bytes);
    later->frame = frame;
    later->frame.payload = later->payload;
    later->frame.fds = later->fds;
    if (bytes > 0)
        memcpy(later->payload, payload, bytes);
    if (fd_count > 0)
        memcpy(later->fds, fds, fd_count * sizeof *fds);
    STAILQ_INSERT_TAIL(&sb->outbox, later, link);
    watch_events(sb, &sb->supervisor, EPOLLIN | EPOLLOUT);
}

static void flush_outbox(struct sandbox *sb)
{
    struct out_frame *first;

    while ((first = STAILQ_FIRST(&sb->outbox)) != NULL && send_now(sb, &first->frame)) {
        STAILQ_REMOVE_HEAD(&sb->outbox, link);
        close_all(first->fds, first->frame.fd_count);
        free(first);
    }
    if (STAILQ_EMPTY(&sb->outbox))
        watch_events(sb, &sb->supervisor, EPOLLIN);
}

/* ---- from the supervisor ---- */

static void on_slot_frame(struct sandbox *sb, struct slot *slot, struct frame_in *in)
{
    char why[ERR_MSG_BYTES + 1];
    uint64_t numbers[2];
    uint32_t layers;
    int status;

    switch (in->frame.type) {
    case MSG_SPAWNED:
        memcpy(&layers, in->frame.payload, sizeof layers);
        slot_spawned(sb, slot, layers, frame_take_fd(in, 0));
        break;
    case MSG_SPAWN_FAILED:
        snprintf(why, sizeof why, "%.*s", (int)in->frame.payload_bytes,
                 (const char *)in->frame.payload);
        slot_spawn_failed(sb, slot, why);
        break;
    case MSG_EXITED:
        memcpy(&status, in->frame.payload, sizeof status);
        slot_exited(sb, slot, status);
        break;
    case MSG_OVER_MEMORY:
        slot_kill(sb, slot, KILL_MEMORY);
        break;
    default:
        assert(in->frame.type == MSG_RELEASED);
        memcpy(numbers, in->frame.payload, sizeof numbers);
        slot_released(sb, slot, numbers[0], numbers[1]);
    }
}

static void on_zygote_gone(struct sandbox *sb, const struct frame *frame)
{
    struct unpack u = unpack_of(frame->payload, frame->payload_bytes);
    enum err_code code = (enum err_code)unpack_u32(&u);
    char why[ERR_MSG_BYTES];

    unpack_str(&u, why, sizeof why);
    if (!unpack_end(&u, NULL) || code >= ERR_CODE_COUNT)
        supervisor_lost(sb);
    else
        zygote_gone(sb, frame->id, code, why);
}

static void on_frame(struct sandbox *sb, struct frame_in *in)
{
    struct slot *slot;

    switch (in->frame.type) {
    case MSG_ZYGOTE_READY:
        zygote_ready(sb, in->frame.id, in->frame.payload, in->frame.payload_bytes);
        return;
    case MSG_ZYGOTE_GONE:
        on_zygote_gone(sb, &in->frame);
        return;
    case MSG_AUTHORITY:
        if (sb->events.on_authority != NULL)
            sb->events.on_authority(sb->arg, frame_take_fd(in, 0));
        return;
    default:
        slot = slot_find(sb, in->frame.id);
        if (slot != NULL)
            on_slot_frame(sb, slot, in);
    }
}

static void on_supervisor(struct sandbox *sb, struct watch *w, uint32_t events)
{
    struct err e;

    if ((events & EPOLLOUT) != 0)
        flush_outbox(sb);
    for (int i = 0; i < FRAMES_A_TURN && !sb->gone; i++) {
        enum frame_recv got = frame_recv(w->fd, &sb->in, &e);

        if (got == FRAME_NONE)
            return;
        if (got != FRAME_GOT || !frame_permitted(rules, ARRAY_LEN(rules), &sb->in.frame, &e)) {
            supervisor_lost(sb);
            return;
        }
        on_frame(sb, &sb->in);
        frame_close_fds(&sb->in);
    }
}

/* ---- start, end ---- */

static _Noreturn void become_supervisor(const struct sandbox_options *o, int socket)
{
    const char *argv[16] = {"orch-supervisor", "--worker", o->worker_path};
    int n = 3;
    sigset_t none;

    if (o->authority_path != NULL) {
        argv[n++] = "--authority";
        argv[n++] = o->authority_path;
        argv[n++] = "--home";
        argv[n++] = o->home;
        if (o->authority_create_root)
            argv[n++] = "--create-root";
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

static bool wait_for_hello(struct sandbox *sb, int fd, struct err *e)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    enum frame_recv got;

    if (poll(&p, 1, START_MS) != 1)
        return err_set(e, ERR_TIMEOUT, "the supervisor did not answer in %d ms", START_MS);
    got = frame_recv(fd, &sb->in, e);
    if (got == FRAME_BAD)
        return false;
    if (got == FRAME_GOT && sb->in.frame.type == MSG_START_FAILED)
        return err_set(e, ERR_UNAVAILABLE, "%.*s", (int)sb->in.frame.payload_bytes,
                       (const char *)sb->in.frame.payload);
    if (got != FRAME_GOT || sb->in.frame.type != MSG_HELLO ||
        sb->in.frame.payload_bytes != sizeof sb->report)
        return err_set(e, ERR_UNAVAILABLE, "'%s' did not start", sb->options.supervisor_path);
    memcpy(&sb->report, sb->in.frame.payload, sizeof sb->report);
    return true;
}

bool supervisor_start(struct sandbox *sb, struct err *e)
{
    auto_fd ours = -1;
    auto_fd theirs = -1;
    int ends[2];

    if (!frame_pair(ends, e))
        return false;
    ours = ends[0];
    theirs = ends[1];
    sb->supervisor_pid = fork();
    if (sb->supervisor_pid == 0)
        become_supervisor(&sb->options, theirs);
    if (sb->supervisor_pid < 0)
        return err_sys(e, "fork");
    close(take_fd(&theirs));
    if (!wait_for_hello(sb, ours, e) || !fd_set_nonblock(ours, e))
        return err_wrap(e, "start the supervisor");
    watch_add(sb, &sb->supervisor, take_fd(&ours), EPOLLIN, on_supervisor, NULL);
    return true;
}

void supervisor_await(struct sandbox *sb)
{
    struct timespec pause = {0, 2 * 1000 * 1000};
    int64_t until = clock_mono_ns() + END_MS * 1000000LL;

    while (sb->supervisor_pid > 0 && waitpid(sb->supervisor_pid, NULL, WNOHANG) == 0) {
        if (clock_mono_ns() > until)
            kill(sb->supervisor_pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}

void supervisor_stop(struct sandbox *sb)
{
    struct out_frame *first;

    sb->gone = true;
    watch_close(sb, &sb->supervisor);
    while ((first = STAILQ_FIRST(&sb->outbox)) != NULL) {
        STAILQ_REMOVE_HEAD(&sb->outbox, link);
        close_all(first->fds, first->frame.fd_count);
        free(first);
    }
}
