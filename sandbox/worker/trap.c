/* trap.c -- see trap.h. */
#include "sandbox/worker/trap.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { BY_SECCOMP = 1 /* si_code SYS_SECCOMP of asm-generic/siginfo.h */ };

static volatile sig_atomic_t plugin_fd = -1;

struct call {
    long args[3];
    long *answer;
};

static struct call call_of(ucontext_t *u)
{
#ifdef __x86_64__
    greg_t *r = u->uc_mcontext.gregs;

    return (struct call){{r[REG_RDI], r[REG_RSI], r[REG_RDX]}, (long *)&r[REG_RAX]};
#else
    unsigned long long *r = u->uc_mcontext.regs;

    return (struct call){{(long)r[0], (long)r[1], (long)r[2]}, (long *)&r[0]};
#endif
}

static long give_plugin(void)
{
    int fd = plugin_fd;

    plugin_fd = -1;
    return fd >= 0 ? fd : -EACCES;
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    struct call call = call_of(context);
    int saved = errno;

    if (info->si_code != BY_SECCOMP) {
        signal(signal_number, SIG_DFL); /* somebody raised it: that ends the process */
        raise(signal_number);
        return;
    }
    if (info->si_syscall == SYS_openat)
        *call.answer = give_plugin();
    else if (info->si_syscall == SYS_newfstatat)
        *call.answer = syscall(SYS_fstat, call.args[0], call.args[2]) == 0 ? 0 : -errno;
    else
        *call.answer = -ENOSYS;
    errno = saved;
}

bool trap_install(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    return sigaction(SIGSYS, &action, NULL) == 0;
}

void trap_give(int fd)
{
    plugin_fd = fd;
}
