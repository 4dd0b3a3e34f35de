/* look_test.c -- what the supervisor sees of a process from outside, the limits that it sets there,
 * and the ids that it gives. */
#include "sandbox/supervisor/ids.h"
#include "sandbox/supervisor/limits.h"
#include "sandbox/supervisor/look.h"
#include "sandbox/wire/super_wire.h"

#include <check.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool add_filter(void)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &all};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

/* A child of ours behind so many filters more, until it is killed. */
static pid_t child_behind(int filters)
{
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        for (int i = 0; i < filters; i++)
            if (!add_filter())
                _exit(1);
        (void)!write(ready[1], "", 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

START_TEST(filters_are_counted_and_cannot_be_claimed)
{
    struct seen own, seen;
    pid_t pid = child_behind(2);

    ck_assert(look_at(getpid(), NULL, &own));
    ck_assert(look_at(pid, NULL, &seen));
    end(pid);
    ck_assert_int_eq(seen.no_new_privs, 1);
    ck_assert_int_eq(seen.seccomp, 2);
    ck_assert_int_eq(seen.threads, 1);
    ck_assert_int_ge(seen.pid_depth, 1);
    ck_assert(seen_is_filtered(&seen, own.filters + 2));
    if (seen.filters >= 0) /* this kernel counts */
        ck_assert(!seen_is_filtered(&seen, own.filters + 3));
    ck_assert(own.seccomp == 2 || !seen_is_filtered(&own, 0));
}
END_TEST

static void *wait_for_it(void *until)
{
    char byte;

    (void)!read(*(int *)until, &byte, 1);
    return NULL;
}

START_TEST(a_thread_is_seen)
{
    pthread_t thread;
    struct seen seen;
    int until[2];

    ck_assert_int_eq(pipe(until), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_it, &until[0]), 0);
    ck_assert(look_at(getpid(), NULL, &seen));
    ck_assert_int_eq(seen.threads, 2);
    close(until[1]);
    pthread_join(thread, NULL);
    close(until[0]);
}
END_TEST

START_TEST(a_user_is_all_four_ids_and_no_capability)
{
    struct seen seen = {.uids = {7, 7, 7, 7}};

    ck_assert(seen_is_user(&seen, 7));
    ck_assert(!seen_is_user(&seen, 8));
    seen.capabilities = 1;
    ck_assert(!seen_is_user(&seen, 7));
    seen.capabilities = 0;
    for (int i = 0; i < 4; i++) {
        seen.uids[i] = 0;
        ck_assert(!seen_is_user(&seen, 7));
        seen.uids[i] = 7;
    }
}
END_TEST

START_TEST(our_own_rights_are_seen)
{
    struct seen seen;

    ck_assert(look_at(getpid(), NULL, &seen));
    ck_assert_uint_eq(seen.uids[0], getuid());
    ck_assert_uint_eq(seen.uids[1], geteuid());
    if (geteuid() == 0)
        ck_assert(!seen_is_user(&seen, 0)); /* with capabilities */
}
END_TEST

START_TEST(a_process_that_is_no_more_is_not_seen)
{
    struct seen seen;
    pid_t pid = child_behind(0);

    end(pid);
    ck_assert(!look_at(pid, NULL, &seen));
}
END_TEST

/* Of /proc: to ask takes the same right as to set. */
static bool look_limit(pid_t pid, const char *name, uint64_t *ret)
{
    char path[64], line[256];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    f = fopen(path, "re");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        found = strncmp(line, name, strlen(name)) == 0 &&
                sscanf(line + strlen(name), "%" SCNu64, ret) == 1;
    if (f != NULL)
        fclose(f);
    return found;
}

START_TEST(limits_are_set_from_outside_and_never_above_our_own)
{
    const struct process_limits limits = {.address_space_bytes = 1ULL << 44, .cpu_ms = 1500};
    struct rlimit own = {12, 12}, got;
    pid_t pid;
    struct err e;

    pid = child_behind(0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &own), 0);
    ck_assert(!limits_suffice(&e)); /* reads them */
    ck_assert_int_eq(limits_probe(pid, getuid()), LIMITS_BY_RIGHT);
    ck_assert_msg(limits_set(pid, getuid(), LIMITS_BY_RIGHT, &limits, &e), "%s", e.msg);
    ck_assert_int_eq(prlimit(pid, RLIMIT_AS, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, limits.address_space_bytes);
    ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, 12);
    ck_assert_int_eq(prlimit(pid, RLIMIT_CPU, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_cur, 2);
    ck_assert_int_eq(prlimit(pid, RLIMIT_NPROC, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, 0);
    end(pid);
}
END_TEST

START_TEST(what_a_zygote_was_given_its_attempts_have_and_get_the_rest)
{
    const struct process_limits limits = {.cpu_ms = 1500, .inherits = true};
    struct rlimit got;
    struct err e;
    pid_t pid;

    ck_assert_msg(limits_suffice(&e), "%s", e.msg);
    pid = child_behind(0);
    ck_assert_msg(limits_set_zygote(pid, getuid(), LIMITS_BY_RIGHT, 1ULL << 44, &e), "%s", e.msg);
    ck_assert_int_eq(prlimit(pid, RLIMIT_NPROC, NULL, &got), 0);
    ck_assert_uint_ne(got.rlim_max, 0); /* it is to fork */
    ck_assert_msg(limits_set(pid, getuid(), LIMITS_BY_RIGHT, &limits, &e), "%s", e.msg);
    ck_assert_int_eq(prlimit(pid, RLIMIT_AS, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, 1ULL << 44);
    ck_assert_int_eq(prlimit(pid, RLIMIT_DATA, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, 1ULL << 44);
    ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, ATTEMPT_FILES_MAX);
    ck_assert_int_eq(prlimit(pid, RLIMIT_NPROC, NULL, &got), 0);
    ck_assert_uint_eq(got.rlim_max, 0);
    end(pid);
}
END_TEST

/* Root without CAP_SYS_RESOURCE, as in many containers; our own ids are as before. */
START_TEST(limits_of_another_user_are_set_as_that_user)
{
    enum { OTHER = 54321 };
    const struct process_limits limits = {.address_space_bytes = 1ULL << 44, .cpu_ms = 1500};
    uint64_t got;
    int ready[2];
    char byte;
    uid_t r, e_, s_;
    struct err e;
    pid_t pid;

    if (geteuid() != 0)
        return;
    ck_assert_msg(limits_suffice(&e), "%s", e.msg);
    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (setresgid(OTHER, OTHER, OTHER) < 0 || setresuid(OTHER, OTHER, OTHER) < 0)
            _exit(1);
        (void)!write(ready[1], "", 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_ne(limits_probe(pid, OTHER), LIMITS_INSIDE);
    ck_assert_msg(limits_no_children(pid, OTHER, LIMITS_AS_USER, true, &e), "%s", e.msg);
    ck_assert_msg(limits_set(pid, OTHER, LIMITS_AS_USER, &limits, &e), "%s", e.msg);
    ck_assert_int_eq(getresuid(&r, &e_, &s_), 0);
    ck_assert(r == 0 && e_ == 0 && s_ == 0);
    ck_assert(look_limit(pid, "Max cpu time", &got));
    ck_assert_uint_eq(got, 2);
    close(ready[0]);
    end(pid);
}
END_TEST

static const struct {
    int resource;
    uint64_t bytes;
    const char *words;
} too_small[] = {
    {RLIMIT_STACK, 64 << 10, "RLIMIT_STACK (ulimit -s) is 64: an attempt needs at least 128"},
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger */
    {RLIMIT_AS, 128 << 20, "RLIMIT_AS (ulimit -v) is 131072: an attempt needs at least 393216"},
#endif
    {RLIMIT_NOFILE, 32, "RLIMIT_NOFILE (ulimit -n) is 32: an attempt needs at least 64"},
    {RLIMIT_CPU, 60, "RLIMIT_CPU (ulimit -t) is 60 s: it would end the host"},
};

START_TEST(a_limit_with_which_nothing_could_run_is_named)
{
    struct rlimit limit = {too_small[_i].bytes, too_small[_i].bytes};
    struct err e;

    ck_assert_msg(limits_suffice(&e), "%s", e.msg);
    ck_assert_int_eq(setrlimit((__rlimit_resource_t)too_small[_i].resource, &limit), 0);
    ck_assert(!limits_suffice(&e));
    ck_assert_str_eq(e.msg, too_small[_i].words);
}
END_TEST

START_TEST(an_id_is_taken_again_as_late_as_possible)
{
    static struct ids ids;
    uint32_t first = ids_take(&ids), second = ids_take(&ids), n = 2;

    ck_assert_uint_ne(first, 0);
    ck_assert_uint_eq(second, first + 2); /* between them that of an init */
    ids_give_back(&ids, first);
    while (ids_take(&ids) != first)
        n++;
    ck_assert_uint_eq(n, ID_SLOTS);
    ck_assert_uint_eq(ids_take(&ids), 0);
    ids_give_back(&ids, 0);
    ids_give_back(&ids, second);
    ck_assert_uint_eq(ids_take(&ids), second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("look");
    TCase *tests = tcase_create("look");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, filters_are_counted_and_cannot_be_claimed);
    tcase_add_test(tests, a_thread_is_seen);
    tcase_add_test(tests, a_user_is_all_four_ids_and_no_capability);
    tcase_add_test(tests, our_own_rights_are_seen);
    tcase_add_test(tests, a_process_that_is_no_more_is_not_seen);
    tcase_add_test(tests, limits_are_set_from_outside_and_never_above_our_own);
    tcase_add_test(tests, what_a_zygote_was_given_its_attempts_have_and_get_the_rest);
    tcase_add_test(tests, limits_of_another_user_are_set_as_that_user);
    tcase_add_loop_test(tests, a_limit_with_which_nothing_could_run_is_named, 0,
                        (int)(sizeof too_small / sizeof too_small[0]));
    tcase_add_test(tests, an_id_is_taken_again_as_late_as_possible);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
