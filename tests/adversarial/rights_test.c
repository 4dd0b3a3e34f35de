/* rights_test.c -- cases 18 to 20, 28 to 30, 37 to 46, 81 and 85: an attempt gets no network, no
 * file, no memory to execute, no more rights. */
#include "harness.h"

static const char *const killed[] = {
    /* 20 */ "connect",
    /* 40 */ "remap",
    /* 41 */ "userfaultfd",
    "bpf",
    "perf",
    "keyctl",
    "memfd_secret",
    /* 42, 43 */ "personality",
    "listener",
    "landlock",
    /* 45 */ "setuid",
    "capset",
    "setgroups",
    /* 81 */ "shm",
};

static const struct {
    const char *name, *says;
} refused[] = {
    {"sockets", "EACCES"},       {"abstract", "EACCES"},      /* 18, 19, 20 */
    {"open", "closed"},          {"stat", "closed"},          /* 28, 29 */
    {"fds", "0 1 2 3"},          {"write_input", "EBADF"},    /* 30, 37 */
    {"mmap_exec", "EACCES"},     {"mprotect_exec", "EACCES"}, /* 38 */
    {"mprotect_code", "EACCES"}, {"memfd", "EACCES"},         /* 38, 39 */
    {"mremap", "EINVAL"},        {"io_uring", "ENOSYS"},      /* 40, 41 */
    {"prctl", "EPERM"},          {"prlimit", "EPERM"},        /* 44, 46 */
    {"priority", "EPERM"},                                    /* 85 */
};

START_TEST(a_call_that_no_computation_needs_ends_the_attempt)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_policy_violation(hostile(&w, killed[_i]));
    world_done(&w);
}
END_TEST

START_TEST(a_probe_that_programs_are_used_to_is_refused_with_its_errno)
{
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(hostile(&w, refused[_i].name), refused[_i].says);
    world_done(&w);
}
END_TEST

START_TEST(case_30_an_attempt_with_secrets_has_one_descriptor_more_until_they_are_read)
{
    struct request r = {.config = "{\"case\":\"fds\"}", .secret = "s3cret-value"};
    struct world w;

    world_start_hostile(&w, NULL);
    expect_said(attempt_run(&w, &r), "0 1 2 3");
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("rights");
    TCase *tests = tcase_create("cases 18 to 46");

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, a_call_that_no_computation_needs_ends_the_attempt, 0,
                        (int)(sizeof killed / sizeof killed[0]));
    tcase_add_loop_test(tests, a_probe_that_programs_are_used_to_is_refused_with_its_errno, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests,
                   case_30_an_attempt_with_secrets_has_one_descriptor_more_until_they_are_read);
    suite_add_tcase(suite, tests);
    return suite;
}
