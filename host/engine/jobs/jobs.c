/* jobs.c -- see jobs.h. */
#include "engine/jobs/jobs.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "store/hosts.h"

#include <string.h>

#define LOOK_NS (5LL * 1000 * 1000 * 1000)

static const char *const names[JOB_COUNT] = {
#define XX(name, text) [JOB_##name] = (text),
    JOB_MAP(XX)
#undef XX
};

/* What the store says of them, as a thread beside the loop reads it. */
struct look {
    bool own[JOB_COUNT];
    struct err e;
};

struct jobs {
    const struct engine_env *env;
    bool had[JOB_COUNT], gained[JOB_COUNT];
    bool begun;     /* the start has taken what was free; before it nothing is claimed */
    bool looks;     /* a claim or a look is under way */
    int64_t due_ns; /* of the next claim */
    struct look look;
};

struct jobs *jobs_new(const struct engine_env *env)
{
    struct jobs *jobs = mem_new(struct jobs);

    jobs->env = env;
    return jobs;
}

void jobs_free(struct jobs *jobs)
{
    free(jobs);
}

static bool all_had(const struct jobs *jobs)
{
    for (int job = 0; job < JOB_COUNT; job++) {
        if (!jobs->had[job])
            return false;
    }
    return true;
}

bool jobs_has(const struct jobs *jobs, enum job job)
{
    return jobs->had[job] && store_hold(jobs->env->store) == STORE_HELD;
}

bool jobs_next_gained(struct jobs *jobs, enum job *ret)
{
    for (int job = 0; job < JOB_COUNT; job++) {
        if (!jobs->gained[job])
            continue;
        jobs->gained[job] = false;
        *ret = (enum job)job;
        return true;
    }
    return false;
}

/* ---- what the store says ---- */

static void note_row(const struct jobs *jobs, const struct store_job *row, struct look *look)
{
    for (int job = 0; job < JOB_COUNT; job++) {
        if (strcmp(row->job, names[job]) == 0)
            look->own[job] = store_host_is(jobs->env->store, row->lease_owner, row->lease_epoch);
    }
}

/* Their names are few: one page. */
static void look(const struct jobs *jobs, struct store_reader *reader, struct look *ret)
{
    auto_done(store_job_list) rows = {0};

    *ret = (struct look){0};
    if (!store_read_jobs(reader, (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows, &ret->e))
        return;
    for (size_t i = 0; i < rows.count; i++)
        note_row(jobs, &rows.rows[i], ret);
}

static void take_look(struct jobs *jobs)
{
    for (int job = 0; job < JOB_COUNT; job++) {
        bool own = jobs->look.own[job];

        if (own && !jobs->had[job]) {
            jobs->gained[job] = true;
            log_event(LOG_INFO, "job.taken", F_STR("job", names[job]));
        }
        jobs->had[job] = own;
    }
}

/* ---- claims ---- */

static struct store_batch *claims_of(const struct jobs *jobs)
{
    struct store_batch *batch = store_batch_new();

    for (int job = 0; job < JOB_COUNT; job++) {
        if (!jobs->had[job])
            store_batch_job_claim(batch, names[job], store_host_id(jobs->env->store),
                                  store_host_epoch(jobs->env->store));
    }
    return batch;
}

bool jobs_begin(struct jobs *jobs, struct err *e)
{
    auto_obj(store_batch) batch = claims_of(jobs);

    if (!store_commit_wait(jobs->env->store, &batch, NULL, e))
        return err_wrap(e, "jobs");
    look(jobs, jobs->env->reader, &jobs->look);
    if (jobs->look.e.code != ERR_NONE) {
        *e = jobs->look.e;
        return err_wrap(e, "jobs");
    }
    take_look(jobs);
    memset(jobs->gained, 0, sizeof jobs->gained);
    jobs->begun = true;
    jobs->due_ns = jobs->env->clock.mono_ns() + LOOK_NS;
    return true;
}

static void look_beside(void *arg, struct store_reader *reader)
{
    struct jobs *jobs = arg;

    look(jobs, reader, &jobs->look);
}

/* What cannot be read is asked for again in time. */
static void was_looked(void *arg)
{
    struct jobs *jobs = arg;

    jobs->looks = false;
    if (jobs->look.e.code == ERR_NONE)
        take_look(jobs);
}

static void not_looked(void *arg unused_arg)
{
}

static void claimed(void *arg, const struct store_done *done)
{
    struct jobs *jobs = arg;

    if (done->err != NULL) {
        jobs->looks = false;
        return;
    }
    beside_give(jobs->env->beside,
                &(struct beside_work){look_beside, was_looked, not_looked, jobs});
}

void jobs_may_be_free(struct jobs *jobs)
{
    jobs->due_ns = 0;
}

int64_t jobs_next_timer(const struct jobs *jobs)
{
    return !jobs->begun || jobs->looks || all_had(jobs) ? INT64_MAX : jobs->due_ns;
}

void jobs_turn(struct jobs *jobs, int64_t now_ns)
{
    auto_obj(store_batch) batch = NULL;
    struct err e = {0};

    if (jobs_next_timer(jobs) > now_ns)
        return;
    jobs->due_ns = now_ns + LOOK_NS;
    if (store_hold(jobs->env->store) != STORE_HELD)
        return;
    batch = claims_of(jobs);
    jobs->looks = store_submit_take(jobs->env->store, &batch, claimed, jobs, &e);
    if (!jobs->looks)
        log_event(LOG_DEBUG, "job.claim_refused", F_ERR(&e));
}
