/* signal_text.c -- see signal_text.h. */
#include "sandbox/wire/signal_text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct signal_text signal_text(int number)
{
    const char *name = sigabbrev_np(number);
    struct signal_text ret;

    if (name != NULL)
        snprintf(ret.text, sizeof ret.text, "SIG%s", name);
    else if (number >= SIGRTMIN && number <= SIGRTMAX)
        snprintf(ret.text, sizeof ret.text, "SIGRTMIN+%d", number - SIGRTMIN);
    else
        snprintf(ret.text, sizeof ret.text, "signal %d", number);
    return ret;
}
