/* shim.c -- see shim.h. */
#include "faults/shim.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { PATTERN = 0xfe, FREE_STACK = 8192, PATTERN_RUN = 4 };

/* Of the first thread and its forks; the calls of another never fail. */
static _Thread_local uint32_t role = FAULT_ROLE_COUNT;
static _Thread_local unsigned round_seen, calls_seen;

uint32_t fault_own_role(void)
{
    return role;
}

static __attribute__((noinline)) void write_over_free_stack(void)
{
    char free_stack[FREE_STACK];

    memset(free_stack, PATTERN, sizeof free_stack);
    __asm__ volatile("" ::"r"(free_stack) : "memory");
}

/* No system call of its own: it runs behind filters too. */
static bool fails(const char *call)
{
    struct fault_page *p = fault_page;

    write_over_free_stack();
    if (atomic_load(&p->armed) == 0 || p->role != role)
        return false;
    if (round_seen != atomic_load(&p->round)) {
        round_seen = atomic_load(&p->round);
        calls_seen = 0;
    }
    if (++calls_seen != p->nth)
        return false;
    snprintf(p->call, sizeof p->call, "%s", call);
    atomic_fetch_add(&p->hits, 1);
    errno = p->number;
    return true;
}

static void look_at(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    size_t run = 0;

    for (size_t i = 0; i < len; i++) {
        run = at[i] == PATTERN ? run + 1 : 0;
        if (run < PATTERN_RUN)
            continue;
        if (atomic_fetch_add(&fault_page->dirty, 1) == 0)
            memcpy(fault_page->text, bytes,
                   len < sizeof fault_page->text ? len : sizeof fault_page->text);
        return;
    }
}

/* ---- the calls ---- */

/* The linker's names for what it wraps.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#define CALL(type, failed, name, params, args)                                                     \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        return fails(#name) ? (failed) : __real_##name args;                                       \
    }
#include "faults/calls.def"
#undef CALL

/* ---- the page ---- */

__attribute__((constructor)) static void take_page(void)
{
    const char *number = getenv("FAULTS_FD");
    void *page;

    role = FAULT_PROGRAM;
    if (number == NULL)
        return;
    page =
        __real_mmap(NULL, sizeof *fault_page, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(number), 0);
    assert(page != MAP_FAILED);
    fault_page = page;
    if (getenv("FAULTS_WORKER") != NULL) {
        role = FAULT_WORKER;
        close(atoi(number));
    }
}

/* ---- forks, and what has an open list of arguments ---- */

static long forked(long pid)
{
    if (pid == 0) {
        role++;
        calls_seen = 0;
    }
    return pid;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
    return fails("fork") ? -1 : (pid_t)forked(__real_fork());
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
int __real_fcntl(int fd, int cmd, long arg);

/* The worker's environment is empty, and its descriptors were closed: it gets ours with it. */
static long exec_shared(int fd, long path, long argv, long flags)
{
    static char page[32];
    static const char *const environment[] = {page, "FAULTS_WORKER=1", NULL};

    snprintf(page, sizeof page, "FAULTS_FD=%d", FAULT_PAGE_FD);
    __real_fcntl(FAULT_PAGE_FD, F_SETFD, 0);
    return __real_syscall(SYS_execveat, fd, path, argv, (long)environment, flags, 0);
}

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    if (fails("syscall"))
        return -1;
    if (number == SYS_execveat)
        return exec_shared((int)a, b, c, e);
    if (number == SYS_clone)
        return forked(__real_syscall(number, a, b, c, d, e, f));
    return __real_syscall(number, a, b, c, d, e, f);
}

int __real_open(const char *path, int flags, unsigned mode);
int __wrap_open(const char *path, int flags, unsigned mode);
int __wrap_open(const char *path, int flags, unsigned mode)
{
    return fails("open") ? -1 : __real_open(path, flags, mode);
}

int __wrap_fcntl(int fd, int cmd, long arg);
int __wrap_fcntl(int fd, int cmd, long arg)
{
    return fails("fcntl") ? -1 : __real_fcntl(fd, cmd, arg);
}

int __real_ioctl(int fd, unsigned long request, long arg);
int __wrap_ioctl(int fd, unsigned long request, long arg);
int __wrap_ioctl(int fd, unsigned long request, long arg)
{
    return fails("ioctl") ? -1 : __real_ioctl(fd, request, arg);
}

int __real_prctl(int option, long a, long b, long c, long d);
int __wrap_prctl(int option, long a, long b, long c, long d);
int __wrap_prctl(int option, long a, long b, long c, long d)
{
    bool again = option == PR_CAPBSET_DROP && a > 0; /* one of 64 of the same place */

    return !again && fails("prctl") ? -1 : __real_prctl(option, a, b, c, d);
}

int __real_openat(int folder, const char *path, int flags, unsigned mode);
int __wrap_openat(int folder, const char *path, int flags, unsigned mode);
int __wrap_openat(int folder, const char *path, int flags, unsigned mode)
{
    return fails("openat") ? -1 : __real_openat(folder, path, flags, mode);
}

/* It gives the number, and sets none. */
int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return fails("pthread_create") ? errno : __real_pthread_create(ret, attr, run, arg);
}

/* ---- what is sent ---- */

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    look_at(bytes, len);
    return fails("write") ? -1 : __real_write(fd, bytes, len);
}

ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
    look_at(bytes, len);
    return fails("send") ? -1 : __real_send(fd, bytes, len, flags);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    for (size_t i = 0; i < msg->msg_iovlen; i++)
        look_at(msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
    return fails("sendmsg") ? -1 : __real_sendmsg(fd, msg, flags);
}

/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
