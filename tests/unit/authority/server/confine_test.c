/* confine_test.c -- a confined authority cannot start, connect, read elsewhere or map code: tried
 * in a child. */
#include "suites.h"

#include "authority/server/confine.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_DID_IT = 0, EXIT_REFUSED = 10, EXIT_UNCONFINED = 11, EXIT_NO_LANDLOCK = 12 };

static bool make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool make_process(void)
{
    return fork() >= 0;
}

static bool run_program(void)
{
    return execl("/bin/true", "true", NULL) == 0;
}

static bool map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool read_elsewhere(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool write_state(void)
{
    return file_write_atomic(test_path("state"), "x", 1, 0600, NULL);
}

static bool write_elsewhere(void)
{
    return file_write_atomic("/tmp/orch-authority-escape", "x", 1, 0600, NULL);
}

/* As a kernel that was built without it. */
static bool without_landlock(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool done = filter != NULL &&
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset),
                                 0) == 0 &&
                seccomp_load(filter) == 0;

    seccomp_release(filter);
    return done;
}

/* The exit status of a confined child that tries; minus the signal that killed it. before, when not
 * NULL, is done first. */
static int try_behind(bool (*before)(void), bool (*action)(void), bool needs_landlock)
{
    int ends[2], status;
    pid_t pid;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct confinement got;

        if ((before != NULL && !before()) || !confine_early(ends[0], NULL) ||
            !confine_late((const char *const[]){test_dir, NULL}, &got, NULL))
            _exit(1);
        if (!got.seccomp)
            _exit(EXIT_UNCONFINED);
        if (needs_landlock && got.landlock_abi == 0)
            _exit(EXIT_NO_LANDLOCK);
        _exit(action() ? EXIT_DID_IT : EXIT_REFUSED);
    }
    close(ends[0]);
    close(ends[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int try_confined(bool (*action)(void), bool needs_landlock)
{
    return try_behind(NULL, action, needs_landlock);
}

START_TEST(a_confined_authority_is_killed_for_what_it_never_needs)
{
    static bool (*const actions[])(void) = {make_socket, make_process, run_program, map_code};

    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        int result = try_confined(actions[i], false);

        if (result == EXIT_UNCONFINED) {
            printf("skipped: a sanitizer or coverage build is not confined (confine.h)\n");
            return;
        }
        ck_assert_msg(result == -SIGSYS, "action %zu: %d", i, result);
    }
}
END_TEST

START_TEST(a_confined_authority_reaches_its_state_and_no_other_file)
{
    int result = try_confined(write_state, true);

    if (result == EXIT_UNCONFINED || result == EXIT_NO_LANDLOCK) {
        printf("skipped: %s\n", result == EXIT_UNCONFINED
                                    ? "a sanitizer or coverage build is not confined (confine.h)"
                                    : "this kernel has no Landlock");
        return;
    }
    ck_assert_int_eq(result, EXIT_DID_IT);
    ck_assert_int_eq(try_confined(read_elsewhere, true), EXIT_REFUSED);
    ck_assert_int_eq(try_confined(write_elsewhere, true), EXIT_REFUSED);
}
END_TEST

START_TEST(without_landlock_the_filter_is_all_and_that_is_said)
{
    int result = try_behind(without_landlock, write_state, true);

    ck_assert(result == EXIT_NO_LANDLOCK || result == EXIT_UNCONFINED);
}
END_TEST

START_TEST(the_socket_cannot_be_a_standard_descriptor)
{
    struct err e = {0};

    ck_assert(!confine_early(STDERR_FILENO, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

TCase *confine_cases(void)
{
    TCase *tc = tcase_create("confine");

    tcase_add_checked_fixture(tc, test_dir_make, test_dir_remove);
    tcase_add_test(tc, a_confined_authority_is_killed_for_what_it_never_needs);
    tcase_add_test(tc, a_confined_authority_reaches_its_state_and_no_other_file);
    tcase_add_test(tc, without_landlock_the_filter_is_all_and_that_is_said);
    tcase_add_test(tc, the_socket_cannot_be_a_standard_descriptor);
    return tc;
}
