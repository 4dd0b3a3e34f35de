/* processes_test.c -- cases 1 to 17: an attempt starts no program or process, enters no namespace
 * and gains nothing by odd system calls. */
#include "harness.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each of these ends its attempt, and is named. fork, system and spawn are clone to the kernel. */
static const struct {
    const char *name, *call;
} killed[] = {
    /* 1, 2, 3 */ {"execve", "system call execve ("},
    {"execveat", "system call execveat ("},
    {"fork", "system call clone ("},
    {"vfork", "system call vfork ("},
    {"clone", NOT_TOLD}, /* just as its zygote forks */
    {"system", "system call clone ("},
    {"spawn", "system call clone ("},
    /* 6, 7, 8, 9 */ {"newuser", "system call clone ("},
    {"unshare", "system call unshare ("},
    {"unshare_net", "system call unshare ("},
    {"setns", "system call setns ("},
    {"traceme", "system call ptrace ("},
    {"attach", "system call ptrace ("},
    {"vm_read", "system call process_vm_readv ("},
    {"vm_write", "system call process_vm_writev ("},
    /* 11, 12, 13 */ {"pidfd_getfd", "system call pidfd_getfd ("},
    {"kill_all", "system call kill ("},
    {"kill_init", "system call kill ("},
    {"kill_group", "system call kill ("},
    {"tgkill", NOT_TOLD}, /* the sandbox's start needs it itself */
    {"sigqueue", "system call rt_sigqueueinfo ("},
    {"setown", "system call fcntl ("},
};

static const struct {
    const char *name, *call;
} killed_x86[] = {
    {"raw_fork", "system call fork ("},
    /* 14, 15 */ {"int80_mkdir", "system call 39 of another architecture"},
    {"int80_exec", "system call 11 of another architecture"},
    {"x32", "of another architecture"},
};

START_TEST(cases_1_to_13_programs_processes_and_siblings_are_out_of_reach)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_call(hostile(&w, killed[_i].name), killed[_i].call);
    world_done(&w);
}
END_TEST

#ifdef __x86_64__
/* A kernel without the calls of 32 bits (CONFIG_IA32_EMULATION, ia32_emulation=0) lets nobody
 * through, and tells it as a fault. */
static bool kernel_takes_int80(void)
{
    enum { GETPID_OF_32_BITS = 20 };
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        long number = GETPID_OF_32_BITS;

        __asm__ volatile("int $0x80" : "+a"(number) : : "memory");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status);
}

START_TEST(cases_14_and_15_other_calling_conventions_are_killed)
{
    struct answer *a;
    struct world w;

    rmdir("/tmp/orch-int80");
    world_start_hostile(&w, NULL);
    a = hostile(&w, killed_x86[_i].name);
    if (strncmp(killed_x86[_i].name, "int80", 5) == 0 && !kernel_takes_int80())
        expect_outcome(a, OUTCOME_CRASH);
    else
        expect_call(a, killed_x86[_i].call);
    ck_assert_int_ne(access("/tmp/orch-int80", F_OK), 0);
    world_done(&w);
}
END_TEST
#endif

/* Where somebody above listens already, as the host of a container may: the kernel kills as ever.
 */
START_TEST(without_a_listener_a_forbidden_call_ends_its_attempt_and_has_no_name)
{
    struct sandbox_options options = {.faults = "deaf:1"};
    struct world w;

    world_start_hostile(&w, &options);
    expect_call(hostile(&w, "execve"), NOT_TOLD);
    expect_call(hostile(&w, "fork"), NOT_TOLD);
    world_done(&w);
}
END_TEST

/* Other threads run on while one is told of: there the filter kills all at once. */
START_TEST(an_attempt_with_threads_is_killed_by_its_own_filter)
{
    struct request granted = {.config = "{\"case\":\"execve\"}", .limits.threads_max = 3};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_call(attempt_run(&w, &granted), NOT_TOLD);
    world_done(&w);
}
END_TEST

START_TEST(case_3_no_second_process_is_ever_seen)
{
    struct world w;
    unsigned before;

    world_start_hostile(&w, NULL);
    world_turn_for(&w, 50);
    before = descendants();
    expect_policy_violation(hostile(&w, "fork"));
    world_turn_for(&w, 200);
    ck_assert_uint_le(descendants(), before + 8); /* spares come and go; no stray stays below */
    world_done(&w);
}
END_TEST

START_TEST(case_4_clone3_is_unknown_and_the_process_lives)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "clone3"), "ENOSYS");
    world_done(&w);
}
END_TEST

START_TEST(case_5_a_thread_needs_a_grant_and_the_grant_is_a_number)
{
    struct request granted = {.config = "{\"case\":\"threads\"}", .limits.threads_max = 3};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "threads"), "0 threads, then EAGAIN");
    expect_said(attempt_run(&w, &granted), "3 threads, then EAGAIN");
    world_done(&w);
}
END_TEST

START_TEST(case_10_no_file_of_another_process_can_be_opened)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "open"), "closed");
    world_done(&w);
}
END_TEST

START_TEST(case_11_pidfd_open_is_unknown)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "pidfd_open"), "ENOSYS");
    world_done(&w);
}
END_TEST

START_TEST(case_12_a_sibling_survives_an_attack_on_everyone)
{
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    struct answer *sibling;
    struct world w;

    world_start_hostile(&w, NULL);
    sibling = attempt_begin(&w, &sleeps);
    world_turn_for(&w, 100);
    ck_assert(sibling->started);
    expect_policy_violation(hostile(&w, "kill_all"));
    ck_assert_uint_eq(sibling->times, 0);
    sandbox_attempt_cancel(w.sb, sibling->id);
    attempt_await(&w, sibling);
    expect_outcome(sibling, OUTCOME_CANCELLED);
    world_done(&w);
}
END_TEST

START_TEST(case_16_numbers_that_do_not_exist_neither_hang_nor_pass)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "nr_high"), "ENOSYS");
    expect_policy_violation(hostile(&w, "nr_minus"));
    expect_policy_violation(hostile(&w, "nr_word"));
    world_done(&w);
}
END_TEST

/* While the loader reads, its call is done in another way. */
START_TEST(what_only_the_loader_may_read_with_ends_a_plugin_that_is_loaded)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_policy_violation(hostile(&w, "pread64"));
    world_done(&w);
}
END_TEST

START_TEST(case_17_no_ioctl_not_even_with_high_bits_set)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, "tiocsti"), "ENOTTY");
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("processes");
    TCase *calls = tcase_create("calls"), *tests = tcase_create("cases 3 to 17");

    tcase_set_timeout(calls, 90);
    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(calls, cases_1_to_13_programs_processes_and_siblings_are_out_of_reach, 0,
                        (int)(sizeof killed / sizeof killed[0]));
#ifdef __x86_64__
    tcase_add_loop_test(calls, cases_14_and_15_other_calling_conventions_are_killed, 0,
                        (int)(sizeof killed_x86 / sizeof killed_x86[0]));
#endif
    tcase_add_test(calls, without_a_listener_a_forbidden_call_ends_its_attempt_and_has_no_name);
    tcase_add_test(calls, an_attempt_with_threads_is_killed_by_its_own_filter);
    tcase_add_test(tests, case_3_no_second_process_is_ever_seen);
    tcase_add_test(tests, case_4_clone3_is_unknown_and_the_process_lives);
    tcase_add_test(tests, case_5_a_thread_needs_a_grant_and_the_grant_is_a_number);
    tcase_add_test(tests, case_10_no_file_of_another_process_can_be_opened);
    tcase_add_test(tests, case_11_pidfd_open_is_unknown);
    tcase_add_test(tests, case_12_a_sibling_survives_an_attack_on_everyone);
    tcase_add_test(tests, case_16_numbers_that_do_not_exist_neither_hang_nor_pass);
    tcase_add_test(tests, what_only_the_loader_may_read_with_ends_a_plugin_that_is_loaded);
    tcase_add_test(tests, case_17_no_ioctl_not_even_with_high_bits_set);
    suite_add_tcase(suite, calls);
    suite_add_tcase(suite, tests);
    return suite;
}
