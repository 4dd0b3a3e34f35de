/* kernel_test.c -- the kernel's newer calls, on this kernel: what they say of processes that we
 * made ourselves, and what they say where they cannot know. */
#include "sandbox/kernel/landlock.h"
#include "sandbox/kernel/pidfd.h"

#include "base/auto.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A child that lives until its end of the pipe is closed, then exits with 7. */
struct child {
    pid_t pid;
    int pidfd, leash;
};

static struct child child_make(void)
{
    struct child c;
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    c.pid = fork();
    if (c.pid == 0) {
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 7 : 1);
    }
    close(ends[0]);
    c.leash = ends[1];
    c.pidfd = pidfd_of(c.pid);
    ck_assert_int_ge(c.pidfd, 0);
    return c;
}

START_TEST(a_pidfd_gives_its_process_and_its_parent)
{
    struct child c = child_make();
    pid_t pid, parent;

    ck_assert(pidfd_ids(c.pidfd, &pid, &parent));
    ck_assert_int_eq(pid, c.pid);
    ck_assert_int_eq(parent, getpid());
    ck_assert_int_eq(pidfd_signal(c.pidfd, SIGKILL), 0);
    waitpid(c.pid, NULL, 0);
    ck_assert_int_eq(pidfd_signal(c.pidfd, SIGKILL), -1);
    ck_assert_int_eq(errno, ESRCH);
    close(c.leash);
    close(c.pidfd);
}
END_TEST

START_TEST(an_exit_is_told_once_it_was_reaped_where_the_kernel_tells)
{
    struct child c = child_make();
    bool tells = pidfd_exit_works();
    int status = 0;

    ck_assert_int_eq(pidfd_exit_status(c.pidfd, &status), tells ? PIDFD_RUNNING : PIDFD_NO_INFO);
    close(c.leash);
    ck_assert_int_eq(waitpid(c.pid, NULL, 0), c.pid);
    ck_assert_int_eq(pidfd_exit_status(c.pidfd, &status) == PIDFD_EXITED, tells);
    ck_assert_int_eq(status, tells ? 7 << 8 : 0);
    close(c.pidfd);
}
END_TEST

START_TEST(what_is_no_pidfd_says_nothing)
{
    auto_fd fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t pid, parent;
    int status;

    ck_assert_int_eq(pidfd_exit_status(fd, &status), PIDFD_NO_INFO);
    ck_assert(!pidfd_ids(fd, &pid, &parent));
    ck_assert(!pidfd_ids(-1, &pid, &parent));
}
END_TEST

static bool can_read(const char *path)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0;
}

/* In a child of its own: bit 0 the allowed folder can be read, bit 1 another can. */
static int look_from_inside(int ruleset)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !landlock_enter(ruleset))
        return 64;
    return (can_read("/proc/self/status") ? 1 : 0) | (can_read("/etc/passwd") ? 2 : 0);
}

START_TEST(a_domain_allows_nothing)
{
    auto_fd ruleset = landlock_ruleset(_i == 1);
    int status = 0;
    pid_t pid;

    if (landlock_abi() == 0) {
        ck_assert_int_lt(ruleset, 0);
        ck_assert(!landlock_enter(ruleset));
        return;
    }
    ck_assert_int_ge(ruleset, 0);
    (void)landlock_errata();
    pid = fork();
    if (pid == 0)
        _exit(look_from_inside(ruleset));
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernel");
    TCase *tests = tcase_create("kernel");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, a_pidfd_gives_its_process_and_its_parent);
    tcase_add_test(tests, an_exit_is_told_once_it_was_reaped_where_the_kernel_tells);
    tcase_add_test(tests, what_is_no_pidfd_says_nothing);
    tcase_add_loop_test(tests, a_domain_allows_nothing, 0, 2);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
