/* zygote.c -- the zygote's socket: what it is told first, what it says, and the forks that it is
 * asked for. See worker.h. */
#include "sandbox/kernel/pidfd.h"
#include "sandbox/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct frame_in in;

bool zygote_tell(enum super_message type, uint64_t id, const void *payload, size_t bytes,
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

static bool read_filters(struct zygote *z, int fd)
{
    return pread(fd, &z->filters, sizeof z->filters, 0) == (ssize_t)sizeof z->filters;
}

/* A copy of the dead pipe, so that nothing that is received later gets the number. */
static bool keep_place(int fd)
{
    return dup3(FD_DEAD, fd, O_CLOEXEC) == fd;
}

bool zygote_setup(struct zygote *z)
{
    struct err e = {0};
    int fd;

    if (frame_recv(FD_CONTROL, &in, &e) != FRAME_GOT || in.frame.type != MSG_SETUP ||
        in.frame.payload_bytes != sizeof z->setup || in.frame.fd_count < 1)
        return false;
    memcpy(&z->setup, in.frame.payload, sizeof z->setup);
    if (!read_filters(z, in.fds[0]))
        return false;
    fd = in.frame.fd_count > 1 ? fcntl(in.fds[1], F_DUPFD_CLOEXEC, FD_FIRST_FREE) : -1;
    frame_close_fds(&in);
    if (!keep_place(FD_SECRETS) || !keep_place(FD_GATE) || !keep_place(FD_RULESET) ||
        !keep_place(FD_PLUGIN))
        return false;
    if (fd >= 0 && dup3(fd, FD_PLUGIN, O_CLOEXEC) < 0)
        return false;
    z->pid = getpid();
    return true;
}

bool zygote_await_load(void)
{
    struct err e = {0};
    bool got = frame_recv(FD_CONTROL, &in, &e) == FRAME_GOT;

    if (got)
        frame_close_fds(&in);
    return got && in.frame.type == MSG_LOAD;
}

/* Not by the C library's fork: in a warm zygote that would run the plugin's handlers
 * (pthread_atfork) in a child that has no walls of its own yet, and its flags are a plugin's alone
 * (clone_any of the profile's table). A raw clone of a process with one thread leaves one stale
 * word in the library, its cached thread id, which is read only by locks that check their owner and
 * that attempts share with nobody. */
static pid_t fork_attempt(const struct zygote *z)
{
    unsigned long whose = z->setup.init_reaps != 0 ? CLONE_PARENT : 0;

    return (pid_t)syscall(SYS_clone, whose | SIGCHLD, NULL, NULL, NULL, NULL);
}

/* False: the answer did not leave, and the supervisor would wait for it. */
static bool give_birth(struct zygote *z)
{
    struct fork_request order;
    auto_fd pidfd = -1;
    uint32_t number;
    pid_t pid;

    if (in.frame.payload_bytes != sizeof order)
        return true;
    memcpy(&order, in.frame.payload, sizeof order);
    if (in.frame.fd_count != 1 + spawn_fd_count(order.flags))
        return true;
    pid = fork_attempt(z);
    if (pid == 0)
        attempt_main(z, &order, in.fds);
    pidfd = pid > 0 ? pidfd_of(pid) : -1;
    number = pidfd >= 0 ? (uint32_t)pid : (uint32_t)errno;
    return zygote_tell(pidfd >= 0 ? MSG_FORKED : MSG_FORK_FAILED, in.frame.id, &number,
                       sizeof number, pidfd >= 0 ? &pidfd : NULL);
}

void zygote_serve(struct zygote *z)
{
    struct err e = {0};

    assert((z->confined.layers & LAYER_SECCOMP) != 0);
    for (;;) {
        if (frame_recv(FD_CONTROL, &in, &e) != FRAME_GOT ||
            (in.frame.type == MSG_FORK && !give_birth(z)))
            return;
        frame_close_fds(&in);
    }
}
