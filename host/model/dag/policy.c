/* policy.c -- see policy.h. */
#include "model/dag/policy.h"

#include "base/json.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const struct retry_policy retry_policy_default = {
    .max_retries = 3,
    .strategy = RETRY_EXPONENTIAL,
    .base_delay_s = 1.0,
    .max_delay_s = 60.0,
    .jitter = true,
    .jitter_range = 0.1,
};

const struct timeout_policy timeout_policy_default = {
    .attempt_s = 60.0,
    .on_timeout = TIMEOUT_ACTION_FAIL,
};

static double fibonacci(uint32_t k)
{
    double current = 1, before = 0;

    for (uint32_t i = 1; i < k && isfinite(current); i++) {
        double next = current + before;

        before = current;
        current = next;
    }
    return current;
}

static double growth(enum retry_strategy strategy, uint32_t k)
{
    switch (strategy) {
    case RETRY_EXPONENTIAL:
        return ldexp(1.0, k > DBL_MAX_EXP ? DBL_MAX_EXP : (int)k - 1);
    case RETRY_LINEAR:
        return k;
    case RETRY_FIBONACCI:
        return fibonacci(k);
    default:
        assert(strategy == RETRY_CONSTANT);
        return 1.0;
    }
}

double retry_delay_s(const struct retry_policy *policy, uint32_t k, double jitter_unit)
{
    double delay;

    assert(jitter_unit >= -1.0 && jitter_unit <= 1.0);
    if (k == 0 || policy->base_delay_s == 0)
        return 0; /* growth may be infinite, and 0 times that is no number */
    delay = fmin(policy->base_delay_s * growth(policy->strategy, k), policy->max_delay_s);
    if (policy->jitter)
        delay += delay * policy->jitter_range * jitter_unit;
    return fmax(delay, 0);
}

bool retry_class_listed(const struct retry_policy *policy, const char *error_class)
{
    for (size_t i = 0; i < policy->retryable_count; i++) {
        if (strcmp(policy->retryable[i], "Exception") == 0 ||
            strcmp(policy->retryable[i], error_class) == 0)
            return true;
    }
    return policy->retryable_count == 0;
}

void timeout_attempt_text(const struct timeout_policy *policy, char out[SECONDS_TEXT_BYTES])
{
    jcs_number(policy->attempt_s, out);
    if (!policy->attempt_is_integer && strpbrk(out, ".e") == NULL)
        memcpy(out + strlen(out), ".0", sizeof ".0"); /* at most 7 digits stand before it */
}

void retry_policy_done(struct retry_policy *policy)
{
    free(policy->retryable);
    policy->retryable = NULL;
}

void retry_policy_free(struct retry_policy *policy)
{
    if (policy == NULL)
        return;
    retry_policy_done(policy);
    free(policy);
}
