/* task_events.c -- see task_events.h. */
#include "engine/commit/task_events.h"

#include "base/jcs_object.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "model/words/states.h"

#include <assert.h>
#include <string.h>

#define LEASED "leased"
#define DEAD "dead"

char *task_said_owned(const struct task_said *said)
{
    auto_done(buf) text = {0};
    struct jcs_object o = jcs_object_begin(&text);

    if (said->attempt > 0)
        jcs_object_int(&o, "attempt", said->attempt);
    jcs_object_str(&o, "lane", said->lane);
    jcs_object_int(&o, "n", (int64_t)said->n);
    jcs_object_str(&o, "status", said->status);
    jcs_object_str(&o, "task_id", said->task_id);
    if (said->worker != NULL)
        jcs_object_str(&o, "worker", said->worker);
    jcs_object_end(&o);
    return buf_take(&text);
}

/* status lives forever. */
static void tell(struct commit *c, const char *status, uint32_t attempt, const char *worker,
                 int64_t wall_us)
{
    struct active_run *ar = commit_run(c);
    const struct task_said said = {.task_id = ar->task_id,
                                   .lane = active_run_lane(ar),
                                   .status = status,
                                   .worker = worker,
                                   .attempt = attempt,
                                   .n = ar->chain.n + 1};

    commit_event_at(c, TASK_UPDATED, status, attempt, wall_us, task_said_owned(&said));
    ar->life.told = status;
}

static bool was_told(const struct active_run *ar, const char *status)
{
    return ar->life.told != NULL && strcmp(ar->life.told, status) == 0;
}

void commit_task_queued(struct commit *c, uint32_t attempt)
{
    const struct active_run *ar = commit_run(c);

    bool goes_on = ar->task_lane != NULL && ar->life.told != NULL; /* with the worker that it has */

    if (ar->task_priority > 0 && !goes_on && !was_told(ar, STATUS_QUEUED))
        tell(c, STATUS_QUEUED, ar->task_lane == NULL ? attempt : 0, NULL, commit_wall_us(c));
}

const char *task_end_status(enum run_state state)
{
    static const char *const of[RUN_STATE_COUNT] = {
        [RUN_COMPLETED] = STATUS_COMPLETED,
        [RUN_FAILED] = DEAD,
        [RUN_CANCELLED] = STATUS_CANCELLED,
    };

    assert(of[state] != NULL);
    return of[state];
}

/* Of the one node; those of a DAG's have their own. */
static uint32_t last_attempt(const struct active_run *ar)
{
    return ar->task_lane == NULL ? run_node(ar->run, 0).tally.attempts : 0;
}

void commit_task_end(struct commit *c, enum run_state state)
{
    const struct active_run *ar = commit_run(c);

    if (ar->task_priority > 0)
        tell(c, task_end_status(state), last_attempt(ar), NULL, commit_wall_us(c));
}

/* ---- what is noted ---- */

void commit_task_noted(struct commit *c)
{
    struct active_run *ar = commit_run(c);
    struct task_life *life = &ar->life;
    auto_mem char *worker = NULL;

    if (life->leased_us == 0 && life->begun_us == 0)
        return;
    worker = lane_worker_name_owned(ar->task_lane != NULL ? ar->worker : ar->nodes[0].worker,
                                    active_run_lane(ar));
    if (life->leased_us != 0)
        tell(c, LEASED, life->attempt, worker, life->leased_us);
    if (life->begun_us != 0)
        tell(c, STATUS_RUNNING, life->attempt, worker, life->begun_us);
    life->leased_us = life->begun_us = life->tell_ns = 0;
}
