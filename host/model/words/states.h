/* states.h -- the words for how a run or a node stands: one spelling for rows, events, views,
 * metrics and the command line. Pure; any process.
 *
 * Two enums hold them, on purpose. model/run/state.h has what the machine must tell apart (an
 * attempt that was decided and one that a worker has); the store's rows have what outlives a crash
 * and what contract/greenlang.md 9 (V021) allows in its columns. engine/commit makes the first into
 * the second, engine/runs the second into the first; both take their words from here. */
#ifndef ORCH_MODEL_WORDS_STATES_H
#define ORCH_MODEL_WORDS_STATES_H

#define STATUS_PENDING "pending"
#define STATUS_RUNNING "running"
#define STATUS_PAUSED "paused"
#define STATUS_RETRYING "retrying"
#define STATUS_COMPLETED "completed"
#define STATUS_FAILED "failed"
#define STATUS_SKIPPED "skipped"
#define STATUS_TIMED_OUT "timed_out"
#define STATUS_CANCELLED "cancelled"

/* Why a run has a parent: it takes over what the parent's nodes before one gave. */
#define PARENT_RESTART "restart"
#define PARENT_REPLAY "replay" /* of a task's dead letter */

/* Of the machine only: no row has them. */
#define STATUS_READY "ready"
#define STATUS_QUEUED "queued"
#define STATUS_STOPPING "stopping"
#define STATUS_COMPENSATING "compensating"

/* What a run's row may say (chk_execution_status). PAUSED is an operator's, set by hand (runbook
 * C); a run that is paused by us is RUNNING with its flag. */
#define RUN_STATUS_MAP(XX)                                                                         \
    XX(PENDING, STATUS_PENDING)                                                                    \
    XX(RUNNING, STATUS_RUNNING)                                                                    \
    XX(COMPLETED, STATUS_COMPLETED)                                                                \
    XX(FAILED, STATUS_FAILED)                                                                      \
    XX(CANCELLED, STATUS_CANCELLED)                                                                \
    XX(PAUSED, STATUS_PAUSED)

/* What a node's row may say (chk_node_trace_status, and CANCELLED). */
#define NODE_STATUS_MAP(XX)                                                                        \
    XX(PENDING, STATUS_PENDING)                                                                    \
    XX(RUNNING, STATUS_RUNNING)                                                                    \
    XX(COMPLETED, STATUS_COMPLETED)                                                                \
    XX(FAILED, STATUS_FAILED)                                                                      \
    XX(SKIPPED, STATUS_SKIPPED)                                                                    \
    XX(TIMED_OUT, STATUS_TIMED_OUT)                                                                \
    XX(RETRYING, STATUS_RETRYING)                                                                  \
    XX(CANCELLED, STATUS_CANCELLED)

#endif
