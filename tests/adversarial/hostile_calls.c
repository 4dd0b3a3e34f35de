/* hostile_calls.c -- the attacks that are one system call. */
#include "hostile.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    long nr;
    long args[5];
} calls[] = {
    {"clone", SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
    {"newuser", SYS_clone, {CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0}},
    {"pidfd_open", SYS_pidfd_open, {2, 0, 0, 0, 0}},
    {"pidfd_getfd", SYS_pidfd_getfd, {3, 3, 0, 0, 0}},
    {"tgkill", SYS_tgkill, {2, 2, SIGKILL, 0, 0}},
    {"nr_high", 100000, {0, 0, 0, 0, 0}},
    {"nr_minus", -1, {0, 0, 0, 0, 0}},
    {"nr_word", 0xFFFFFFFFL, {0, 0, 0, 0, 0}},
    {"userfaultfd", SYS_userfaultfd, {0, 0, 0, 0, 0}},
    {"bpf", SYS_bpf, {0, 0, 0, 0, 0}},
    {"perf", SYS_perf_event_open, {0, 0, -1, -1, 0}},
    {"keyctl", SYS_keyctl, {0, 0, 0, 0, 0}},
    {"memfd_secret", SYS_memfd_secret, {0, 0, 0, 0, 0}},
    {"personality", SYS_personality, {0x0400000, 0, 0, 0, 0}},
    {"landlock", SYS_landlock_restrict_self, {3, 0, 0, 0, 0}},
    {"pread64", SYS_pread64, {0, 0, 0, 0, 0}},
    {"setuid", SYS_setuid, {0, 0, 0, 0, 0}},
    {"capset", SYS_capset, {0, 0, 0, 0, 0}},
    {"setgroups", SYS_setgroups, {0, 0, 0, 0, 0}},
    {"shm", SYS_shmget, {0, 4096, 01600, 0, 0}},
#ifdef __x86_64__
    {"x32", SYS_getpid | 0x40000000, {0}},
    {"raw_fork", SYS_fork, {0}},
#endif
};

int call_by_name(const char *name, const char **ret)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const long *a = calls[i].args;

        if (strcmp(calls[i].name, name) != 0)
            continue;
        *ret = failed(syscall(calls[i].nr, a[0], a[1], a[2], a[3], a[4], 0L));
        return 1;
    }
    return 0;
}
