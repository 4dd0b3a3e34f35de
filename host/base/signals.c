/* signals.c -- see signals.h. */
#include "base/signals.h"

#include "base/auto.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static bool is_one_of(int number, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == number)
            return true;
    return false;
}

/* A fault, or of no harm by default. */
static bool is_left(int number)
{
    static const int left[] = {
        SIGSEGV, SIGBUS,  SIGFPE, SIGILL,  SIGTRAP, SIGABRT, SIGSYS,  SIGKILL,
        SIGSTOP, SIGCHLD, SIGURG, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH,
    };

    return is_one_of(number, left, ARRAY_LEN(left));
}

/* The C library keeps two for itself and refuses them: nobody sends those. */
static void pass_over(int number, bool over)
{
    struct sigaction action = {.sa_handler = over ? SIG_IGN : SIG_DFL};

    (void)sigaction(number, &action, NULL);
}

static bool is_heard(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
           now.sa_handler != SIG_IGN;
}

void signals_pass_over(void)
{
    for (int number = 1; number < NSIG; number++)
        if (!is_left(number) && !is_heard(number))
            pass_over(number, true);
}

static void pass_over_the_hosts(void)
{
    static const int of_the_host[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};

    for (int number = 1; number < NSIG; number++)
        if (!is_left(number))
            pass_over(number, is_one_of(number, of_the_host, ARRAY_LEN(of_the_host)));
}

void signals_hold(void)
{
    sigset_t held;

    sigfillset(&held);
    for (int number = 1; number < NSIG; number++)
        if (is_left(number))
            sigdelset(&held, number);
    sigprocmask(SIG_BLOCK, &held, NULL);
    pass_over_the_hosts();
}

void signals_let_through(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}
