/* init.c -- see init.h: it starts the zygote, gives up everything, and then only reaps and reports
 * (SANDBOX.md 2.4, C1). */
#include "sandbox/supervisor/init.h"

#include "sandbox/profile/arch.h"
#include "sandbox/wire/attempt_wire.h"
#include "sandbox/wire/super_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_INIT_FAILED = 72, EXIT_NO_EXEC = 73 };

/* Fixed numbers first, whatever the ends are called now: low ones may be taken by one another. */
static bool place(int *fds, int count)
{
    for (int i = 0; i < count; i++)
        if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 32)) < 0)
            return false;
    return true;
}

/* When memory is short, attempts go before everything else here. To be more easily killed needs no
 * right; a machine without the file has no such order. */
static void go_first(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "1000", 4);
    close(fd);
}

/* The child of init that becomes the zygote. It says one byte before exec, so that the socket
 * tells the supervisor its number: after exec nobody's word about numbers is taken. */
static _Noreturn void become_worker(int control, int log, int worker_fd)
{
    static char title_room[ATTEMPT_TITLE_BYTES_MAX + 1];
    static const char *const argv[] = {"orch-worker", title_room, NULL};
    static const char *const environment[] = {NULL};
    int dead[2], fds[3] = {control, log, worker_fd};

    go_first();
    memset(title_room, ' ', sizeof title_room - 1);
    if (!place(fds, 3) || pipe(dead) < 0 || dup2(dead[0], 0) < 0 || dup2(fds[1], 1) < 0 ||
        dup2(fds[1], 2) < 0 || dup2(fds[0], 3) < 0 || send(3, "", 1, MSG_NOSIGNAL) != 1)
        _exit(EXIT_NO_EXEC);
    if (close_range(4, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        _exit(EXIT_NO_EXEC);
    syscall(SYS_execveat, fds[2], "", argv, environment, AT_EMPTY_PATH);
    _exit(EXIT_NO_EXEC);
}

static bool drop_everything(uint32_t uid)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    if (uid != 0 &&
        (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0 ||
         syscall(SYS_setresuid, uid, uid, uid) < 0))
        return false;
    return syscall(SYS_capset, &head, none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

#define ALLOW_CALL(nr)                                                                             \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool filter_to_reaping(void)
{
    static struct sock_filter insns[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW_CALL(SYS_wait4),
        ALLOW_CALL(SYS_write),
        ALLOW_CALL(SYS_exit),
        ALLOW_CALL(SYS_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {ARRAY_LEN(insns), insns};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/* Ends when there is nobody left to reap. */
static _Noreturn void reap(int status_fd)
{
    struct init_status record;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (pid <= 0)
            continue;
        record = (struct init_status){(uint32_t)pid, status};
        if (write(status_fd, &record, sizeof record) != (ssize_t)sizeof record)
            _exit(EXIT_INIT_FAILED);
    }
    _exit(0);
}

static _Noreturn void init_main(const struct init_start *start, int go)
{
    struct init_status born = {.status = INT_MIN};
    char byte;
    pid_t pid;
    int fds[1] = {start->status};

    /* The rights that are still here end with the supervisor; end of file before GO as well. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || read(go, &byte, 1) != 1)
        _exit(EXIT_INIT_FAILED);
    prctl(PR_SET_NAME, "orch-init", 0, 0, 0);
    pid = fork();
    if (pid == 0)
        become_worker(start->control, start->log, start->worker_fd);
    born.pid = (uint32_t)pid;
    if (pid < 0 || !place(fds, 1) || dup2(fds[0], 0) < 0 || close_range(1, ~0u, 0) < 0 ||
        write(0, &born, sizeof born) != (ssize_t)sizeof born)
        _exit(EXIT_INIT_FAILED);
    if (!drop_everything(start->init_uid) || !filter_to_reaping())
        _exit(EXIT_INIT_FAILED);
    reap(0);
}

bool init_start(const struct init_start *start, pid_t *ret_pid, int *ret_pidfd, int *ret_go_fd,
                struct err *e)
{
    int pidfd = -1, go[2];
    long pid;

    if (pipe2(go, O_CLOEXEC) < 0)
        return err_sys(e, "pipe");
    /* Not clone3, which filters of containers refuse; we have no handler that it would have to
     * reset. */
    pid = syscall(SYS_clone, start->clone_flags | CLONE_PIDFD | SIGCHLD, NULL, &pidfd, NULL, NULL);
    if (pid == 0) {
        close(go[1]); /* or our own copy would hide the end of file */
        init_main(start, go[0]);
    }
    close(go[0]);
    if (pid < 0) {
        close(go[1]);
        return err_sys(e, "start init");
    }
    *ret_pid = (pid_t)pid;
    *ret_pidfd = pidfd;
    *ret_go_fd = go[1];
    return true;
}
