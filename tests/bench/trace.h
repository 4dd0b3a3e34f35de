/* trace.h -- a program and everything that it starts under a tracer that counts what they ask of
 * the kernel. A process of its own does the tracing: the counts are in memory that it shares with
 * the caller, only ever grow, and may be read at any time.
 *
 * TRACE_HOST stops the program at every system call, which makes it slow and its counts exact;
 * TRACE_BELOW does so with all that it started. They are two: where both are slow, how much comes
 * into one turn of the program is nothing like what it is without a tracer. TRACE_SWITCHES stops
 * them at forks and ends only, so that they take turns as they would. Whoever is traced ends with
 * the tracer, and the tracer with the caller. */
#ifndef ORCH_TESTS_BENCH_TRACE_H
#define ORCH_TESTS_BENCH_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Told by descent: what the host starts is the supervisor, and so on (docs/ARCHITECTURE.md). */
enum trace_role {
    ROLE_NONE,
    ROLE_HOST,
    ROLE_SUPERVISOR,
    ROLE_AUTHORITY,
    ROLE_INIT,
    ROLE_ZYGOTE,
    ROLE_ATTEMPT,
    ROLE_COUNT
};

enum trace_mode { TRACE_HOST, TRACE_BELOW, TRACE_SWITCHES, TRACE_MODES };

enum { TRACE_CALL_MAX = 512, TRACE_LIVE_MAX = 64 };

struct trace_role_counts {
    uint64_t calls[TRACE_CALL_MAX];
    uint64_t forks, threads;
    uint64_t messages; /* sent to another process, as trace.c tells them from other writes */
    uint64_t stops;    /* of those that are alive for the caller's sake: each is a context switch */
    uint64_t switches; /* of those that ended, without the stops */
};

/* What the host wrote to a file of its store. */
struct trace_file {
    uint64_t writes, bytes;
};

struct trace_counts {
    struct trace_role_counts roles[ROLE_COUNT];
    struct trace_file wal, database;
    pid_t live[TRACE_LIVE_MAX]; /* processes that are no attempts; 0: none */
    int live_role[TRACE_LIVE_MAX];
    pid_t program;
    int in_step;
    uint64_t news; /* grows with every stop: when it stands still, so do all */
};

struct trace;

/* argv[0] is a path; the program's standard error goes to log_fd. Exits with a message when it
 * cannot. */
struct trace *trace_start(const char *const argv[], int log_fd, enum trace_mode mode);
const volatile struct trace_counts *trace_counts(const struct trace *trace);
/* In step: the program's loop waits for nothing before everybody else sleeps, the caller with them.
 * So all that 50 runs at once can bring comes together, whatever else the machine does: the counts
 * are the same each time. Without it, what comes together is chance. In TRACE_HOST only. */
void trace_in_step(struct trace *trace, bool in_step);
const char *trace_role_name(enum trace_role role);
/* Waits for the end of the program, which the caller has asked it for. */
void trace_wait(struct trace *trace);

#endif
