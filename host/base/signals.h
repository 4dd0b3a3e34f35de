/* signals.h -- what the processes of a host do when somebody signals them.
 *
 * Service managers, terminals and operators send to all of them at once. One alone decides what a
 * signal means (orchd, daemon/signals.h); the others end when their socket does, and pass over
 * whatever would end them before. Dispositions outlive fork and exec: who starts a process that
 * shall be ended by signals says so there.
 *
 * Left as they are: SIGKILL and SIGSTOP, which nobody can pass over, those by which the kernel
 * tells of a fault of our own (SIGSEGV, SIGABRT, ...), and those that end nobody by default. */
#ifndef ORCH_BASE_SIGNALS_H
#define ORCH_BASE_SIGNALS_H

/* Every signal that would end this process and tells of no fault of it. What has a handler keeps
 * it, so that who hears a signal says so first and none is lost between the two. */
void signals_pass_over(void);

/* For a process that runs somebody's plugin: what is sent to all processes of a host is passed
 * over, everything else does what it does by default (limits of the CPU end by a signal). */
void signals_pass_over_the_hosts(void);

#endif
