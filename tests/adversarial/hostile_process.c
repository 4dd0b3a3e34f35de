/* hostile_process.c -- other processes, namespaces, odd ways into the kernel, rights. */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- processes, namespaces, other processes ---- */

static char *const shell[] = {"/bin/sh", NULL};

static const char *do_execve(void)
{
    return failed(execve("/bin/sh", shell, shell + 1));
}
static const char *do_execveat(void)
{
    return failed(syscall(SYS_execveat, 3, "", shell, 0, AT_EMPTY_PATH));
}
static const char *do_fork(void)
{
    return failed(fork());
}
static const char *do_vfork(void)
{
    return failed(vfork());
}
static const char *do_system(void)
{
    return failed(system("true"));
}
static const char *do_spawn(void)
{
    pid_t pid;
    int why = posix_spawn(&pid, "/bin/true", NULL, NULL, shell, shell + 1);

    return why != 0 ? strerrorname_np(why) : "done";
}
static const char *do_clone3(void)
{
    uint64_t args[11] = {0};

    return failed(syscall(SYS_clone3, args, sizeof args));
}
static void *napper(void *arg)
{
    struct timespec nap = {60, 0};

    nanosleep(&nap, NULL);
    return arg;
}
static const char *do_threads(void)
{
    pthread_t thread;
    int count = 0, why;

    while ((why = pthread_create(&thread, NULL, napper, NULL)) == 0 && count < 64)
        count++;
    snprintf(text, sizeof text, "%d threads, then %s", count, strerrorname_np(why));
    return text;
}
static const char *do_unshare(void)
{
    return failed(unshare(CLONE_NEWNS));
}
static const char *do_unshare_net(void)
{
    return failed(unshare(CLONE_NEWNET));
}
static const char *do_setns(void)
{
    return failed(setns(3, 0));
}
static const char *do_traceme(void)
{
    return failed(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static const char *do_attach(void)
{
    return failed(ptrace(PTRACE_ATTACH, 2, 0, 0));
}
static const char *do_vm_read(void)
{
    char byte;
    struct iovec mine = {&byte, 1}, theirs = {text, 1};

    return failed(process_vm_readv(2, &mine, 1, &theirs, 1, 0));
}
static const char *do_vm_write(void)
{
    struct iovec mine = {text, 1};

    return failed(process_vm_writev(2, &mine, 1, &mine, 1, 0));
}
static const char *do_kill_all(void)
{
    return failed(kill(-1, SIGKILL));
}
static const char *do_kill_init(void)
{
    return failed(kill(1, SIGKILL));
}
static const char *do_kill_group(void)
{
    return failed(kill(0, SIGKILL));
}
static const char *do_sigqueue(void)
{
    siginfo_t info = {.si_signo = SIGIO, .si_code = SI_QUEUE};

    return failed(syscall(SYS_rt_sigqueueinfo, 2, SIGIO, &info));
}
static const char *do_setown(void)
{
    return failed(fcntl(3, F_SETOWN, 2));
}

/* ---- other doors into the kernel ---- */

#ifdef __x86_64__
static long int80(long nr, long a, long b)
{
    long result;

    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(nr), "b"(a), "c"(b)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}
static const char *do_int80_mkdir(void)
{
    snprintf(text, sizeof text, "%ld", int80(39, (long)"/tmp/orch-int80", 0755));
    return text;
}
static const char *do_int80_exec(void)
{
    snprintf(text, sizeof text, "%ld", int80(11, (long)"/bin/sh", 0));
    return text;
}
#endif
static const char *do_tiocsti(void)
{
    char c = 'x';

    return failed(syscall(SYS_ioctl, 0, 0x5412L | (1L << 32), &c));
}

/* ---- rights ---- */

static const char *do_io_uring(void)
{
    return failed(syscall(SYS_io_uring_setup, 1, text));
}
static const char *do_listener(void)
{
    return failed(syscall(SYS_seccomp, 1, 8, text));
}
static const char *do_prctl(void)
{
    static const int options[] = {PR_SET_DUMPABLE,     PR_SET_PDEATHSIG,       PR_SET_PTRACER,
                                  PR_SET_MM,           PR_SET_SECCOMP,         PR_SET_TSC,
                                  PR_SET_NO_NEW_PRIVS, PR_SET_SPECULATION_CTRL};

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (prctl(options[i], 1, 0, 0, 0) != -1 || errno != EPERM)
            return "another answer than EPERM";
    return "EPERM";
}
static const char *do_prlimit(void)
{
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};

    if (setrlimit(RLIMIT_AS, &more) == 0 || errno != EPERM)
        return "own limit";
    return failed(prlimit(1, RLIMIT_AS, &more, NULL));
}
static const char *do_priority(void)
{
    struct sched_param fifo = {.sched_priority = 1};

    if (setpriority(PRIO_PROCESS, 0, -10) == 0 || errno != EPERM)
        return "setpriority";
    if (sched_setscheduler(0, SCHED_FIFO, &fifo) == 0 || errno != EPERM)
        return "sched_setscheduler";
    return failed(syscall(SYS_ioprio_set, 1, 0, 0));
}

/* {"case":"die","signal":N}: of a signal that it did not ignore, or by ending in vain. */
static const char *do_die(void)
{
    const char *at = memmem(ctx->config.ptr, ctx->config.len, "\"signal\":", 9);
    int number = at != NULL ? atoi(at + 9) : 0;

    signal(number, SIG_DFL);
    kill(getpid(), number);
    return "lives";
}

const struct attack process_attacks[] = {
    CASE(die),         CASE(execve),     CASE(execveat),  CASE(fork),       CASE(vfork),
    CASE(system),      CASE(spawn),      CASE(clone3),    CASE(threads),    CASE(unshare),
    CASE(unshare_net), CASE(setns),      CASE(traceme),   CASE(attach),     CASE(vm_read),
    CASE(vm_write),    CASE(kill_all),   CASE(kill_init), CASE(kill_group), CASE(sigqueue),
    CASE(setown),      CASE(tiocsti),    CASE(io_uring),  CASE(listener),   CASE(prctl),
    CASE(prlimit),     CASE(priority),
#ifdef __x86_64__
    CASE(int80_mkdir), CASE(int80_exec),
#endif
    END_OF_CASES,
};
