/* sim_workers.c -- what attempts do: when they start and end, how, and what they give. */
#include "sim.h"

#include <assert.h>

/* What a counted attempt does is fixed by the seed: faults must not change it. */
static struct rng plan_of(const struct world *w, const struct run_decision *d)
{
    uint64_t key = (uint64_t)d->ref.node << 32 | d->tally.counted << 1 | d->ref.compensation;
    struct rng mix = rng_of(w->seed ^ (key * 0x9E3779B97F4A7C15u));

    return rng_of(rng_u64(&mix));
}

static enum outcome planned_class(struct world *w, struct rng *plan)
{
    static const enum outcome failures[] = {
        OUTCOME_PLUGIN_TRANSIENT,
        OUTCOME_PLUGIN_TRANSIENT,
        OUTCOME_PLUGIN_FATAL,
        OUTCOME_CRASH,
        OUTCOME_CRASH,
        OUTCOME_BAD_INPUT,
        OUTCOME_OOM,
        OUTCOME_LOST,
        OUTCOME_UNKNOWN_AGENT,
        OUTCOME_POLICY_VIOLATION,
    };
    bool fails = rng_below(plan, 100) < 30;
    enum outcome class = failures[rng_below(plan, ARRAY_LEN(failures))];

    if (chance(w, w->faults.infra_percent))
        return OUTCOME_INFRA;
    return fails ? class : OUTCOME_OK;
}

void worker_start(struct world *w, const struct run_decision *d)
{
    struct worker *free_one = NULL;
    struct rng plan = plan_of(w, d);

    for (uint32_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        if (!w->workers[i].busy)
            free_one = &w->workers[i];
    }
    assert(free_one != NULL);
    int64_t takes = (int64_t)rng_below(&plan, 2500) * MS;
    enum outcome class = planned_class(w, &plan);
    bool late = takes > d->start.timeout_ns;

    *free_one = (struct worker){
        .busy = true,
        .ref = d->ref,
        .start_at = w->now + (int64_t)rng_below(&w->rng, 300) * MS,
        .class = late ? OUTCOME_TIMEOUT : class,
        .input = json_incref(d->start.input),
    };
    free_one->end_at = free_one->start_at + (late ? d->start.timeout_ns : takes);
}

static struct worker *worker_of(struct world *w, struct attempt_ref ref)
{
    for (uint32_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        struct worker *k = &w->workers[i];

        if (k->busy && k->ref.node == ref.node && k->ref.attempt == ref.attempt &&
            k->ref.compensation == ref.compensation)
            return k;
    }
    return NULL;
}

/* Two of three listen when asked, a kill always works; what is done by then is done. */
void worker_stop(struct world *w, const struct run_decision *d)
{
    struct worker *k = worker_of(w, d->ref);
    int64_t at = w->now + (int64_t)rng_below(&w->rng, 100) * MS;

    if (k == NULL) {
        broken(w, "a stop for an attempt that no worker has");
        return;
    }
    if (!d->stop.kill && !chance(w, 67))
        return;
    if (k->end_at > at) {
        k->end_at = at;
        k->class = OUTCOME_CANCELLED;
    }
    if (k->start_at > k->end_at)
        k->start_at = k->end_at;
}

void worker_free(struct worker *k)
{
    json_decref(k->input);
    *k = (struct worker){0};
}

void workers_kill(struct world *w)
{
    for (uint32_t i = 0; i < ATTEMPTS_OPEN_MAX; i++)
        worker_free(&w->workers[i]);
}

struct worker *worker_next(struct world *w, int64_t *ret_at)
{
    struct worker *next = NULL;

    *ret_at = NEVER;
    for (uint32_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        struct worker *k = &w->workers[i];
        int64_t at = k->started ? k->end_at : k->start_at;

        if (k->busy && at < *ret_at) {
            *ret_at = at;
            next = k;
        }
    }
    return next;
}

json_t *worker_outputs_owned(const struct worker *k)
{
    struct sha256_hex hash;
    struct err e;
    bool ok = jcs_sha256(k->input, &hash, &e);

    assert(ok);
    return json_pack("{s:s, s:b}", "hash", hash.text, "odd", hash.text[0] % 2);
}
