/* authority.c -- see authority.h. */
#include "sandbox/supervisor/authority.h"

#include "base/clock.h"
#include "base/log.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NO_EXEC = 73 };
#define BACKOFF_MIN_NS (100 * 1000 * 1000LL)
#define BACKOFF_MAX_NS (5 * 1000 * 1000 * 1000LL)
#define STEADY_NS (10 * 1000 * 1000 * 1000LL)

static _Noreturn void become_authority(const struct authority *a, int socket)
{
    char credentials[4096];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *const argv[] = {"orch-authority",
                                "--socket-fd",
                                "3",
                                "--home",
                                a->home,
                                "--log-level",
                                log_level_text(),
                                "--log-format",
                                log_format_text(),
                                a->create_root ? "--create-root" : NULL,
                                NULL};
    char *environment[] = {NULL, NULL};

    /* Systemd's way to hand over the root key; nothing else of our environment is for it. */
    if (folder != NULL && snprintf(credentials, sizeof credentials, "CREDENTIALS_DIRECTORY=%s",
                                   folder) < (int)sizeof credentials)
        environment[0] = credentials;
    socket = fcntl(socket, F_DUPFD, 4);
    if (socket < 0 || dup2(socket, 3) < 0 || close_range(4, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(EXIT_NO_EXEC);
    execve(a->path, (char *const *)argv, environment);
    _exit(EXIT_NO_EXEC);
}

static void on_gone(struct watch *w)
{
    struct authority *a = w->owner;
    int64_t now = clock_mono_ns();
    siginfo_t info = {0};

    waitid((idtype_t)P_PIDFD, (id_t)w->fd, &info, WEXITED);
    if (info.si_code == CLD_EXITED && info.si_status == 0)
        log_event(LOG_INFO, "authority.let_go"); /* the host closed its socket: it ends, too */
    else
        log_event(LOG_WARN, "authority.ended", F_INT("status", info.si_status),
                  F_INT("again_in_ms", a->backoff_ns / 1000000));
    loop_close(a->loop, w);
    if (a->socket >= 0)
        close(take_fd(&a->socket));
    if (now - a->started_ns >= STEADY_NS)
        a->backoff_ns = BACKOFF_MIN_NS;
    a->start.due_ns = now + a->backoff_ns;
    a->backoff_ns *= 2;
    if (a->backoff_ns > BACKOFF_MAX_NS)
        a->backoff_ns = BACKOFF_MAX_NS;
}

static void hand_over(struct authority *a)
{
    if (!a->greeted || a->socket < 0)
        return;
    host_tell(a->host, MSG_AUTHORITY, 0, NULL, 0, a->socket);
    close(take_fd(&a->socket));
}

static bool start(struct authority *a, int64_t now_ns, struct err *e)
{
    int ends[2], pidfd;
    pid_t pid;

    if (!frame_pair(ends, e))
        return false;
    pid = fork();
    if (pid == 0)
        become_authority(a, ends[1]);
    close(ends[1]);
    pidfd = pid > 0 ? pidfd_of(pid) : -1;
    if (pidfd < 0) {
        err_sys(e, "start the authority");
        close(ends[0]);
        if (pid > 0) { /* nobody could tell when it ends */
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        return false;
    }
    loop_watch(a->loop, &a->process, pidfd, on_gone, a);
    a->started_ns = now_ns;
    a->socket = ends[0];
    hand_over(a);
    return true;
}

static void start_due(struct timer *t, int64_t now_ns)
{
    struct authority *a = t->owner;
    struct err e = {0};

    assert(a->process.fd < 0); /* one at a time: the timer is set by the end of the last */
    if (start(a, now_ns, &e))
        return;
    log_event(LOG_ERROR, "authority.start_failed", F_ERR(&e));
    t->due_ns = now_ns + a->backoff_ns;
}

void authority_keep(struct authority *a, struct loop *loop, struct host *host)
{
    a->loop = loop;
    a->host = host;
    a->backoff_ns = BACKOFF_MIN_NS;
    loop_timer(loop, &a->start, start_due, a);
    if (a->path != NULL)
        start_due(&a->start, clock_mono_ns());
}

void authority_hand_over(struct authority *a)
{
    a->greeted = true;
    hand_over(a);
}

void authority_kill(struct authority *a)
{
    if (a->process.fd >= 0)
        pidfd_signal(a->process.fd, SIGKILL);
}
