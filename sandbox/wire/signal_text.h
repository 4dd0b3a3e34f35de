/* signal_text.h -- a signal's name for a reader: "SIGSEGV", "SIGRTMIN+3"; "signal 33" for the few
 * that the C library keeps for itself. Never NULL. Pure; any process. */
#ifndef ORCH_SANDBOX_WIRE_SIGNAL_TEXT_H
#define ORCH_SANDBOX_WIRE_SIGNAL_TEXT_H

struct signal_text {
    char text[24];
};

struct signal_text signal_text(int number);

#endif
