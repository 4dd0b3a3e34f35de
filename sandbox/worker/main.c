/* main.c -- orch-worker: the zygote's life. It is exec'd with an empty environment and the
 * supervisor's socket at descriptor 3; it ends when that socket does. See worker.h. */
#include "base/mem.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXIT_NO_SETUP = 64, EXIT_SUPERVISOR_GONE = 0, EXIT_LOAD_FAILED = 65 };

static struct zygote zygote;
static struct frame_in in;

static bool tell(enum super_message type, uint64_t id, const void *payload, size_t bytes,
                 const int *fd)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = fd,
                          .fd_count = fd != NULL};

    return frame_send(FD_CONTROL, &frame, NULL);
}

static bool read_filters(int fd)
{
    return pread(fd, &zygote.filters, sizeof zygote.filters, 0) == (ssize_t)sizeof zygote.filters;
}

/* The first message. Descriptors go to their fixed places; 4 is kept for the attempts' secrets. */
static bool take_setup(void)
{
    struct err e;
    int fd;

    if (frame_recv(FD_CONTROL, &in, &e) != FRAME_GOT || in.frame.type != MSG_SETUP ||
        in.frame.payload_bytes != sizeof zygote.setup || in.frame.fd_count < 1)
        return false;
    memcpy(&zygote.setup, in.frame.payload, sizeof zygote.setup);
    if (!read_filters(in.fds[0]))
        return false;
    fd = in.frame.fd_count > 1 ? fcntl(in.fds[1], F_DUPFD_CLOEXEC, FD_FIRST_FREE) : -1;
    frame_close_fds(&in);
    if (dup3(FD_DEAD, FD_SECRETS, O_CLOEXEC) < 0 || dup3(FD_DEAD, FD_RULESET, O_CLOEXEC) < 0)
        return false;
    if (fd >= 0 && dup3(fd, FD_PLUGIN, O_CLOEXEC) < 0)
        return false;
    zygote.setup.digest[sizeof zygote.setup.digest - 1] = '\0';
    zygote.pid = getpid();
    return true;
}

static void name_plugin(void)
{
    if ((zygote.confined.layers & LAYER_MNTNS) != 0)
        snprintf(zygote.plugin_path, sizeof zygote.plugin_path, "/p/%.64s.so", zygote.setup.digest);
    else
        snprintf(zygote.plugin_path, sizeof zygote.plugin_path, "/proc/self/fd/%d", FD_PLUGIN);
}

/* Even a cold zygote has loaded nothing; its attempts describe nothing either. */
static bool load(void)
{
    auto_done(buf) b = {0};
    struct err e;

    if ((zygote.setup.flags & ZYGOTE_COLD) != 0)
        return tell(MSG_LOADED, 0, NULL, 0, NULL);
    zygote.plugin = plugin_load(&zygote, &e);
    if (zygote.plugin != NULL && plugin_describe(zygote.plugin, &b, &e))
        return tell(MSG_LOADED, 0, b.data, b.len, NULL);
    tell(MSG_LOAD_FAILED, 0, e.msg, strlen(e.msg), NULL);
    return false;
}

/* The C library's fork keeps its locks and thread ids right. With init_reaps the child becomes our
 * parent's; the one stale word in the C library that this leaves (its cached thread id) is read
 * only by locks that check their owner, which attempts do not share with anyone. */
static pid_t fork_attempt(void)
{
    if (zygote.setup.init_reaps != 0)
        return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
    return fork();
}

static void give_birth(void)
{
    struct fork_request order;
    auto_fd pidfd = -1;
    uint32_t number;
    pid_t pid;

    if (in.frame.payload_bytes != sizeof order)
        return;
    memcpy(&order, in.frame.payload, sizeof order);
    if (in.frame.fd_count != (order.has_secrets ? 4 : 3))
        return;
    pid = fork_attempt();
    if (pid == 0)
        attempt_main(&zygote, &order, in.fds);
    pidfd = pid > 0 ? pidfd_of(pid) : -1;
    number = pidfd >= 0 ? (uint32_t)pid : (uint32_t)errno;
    tell(pidfd >= 0 ? MSG_FORKED : MSG_FORK_FAILED, in.frame.id, &number, sizeof number,
         pidfd >= 0 ? &pidfd : NULL);
}

static int serve(void)
{
    struct err e;

    for (;;) {
        if (frame_recv(FD_CONTROL, &in, &e) != FRAME_GOT)
            return EXIT_SUPERVISOR_GONE;
        if (in.frame.type == MSG_FORK)
            give_birth();
        frame_close_fds(&in);
    }
}

int main(void)
{
    prctl(PR_SET_NAME, "orch-worker", 0, 0, 0);
    if (!take_setup())
        return EXIT_NO_SETUP;
    /* The kernel reaps; who wants an exit status asks the pidfd. */
    signal(SIGCHLD, zygote.setup.init_reaps != 0 ? SIG_DFL : SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    enter_zygote(&zygote);
    if (!tell(MSG_CONFINED, 0, &zygote.confined, sizeof zygote.confined, NULL))
        return EXIT_SUPERVISOR_GONE;
    if ((zygote.setup.flags & ZYGOTE_PROBE) != 0)
        return EXIT_SUPERVISOR_GONE;
    name_plugin();
    if (!load())
        return EXIT_LOAD_FAILED;
    malloc_trim(0);
    return serve();
}
