/* tally.c -- see tally.h. */
#include "tally.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_any(long call, const long *list)
{
    for (; *list >= 0; list++)
        if (*list == call)
            return true;
    return false;
}

/* What of a process's writes goes to another process: orchd has clients and files besides, which
 * get send() and pwrite(); below it there are no files but the supervisor's control groups. */
static bool is_message(enum trace_role role, long call)
{
    static const long host[] = {SYS_sendmsg, SYS_sendmmsg, -1};
    static const long sends[] = {SYS_sendmsg, SYS_sendto, -1};
    static const long all[] = {SYS_sendmsg, SYS_sendto, SYS_write, SYS_writev, -1};

    if (role == ROLE_HOST)
        return is_any(call, host);
    if (role == ROLE_SUPERVISOR || role == ROLE_AUTHORITY)
        return is_any(call, sends);
    return is_any(call, all);
}

static bool is_file_write(long call)
{
    static const long list[] = {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2, -1};

    return is_any(call, list);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static struct trace_file *file_of(struct trace_counts *counts, const struct task *task)
{
    char link[64], path[4096];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/%d/fd/%ld", (int)task->pid, task->fd);
    n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    if (ends_with(path, ".db-wal"))
        return &counts->wal;
    return ends_with(path, ".db") ? &counts->database : NULL;
}

static void wrote(struct trace_counts *counts, const struct task *task, int64_t bytes)
{
    struct trace_file *file;

    if (is_message(task->role, task->call))
        counts->roles[task->role].messages++;
    if (task->role != ROLE_HOST || !is_file_write(task->call))
        return;
    file = file_of(counts, task);
    if (file == NULL)
        return;
    file->writes++;
    file->bytes += (uint64_t)bytes;
}

static bool is_wait(long call)
{
    static const long list[] = {SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2, -1};

    return is_any(call, list);
}

void tally_call(struct trace_counts *counts, struct task *task)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, task->pid, sizeof info, &info) < 0) {
        if (errno == ESRCH)
            return; /* killed while it stood */
        perror("what call");
        exit(1);
    }
    task->waits = info.op == PTRACE_SYSCALL_INFO_ENTRY && is_wait((long)info.entry.nr);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        task->call = (long)info.entry.nr;
        task->fd = (long)info.entry.args[0];
        if (task->call >= 0 && task->call < TRACE_CALL_MAX)
            counts->roles[task->role].calls[task->call]++;
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error && info.exit.rval > 0) {
        wrote(counts, task, info.exit.rval);
    }
}
