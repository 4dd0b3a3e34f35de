/* chores.c -- see chores.h. */
#include "engine/chores.h"

#include "engine/env/env.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/seals.h"
#include "engine/jobs/jobs.h"
#include "engine/jobs/upkeep.h"
#include "store/hosts.h"

void chores_init(struct chores *c, const struct left_unsigned *left, const struct engine_mode *mode)
{
    c->left = *left;
    c->left.again = left_again_new();
    c->jobs = jobs_new(left->env);
    c->upkeep = upkeep_new(left->env, c->jobs);
    c->heads = heads_new(left->env, mode, c->jobs);
    c->seals = seals_new(left->env, c->jobs, c->heads);
}

void chores_done(struct chores *c)
{
    left_again_free(c->left.again);
    seals_free(c->seals);
    heads_free(c->heads);
    upkeep_free(c->upkeep);
    jobs_free(c->jobs);
}

bool chores_take(struct chores *c, struct err *e)
{
    return jobs_begin(c->jobs, e);
}

bool chores_begin(struct chores *c, struct err *e)
{
    return (!jobs_has(c->jobs, JOB_STATEMENTS) || left_unsigned_add(&c->left, e)) &&
           heads_begin(c->heads, e);
}

static void sweep(struct chores *c)
{
    if (jobs_has(c->jobs, JOB_STATEMENTS))
        left_unsigned_sweep(&c->left, &c->sweeps);
}

void chores_on_news(struct chores *c, const struct store_news *news)
{
    switch (news->kind) {
    case STORE_NEWS_EVENTS:
        heads_note(c->heads, news->tenant, news->number, news->number);
        break;
    case STORE_NEWS_WANTED:
        seals_heard(c->seals, news->tenant);
        break;
    case STORE_NEWS_MISSED:
        heads_missed(c->heads);
        /* fall through */
    case STORE_NEWS_FREE:
        jobs_may_be_free(c->jobs);
        sweep(c);
        break;
    default:
        break;
    }
}

int64_t chores_next_timer(const struct chores *c)
{
    const int64_t timers[] = {heads_next_timer(c->heads), seals_next_timer(c->seals),
                              jobs_next_timer(c->jobs), left_again_next_timer(c->left.again)};
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < ARRAY_LEN(timers); i++)
        next = timers[i] < next ? timers[i] : next;
    return next;
}

/* What a job begins with. Those that the start took have begun with it. */
static void begin_gained(struct chores *c)
{
    enum job job;

    while (jobs_next_gained(c->jobs, &job)) {
        if (job == JOB_HEADS)
            heads_look(c->heads);
        if (job == JOB_STATEMENTS)
            sweep(c);
    }
}

void chores_turn(struct chores *c, int64_t now_ns)
{
    jobs_turn(c->jobs, now_ns);
    begin_gained(c);
    left_again_turn(&c->left, now_ns);
    upkeep_turn(c->upkeep, now_ns);
    heads_turn(c->heads, now_ns);
    seals_turn(c->seals, now_ns);
}
