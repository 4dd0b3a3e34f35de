/* atload_end.c -- every way not to come to an end of loading, or to come to the wrong one. */
#include "atload.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void do_sleep(void)
{
    nap();
}
static void do_spin(void)
{
    spin();
}
static void do_exit_0(void)
{
    _exit(0);
}
static void do_exit_3(void)
{
    _exit(3);
}
/* With what a program's normal end runs. */
static void do_exit_handlers(void)
{
    exit(0);
}
static void do_abort(void)
{
    abort();
}
static void do_segv(void)
{
    *(volatile int *)8 = 1;
}
/* The word is the signal's number. */
static void do_raise(void)
{
    int number = 0;

    sscanf((const char *)orders.word, "%d", &number);
    /* The C library keeps two for itself. */
    RAW3(SYS_tgkill, RAW1(SYS_getpid, 0), RAW1(SYS_gettid, 0), number);
    tell("raised %d ", number);
}
static void do_nothing(void)
{
    tell("nothing ");
}

const struct attack end_attacks[] = {
    CASE(sleep), CASE(spin), CASE(exit_0), CASE(exit_3),  CASE(exit_handlers),
    CASE(abort), CASE(segv), CASE(raise),  CASE(nothing), END_OF_CASES,
};
