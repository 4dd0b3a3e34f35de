/* main.c -- orch-supervisor: arguments, the loop, what the host may ask for. See super.h. */
#include "sandbox/supervisor/super.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "ipc/pack.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_FD = 3, EVENTS_A_TURN = 64, FRAMES_A_TURN = 64, END_MS = 1000 };

static const struct frame_rule host_rules[] = {
    {MSG_ZYGOTE_START, "zygote-start", 1, 1, sizeof(uint32_t) * 2 + 64, sizeof(uint32_t) * 2 + 64},
    {MSG_ZYGOTE_STOP, "zygote-stop", 0, 0, 0, 0},
    {MSG_ZYGOTE_KILL, "zygote-kill", 0, 0, 0, 0},
    {MSG_SPAWN, "spawn", 3, 4, sizeof(struct spawn_request), sizeof(struct spawn_request)},
    {MSG_KILL, "kill", 0, 0, 0, 0},
    {MSG_RELEASE, "release", 0, 0, sizeof(uint32_t), sizeof(uint32_t)},
};

/* ---- sources ---- */

void source_watch(struct super *s, struct source *src, int fd,
                  void (*ready)(struct super *, struct source *), void *owner)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = src};
    int added;

    *src = (struct source){fd, ready, owner};
    added = epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event);
    assert(added == 0);
}

void source_close(struct super *s, struct source *src)
{
    if (src->fd < 0)
        return;
    /* A copy in a child that has not exec'd yet would keep it in the set. */
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, src->fd, NULL);
    close(take_fd(&src->fd));
}

int events_wait(struct super *s, struct epoll_event *events, int most, int timeout_ms)
{
    if (s->slow_ms > 0)
        usleep(s->slow_ms * 1000);
    return epoll_wait(s->epoll, events, most, timeout_ms);
}

/* ---- to the host ---- */

void tell_host(struct super *s, enum super_message type, uint64_t id, const void *payload,
               size_t bytes, int fd)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = &fd,
                          .fd_count = fd >= 0};
    struct err e;

    while (s->host.fd >= 0 && !s->stopping && !frame_send(s->host.fd, &frame, &e)) {
        struct pollfd p = {.fd = s->host.fd, .events = POLLOUT};

        if (e.sys_errno != EAGAIN && e.sys_errno != ENOBUFS) {
            s->stopping = true;
            return;
        }
        poll(&p, 1, END_MS);
    }
}

void tell_host_text(struct super *s, enum super_message type, uint64_t id, const char *text)
{
    tell_host(s, type, id, text, strlen(text), -1);
}

bool fault_hit(struct super *s, enum super_fault fault)
{
    return s->faults[fault].every > 0 && ++s->faults[fault].seen % s->faults[fault].every == 0;
}

enum { FILES_OF_OURS = 16, FILES_A_ZYGOTE = 5, FILES_IN_FLIGHT = FRAME_FDS_MAX + 4 };

bool files_are_left(const struct super *s)
{
    return FILES_OF_OURS + FILES_A_ZYGOTE * s->zygote_count + s->attempt_count + FILES_IN_FLIGHT <=
           s->files_max;
}

/* As many as we may have. */
static void raise_files(struct super *s)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    s->files_max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        s->files_max = limit.rlim_cur < UINT32_MAX ? (uint32_t)limit.rlim_cur : UINT32_MAX;
}

/* ---- from the host ---- */

static void host_starts_zygote(struct super *s, struct frame_in *in)
{
    struct unpack u = unpack_of(in->frame.payload, in->frame.payload_bytes);
    char digest[DIGEST_TEXT_BYTES];
    auto_done(buf) b = {0};
    uint32_t flags = unpack_u32(&u);
    int plugin = frame_take_fd(in, 0);
    struct super_zygote *z;
    struct err e;
    bool ok;

    unpack_str(&u, digest, sizeof digest);
    ok = unpack_end(&u, &e);
    if (ok && !memfd_is_sealed(plugin))
        ok = err_set(&e, ERR_DENIED, "the plugin is not sealed");
    if (!ok || !zygote_start(s, in->frame.id, flags, digest, &plugin, &z, &e)) {
        pack_u32(&b, e.code);
        pack_str(&b, e.msg);
        tell_host(s, MSG_ZYGOTE_GONE, in->frame.id, b.data, b.len, -1);
    }
    if (plugin >= 0)
        close(plugin);
}

static void on_host_frame(struct super *s, struct frame_in *in)
{
    struct super_zygote *z;
    uint32_t answer;

    switch (in->frame.type) {
    case MSG_ZYGOTE_START:
        host_starts_zygote(s, in);
        break;
    case MSG_ZYGOTE_STOP:
    case MSG_ZYGOTE_KILL:
        z = zygote_find(s, in->frame.id);
        if (z == NULL)
            break;
        zygote_stop(s, z);
        if (in->frame.type == MSG_ZYGOTE_KILL)
            zygote_kill(s, z);
        break;
    case MSG_SPAWN:
        attempt_spawn(s, in);
        break;
    case MSG_KILL:
        attempt_kill(s, in->frame.id);
        break;
    default:
        memcpy(&answer, in->frame.payload, sizeof answer);
        attempt_release(s, in->frame.id, answer != 0);
    }
}

static void on_host(struct super *s, struct source *src)
{
    struct err e;

    for (int i = 0; i < FRAMES_A_TURN && !s->stopping; i++) {
        enum frame_recv got = frame_recv(src->fd, &s->in, &e);

        if (got == FRAME_NONE)
            return;
        if (got == FRAME_GOT &&
            !frame_permitted(host_rules, ARRAY_LEN(host_rules), &s->in.frame, &e)) {
            frame_close_fds(&s->in);
            got = FRAME_BAD;
        }
        if (got == FRAME_BAD)
            log_event(LOG_ERROR, "supervisor.bad_host_frame", F_ERR(&e));
        s->stopping = got != FRAME_GOT;
        if (s->stopping)
            return;
        on_host_frame(s, &s->in);
        frame_close_fds(&s->in);
    }
}

/* ---- start, loop, end ---- */

static bool parse_without(struct super *s, char *list)
{
    for (char *save, *word = strtok_r(list, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        enum layer_bit bit = layer_bit_of(word);

        if (bit == LAYER_COUNT)
            return false;
        s->without |= 1u << bit;
    }
    return true;
}

/* "group:3,fork:5,files:64,slow:50": every 3rd group, every 5th fork fails; at most 64 descriptors;
 * 50 ms pass before each look at what came. */
static bool parse_faults(struct super *s, char *list)
{
    for (char *save, *word = strtok_r(list, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        char name[16];
        uint32_t n;

        if (sscanf(word, "%15[a-z]:%u", name, &n) != 2)
            return false;
        if (strcmp(name, "group") == 0)
            s->faults[FAULT_GROUP].every = n;
        else if (strcmp(name, "fork") == 0)
            s->faults[FAULT_FORK].every = n;
        else if (strcmp(name, "slow") == 0)
            s->slow_ms = n;
        else if (strcmp(name, "files") != 0 || setrlimit(RLIMIT_NOFILE, &(struct rlimit){n, n}) < 0)
            return false;
    }
    return true;
}

static bool parse_arguments(struct super *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"worker", required_argument, NULL, 'w'},
        {"authority", required_argument, NULL, 'a'},
        {"home", required_argument, NULL, 'h'},
        {"without", required_argument, NULL, 'o'},
        {"fault", required_argument, NULL, 'f'},
        {"create-root", no_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    bool ok = true;

    for (int c; ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'w')
            s->worker_path = optarg;
        else if (c == 'a')
            s->authority_path = optarg;
        else if (c == 'h')
            s->home = optarg;
        else if (c == 'c')
            s->create_root = true;
        else if (c == 'o')
            ok = parse_without(s, optarg);
        else
            ok = c == 'f' && parse_faults(s, optarg);
    }
    return ok && optind == argc && s->worker_path != NULL &&
           (s->authority_path == NULL || s->home != NULL);
}

static bool start(struct super *s, struct err *e)
{
    raise_files(s);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->worker_fd = open(s->worker_path, O_PATH | O_CLOEXEC);
    if (s->epoll < 0 || s->worker_fd < 0)
        return err_sys(e, "open '%s'", s->worker_path);
    if (fcntl(HOST_FD, F_SETFD, FD_CLOEXEC) < 0)
        return err_sys(e, "no socket at descriptor %d", HOST_FD);
    s->host.fd = HOST_FD;
    if (!fd_set_nonblock(HOST_FD, e) || !probe_layers(s, e))
        return false;
    /* Without root the id maps of a child are only ours to write while we are dumpable. */
    if (s->root)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    source_watch(s, &s->host, HOST_FD, on_host, NULL);
    tell_host(s, MSG_HELLO, 0, &s->report, sizeof s->report, -1);
    return true;
}

static int wait_ms(int64_t until_ns, int64_t now_ns)
{
    if (until_ns == INT64_MAX)
        return -1;
    return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / 1000000 + 1);
}

static void turn(struct super *s, int timeout_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int n = events_wait(s, events, EVENTS_A_TURN, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct source *src = events[i].data.ptr;

        if (src->fd >= 0)
            src->ready(s, src);
    }
    zygotes_bury(s);
}

/* Everything below us is gone when this returns, and so are our groups. */
static void end(struct super *s)
{
    int64_t until = clock_mono_ns() + END_MS * 1000000LL;
    struct super_zygote *z;

    LIST_FOREACH (z, &s->zygotes, link)
        zygote_kill(s, z);
    while (!LIST_EMPTY(&s->zygotes) && clock_mono_ns() < until)
        turn(s, 10);
    authority_kill(s); /* it ends by itself when the host is gone, unless it hangs */
    cgroups_free(s->cgroups);
}

int main(int argc, char **argv)
{
    struct super *s = mem_new(struct super);
    struct err e;

    log_setup("supervisor", LOG_INFO, isatty(STDERR_FILENO) == 0);
    s->host.fd = s->authority.process.fd = -1;
    if (!parse_arguments(s, argc, argv)) {
        fputs("orch-supervisor is started by orchd\n", stderr);
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    umask(022); /* orchd may be stricter: a worker reads the root that is made for it */
    if (!start(s, &e)) {
        log_event(LOG_ERROR, "supervisor.start_failed", F_ERR(&e));
        tell_host_text(s, MSG_START_FAILED, 0, e.msg);
        return 70;
    }
    while (!s->stopping) {
        int64_t now = clock_mono_ns();
        int64_t authority = authority_turn(s, now), memory = attempts_poll_memory(s, now);

        turn(s, wait_ms(authority < memory ? authority : memory, now));
    }
    end(s);
    return 0;
}
