/* start_faults_test.c -- each system call of sandbox_start fails once: a reason is given, and no
 * descriptor, memory or process is left. The supervisor is the real one. */
#include "base/mem.h"
#include "faults/walk.h"
#include "sandbox/client/client.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct sandbox *sandbox;

static bool start(struct err *e)
{
    static const struct sandbox_options options = {.supervisor_path = ORCH_SUPERVISOR,
                                                   .worker_path = ORCH_WORKER};
    static const struct sandbox_events events = {0};

    return sandbox_start(&options, &events, NULL, &sandbox, e);
}

static void nobody_is_left(bool done)
{
    ck_assert_int_eq(done, sandbox != NULL);
    sandbox_free(take(sandbox));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(a_start_that_fails_says_why_and_leaves_nothing)
{
    ck_assert_uint_gt(fault_walk(&(struct fault_trial){start, nobody_is_left}), 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tests = tcase_create("start");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, a_start_that_fails_says_why_and_leaves_nothing);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
