/* pidfd.c -- see pidfd.h. */
#include "sandbox/kernel/pidfd.h"

#include "base/auto.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* struct pidfd_info of the first version, whose last word became exit_code. */
struct info {
    uint64_t mask;
    uint64_t cgroup_id;
    uint32_t pid, tgid, ppid;
    uint32_t ids[8];
    int32_t exit_code;
};
_Static_assert(sizeof(struct info) == 64, "PIDFD_INFO_SIZE_VER0");

#define GET_INFO _IOWR(0xFF, 11, struct info)
enum { INFO_PID = 1 << 0, INFO_EXIT = 1 << 3 };

int pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int pidfd_signal(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* The number behind key in a file of "Key:\tvalue" lines. */
static bool proc_number(const char *path, const char *key, pid_t *ret)
{
    auto_file f = fopen(path, "re");
    char line[256];
    size_t len = strlen(key);

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, len) == 0)
            return sscanf(line + len, "%d", ret) == 1;
    return false;
}

static bool ids_from_proc(int pidfd, pid_t *ret_pid, pid_t *ret_parent)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    if (!proc_number(path, "Pid:", ret_pid) || *ret_pid <= 0)
        return false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)*ret_pid);
    return proc_number(path, "PPid:", ret_parent);
}

bool pidfd_ids(int pidfd, pid_t *ret_pid, pid_t *ret_parent)
{
    struct info info = {.mask = INFO_PID};

    if (ioctl(pidfd, GET_INFO, &info) < 0 || (info.mask & INFO_PID) == 0)
        return ids_from_proc(pidfd, ret_pid, ret_parent);
    *ret_pid = (pid_t)info.pid;
    *ret_parent = (pid_t)info.ppid;
    return info.pid != 0;
}

enum pidfd_exit pidfd_exit_status(int pidfd, int *ret_status)
{
    struct info info = {.mask = INFO_EXIT};

    if (ioctl(pidfd, GET_INFO, &info) < 0)
        return errno == ESRCH ? PIDFD_RUNNING : PIDFD_NO_INFO;
    if ((info.mask & INFO_EXIT) == 0)
        return PIDFD_RUNNING;
    *ret_status = info.exit_code;
    return PIDFD_EXITED;
}

bool pidfd_exit_works(void)
{
    pid_t pid = fork();
    auto_fd fd = -1;
    int status = 0;

    if (pid == 0)
        _exit(37);
    if (pid < 0)
        return false;
    fd = pidfd_of(pid);
    waitpid(pid, NULL, 0);
    return fd >= 0 && pidfd_exit_status(fd, &status) == PIDFD_EXITED && WIFEXITED(status) &&
           WEXITSTATUS(status) == 37;
}
