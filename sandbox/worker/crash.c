/* crash.c -- says where the agent's code crashed, and lets it crash of the same signal. Inside the
 * attempt, so it is a courtesy to the author: a plugin may take these handlers away. */
#include "base/auto.h"
#include "sandbox/worker/worker.h"

#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

enum { STACK_BYTES = 32 * 1024 }; /* of its own: the crash may be that the other is used up */

static struct {
    struct orch_run *run;
    uintptr_t base, end; /* of the plugin */
    const void *inside;  /* some address of it */
} watched;

static uintptr_t instruction_of(const ucontext_t *u)
{
#ifdef __x86_64__
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)u->uc_mcontext.pc;
#endif
}

/* The handler is gone by now: the instruction is tried again and ends the process. */
static void on_crash(int signal_number, siginfo_t *info, void *context)
{
    uintptr_t at = instruction_of(context);
    struct attempt_crash crash = {.signal = signal_number};

    if (info->si_code <= 0) { /* somebody raised it: there is no instruction to try again */
        raise(signal_number);
        return;
    }
    crash.address = (uint64_t)(uintptr_t)info->si_addr;
    crash.in_plugin = at >= watched.base && at < watched.end;
    crash.offset = crash.in_plugin ? at - watched.base : 0;
    run_crashed(watched.run, &crash);
}

static int find_plugin(struct dl_phdr_info *info, size_t size, void *arg)
{
    uintptr_t inside = (uintptr_t)watched.inside, end = 0;

    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && info->dlpi_addr + p->p_vaddr + p->p_memsz > end)
            end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
    }
    if (inside < info->dlpi_addr || inside >= end || info->dlpi_addr == 0)
        return 0;
    watched.base = info->dlpi_addr;
    watched.end = end;
    return 1;
}

void crash_watch(struct orch_run *run, const orch_plugin *plugin)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    static char stack[STACK_BYTES];
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction was;

    watched.run = run;
    watched.inside = plugin;
    dl_iterate_phdr(find_plugin, NULL);
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (sigaction(signals[i], &action, &was) == 0 && was.sa_handler != SIG_DFL)
            sigaction(signals[i], &was, NULL); /* the plugin's own */
}
