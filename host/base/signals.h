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

/* The same for a process that forks those that run somebody's plugin, who are to be ended by what
 * is not sent to all processes of a host (limits of the CPU end by a signal): that is held back
 * instead, so that they let it through by one call. */
void signals_hold(void);
void signals_let_through(void);

#endif
