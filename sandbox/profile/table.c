/* table.c -- the table of profile.h. A call that is not in it is killed. */
#include "sandbox/profile/profile.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>

#define KILL SECCOMP_RET_KILL_PROCESS
#define ALLOW SECCOMP_RET_ALLOW
#define FAIL(e) (SECCOMP_RET_ERRNO | (e))
#define ALL 0xffffffffu

#define EQ(n, v)                                                                                   \
    {                                                                                              \
        n, TEST_EQ, ALL, (uint32_t)(v)                                                             \
    }
#define NE(n, v)                                                                                   \
    {                                                                                              \
        n, TEST_NE, ALL, (uint32_t)(v)                                                             \
    }
#define GE(n, v)                                                                                   \
    {                                                                                              \
        n, TEST_GE, ALL, (uint32_t)(v)                                                             \
    }
#define HAS_ANY(n, bits)                                                                           \
    {                                                                                              \
        n, TEST_NE, (uint32_t)(bits), 0                                                            \
    }
#define HAS_ALL(n, bits)                                                                           \
    {                                                                                              \
        n, TEST_EQ, (uint32_t)(bits), (uint32_t)(bits)                                             \
    }
#define BESIDES(n, bits)                                                                           \
    {                                                                                              \
        n, TEST_NE, ~(uint32_t)(bits), 0                                                           \
    } /* a bit outside of these */
#define WITHIN(n, bits)                                                                            \
    {                                                                                              \
        n, TEST_EQ, ~(uint32_t)(bits), 0                                                           \
    }
#define MASKED(n, mask, v)                                                                         \
    {                                                                                              \
        n, TEST_EQ, (uint32_t)(mask), (uint32_t)(v)                                                \
    }
#define NONNULL(n)                                                                                 \
    {                                                                                              \
        n, TEST_NONNULL, ALL, 0                                                                    \
    }
#define NO                                                                                         \
    {                                                                                              \
        0, TEST_NONE, 0, 0                                                                         \
    }

static const struct rule kill_it = {.text = "KILL", .otherwise = KILL};
static const struct rule allow = {.text = "ALLOW", .otherwise = ALLOW};
static const struct rule eacces = {.text = "EACCES", .otherwise = FAIL(EACCES)};
static const struct rule enosys = {.text = "ENOSYS", .otherwise = FAIL(ENOSYS)};
static const struct rule enotty = {.text = "ENOTTY", .otherwise = FAIL(ENOTTY)};
static const struct rule eperm = {.text = "EPERM", .otherwise = FAIL(EPERM)};

static const struct rule fcntl_flags = {
    .text = "ALLOW GETFD SETFD GETFL SETFL(APPEND NONBLOCK), else KILL",
    .cases = {{EQ(1, F_GETFD), NO, ALLOW},
              {EQ(1, F_SETFD), NO, ALLOW},
              {EQ(1, F_GETFL), NO, ALLOW},
              /* What F_GETFL gave comes back: the access mode and the kernel's O_LARGEFILE. */
              {EQ(1, F_SETFL), WITHIN(2, O_ACCMODE | O_APPEND | O_NONBLOCK | 0100000), ALLOW}},
    .otherwise = KILL,
};

/* DROPPABLE is 8: Linux 6.11, used by the C library's getrandom. */
#define MMAP_FLAGS                                                                                 \
    (MAP_SHARED | MAP_PRIVATE | 0x08 | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK |     \
     MAP_FIXED_NOREPLACE)
/* Memory that another process could share with this one: a zygote's would be its attempts'. */
#define SHARED_MEMORY HAS_ALL(3, MAP_SHARED | MAP_ANONYMOUS)
/* The one file that there is to map is the plugin: its code is mapped before this rule stands, and
 * the worker's handler puts it where the loader wants it (sandbox/worker/trap.h). */
static const struct rule mmap_data = {
    .text = "ALLOW without EXEC and without anonymous SHARED, EINVAL for other flags, EACCES with, "
            "but for the plugin's code while it loads",
    .cases = {{HAS_ALL(2, PROT_WRITE | PROT_EXEC), NO, FAIL(EACCES)},
              {HAS_ANY(2, PROT_EXEC), HAS_ANY(3, MAP_SHARED | MAP_ANONYMOUS), FAIL(EACCES)},
              {HAS_ANY(2, PROT_EXEC), NO, SECCOMP_RET_TRAP},
              {SHARED_MEMORY, NO, FAIL(EACCES)},
              {BESIDES(3, MMAP_FLAGS | MAP_DENYWRITE), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
static const struct rule mprotect_data = {
    .text = "ALLOW without EXEC, EACCES with it, EINVAL for GROWS*",
    .cases = {{HAS_ANY(2, PROT_EXEC), NO, FAIL(EACCES)},
              {BESIDES(2, PROT_READ | PROT_WRITE), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
/* What the dynamic loader does to a file without text relocations. */
static const struct rule mmap_load = {
    .text = "as above, and ALLOW EXEC of a private file that is not writable",
    .cases = {{HAS_ALL(2, PROT_WRITE | PROT_EXEC), NO, FAIL(EACCES)},
              {HAS_ANY(2, PROT_EXEC), HAS_ANY(3, MAP_SHARED | MAP_ANONYMOUS), FAIL(EACCES)},
              {SHARED_MEMORY, NO, FAIL(EACCES)},
              {BESIDES(3, MMAP_FLAGS | MAP_DENYWRITE), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
static const struct rule mremap_flags = {
    .text = "ALLOW MAYMOVE FIXED, else EINVAL",
    .cases = {{BESIDES(3, MREMAP_MAYMOVE | MREMAP_FIXED), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
/* 102 and 103: GUARD_INSTALL and GUARD_REMOVE, Linux 6.13. */
static const struct rule madvise_hints = {
    .text = "ALLOW 0-4 FREE (NO)HUGEPAGE DONTDUMP WIPEONFORK GUARD_*, else EINVAL",
    .cases = {{EQ(2, MADV_FREE), NO, ALLOW},
              {EQ(2, MADV_HUGEPAGE), NO, ALLOW},
              {EQ(2, MADV_NOHUGEPAGE), NO, ALLOW},
              {EQ(2, MADV_DONTDUMP), NO, ALLOW},
              {EQ(2, MADV_WIPEONFORK), NO, ALLOW},
              {EQ(2, 102), NO, ALLOW},
              {EQ(2, 103), NO, ALLOW},
              {GE(2, MADV_DONTNEED + 1), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};

#define CLONE_AS_PTHREAD                                                                           \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
/* How zygotes fork. Not as the C library's fork does: that is a plugin's, and is to be told by the
 * zygote's filter (profile_tell_kills). */
static const struct rule clone_any = {
    .text = "ALLOW a zygote's fork and pthread_create, else KILL",
    .cases = {{EQ(0, CLONE_PARENT | SIGCHLD), NO, ALLOW},
              {EQ(0, SIGCHLD), NO, ALLOW},
              {EQ(0, CLONE_AS_PTHREAD), NO, ALLOW}},
    .otherwise = KILL,
};
static const struct rule clone_none = {
    .text = "EAGAIN pthread_create, else KILL",
    .cases = {{EQ(0, CLONE_AS_PTHREAD), NO, FAIL(EAGAIN)},
              {EQ(0, CLONE_PARENT | SIGCHLD), NO, KILL},
              {EQ(0, SIGCHLD), NO, KILL}},
    .otherwise = KILL,
    .left_below = true,
};
static const struct rule clone_threads = {
    .text = "ALLOW pthread_create, else KILL",
    .cases = {{EQ(0, CLONE_AS_PTHREAD), NO, ALLOW}},
    .otherwise = KILL,
};

#define MEMBARRIER_PRIVATE 0x1f8 /* the six PRIVATE_EXPEDITED* commands, register and use */
static const struct rule membarrier_private = {
    .text = "ALLOW QUERY PRIVATE_EXPEDITED*, else EINVAL",
    .cases = {{BESIDES(0, MEMBARRIER_PRIVATE), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
#define FUTEX_ALLOW(op)                                                                            \
    {                                                                                              \
        MASKED(1, FUTEX_CMD_MASK, op), NO, ALLOW                                                   \
    }
static const struct rule futex_plain = {
    .text = "ALLOW WAIT WAKE *_BITSET *REQUEUE WAKE_OP, else EINVAL",
    .cases = {FUTEX_ALLOW(FUTEX_WAIT), FUTEX_ALLOW(FUTEX_WAKE), FUTEX_ALLOW(FUTEX_WAIT_BITSET),
              FUTEX_ALLOW(FUTEX_WAKE_BITSET), FUTEX_ALLOW(FUTEX_REQUEUE),
              FUTEX_ALLOW(FUTEX_CMP_REQUEUE), FUTEX_ALLOW(FUTEX_WAKE_OP)},
    .otherwise = FAIL(EINVAL),
};
/* A negative clock is a descriptor or another process. */
static const struct rule clock_named = {
    .text = "ALLOW named clocks, else EINVAL",
    .cases = {{GE(0, 0x80000000u), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
/* The two signals by which the CPU limit speaks keep their default action. */
static const struct rule sigaction_not_cpu = {
    .text = "ALLOW, EPERM for SIGXCPU SIGPROF",
    .cases = {{EQ(0, SIGXCPU), NONNULL(1), FAIL(EPERM)}, {EQ(0, SIGPROF), NONNULL(1), FAIL(EPERM)}},
    .otherwise = ALLOW,
};
/* And a warm zygote's children stay the kernel's to reap: else nobody would hear of their ends. */
static const struct rule sigaction_warm = {
    .text = "ALLOW, EPERM for SIGXCPU SIGPROF SIGCHLD",
    .cases = {{EQ(0, SIGXCPU), NONNULL(1), FAIL(EPERM)},
              {EQ(0, SIGPROF), NONNULL(1), FAIL(EPERM)},
              {EQ(0, SIGCHLD), NONNULL(1), FAIL(EPERM)}},
    .otherwise = ALLOW,
};
static const struct rule tgkill_self = {
    .text = "ALLOW own process, else KILL",
    .cases = {{NE(0, PROFILE_SELF_PID), NO, KILL}},
    .otherwise = ALLOW,
};
/* In a warm zygote, whose own number is not that of the attempts that stand on this filter. */
static const struct rule tgkill_abort = {
    .text = "ALLOW ABRT, else EPERM",
    .cases = {{NE(2, SIGABRT), NO, FAIL(EPERM)}},
    .otherwise = ALLOW,
};
static const struct rule kill_probe = {
    .text = "ALLOW signal 0, else KILL",
    .cases = {{NE(1, 0), NO, KILL}},
    .otherwise = ALLOW,
};
static const struct rule kill_none = {
    .text = "KILL",
    .cases = {{EQ(1, 0), NO, KILL}},
    .otherwise = KILL,
    .left_below = true,
};
static const struct rule getrusage_own = {
    .text = "ALLOW SELF THREAD, else EINVAL",
    .cases = {{EQ(0, 0), NO, ALLOW}, {EQ(0, 1), NO, ALLOW}},
    .otherwise = FAIL(EINVAL),
};
static const struct rule prlimit_read = {
    .text = "ALLOW reading own, else EPERM",
    .cases = {{NE(0, 0), NO, FAIL(EPERM)}, {NONNULL(2), NO, FAIL(EPERM)}},
    .otherwise = ALLOW,
};
static const struct rule prlimit_own = {
    .text = "ALLOW own, else EPERM",
    .cases = {{NE(0, 0), NO, FAIL(EPERM)}},
    .otherwise = ALLOW,
};
static const struct rule getrandom_flags = {
    .text = "ALLOW NONBLOCK INSECURE, else EINVAL",
    .cases = {{BESIDES(2, 0x1 | 0x4), NO, FAIL(EINVAL)}},
    .otherwise = ALLOW,
};
static const struct rule prctl_names = {
    .text = "ALLOW SET_NAME SET_VMA, else EPERM",
    .cases = {{EQ(0, PR_SET_NAME), NO, ALLOW}, {EQ(0, PR_SET_VMA), NO, ALLOW}},
    .otherwise = FAIL(EPERM),
};
/* An attempt's filter and no more: no listener, no log. */
static const struct rule seccomp_last = {
    .text = "ALLOW a filter without flags, else EPERM",
    .cases = {{EQ(0, SECCOMP_SET_MODE_FILTER), EQ(1, 0), ALLOW}},
    .otherwise = FAIL(EPERM),
};
static const struct rule prctl_enter = {
    .text = "ALLOW SET_NAME SET_VMA SET_PDEATHSIG(KILL) SET_DUMPABLE(0) and reading, else EPERM",
    .cases = {{EQ(0, PR_SET_NAME), NO, ALLOW},
              {EQ(0, PR_SET_VMA), NO, ALLOW},
              {EQ(0, PR_SET_PDEATHSIG), EQ(1, SIGKILL), ALLOW},
              {EQ(0, PR_SET_DUMPABLE), EQ(1, 0), ALLOW},
              {EQ(0, PR_GET_DUMPABLE), NO, ALLOW},
              {EQ(0, PR_GET_SECCOMP), NO, ALLOW},
              {EQ(0, PR_GET_NO_NEW_PRIVS), NO, ALLOW}},
    .otherwise = FAIL(EPERM),
};
/* The worker's handler answers (sandbox/worker/trap.h): with the plugin's file while it loads, with
 * EACCES ever after. */
static const struct rule open_trap = {.text = "EACCES, but for the plugin while it loads",
                                      .otherwise = SECCOMP_RET_TRAP};
/* The loader reads what did not fit its first look at the file, which the handler does in its
 * place; who calls it later ends by the trap. */
static const struct rule read_trap = {.text = "KILL, but for the plugin while it loads",
                                      .otherwise = SECCOMP_RET_TRAP};
/* The path behind an empty one cannot be looked at here: see profile_rule. */
static const struct rule stat_by_fd = {
    .text = "ALLOW with EMPTY_PATH, else EACCES",
    .cases = {{HAS_ANY(3, AT_EMPTY_PATH), NO, ALLOW}},
    .otherwise = FAIL(EACCES),
};

/* Columns: ZYGOTE, WARM, PURE, PURE_THREADS. */
#define ROW(call, zygote, warm, own, own_t)                                                        \
    {                                                                                              \
        __NR_##call, #call,                                                                        \
        {                                                                                          \
            &(zygote), &(warm), &(own), &(own_t)                                                   \
        }                                                                                          \
    }
#define SAME(call, rule) ROW(call, rule, rule, rule, rule)
/* Nobody's but the zygote's and an attempt's own start. */
#define ENTER(call, zygote, rule) ROW(call, zygote, zygote, rule, rule)
#define ENTER_ONLY(call, rule) ENTER(call, rule, kill_it)

/* profile.c sorts it. */
const struct sys_row profile_table[] = {
    /* descriptors that are there */
    SAME(read, allow),
    SAME(write, allow),
    SAME(readv, allow),
    SAME(writev, allow),
    SAME(close, allow),
    SAME(lseek, allow),
    SAME(fstat, allow),
    SAME(dup, allow),
    SAME(fcntl, fcntl_flags),
    SAME(ppoll, allow),
    SAME(pselect6, allow),
    SAME(newfstatat, stat_by_fd),
    /* memory */
    SAME(brk, allow),
    SAME(munmap, allow),
    SAME(mremap, mremap_flags),
    ENTER(mmap, mmap_load, mmap_data),
    SAME(mprotect, mprotect_data),
    SAME(madvise, madvise_hints),
    /* threads and waiting */
    ROW(clone, clone_any, clone_any, clone_none, clone_threads),
    ROW(rseq, allow, allow, enosys, allow),
    SAME(set_robust_list, allow),
    SAME(set_tid_address, allow),
    SAME(membarrier, membarrier_private),
    SAME(sched_yield, allow),
    SAME(getcpu, allow),
    SAME(futex, futex_plain),
    /* time */
    SAME(clock_gettime, clock_named),
    SAME(clock_getres, clock_named),
    SAME(clock_nanosleep, clock_named),
    SAME(nanosleep, allow),
    SAME(gettimeofday, allow),
    /* signals */
    ROW(rt_sigaction, sigaction_not_cpu, sigaction_warm, sigaction_not_cpu, sigaction_not_cpu),
    SAME(rt_sigprocmask, allow),
    SAME(rt_sigreturn, allow),
    SAME(sigaltstack, allow),
    SAME(restart_syscall, allow),
    ROW(tgkill, allow, tgkill_abort, tgkill_self, tgkill_self),
    /* identity */
    SAME(getpid, allow),
    SAME(gettid, allow),
    SAME(getuid, allow),
    SAME(geteuid, allow),
    SAME(getgid, allow),
    SAME(getegid, allow),
    SAME(uname, allow),
    SAME(getrusage, getrusage_own),
    SAME(times, allow),
    ROW(prlimit64, prlimit_own, prlimit_read, prlimit_read, prlimit_read),
    SAME(sched_getaffinity, allow),
    /* entropy, end */
    SAME(getrandom, getrandom_flags),
    SAME(exit, allow),
    SAME(exit_group, allow),
    ENTER(prctl, prctl_enter, prctl_names),
    /* refused with an errno that programs expect */
    SAME(clone3, enosys),
    SAME(statx, enosys),
    SAME(io_uring_setup, enosys),
    SAME(io_uring_enter, enosys),
    SAME(io_uring_register, enosys),
    SAME(openat2, enosys),
    SAME(faccessat, eacces),
    SAME(faccessat2, eacces),
    SAME(readlinkat, eacces),
    SAME(getcwd, eacces),
    SAME(socket, eacces),
    SAME(socketpair, eacces),
    SAME(pipe2, eacces),
    SAME(eventfd2, eacces),
    SAME(memfd_create, eacces),
    SAME(ioctl, enotty),
    SAME(set_mempolicy, eperm),
    SAME(sched_setaffinity, eperm),
    SAME(sched_setattr, eperm),
    SAME(sched_setparam, eperm),
    SAME(sched_setscheduler, eperm),
    SAME(setpriority, eperm),
    SAME(ioprio_set, eperm),
    /* what a zygote and an attempt's start need until the filter of the next stage stands */
    ROW(openat, allow, open_trap, open_trap, open_trap),
    ENTER(pread64, allow, read_trap),
    ENTER(pidfd_open, allow, enosys),
    ENTER_ONLY(capget, allow),
    ROW(seccomp, allow, seccomp_last, kill_it, kill_it),
    ENTER_ONLY(wait4, allow),
    ENTER_ONLY(sendmsg, allow),
    ENTER_ONLY(recvmsg, allow),
    ENTER_ONLY(close_range, allow),
    ENTER_ONLY(dup3, allow),
    ENTER_ONLY(setsid, allow),
    ENTER(kill, kill_probe, kill_none),
    ENTER_ONLY(landlock_restrict_self, allow),
    ROW(getresuid, allow, kill_it, kill_it, kill_it),
    ROW(setgroups, allow, kill_it, kill_it, kill_it),
    ROW(setresuid, allow, kill_it, kill_it, kill_it),
    ROW(setresgid, allow, kill_it, kill_it, kill_it),
    ROW(capset, allow, kill_it, kill_it, kill_it),
#ifdef __x86_64__
    SAME(poll, allow),
    SAME(select, allow),
    SAME(time, allow),
    SAME(getrlimit, allow),
    SAME(open, eacces),
    SAME(creat, eacces),
    SAME(access, eacces),
    SAME(stat, eacces),
    SAME(lstat, eacces),
    SAME(readlink, eacces),
    SAME(pipe, eacces),
    SAME(eventfd, eacces),
#endif
};
const size_t profile_table_count = sizeof profile_table / sizeof profile_table[0];

/* set_mempolicy_home_node of Linux 5.17: the last of the headers this was written with. */
uint32_t profile_nr_max(void)
{
    return __NR_set_mempolicy_home_node;
}
