/* atload_process.c -- processes and threads that would live on, and what an attempt shows of
 * itself. Children are named "kid". */
#include "atload.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHILDREN = 985 };

static void be_a_kid(void)
{
    be_named("kid");
    nap();
}

static void many(const char *name, long flags)
{
    long result = 0;
    int made = 0;

    for (; made < CHILDREN; made++) {
        result = RAW2(SYS_clone, flags, 0);
        if (result == 0)
            be_a_kid();
        if (result < 0)
            break;
    }
    tell("%d, then ", made);
    tell_result(name, result < 0 ? result : 0);
}
static void do_many_children(void)
{
    many("children", SIGCHLD);
}
static void do_many_like_fork(void)
{
    many("like_fork", CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD);
}
/* They would be children of whoever made the process. */
static void do_many_siblings(void)
{
    many("siblings", CLONE_PARENT | SIGCHLD);
}
static void do_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        be_a_kid();
    tell("fork=%s ", pid > 0 ? "done" : "refused");
}
static void do_fork_spins(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        be_named("kid");
        spin();
    }
    tell("fork=%s ", pid > 0 ? "done" : "refused");
}
static void do_vfork(void)
{
    pid_t pid = vfork();

    if (pid == 0)
        be_a_kid();
    tell("vfork=%s ", pid > 0 ? "done" : "refused");
}
static void do_spawn(void)
{
    char *const argv[] = {"/bin/true", NULL};
    pid_t pid;

    tell("spawn=%s ",
         posix_spawn(&pid, "/bin/true", NULL, NULL, argv, argv + 1) == 0 ? "done" : "refused");
}
static void *thread_main(void *arg)
{
    be_a_kid();
    return arg;
}
static void do_threads(void)
{
    pthread_t thread;
    int made = 0;

    while (made < CHILDREN && pthread_create(&thread, NULL, thread_main, NULL) == 0)
        made++;
    tell("threads=%s ", made > 0 ? "done" : "refused");
}

/* ---- what is to be seen from outside ---- */

/* Until it is told to stop. */
static void do_mark(void)
{
    struct timespec ms = {0, 1000000};

    be_named("marked");
    while (!host->should_stop(run))
        RAW2(SYS_nanosleep, &ms, NULL);
    stopped = true;
}

/* Signals: nobody's end depends on what this process does with its own. */
static void do_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t all;

    sigfillset(&all);
    for (int number = 1; number <= 64; number++)
        sigaction(number, &ignore, NULL);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &all, NULL);
    tell("signals ");
}
static void do_sigchld(void)
{
    signal(SIGCHLD, SIG_DFL);
    tell("sigchld ");
}
/* Everybody that a number can name. */
static void do_kill_numbers(void)
{
    long self = RAW1(SYS_getpid, 0);

    for (long pid = 1; pid < 4096; pid++)
        if (pid != self && RAW2(SYS_kill, pid, SIGKILL) == 0)
            tell("kill=done ");
    tell("nobody ");
}
static void do_tgkill_numbers(void)
{
    long self = RAW1(SYS_getpid, 0);

    for (long pid = 1; pid < 4096; pid++)
        if (pid != self && RAW3(SYS_tgkill, pid, pid, SIGKILL) == 0)
            tell("tgkill=done ");
    tell("nobody ");
}
static void do_pidfd_numbers(void)
{
    for (long pid = 1; pid < 4096; pid++) {
        long fd = RAW2(SYS_pidfd_open, pid, 0);

        if (fd >= 0 && pid != RAW1(SYS_getpid, 0))
            tell("pidfd of another=done ");
        if (fd >= 0)
            RAW1(SYS_close, fd);
    }
    tell("nobody ");
}

const struct attack process_attacks[] = {
    CASE(many_children),  CASE(many_like_fork), CASE(many_siblings), CASE(fork),
    CASE(fork_spins),     CASE(vfork),          CASE(spawn),         CASE(threads),
    CASE(mark),           CASE(signals),        CASE(sigchld),       CASE(kill_numbers),
    CASE(tgkill_numbers), CASE(pidfd_numbers),  END_OF_CASES,
};
