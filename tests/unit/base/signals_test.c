/* signals_test.c -- which signals end a process of a host, each tried on a process of its own. */
#include "suites.h"

#include "base/auto.h"
#include "base/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SURVIVED = 42 };

/* 0: it survived; otherwise the signal that ended it. */
static int end_by(int number, void (*prepare)(void))
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)signal(number, SIG_DFL); /* a sanitizer has handlers of its own */
        prepare();
        raise(number);
        _exit(SURVIVED);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    ck_assert_int_eq(WEXITSTATUS(status), SURVIVED);
    return 0;
}

/* Those that stop a process would hold the test; the C library keeps 32 and 33 for itself. */
static bool can_be_tried(int number)
{
    return number != SIGSTOP && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU &&
           number != 32 && number != 33;
}

static bool tells_of_a_fault(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL ||
           number == SIGTRAP || number == SIGABRT || number == SIGSYS;
}

START_TEST(a_process_of_a_host_is_ended_by_its_own_faults_and_by_kill_alone)
{
    for (int number = 1; number < NSIG; number++) {
        bool ends = number == SIGKILL || tells_of_a_fault(number);

        if (can_be_tried(number))
            ck_assert_msg(end_by(number, signals_pass_over) == (ends ? number : 0), "signal %d",
                          number);
    }
}
END_TEST

START_TEST(a_zygote_is_ended_by_its_own_faults_and_by_kill_alone)
{
    for (int number = 1; number < NSIG; number++) {
        bool ends = number == SIGKILL || tells_of_a_fault(number);

        if (can_be_tried(number))
            ck_assert_msg(end_by(number, signals_hold) == (ends ? number : 0), "signal %d", number);
    }
}
END_TEST

/* As a worker does: it was started with all of them passed over. */
static void become_attempt(void)
{
    signals_pass_over();
    signals_hold();
    signals_let_through();
}

START_TEST(an_attempt_is_ended_by_its_limits_but_not_by_what_is_sent_to_all)
{
    static const int survived[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
    static const int ends[] = {SIGXCPU, SIGPROF, SIGXFSZ, SIGALRM, SIGVTALRM, SIGSEGV, SIGABRT};

    for (size_t i = 0; i < ARRAY_LEN(survived); i++)
        ck_assert_int_eq(end_by(survived[i], become_attempt), 0);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        ck_assert_int_eq(end_by(ends[i], become_attempt), ends[i]);
}
END_TEST

static void on_signal(int number)
{
    _exit(number);
}

/* A process that is told to end while it still sets itself up would never hear of it. */
START_TEST(what_has_a_handler_is_heard_all_the_while)
{
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)signal(SIGTERM, on_signal);
        signals_pass_over();
        raise(SIGTERM);
        _exit(SURVIVED);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), SIGTERM);
}
END_TEST

TCase *signals_cases(void)
{
    TCase *tc = tcase_create("signals");

    tcase_add_test(tc, a_process_of_a_host_is_ended_by_its_own_faults_and_by_kill_alone);
    tcase_add_test(tc, a_zygote_is_ended_by_its_own_faults_and_by_kill_alone);
    tcase_add_test(tc, an_attempt_is_ended_by_its_limits_but_not_by_what_is_sent_to_all);
    tcase_add_test(tc, what_has_a_handler_is_heard_all_the_while);
    return tc;
}
