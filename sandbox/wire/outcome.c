/* outcome.c -- see outcome.h. */
#include "sandbox/wire/outcome.h"

#include <orch/plugin.h>

#include <assert.h>
#include <signal.h>

static const enum outcome of_kill[] = {
    [KILL_NONE] = OUTCOME_INVALID,      [KILL_DEADLINE] = OUTCOME_TIMEOUT,
    [KILL_CANCEL] = OUTCOME_CANCELLED,  [KILL_MEMORY] = OUTCOME_OOM,
    [KILL_PROTOCOL] = OUTCOME_PROTOCOL, [KILL_MASK] = OUTCOME_INFRA,
    [KILL_INFRA] = OUTCOME_INFRA,       [KILL_CPU] = OUTCOME_CPU_LIMIT,
    [KILL_REVOKED] = OUTCOME_REVOKED,
};

/* SIGKILL that we did not send: the kernel's two reasons, or its own hand. Whoever else may kill it
 * is root here, and says so elsewhere; as infra it would be tried again unseen. */
static enum outcome of_foreign_kill(const struct observed *o)
{
    if (o->oom_kills > 0)
        return OUTCOME_OOM;
    if (o->cpu_limit_ns > 0 && o->wall_ns >= o->cpu_limit_ns)
        return OUTCOME_CPU_LIMIT;
    return OUTCOME_CRASH;
}

static enum outcome of_signal(const struct observed *o)
{
    switch (o->signal) {
    case SIGSYS:
        return OUTCOME_POLICY_VIOLATION;
    case SIGXCPU:
    case SIGPROF:
        return OUTCOME_CPU_LIMIT;
    case SIGKILL:
        return of_foreign_kill(o);
    default:
        return OUTCOME_CRASH;
    }
}

static enum outcome of_status(const struct observed *o)
{
    switch (o->status) {
    case ORCH_OK:
        return OUTCOME_OK;
    case ORCH_E_TRANSIENT:
        return OUTCOME_PLUGIN_TRANSIENT;
    case ORCH_E_INPUT:
        return OUTCOME_BAD_INPUT;
    case ORCH_E_CANCELLED: /* should_stop also says so at the deadline, just before our kill */
        if (o->stop_asked)
            return OUTCOME_CANCELLED;
        return o->past_deadline ? OUTCOME_TIMEOUT : OUTCOME_PLUGIN_FATAL;
    default: /* FATAL, UNSUPPORTED, INTERNAL, and whatever a plugin makes up */
        return OUTCOME_PLUGIN_FATAL;
    }
}

enum outcome outcome_of(const struct observed *o)
{
    assert(o->killed < KILL_REASON_COUNT);
    if (o->lost)
        return OUTCOME_LOST;
    if (o->killed != KILL_NONE && (!o->exit_known || o->signal == SIGKILL))
        return of_kill[o->killed];
    if (!o->exit_known || !o->entered)
        return OUTCOME_INFRA;
    if (o->signal != 0)
        return of_signal(o);
    if (o->frame_bad || !o->frame_complete || o->exit_code != 0)
        return OUTCOME_PROTOCOL;
    if (o->output_refused && (o->status == ORCH_OK || o->status == ORCH_E_INPUT))
        return OUTCOME_PROTOCOL;
    return o->agent_unknown ? OUTCOME_UNKNOWN_AGENT : of_status(o);
}
