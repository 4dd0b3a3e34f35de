/* outcomes.h -- how one attempt ended: the closed list of SANDBOX.md 2.5, for every process.
 *
 * Whoever watched the attempt end decides the outcome, from the kernel's word and the result frame
 * (sandbox/wire/outcome.h); model/run only decides what follows. A plain failure of an agent is
 * PLUGIN_TRANSIENT: it is retried within the policy. PLUGIN_FATAL is the agent's own word that a
 * retry is useless. PREEMPTED is the machine's own word of an attempt that it was told to stop
 * (run_preempt); no sandbox says it. Pure; any thread. */
#ifndef ORCH_MODEL_WORDS_OUTCOMES_H
#define ORCH_MODEL_WORDS_OUTCOMES_H

#include <stdbool.h>

enum outcome_retry {
    RETRY_NEVER,
    RETRY_POLICY,    /* while the node's retry policy has attempts left */
    RETRY_UNCOUNTED, /* ours, not the node's: held and tried again, and no attempt is counted */
    RETRY_AT_ONCE,   /* nobody's fault: begun again, and no attempt is counted */
};

/* error class: what retryable_exceptions is compared with when the agent named none.
 * answered: the agent itself ended the attempt, so a node with idempotent false may be retried.
 *
 *     outcome           text                error class             retry      answered */
#define OUTCOME_MAP(XX)                                                                            \
    XX(OK, "ok", "", NEVER, true)                                                                  \
    XX(PLUGIN_TRANSIENT, "plugin-transient", "RuntimeError", POLICY, true)                         \
    XX(PLUGIN_FATAL, "plugin-fatal", "RuntimeError", NEVER, true)                                  \
    XX(BAD_INPUT, "bad-input", "ValueError", NEVER, true)                                          \
    XX(POLICY_VIOLATION, "policy-violation", "PolicyViolation", NEVER, false)                      \
    XX(CRASH, "crash", "Crash", POLICY, false)                                                     \
    XX(OOM, "oom", "MemoryLimit", NEVER, false)                                                    \
    XX(TIMEOUT, "timeout", "TimeoutError", POLICY, false)                                          \
    XX(CPU_LIMIT, "cpu-limit", "CpuLimit", NEVER, false)                                           \
    XX(PROTOCOL, "protocol", "ProtocolError", NEVER, false)                                        \
    XX(INFRA, "infra", "InfrastructureError", UNCOUNTED, false)                                    \
    XX(CANCELLED, "cancelled", "Cancelled", NEVER, true)                                           \
    XX(LOST, "lost", "Lost", POLICY, false)                                                        \
    XX(UNKNOWN_AGENT, "unknown-agent", "UnknownAgent", NEVER, true)                                \
    XX(REVOKED, "revoked", "PluginRevoked", NEVER, false)                                          \
    XX(PREEMPTED, "preempted", "Preempted", AT_ONCE, false)

enum outcome {
    OUTCOME_INVALID,
#define XX(name, text, error_class, retry, answered) OUTCOME_##name,
    OUTCOME_MAP(XX)
#undef XX
        OUTCOME_COUNT,
};

/* Whose words an error and its class are. The agent's own may say anything, "Crash" or
 * "PluginRevoked" too; what follows from an attempt's end never depends on them but where the
 * node's policy lists classes. */
enum error_source { ERROR_SOURCE_NONE, ERROR_SOURCE_HOST, ERROR_SOURCE_AGENT };

const char *error_source_name(enum error_source source); /* "host", "agent"; NULL for NONE */

/* INVALID has a name, "invalid", no error class, and is never retried. */
const char *outcome_name(enum outcome outcome);
enum outcome outcome_parse(const char *name); /* INVALID for an unknown word */
const char *outcome_error_class(enum outcome outcome);
enum outcome_retry outcome_retry(enum outcome outcome);
bool outcome_answered(enum outcome outcome);
/* The process was ended by a signal that nobody of us sent for the run's sake. */
bool outcome_crashed(enum outcome outcome);

#endif
