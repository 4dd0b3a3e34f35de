/* outcome_test.c -- every row of SANDBOX.md 2.5, and which rule wins. */
#include "sandbox/wire/outcome.h"

#include <orch/plugin.h>

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#define RAN .entered = true, .exit_known = true
#define CLEAN RAN, .frame_complete = true
#define SECONDS(n) ((n)*1000000000LL)

static const struct {
    struct observed seen;
    enum outcome outcome;
} rows[] = {
    {{CLEAN, .status = ORCH_OK}, OUTCOME_OK},
    {{CLEAN, .status = ORCH_E_TRANSIENT}, OUTCOME_PLUGIN_TRANSIENT},
    {{CLEAN, .status = ORCH_E_FATAL}, OUTCOME_PLUGIN_FATAL},
    {{CLEAN, .status = ORCH_E_INPUT}, OUTCOME_BAD_INPUT},
    {{CLEAN, .status = ORCH_E_UNSUPPORTED}, OUTCOME_PLUGIN_FATAL},
    {{CLEAN, .status = ORCH_E_CANCELLED, .stop_asked = true}, OUTCOME_CANCELLED},
    {{CLEAN, .status = ORCH_E_CANCELLED, .past_deadline = true}, OUTCOME_TIMEOUT},
    {{CLEAN, .status = ORCH_E_CANCELLED}, OUTCOME_PLUGIN_FATAL},
    {{CLEAN, .status = ORCH_E_INTERNAL}, OUTCOME_PLUGIN_FATAL},
    {{CLEAN, .status = 12345}, OUTCOME_PLUGIN_FATAL},
    {{CLEAN, .status = ORCH_E_INPUT, .agent_unknown = true}, OUTCOME_UNKNOWN_AGENT},
    /* A result is nothing without its whole frame and exit 0. */
    {{RAN}, OUTCOME_PROTOCOL},
    {{CLEAN, .frame_bad = true}, OUTCOME_PROTOCOL},
    {{CLEAN, .exit_code = 1}, OUTCOME_PROTOCOL},
    {{CLEAN, .signal = SIGSEGV}, OUTCOME_CRASH},
    /* Signals. */
    {{RAN, .signal = SIGSYS}, OUTCOME_POLICY_VIOLATION},
    {{RAN, .signal = SIGBUS}, OUTCOME_CRASH},
    {{RAN, .signal = SIGFPE}, OUTCOME_CRASH},
    {{RAN, .signal = SIGILL}, OUTCOME_CRASH},
    {{RAN, .signal = SIGABRT}, OUTCOME_CRASH},
    {{RAN, .signal = SIGXCPU}, OUTCOME_CPU_LIMIT},
    {{RAN, .signal = SIGPROF}, OUTCOME_CPU_LIMIT},
    /* SIGKILL has many senders. */
    {{RAN, .signal = SIGKILL, .oom_kills = 1}, OUTCOME_OOM},
    {{RAN, .signal = SIGKILL, .wall_ns = SECONDS(3), .cpu_limit_ns = SECONDS(2)},
     OUTCOME_CPU_LIMIT},
    {{RAN, .signal = SIGKILL, .wall_ns = SECONDS(1), .cpu_limit_ns = SECONDS(2)}, OUTCOME_CRASH},
    {{RAN, .signal = SIGKILL}, OUTCOME_CRASH}, /* its own hand */
    {{RAN, .signal = SIGKILL, .killed = KILL_DEADLINE}, OUTCOME_TIMEOUT},
    {{RAN, .signal = SIGKILL, .killed = KILL_CANCEL}, OUTCOME_CANCELLED},
    {{RAN, .signal = SIGKILL, .killed = KILL_MEMORY}, OUTCOME_OOM},
    {{RAN, .signal = SIGKILL, .killed = KILL_CPU}, OUTCOME_CPU_LIMIT},
    {{RAN, .signal = SIGKILL, .killed = KILL_REVOKED}, OUTCOME_REVOKED},
    {{RAN, .signal = SIGKILL, .killed = KILL_PROTOCOL}, OUTCOME_PROTOCOL},
    {{RAN, .signal = SIGKILL, .killed = KILL_INFRA}, OUTCOME_INFRA},
    {{.exit_known = true, .signal = SIGKILL, .killed = KILL_MASK}, OUTCOME_INFRA},
    /* It was faster than our kill: its own end counts. */
    {{CLEAN, .killed = KILL_DEADLINE}, OUTCOME_OK},
    {{RAN, .signal = SIGSEGV, .killed = KILL_DEADLINE}, OUTCOME_CRASH},
    /* Nobody knows. */
    {{.entered = true}, OUTCOME_INFRA},
    {{.entered = true, .killed = KILL_DEADLINE}, OUTCOME_TIMEOUT},
    {{.entered = true, .killed = KILL_DEADLINE, .lost = true}, OUTCOME_LOST},
    {{.exit_known = true, .signal = SIGSEGV}, OUTCOME_INFRA}, /* before it had input */
};

START_TEST(what_was_observed_gives_one_class)
{
    enum outcome got = outcome_of(&rows[_i].seen);

    ck_assert_msg(got == rows[_i].outcome, "%s, wanted %s", outcome_name(got),
                  outcome_name(rows[_i].outcome));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("outcome");
    TCase *tests = tcase_create("outcome");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tests, what_was_observed_gives_one_class, 0,
                        (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
