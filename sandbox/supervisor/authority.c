/* authority.c -- keeps one orch-authority running: its own process, one socket, whose other
 * end goes to the host. It is started again when it ends, later and later while it keeps ending. */
#include "sandbox/supervisor/super.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/kernel/pidfd.h"

enum { EXIT_NO_EXEC = 73 };
#define BACKOFF_MIN_NS (100 * 1000 * 1000LL)
#define BACKOFF_MAX_NS (5 * 1000 * 1000 * 1000LL)
#define STEADY_NS (10 * 1000 * 1000 * 1000LL)

static _Noreturn void become_authority(const struct super *s, int socket)
{
    char credentials[4096];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    const char *const argv[] = {"orch-authority",
                                "--socket-fd",
                                "3",
                                "--home",
                                s->home,
                                s->create_root ? "--create-root" : NULL,
                                NULL};
    char *environment[] = {NULL, NULL};

    /* Systemd's way to hand over the root key; nothing else of our environment is for it. */
    if (folder != NULL && snprintf(credentials, sizeof credentials, "CREDENTIALS_DIRECTORY=%s",
                                   folder) < (int)sizeof credentials)
        environment[0] = credentials;
    socket = fcntl(socket, F_DUPFD, 4);
    if (socket < 0 || dup2(socket, 3) < 0 || close_range(4, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(EXIT_NO_EXEC);
    execve(s->authority_path, (char *const *)argv, environment);
    _exit(EXIT_NO_EXEC);
}

static void on_authority_gone(struct super *s, struct source *src)
{
    int64_t now = clock_mono_ns();
    siginfo_t info = {0};

    waitid((idtype_t)P_PIDFD, (id_t)src->fd, &info, WEXITED);
    log_event(LOG_WARN, "authority.ended", F_INT("status", info.si_status),
              F_INT("again_in_ms", s->authority.backoff_ns / 1000000));
    source_close(s, src);
    if (now - s->authority.started_ns >= STEADY_NS)
        s->authority.backoff_ns = BACKOFF_MIN_NS;
    s->authority.restart_ns = now + s->authority.backoff_ns;
    s->authority.backoff_ns *= 2;
    if (s->authority.backoff_ns > BACKOFF_MAX_NS)
        s->authority.backoff_ns = BACKOFF_MAX_NS;
}

bool authority_start(struct super *s, int64_t now_ns, struct err *e)
{
    int ends[2], pidfd;
    pid_t pid;

    if (!frame_pair(ends, e))
        return false;
    pid = fork();
    if (pid == 0)
        become_authority(s, ends[1]);
    close(ends[1]);
    pidfd = pid > 0 ? pidfd_of(pid) : -1;
    if (pidfd < 0) {
        close(ends[0]);
        return err_sys(e, "start the authority");
    }
    source_watch(s, &s->authority.process, pidfd, on_authority_gone, NULL);
    s->authority.started_ns = now_ns;
    s->authority.restart_ns = 0;
    tell_host(s, MSG_AUTHORITY, 0, NULL, 0, ends[0]);
    close(ends[0]);
    return true;
}

int64_t authority_turn(struct super *s, int64_t now_ns)
{
    struct err e;

    if (s->authority_path == NULL)
        return INT64_MAX;
    if (s->authority.backoff_ns == 0)
        s->authority.backoff_ns = BACKOFF_MIN_NS;
    else if (s->authority.restart_ns == 0)
        return INT64_MAX;
    if (now_ns < s->authority.restart_ns)
        return s->authority.restart_ns;
    if (authority_start(s, now_ns, &e))
        return INT64_MAX;
    log_event(LOG_ERROR, "authority.start_failed", F_ERR(&e));
    s->authority.restart_ns = now_ns + s->authority.backoff_ns;
    return s->authority.restart_ns;
}

void authority_kill(struct super *s)
{
    if (s->authority.process.fd >= 0)
        pidfd_signal(s->authority.process.fd, SIGKILL);
}
