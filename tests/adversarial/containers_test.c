/* containers_test.c -- where containers put a host: behind a filter that refuses namespaces, mounts
 * and clone3, as uid 0 of a user namespace, without the right to set the limits of others. Each is
 * forced here; what is left is told and holds. Issue 6, E4 and E5. */
#include "harness.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DENY(nr, why)                                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),                                                 \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (why))
#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |     \
     CLONE_NEWCGROUP)

/* As runtimes of containers do without CAP_SYS_ADMIN. For the rest of this process's life. */
static void enter_container_filter(void)
{
    struct sock_filter insns[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        DENY(SYS_unshare, EPERM),
        DENY(SYS_setns, EPERM),
        DENY(SYS_mount, EPERM),
        DENY(SYS_umount2, EPERM),
        DENY(SYS_pivot_root, EPERM),
        DENY(SYS_fsopen, EPERM),
        DENY(SYS_move_mount, EPERM),
        DENY(SYS_clone3, ENOSYS), /* so that C libraries fall back to clone */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof insns / sizeof insns[0], insns};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), 0);
}

static void write_file(const char *path, const char *text)
{
    auto_fd fd = open(path, O_WRONLY | O_CLOEXEC);

    ck_assert_msg(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
}

/* uid 0 by name alone: none but our own id is mapped. */
static void become_root_of_a_user_namespace(void)
{
    char uids[32], gids[32];

    snprintf(uids, sizeof uids, "0 %u 1", geteuid());
    snprintf(gids, sizeof gids, "0 %u 1", getegid());
    ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", uids);
    write_file("/proc/self/gid_map", gids);
    ck_assert_uint_eq(geteuid(), 0);
}

static const struct {
    const char *name;
    void (*enter)(void);
    const char *faults;
    uint32_t absent; /* layers that cannot be had there */
    int level;       /* the least */
} containers[] = {
    {"a container's default filter", enter_container_filter, NULL,
     LAYER_USERNS | LAYER_MNTNS | LAYER_PIDNS | LAYER_NETNS | LAYER_IPCNS, 3},
    {"root of a user namespace", become_root_of_a_user_namespace, NULL, LAYER_UID, 3},
    {"no right to set limits", NULL, "inside:1", 0, 4},
};

START_TEST(a_host_in_a_container_starts_says_what_it_lacks_and_keeps_the_rest)
{
    struct sandbox_options options = {.faults = containers[_i].faults};
    struct answer *a;
    struct world w;

    if (containers[_i].enter != NULL)
        containers[_i].enter();
    world_start_hostile(&w, &options);
    ck_assert_uint_eq(sandbox_layers(w.sb)->mask & containers[_i].absent, 0);
    ck_assert_int_ge(sandbox_layers(w.sb)->level, containers[_i].level);
    a = hostile(&w, "fork");
    expect_policy_violation(a);
    ck_assert_int_eq(a->level, sandbox_layers(w.sb)->level);
    a = attempt_run(&w, &(struct request){.config = "{\"case\":\"loop\"}", .limits.cpu_ms = 200});
    expect_outcome(a, OUTCOME_CPU_LIMIT);
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("containers");
    TCase *tests = tcase_create("containers");

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, a_host_in_a_container_starts_says_what_it_lacks_and_keeps_the_rest,
                        0, (int)(sizeof containers / sizeof containers[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
