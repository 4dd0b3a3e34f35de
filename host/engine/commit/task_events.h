/* task_events.h -- the life of a lane's task as events of its run: "task.updated" with the status
 * queued, leased, running and completed, dead or cancelled (LANES.md 3, LANES_KIT.md 3). Inside the
 * engine only; every call is nothing for a run that is no task's.
 *
 * A status is told once: what it is already is not told again, but by a host that has just taken
 * the run up, which says that it is queued. leased and running cost no commit of their own where
 * one comes soon: they are noted with their times (active_run_leased, active_run_begun), go with
 * the run's next commit, in front of what that decides, and by themselves soon behind the beginning
 * (active_run_next_timer). */
#ifndef ORCH_ENGINE_COMMIT_TASK_EVENTS_H
#define ORCH_ENGINE_COMMIT_TASK_EVENTS_H

#include "engine/commit/commit.h"

/* It waits for a worker, or for the delay in front of this attempt. */
void commit_task_queued(struct commit *c, uint32_t attempt);
/* With the run's end, in front of the run's own event. */
void commit_task_end(struct commit *c, enum run_state state);
/* What was noted. */
void commit_task_noted(struct commit *c);

/* What the event says, canonical; attempt 0, worker NULL: none. The caller owns it. */
struct task_said {
    const char *task_id, *lane, *status, *worker;
    uint32_t attempt;
    uint64_t n; /* of the run's chain */
};
char *task_said_owned(const struct task_said *said) must_check;
/* Of a run that ended so. */
const char *task_end_status(enum run_state state) must_check;

#define TASK_UPDATED "task.updated"

#endif
