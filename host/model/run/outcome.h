/* outcome.h -- how one attempt ended: the closed list of SANDBOX.md 2.5 with its default retry.
 *
 * Whoever watched the attempt end classes it, from the kernel's word and the result frame; this
 * folder only decides what follows. A plain failure of an agent is PLUGIN_TRANSIENT: it is retried
 * within the policy. PLUGIN_FATAL is the agent's own word that a retry is useless. */
#ifndef ORCH_MODEL_RUN_OUTCOME_H
#define ORCH_MODEL_RUN_OUTCOME_H

#include <jansson.h>
#include <stdbool.h>

enum attempt_retry {
    RETRY_NEVER,
    RETRY_POLICY,    /* while the node's retry policy has attempts left */
    RETRY_UNCOUNTED, /* ours, not the node's: bounded apart, and no attempt is counted */
};

/* error class: what retryable_exceptions is compared with when the agent named none.
 * answered: the agent itself ended the attempt, so a node with idempotent false may be retried.
 *
 *     class             text                error class             retry      answered */
#define ATTEMPT_CLASS_MAP(XX)                                                                      \
    XX(OK, "ok", "", NEVER, true)                                                                  \
    XX(PLUGIN_TRANSIENT, "plugin-transient", "RuntimeError", POLICY, true)                         \
    XX(PLUGIN_FATAL, "plugin-fatal", "RuntimeError", NEVER, true)                                  \
    XX(BAD_INPUT, "bad-input", "ValueError", NEVER, true)                                          \
    XX(POLICY_VIOLATION, "policy-violation", "PermissionError", NEVER, false)                      \
    XX(CRASH, "crash", "CrashError", POLICY, false)                                                \
    XX(OOM, "oom", "MemoryError", NEVER, false)                                                    \
    XX(TIMEOUT, "timeout", "TimeoutError", POLICY, false)                                          \
    XX(CPU_LIMIT, "cpu-limit", "CpuLimitError", NEVER, false)                                      \
    XX(PROTOCOL, "protocol", "ProtocolError", NEVER, false)                                        \
    XX(INFRA, "infra", "InfraError", UNCOUNTED, false)                                             \
    XX(CANCELLED, "cancelled", "CancelledError", NEVER, true)                                      \
    XX(LOST, "lost", "LostError", POLICY, false)                                                   \
    XX(UNKNOWN_AGENT, "unknown-agent", "LookupError", NEVER, true)

enum attempt_class {
    ATTEMPT_INVALID,
#define XX(name, text, error_class, retry, answered) ATTEMPT_##name,
    ATTEMPT_CLASS_MAP(XX)
#undef XX
        ATTEMPT_CLASS_COUNT,
};

/* Everything is borrowed during the call that takes it. */
struct attempt_outcome {
    enum attempt_class class;
    const char *error_class; /* NULL or "": the list's */
    const char *message;     /* NULL or "": one is made; TIMEOUT and UNKNOWN_AGENT: always made */
    json_t *outputs;         /* OK: any JSON value (NULL: null); otherwise ignored */
};

const char *attempt_class_text(enum attempt_class class);
enum attempt_class attempt_class_from_text(const char *text); /* ATTEMPT_INVALID: no such */
enum attempt_retry attempt_class_retry(enum attempt_class class);
bool attempt_class_answered(enum attempt_class class);
/* The agent's word, or the list's. Valid as long as the outcome. */
const char *attempt_error_class(const struct attempt_outcome *outcome);

#endif
