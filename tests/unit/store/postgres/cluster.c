/* cluster.c -- see cluster.h. */
#include "cluster.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVER_BIN "/usr/lib/postgresql/15/bin"
#define MEMORY "/dev/shm"
#define MEMORY_BYTES_MIN (2ULL << 30)
#define START_NS (120LL * 1000 * 1000 * 1000)
enum { EXEC_FAILED = 127, LOG_BYTES_MAX = 1024 * 1024, LOG_TAIL_BYTES = 600 };

struct cluster {
    char *folder;
    pid_t keeper;
    int asks; /* open for as long as the program, or a child of it, lives */
    int told;
};

/* ---- in the keeper ---- */

/* The server refuses to be root. A signal for the parent's death is lost with the user. */
static bool become_harmless(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("nobody") : NULL;

    return (user == NULL ||
            (setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0)) &&
           prctl(PR_SET_PDEATHSIG, SIGQUIT) == 0;
}

static bool give_away(const char *folder)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("nobody") : NULL;

    return user == NULL || chown(folder, user->pw_uid, user->pw_gid) == 0;
}

static pid_t start(const char *folder, const char *const argv[])
{
    auto_mem char *log = mem_printf("%s/log", folder);
    pid_t parent = getpid(), pid = fork();
    int fd;

    if (pid != 0)
        return pid;
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0 &&
        chdir("/") == 0 && become_harmless() && getppid() == parent)
        execv(argv[0], (char *const *)argv);
    _exit(EXEC_FAILED);
}

static bool run(const char *folder, const char *const argv[])
{
    pid_t pid = start(folder, argv);
    int status;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool init(const char *folder, const char *data)
{
    const char *const argv[] = {SERVER_BIN "/initdb",
                                "--pgdata",
                                data,
                                "--username",
                                "postgres",
                                "--auth",
                                "trust",
                                "--encoding",
                                "UTF8",
                                "--locale=C",
                                "--no-instructions",
                                "--no-sync",
                                NULL};

    return run(folder, argv);
}

static pid_t serve(const char *folder, const char *data, enum cluster_syncs syncs)
{
    bool lazy = syncs == CLUSTER_LAZY;
    const char *const argv[] = {SERVER_BIN "/postgres",
                                "-D",
                                data,
                                "-k",
                                folder,
                                "-p",
                                "5432",
                                "--listen_addresses=",
                                "--shared_buffers=32MB",
                                "--max_connections=60",
                                lazy ? "--fsync=off" : "--fsync=on",
                                lazy ? "--full_page_writes=off" : "--full_page_writes=on",
                                NULL};

    return start(folder, argv);
}

/* What the program may ask of its keeper, by a byte; the answer is the server's pid, 0 without one.
 */
enum ask { ASK_PID = 'p', ASK_REAP = 'r', ASK_SERVE = 's' };

/* False when nobody holds the other end any more. */
static bool next_ask(int asks, char *ret)
{
    ssize_t got;

    do
        got = read(asks, ret, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static bool tell(int told, pid_t server)
{
    return write(told, &server, sizeof server) == (ssize_t)sizeof server;
}

static void end(pid_t server)
{
    if (server <= 0)
        return;
    kill(server, SIGQUIT); /* at once: what it has is thrown away */
    kill(server, SIGCONT);
    waitpid(server, NULL, 0);
}

static void keep(const char *folder, enum cluster_syncs syncs, int asks, int told)
{
    auto_mem char *data = mem_printf("%s/data", folder);
    pid_t server;
    char ask;

    signal(SIGPIPE, SIG_IGN); /* the program may be gone before it is told */
    server = give_away(folder) && init(folder, data) ? serve(folder, data, syncs) : -1;
    while (tell(told, server) && server >= 0 && next_ask(asks, &ask)) {
        if (ask == ASK_REAP && server > 0 && waitpid(server, NULL, 0) == server)
            server = 0;
        else if (ask == ASK_SERVE && server == 0)
            server = serve(folder, data, syncs);
    }
    end(server);
    execlp("rm", "rm", "-rf", folder, NULL);
    _exit(EXEC_FAILED);
}

/* ---- in the program ---- */

static bool begin_keeper(struct cluster *c, enum cluster_syncs syncs, struct err *e)
{
    int asks[2], told[2];

    if (pipe2(asks, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0)
        return err_sys(e, "pipe2");
    c->keeper = fork();
    if (c->keeper == 0) {
        setpgid(0, 0); /* what is typed to end the program ends the server in order */
        close(asks[1]);
        close(told[0]);
        keep(c->folder, syncs, asks[0], told[1]);
    }
    close(asks[0]);
    close(told[1]);
    c->asks = asks[1];
    c->told = told[0];
    return c->keeper > 0 || err_sys(e, "fork");
}

static bool hear(const struct cluster *c, pid_t *ret, struct err *e)
{
    ssize_t got = read(c->told, ret, sizeof *ret);

    return (got == (ssize_t)sizeof *ret && *ret >= 0) ||
           err_set(e, ERR_SYSTEM, "the cluster was not made");
}

static bool ask_keeper(const struct cluster *c, enum ask ask, pid_t *ret, struct err *e)
{
    char byte = (char)ask;

    if (write(c->asks, &byte, 1) != 1)
        return err_sys(e, "ask the keeper");
    return hear(c, ret, e);
}

static bool wait_until_ready(const struct cluster *c, pid_t server, struct err *e)
{
    auto_mem char *url = cluster_url(c, "postgres", "postgres");
    int64_t until = clock_mono_ns() + START_NS;

    while (PQping(url) != PQPING_OK) {
        if (kill(server, 0) < 0 || clock_mono_ns() > until)
            return err_set(e, ERR_TIMEOUT, "the server did not start");
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    return true;
}

/* Adds the end of the server's log to the reason. */
static void add_log(const struct cluster *c, struct err *e)
{
    auto_mem char *path = mem_printf("%s/log", c->folder);
    auto_done(buf) log = {0};
    const char *text;

    if (!file_read(path, LOG_BYTES_MAX, &log, NULL))
        return;
    text = buf_text(&log);
    if (log.len > LOG_TAIL_BYTES)
        text += log.len - LOG_TAIL_BYTES;
    err_wrap(e, "%s", text);
}

/* Nothing of a lazy one is to outlast anything, so it waits for no disk where memory has room. */
static const char *place_of(enum cluster_syncs syncs)
{
    struct statvfs it;
    bool wide = statvfs(MEMORY, &it) == 0 && it.f_bavail * it.f_frsize >= MEMORY_BYTES_MIN;

    return syncs == CLUSTER_LAZY && wide && access(MEMORY, W_OK) == 0 ? MEMORY : "/tmp";
}

bool cluster_start(enum cluster_syncs syncs, struct cluster **ret, struct err *e)
{
    auto_obj(cluster) c = mem_new(struct cluster);
    pid_t server;

    c->asks = c->told = -1;
    c->folder = mem_printf("%s/orch-pg-XXXXXX", place_of(syncs));
    if (mkdtemp(c->folder) == NULL)
        return err_sys(e, "%s", c->folder);
    if (!begin_keeper(c, syncs, e) || !hear(c, &server, e) || !wait_until_ready(c, server, e)) {
        add_log(c, e);
        return false;
    }
    *ret = take(c);
    return true;
}

void cluster_free(struct cluster *c)
{
    if (c == NULL)
        return;
    if (c->asks >= 0)
        close(c->asks);
    if (c->told >= 0)
        close(c->told);
    if (c->keeper > 0)
        waitpid(c->keeper, NULL, 0);
    free(c->folder);
    free(c);
}

char *cluster_url(const struct cluster *c, const char *role, const char *database)
{
    return mem_printf("host=%s port=5432 user=%s dbname=%s", c->folder, role, database);
}

const char *cluster_folder(const struct cluster *c)
{
    return c->folder;
}

pid_t cluster_pid(const struct cluster *c)
{
    pid_t server = 0;

    return ask_keeper(c, ASK_PID, &server, NULL) ? server : 0;
}

bool cluster_halt(const struct cluster *c, int signal, struct err *e)
{
    pid_t server = cluster_pid(c);

    if (server == 0 || kill(server, signal) < 0)
        return err_set(e, ERR_CONFLICT, "there is no server");
    return ask_keeper(c, ASK_REAP, &server, e);
}

/* What a killed one left in the kernel may be in use for a moment. */
bool cluster_resume(const struct cluster *c, struct err *e)
{
    int64_t until = clock_mono_ns() + START_NS;
    pid_t server;

    for (;;) {
        if (!ask_keeper(c, ASK_SERVE, &server, e))
            return false;
        if (wait_until_ready(c, server, e))
            return true;
        if (clock_mono_ns() > until || !ask_keeper(c, ASK_REAP, &server, e))
            return false;
    }
}
