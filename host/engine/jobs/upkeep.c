/* upkeep.c -- see upkeep.h. */
#include "engine/jobs/upkeep.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/jobs/jobs.h"

#define EVERY_NS (3600LL * 1000 * 1000 * 1000)

struct upkeep {
    const struct engine_env *env;
    const struct jobs *jobs;
    int64_t due_ns;
    bool works;
    struct err e; /* of the last time */
};

struct upkeep *upkeep_new(const struct engine_env *env, const struct jobs *jobs)
{
    struct upkeep *u = mem_new(struct upkeep);

    u->env = env;
    u->jobs = jobs;
    return u;
}

void upkeep_free(struct upkeep *u)
{
    free(u);
}

/* Idempotency keys and revocations that have expired. */
static void purge(const struct upkeep *u)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct err e = {0};

    store_batch_purge_expired(batch, u->env->clock.wall_us());
    if (!store_submit_take(u->env->store, &batch, NULL, NULL, &e))
        log_event(LOG_DEBUG, "store.purge_refused", F_ERR(&e));
}

static void work(void *arg, struct store_reader *reader unused_arg)
{
    struct upkeep *u = arg;

    u->e = (struct err){0};
    (void)!store_upkeep(u->env->store, &u->e);
}

static void worked(void *arg)
{
    struct upkeep *u = arg;

    u->works = false;
    if (u->e.code != ERR_NONE)
        log_event(LOG_WARN, "store.upkeep_failed", F_ERR(&u->e));
}

static void not_worked(void *arg unused_arg)
{
}

void upkeep_turn(struct upkeep *u, int64_t now_ns)
{
    if (now_ns < u->due_ns || u->works || !jobs_has(u->jobs, JOB_UPKEEP))
        return;
    u->due_ns = now_ns + EVERY_NS;
    u->works = true;
    purge(u);
    beside_give(u->env->beside, &(struct beside_work){work, worked, not_worked, u});
}
