/* outcome.h -- the pure function that decides how an attempt ended (model/words/outcomes.h) from
 * what was observed. No clock, no system call.
 *
 * The order of the rules is the contract: what we did (kill at the deadline, cancel) is believed
 * before what the process says of itself, and a signal before a result. */
#ifndef ORCH_SANDBOX_WIRE_OUTCOME_H
#define ORCH_SANDBOX_WIRE_OUTCOME_H

#include "model/words/outcomes.h"

#include <stdbool.h>
#include <stdint.h>

/* Why we killed it, when we did. The first reason stands. */
enum kill_reason {
    KILL_NONE,
    KILL_DEADLINE, /* wall time */
    KILL_CANCEL,   /* sandbox_attempt_kill */
    KILL_MEMORY,   /* the resident-set poll of a host without a memory cgroup */
    KILL_CPU,      /* the supervisor's look at its CPU time */
    KILL_REVOKED,  /* its plugin was revoked or quarantined */
    KILL_PROTOCOL, /* it broke the channel's rules or a byte cap */
    KILL_MASK,     /* its layer report was below the policy */
    KILL_INFRA,    /* its zygote went away, a pipe broke, we are closing */
    KILL_REASON_COUNT,
};

/* What is known of an ended attempt. */
struct observed {
    enum kill_reason killed;
    bool exit_known;      /* false: nobody could tell us the exit status */
    bool lost;            /* not reaped in time */
    bool entered;         /* input was handed over */
    bool stop_asked;      /* sandbox_attempt_cancel told it */
    bool past_deadline;   /* it ended at or behind its deadline */
    int exit_code;        /* when signal is 0 */
    int signal;           /* 0: it exited */
    bool frame_complete;  /* one whole, valid result frame */
    bool frame_bad;       /* anything else on the channel */
    int32_t status;       /* ORCH_OK or ORCH_E_*, of the frame */
    bool output_refused;  /* the frame says that its output was over the limit */
    bool agent_unknown;   /* the frame says that the plugin has no such agent */
    uint64_t oom_kills;   /* of its memory cgroup, since it was put there */
    int64_t wall_ns;      /* since input was handed over */
    int64_t cpu_limit_ns; /* the hard limit; 0: none */
    bool call_known;      /* the supervisor killed it for a forbidden system call: */
    uint32_t call;        /* its number */
    bool call_foreign;    /* of another architecture's numbers, or x32's */
};

enum outcome outcome_of(const struct observed *o);

#endif
