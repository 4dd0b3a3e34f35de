/* judge.c -- another attempt or not, and when. See internal.h. */
#include "base/rng.h"
#include "model/run/internal.h"

#include <assert.h>
#include <string.h>

/* INFRA is ours: the node is held for as long as it takes. The first tries come quickly, for what
 * passes by itself; the last ones do not fill the ledger. */
static const struct retry_policy infra_policy = {
    .strategy = RETRY_EXPONENTIAL,
    .base_delay_s = 0.05,
    .max_delay_s = 10.0,
    .jitter = true,
    .jitter_range = 0.1,
};

/* greenlang 1.3: whoever asks for the process to end is not asked again. */
static bool never_retried(const char *error_class)
{
    return strcmp(error_class, "KeyboardInterrupt") == 0 || strcmp(error_class, "SystemExit") == 0;
}

/* A policy may name the class or `module.Class`. */
static bool listed(const struct retry_policy *policy, const char *error_class)
{
    const char *dot = strrchr(error_class, '.');

    return retry_class_listed(policy, error_class) ||
           (dot != NULL && retry_class_listed(policy, dot + 1));
}

bool judge_retry(const struct retry_policy *policy, bool repeatable, const struct node_tally *tally,
                 enum outcome class, const char *error_class)
{
    if (!repeatable && !outcome_answered(class))
        return false;
    switch (outcome_retry(class)) {
    case RETRY_NEVER:
    case RETRY_AT_ONCE: /* the machine says so itself (run_preempt) */
        return false;
    case RETRY_UNCOUNTED:
        return true;
    case RETRY_POLICY:
        break;
    }
    return tally->used <= policy->max_retries && !never_retried(error_class) &&
           listed(policy, error_class);
}

int64_t judge_delay_ns(const struct retry_policy *policy, const struct step *s, uint64_t seed)
{
    bool ours = outcome_retry(s->class) == RETRY_UNCOUNTED;
    struct rng rng = rng_of(seed + s->tally.attempts);
    double unit = 2.0 * rng_unit(&rng) - 1.0;

    return ns_of(
        retry_delay_s(ours ? &infra_policy : policy, ours ? s->holds : s->tally.used, unit));
}

uint64_t judge_seed(uint64_t run_seed, const struct step *s)
{
    struct rng rng = rng_of(run_seed ^ ((uint64_t)s->node << 1 | s->compensation));

    return rng_u64(&rng);
}
