/* kept.c -- see kept.h. */
#include "sandbox/supervisor/kept.h"

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

const struct kept_process kept_authority = {"orch-authority", MSG_AUTHORITY, true};
const struct kept_process kept_bridge = {"orch-bridge", MSG_BRIDGE, false};

static bool is_bridge(const struct kept *k)
{
    return k->process == &kept_bridge;
}

/* Systemd's way to hand over the root key; nothing else of our environment is for those kept. */
static char *credentials_of(const struct kept *k, char *room, size_t bytes)
{
    const char *folder = k->process->credentials ? getenv("CREDENTIALS_DIRECTORY") : NULL;

    if (folder == NULL || snprintf(room, bytes, "CREDENTIALS_DIRECTORY=%s", folder) >= (int)bytes)
        return NULL;
    return room;
}

static _Noreturn void become(const struct kept *k, int socket)
{
    char credentials[4096];
    const char *argv[8 + KEPT_WORDS_MAX] = {k->process->name,  "--socket-fd",    "3",
                                            "--log-level",     log_level_text(), "--log-format",
                                            log_format_text(), k->words[0],      k->words[1],
                                            k->words[2],       k->words[3],      NULL};
    char *environment[] = {credentials_of(k, credentials, sizeof credentials), NULL};

    socket = fcntl(socket, F_DUPFD, 4);
    if (socket < 0 || dup2(socket, 3) < 0 || close_range(4, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(EXIT_NO_EXEC);
    execve(k->path, (char *const *)argv, environment);
    _exit(EXIT_NO_EXEC);
}

static void on_gone(struct watch *w)
{
    struct kept *k = w->owner;
    int64_t now = clock_mono_ns();
    siginfo_t info = {0};

    waitid((idtype_t)P_PIDFD, (id_t)w->fd, &info, WEXITED);
    if (info.si_code == CLD_EXITED && info.si_status == 0)
        log_event(LOG_INFO,
                  is_bridge(k) ? "bridge.let_go"
                               : "authority.let_go"); /* the host closed its socket: it ends, too */
    else
        log_event(LOG_WARN, is_bridge(k) ? "bridge.ended" : "authority.ended",
                  F_INT("status", info.si_status), F_INT("again_in_ms", k->backoff_ns / 1000000));
    loop_close(k->loop, w);
    if (k->socket >= 0)
        close(take_fd(&k->socket));
    if (now - k->started_ns >= STEADY_NS)
        k->backoff_ns = BACKOFF_MIN_NS;
    k->start.due_ns = now + k->backoff_ns;
    k->backoff_ns *= 2;
    if (k->backoff_ns > BACKOFF_MAX_NS)
        k->backoff_ns = BACKOFF_MAX_NS;
}

static void hand_over(struct kept *k)
{
    if (!k->greeted || k->socket < 0)
        return;
    host_tell(k->host, k->process->message, 0, NULL, 0, k->socket);
    close(take_fd(&k->socket));
}

static bool start(struct kept *k, int64_t now_ns, struct err *e)
{
    int ends[2], pidfd;
    pid_t pid;

    if (!frame_pair(ends, e))
        return false;
    pid = fork();
    if (pid == 0)
        become(k, ends[1]);
    close(ends[1]);
    pidfd = pid > 0 ? pidfd_of(pid) : -1;
    if (pidfd < 0) {
        err_sys(e, "start %s", k->process->name);
        close(ends[0]);
        if (pid > 0) { /* nobody could tell when it ends */
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        return false;
    }
    loop_watch(k->loop, &k->life, pidfd, on_gone, k);
    k->started_ns = now_ns;
    k->socket = ends[0];
    hand_over(k);
    return true;
}

static void start_due(struct timer *t, int64_t now_ns)
{
    struct kept *k = t->owner;
    struct err e = {0};

    assert(k->life.fd < 0); /* one at a time: the timer is set by the end of the last */
    if (start(k, now_ns, &e))
        return;
    log_event(LOG_ERROR, is_bridge(k) ? "bridge.start_failed" : "authority.start_failed",
              F_ERR(&e));
    t->due_ns = now_ns + k->backoff_ns;
}

void kept_begin(struct kept *k, struct loop *loop, struct host *host)
{
    k->loop = loop;
    k->host = host;
    k->backoff_ns = BACKOFF_MIN_NS;
    loop_timer(loop, &k->start, start_due, k);
    if (k->path != NULL)
        start_due(&k->start, clock_mono_ns());
}

void kept_hand_over(struct kept *k)
{
    k->greeted = true;
    hand_over(k);
}

void kept_kill(struct kept *k)
{
    if (k->life.fd >= 0)
        pidfd_signal(k->life.fd, SIGKILL);
}
