/* policy.h -- retry and timeout policies: the values, their words, the delay before a retry.
 *
 * A node's policy replaces the DAG's default as a whole (greenlang 1.3): ask dag_retry_policy and
 * dag_timeout_policy of model/dag/dag.h which one counts. Formulas: greenlang 1.3, DESIGN 12. */
#ifndef ORCH_MODEL_DAG_POLICY_H
#define ORCH_MODEL_DAG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETRIES_MAX 100
#define RETRY_DELAY_S_MAX 86400.0 /* a day */
#define TIMEOUT_S_MAX 2592000.0   /* 30 days */

enum retry_strategy {
    RETRY_INVALID,
    RETRY_EXPONENTIAL, /* base * 2^(k-1) */
    RETRY_LINEAR,      /* base * k */
    RETRY_CONSTANT,    /* base */
    RETRY_FIBONACCI,   /* base * F(k), F = 1, 1, 2, 3, 5, ... */
    RETRY_STRATEGY_COUNT,
};

enum timeout_action {
    TIMEOUT_ACTION_INVALID,
    TIMEOUT_ACTION_FAIL,
    TIMEOUT_ACTION_SKIP,
    TIMEOUT_ACTION_COMPENSATE,
    TIMEOUT_ACTION_COUNT,
};

struct retry_policy {
    uint32_t max_retries; /* attempts are one more */
    enum retry_strategy strategy;
    double base_delay_s;
    double max_delay_s;
    bool jitter;
    double jitter_range; /* fraction of the delay, both ways */
    /* Error classes that are retried; none listed: all. Borrowed from the dag. */
    const char **retryable;
    size_t retryable_count;
};

struct timeout_policy {
    double attempt_s;        /* field timeout_seconds */
    bool attempt_is_integer; /* how it was spelled: texts say 300s or 60.0s */
    double node_s;           /* node_timeout_seconds: all attempts; 0: none */
    double queue_s;          /* queue_timeout_seconds: waiting for a slot; 0: none */
    enum timeout_action on_timeout;
};

extern const struct retry_policy retry_policy_default;
extern const struct timeout_policy timeout_policy_default;

const char *retry_strategy_text(enum retry_strategy strategy);
const char *timeout_action_text(enum timeout_action action);

/* The delay in seconds before the k-th retry, k from 1; k = 0 gives 0. jitter_unit is from -1 to 1
 * (the run draws it from its seed) and counts only when the policy has jitter. The cap comes
 * before the jitter, so the result may pass max_delay_s by the jitter. Never negative. */
double retry_delay_s(const struct retry_policy *policy, uint32_t k, double jitter_unit);

/* True when the class may be retried: none listed, listed by name, or "Exception" listed. */
bool retry_class_listed(const struct retry_policy *policy, const char *error_class);

void retry_policy_done(struct retry_policy *policy);
void retry_policy_free(struct retry_policy *policy); /* takes NULL */

enum { SECONDS_TEXT_BYTES = 32 };
/* "0.05", "300" or "60.0": the number of "timed out after <seconds>s" as it was written. */
void timeout_attempt_text(const struct timeout_policy *policy, char out[SECONDS_TEXT_BYTES]);

#endif
