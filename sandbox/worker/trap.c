/* trap.c -- see trap.h. */
#include "sandbox/worker/trap.h"

#include "sandbox/worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { BY_SECCOMP = 1 /* si_code SYS_SECCOMP of asm-generic/siginfo.h */ };

/* That the loader is to have; that it has until it is done. */
static volatile sig_atomic_t plugin_fd = -1, loading_fd = -1;

struct trapped {
    long args[6];
    long *answer;
};

static struct trapped call_of(ucontext_t *u)
{
#ifdef __x86_64__
    greg_t *r = u->uc_mcontext.gregs;

    return (struct trapped){{r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]},
                            (long *)&r[REG_RAX]};
#else
    unsigned long long *r = u->uc_mcontext.regs;

    return (
        struct trapped){{(long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4], (long)r[5]},
                        (long *)&r[0]};
#endif
}

static long give_plugin(void)
{
    int fd = plugin_fd;

    plugin_fd = -1;
    return fd >= 0 ? fd : -EACCES;
}

/* Where it reads from next nobody depends on: it maps the rest. */
static long read_plugin(const struct trapped *call)
{
    int fd = (int)call->args[0];
    ssize_t n = lseek(fd, (off_t)call->args[3], SEEK_SET);

    if (n >= 0)
        n = read(fd, (void *)call->args[1], (size_t)call->args[2]);
    return n >= 0 ? n : -errno;
}

/* Somebody raised it, or made a call that only the loader may make. */
static bool ends_process(const siginfo_t *info, const struct trapped *call)
{
    return info->si_code != BY_SECCOMP ||
           (info->si_syscall == SYS_pread64 && (loading_fd < 0 || call->args[0] != loading_fd));
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    struct trapped call = call_of(context);
    int saved = errno;

    if (ends_process(info, &call)) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    if (info->si_syscall == SYS_openat)
        *call.answer = give_plugin();
    else if (info->si_syscall == SYS_newfstatat)
        *call.answer = syscall(SYS_fstat, call.args[0], call.args[2]) == 0 ? 0 : -errno;
    else if (info->si_syscall == SYS_pread64)
        *call.answer = read_plugin(&call);
    else if (info->si_syscall == SYS_mmap)
        *call.answer = code_give((void *)call.args[0], (size_t)call.args[1], (int)call.args[3],
                                 (uint64_t)call.args[5]);
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
    plugin_fd = loading_fd = fd;
}
