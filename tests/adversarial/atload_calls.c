/* atload_calls.c -- the attacks that are one system call which no computation needs. */
#include "atload.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ALLOW_ALL                                                                                  \
    {                                                                                              \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)                                               \
    }
#define ANYWHERE AT_FDCWD
#define PTHREAD                                                                                    \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static struct sock_filter allow_all[] = ALLOW_ALL;
static struct sock_fprog filter = {1, allow_all};
static struct itimerval second = {{1, 0}, {1, 0}}, never;
static struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
static siginfo_t info = {.si_signo = SIGIO, .si_code = SI_QUEUE};
static char page[4096] __attribute__((aligned(4096)));
static char *const argv[] = {"/bin/sh", NULL};
static int ends[2];
static struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, rest[6];
} args3 = {.exit_signal = SIGCHLD};

#define P(x) ((long)(x))
/* A stack of its own would be needed by what shares memory: these must not begin at all. */
static const struct {
    const char *name;
    long nr;
    long args[6];
} calls[] = {
    /* processes and threads */
    {"clone", SYS_clone, {SIGCHLD}},
    {"clone_as_fork", SYS_clone, {CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD}},
    {"clone_parent", SYS_clone, {CLONE_PARENT | SIGCHLD}},
    {"clone_newuser", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"clone3", SYS_clone3, {P(&args3), sizeof args3}},
    {"execve", SYS_execve, {P("/bin/sh"), P(argv), 0}},
    {"execveat", SYS_execveat, {6, P(""), P(argv), 0, AT_EMPTY_PATH}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
    {"setns", SYS_setns, {3, 0}},
    {"traceme", SYS_ptrace, {PTRACE_TRACEME}},
    {"vm_readv", SYS_process_vm_readv, {1, P(page), 1, P(page), 1}},
    /* signals to others */
    {"kill_probe", SYS_kill, {1, 0}},
    {"kill_init", SYS_kill, {1, SIGKILL}},
    {"kill_all", SYS_kill, {-1, SIGKILL}},
    {"kill_group", SYS_kill, {0, SIGKILL}},
    {"tgkill_other", SYS_tgkill, {2, 2, SIGKILL}},
    {"tgkill_init", SYS_tgkill, {1, 1, SIGKILL}},
    {"tkill_other", SYS_tkill, {2, SIGKILL}},
    {"sigqueue", SYS_rt_sigqueueinfo, {2, SIGIO, P(&info)}},
    {"tgsigqueue", SYS_rt_tgsigqueueinfo, {2, 2, SIGIO, P(&info)}},
    {"pidfd_signal", SYS_pidfd_send_signal, {3, SIGKILL, 0, 0}},
    {"pidfd_open", SYS_pidfd_open, {1, 0}},
    {"pidfd_getfd", SYS_pidfd_getfd, {3, 3, 0}},
    {"setown", SYS_fcntl, {3, F_SETOWN, 1}},
    /* timers and limits */
    {"itimer_real", SYS_setitimer, {ITIMER_REAL, P(&second), 0}},
    {"itimer_prof", SYS_setitimer, {ITIMER_PROF, P(&never), 0}},
    {"timer_create", SYS_timer_create, {CLOCK_MONOTONIC, 0, P(page)}},
    {"timerfd", SYS_timerfd_create, {CLOCK_MONOTONIC, 0}},
    {"prlimit_raise", SYS_prlimit64, {0, RLIMIT_AS, P(&unlimited), 0}},
    {"prlimit_cpu", SYS_prlimit64, {0, RLIMIT_CPU, P(&unlimited), 0}},
    {"prlimit_other", SYS_prlimit64, {1, RLIMIT_AS, P(&unlimited), 0}},
    {"prlimit_look", SYS_prlimit64, {1, RLIMIT_AS, 0, P(page)}},
    {"setpriority", SYS_setpriority, {0, 0, -10}},
    {"setscheduler", SYS_sched_setscheduler, {0, SCHED_FIFO, P(page)}},
    /* rights and layers */
    {"pdeathsig_off", SYS_prctl, {PR_SET_PDEATHSIG, 0}},
    {"dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}},
    {"ptracer", SYS_prctl, {PR_SET_PTRACER, -1}},
    {"subreaper", SYS_prctl, {PR_SET_CHILD_SUBREAPER, 1}},
    {"keepcaps", SYS_prctl, {PR_SET_KEEPCAPS, 1}},
    {"prctl_mm", SYS_prctl, {PR_SET_MM, PR_SET_MM_BRK, P(page)}},
    {"prctl_seccomp", SYS_prctl, {PR_SET_SECCOMP, SECCOMP_MODE_FILTER, P(&filter)}},
    {"seccomp_strict", SYS_seccomp, {SECCOMP_SET_MODE_STRICT, 0, 0}},
    {"seccomp_filter", SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, P(&filter)}},
    {"seccomp_listener",
     SYS_seccomp,
     {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, P(&filter)}},
    {"landlock_create", SYS_landlock_create_ruleset, {0, 0, 1}},
    {"landlock_restrict", SYS_landlock_restrict_self, {5, 0}},
    {"capset", SYS_capset, {P(page), P(page)}},
    {"setuid", SYS_setuid, {0}},
    {"setgroups", SYS_setgroups, {0, 0}},
    {"personality", SYS_personality, {0x0400000}},
    /* shared memory, and code that was never signed */
    {"memfd", SYS_memfd_create, {P("shared"), 0}},
    {"shmget", SYS_shmget, {0, 4096, 01600}},
    {"map_exec", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1}},
    {"map_wx", SYS_mmap, {0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1}},
    {"map_growsdown", SYS_mmap, {0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1}},
    {"pkey_mprotect", SYS_pkey_mprotect, {P(page), 4096, 7, -1}},
    {"memfd_secret", SYS_memfd_secret, {0}},
    /* files and sockets */
    {"open_root", SYS_openat, {ANYWHERE, P("/"), O_RDONLY}},
    {"open_p", SYS_openat, {ANYWHERE, P("/p"), O_RDONLY}},
    {"open_path", SYS_openat, {ANYWHERE, P("/"), O_PATH}},
    {"open_here", SYS_openat, {ANYWHERE, P("."), O_RDONLY | O_DIRECTORY}},
    {"open_passwd", SYS_openat, {ANYWHERE, P("/etc/passwd"), O_RDONLY}},
    {"open_mem", SYS_openat, {ANYWHERE, P("/proc/self/mem"), O_RDWR}},
    {"open_null", SYS_openat, {ANYWHERE, P("/dev/null"), O_RDWR}},
    {"open_create", SYS_openat, {ANYWHERE, P("/p/x"), O_RDWR | O_CREAT, 0600}},
    {"open_tmpfile", SYS_openat, {ANYWHERE, P("/"), O_RDWR | O_TMPFILE, 0600}},
    {"mount", SYS_mount, {P("none"), P("/"), P("tmpfs"), 0, 0}},
    {"chdir", SYS_chdir, {P("/p")}},
    {"socket", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, P(ends)}},
    {"pipe", SYS_pipe2, {P(ends), 0}},
    {"eventfd", SYS_eventfd2, {0, 0}},
    {"io_uring", SYS_io_uring_setup, {1, P(page)}},
    {"userfaultfd", SYS_userfaultfd, {0}},
    {"bpf", SYS_bpf, {0, P(page), 64}},
    {"perf", SYS_perf_event_open, {P(page), 0, -1, -1, 0}},
    {"keyctl", SYS_keyctl, {0, -3, 1}},
    {"thread", SYS_clone, {PTHREAD, 0}},
};

int call_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const long *a = calls[i].args;
        long result;

        if (strcmp(calls[i].name, name) != 0)
            continue;
        result = raw(calls[i].nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (result == 0 && (calls[i].nr == SYS_clone || calls[i].nr == SYS_clone3)) {
            be_named("kid");
            nap();
        }
        tell_result(name, result);
        return 1;
    }
    return 0;
}
